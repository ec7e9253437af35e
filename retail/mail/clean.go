package mail

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What people may write into a mail, in characters.
const (
	MaxMessage = 500 // a gift message
	maxLine    = 120 // a name, a title, a subject
	maxSender  = 300 // a name with its address
	maxBreaks  = 12  // line breaks of a gift message

	maxInput = 16 << 10 // octets that are looked at: nobody means more, and a webhook may bring a million
)

var (
	// Display forms of a code, with whatever dash a mail program or a person put in.
	codeShape = regexp.MustCompile(`(?i)\b(?:[0-9A-Z]{1,8}[-‐‑‒–—−])?[0-9A-HJKMNP-TV-Z]{4}(?:[-‐‑‒–—−][0-9A-HJKMNP-TV-Z]{4}){3,4}\b`)
	dashes    = strings.NewReplacer("‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "−", "-")

	// What mail programs turn into links: a scheme, an address, a name with a dot before letters.
	linkScheme = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*:)(//)`)
	linkAction = regexp.MustCompile(`(?i)\b((?:mailto|tel|sms|javascript|data|vbscript):)(\S)`)
	linkAt     = regexp.MustCompile(`[@＠]([\pL\pN])`)
	linkDot    = regexp.MustCompile(`([\pL\pN_-])([.。．｡])(\pL)`)
)

// CleanLine makes one calm line of what somebody typed as a name, a title or a subject: no control, bidi or
// zero-width characters, spaces collapsed, at most 120 characters, and nothing that looks like a code. It is meant
// for the shop's own words, in which an address of the web stays as it is; see CleanName for a customer's.
func CleanLine(text string) string { return cleanLine(text, maxLine) }

func cleanLine(text string, limit int) string {
	line := strings.Join(strings.Fields(visible(bounded(text))), " ")
	line = strings.ReplaceAll(line, "=?", "= ?") // in a header it would be read as something else (RFC 2047)
	return hideCodes(shorten(line, limit))
}

// CleanName is CleanLine for what a customer typed: links in it are defanged too.
func CleanName(text string) string {
	return Defang(CleanLine(text))
}

// CleanMessage makes a gift message safe to print and to mail: its lines are kept, at most 500 characters in 13
// lines, nothing invisible, no links that a mail program would make clickable, nothing that looks like a code.
func CleanMessage(text string) string { return shorten(tidyMessage(text), MaxMessage) }

// ShortensMessage tells whether CleanMessage leaves out the end of a gift message.
func ShortensMessage(text string) bool {
	return len(text) > maxInput || utf8.RuneCountInString(tidyMessage(text)) > MaxMessage
}

// tidyMessage is a gift message of any length, safe to print and to mail.
func tidyMessage(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(bounded(text), "\r\n", "\n"), "\r", "\n")
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, strings.Join(strings.Fields(visible(line)), " "))
	}
	message := strings.Trim(strings.Join(lines, "\n"), "\n")
	for strings.Contains(message, "\n\n\n") {
		message = strings.ReplaceAll(message, "\n\n\n", "\n\n")
	}
	if strings.Count(message, "\n") > maxBreaks {
		message = strings.Join(strings.Fields(message), " ")
	}
	return Defang(hideCodes(message))
}

// Defang takes apart what mail programs would make clickable, by a space after the dot, the @ or the scheme. It
// reads as a typing slip, is the right repair for a missing space after a full stop, and leads nowhere.
func Defang(text string) string {
	text = linkScheme.ReplaceAllString(text, "$1 $2")
	text = linkAction.ReplaceAllString(text, "$1 $2")
	text = linkAt.ReplaceAllString(text, "@ $1")
	for linkDot.MatchString(text) { // "a.b.c": neighbours share a letter, so one pass leaves every second dot
		text = linkDot.ReplaceAllString(text, "$1$2 $3")
	}
	return text
}

// hideCodes turns the dashes of a code's display form into spaces: what people write may not add a second code to
// a mail that must hold exactly one.
func hideCodes(text string) string {
	return codeShape.ReplaceAllStringFunc(text, func(code string) string {
		return strings.ReplaceAll(dashes.Replace(code), "-", " ")
	})
}

// visible drops what can't be seen and turns line ends and the like into spaces.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, unsafeRune(r):
			return -1
		default:
			return r
		}
	}, text)
}

// unsafeRune reports characters that show nothing or change how their neighbours are shown: C0 and C1 controls,
// bidi and zero-width characters, private use, and the letters whose glyph is a blank.
func unsafeRune(r rune) bool {
	switch r {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co)
}

func bounded(text string) string { return text[:min(len(text), maxInput)] }

func shorten(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return strings.TrimSpace(string(runes[:limit-1])) + "…"
}

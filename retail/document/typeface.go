package document

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// What a page prints of a name, a title and a message, in characters.
const (
	maxLine    = 120
	maxSender  = 300
	maxMessage = 500
)

// missing stands for what the typeface lacks: an empty box, as people know it from telephones.
const missing = '□'

// near are characters that the typeface has under another number.
var near = strings.NewReplacer(
	"\u00a0", " ", "\u2007", " ", "\u2009", " ", "\u202f", " ", "\u2010", "-", "\u2011", "-", "\u2212", "-",
	"ẞ", "SS", "❤", "♥", "💙", "♥", "💚", "♥", "💛", "♥", "💜", "♥", "🖤", "♥", "💖", "♥", "💕", "♥♥",
	"🙂", "☺", "😀", "☺", "😊", "☺", "😃", "☺", "😄", "☺", "☀", "☼", "🎵", "♪", "🎶", "♫", "∆", "Δ", "µ", "μ",
)

// typeface tells which characters can be printed. The faces of the Go family all have the same.
type typeface struct {
	font   *sfnt.Font
	buffer sfnt.Buffer
}

func parseTypeface() (*typeface, error) {
	font, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read the typeface: %w", err)
	}
	return &typeface{font: font}, nil
}

// printable is the voucher with texts that the typeface has and the page has room for.
func (t *typeface) printable(v Voucher) Voucher {
	for _, text := range []*string{&v.Shop, &v.Title, &v.Value, &v.Expires, &v.Recipient, &v.Giver} {
		*text = shorten(strings.Join(strings.Fields(t.known(*text)), " "), maxLine)
	}
	v.Sender = shorten(strings.Join(strings.Fields(t.known(v.Sender)), " "), maxSender)
	v.Message = shorten(t.known(strings.ReplaceAll(v.Message, "\r\n", "\n")), maxMessage)
	return v
}

// known replaces what the typeface lacks and drops what nobody sees. An emoji of several characters is one box, and so
// is a row of them: the reader learns that something was there.
func (t *typeface) known(text string) string {
	var out strings.Builder
	last := rune(0)
	for _, r := range near.Replace(norm.NFC.String(strings.ToValidUTF8(text, string(missing)))) {
		switch {
		case r == '\n':
		case unicode.IsSpace(r):
			r = ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Me):
			continue
		case !t.has(r):
			r = missing
		}
		if r == missing && last == missing {
			continue
		}
		last = r
		out.WriteRune(r)
	}
	return strings.TrimSpace(out.String())
}

func (t *typeface) has(r rune) bool {
	glyph, err := t.font.GlyphIndex(&t.buffer, r)
	return err == nil && glyph != 0
}

func shorten(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return strings.TrimSpace(string(runes[:limit-1])) + "…"
}

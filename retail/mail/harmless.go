package mail

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// What stands in a layout's source says little of what a reader's program makes of it: a tag can be put together from pieces, and a word
// be written in entities or in escapes. So the HTML that came out is read as that program reads it. What may stand in it is listed here,
// and nothing else.
var (
	plainTag = regexp.MustCompile(`^(html|head|title|meta|style|body|div|span|p|br|hr|h[1-6]|center|font|blockquote|pre|code|tt|a|img|b|i|u|s|` +
		`em|strong|small|big|sub|sup|del|ins|mark|time|q|cite|abbr|address|ul|ol|li|dl|dt|dd|table|caption|colgroup|col|thead|tbody|tfoot|tr|` +
		`td|th|article|section|header|footer|main|nav|aside|figure|figcaption)$`)
	plainAttribute = regexp.MustCompile(`^(class|id|lang|dir|title|alt|width|height|align|valign|bgcolor|color|face|size|border|cellpadding|` +
		`cellspacing|colspan|rowspan|scope|summary|hspace|vspace|nowrap|start|type|role|name|content|charset|media|target|rel|datetime|hidden|` +
		`link|vlink|alink|text|frame|rules|span|value|reversed|compact|clear|noshade|abbr|axis|headers|char|charoff|hreflang|tabindex|` +
		`accesskey|translate|item(scope|prop|type|id)|(aria|data)-[a-z0-9-]*|xml(ns)?(:[a-z]+)?)$`)
	plainMeta    = regexp.MustCompile(`(?i)^(content-type|content-language|x-ua-compatible)$`) // what a page says of itself; refresh would go elsewhere
	plainLink    = regexp.MustCompile(`(?i)^(https?:|mailto:|tel:|[^:/?#]*([/?#]|$))`)
	plainPicture = regexp.MustCompile(`^(cid:|data:image/png;base64,)`) // the latter in a preview alone
	richStyle    = regexp.MustCompile(`(?i)\\|(url|src|image|image-set|expression)\s*\(|@(import|font-face|namespace|charset)|binding|behavior`)
)

// harmless tells what in a mail's HTML would load, run or ask for something. Error: ErrLayout.
func harmless(text string) error {
	within := ""
	for in := html.NewTokenizer(strings.NewReader(text)); ; {
		kind := in.Next()
		token := in.Token()
		fault := ""
		switch kind {
		case html.ErrorToken:
			if !errors.Is(in.Err(), io.EOF) {
				return fmt.Errorf("%w: html: %w", ErrLayout, in.Err())
			}
			return nil
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			within = token.Data
			fault = suspect(token)
		case html.TextToken:
			if within == "style" {
				fault = richStyle.FindString(token.Data)
			}
		case html.CommentToken:
			fault = "<!--"
		}
		if fault != "" {
			return fmt.Errorf("%w: html: %.100q: a mail loads and runs nothing; the only picture is {{.qr}}", ErrLayout, fault)
		}
	}
}

// suspect is what in a tag may not be; "" for nothing.
func suspect(tag html.Token) string {
	if !plainTag.MatchString(tag.Data) {
		return "<" + tag.Data
	}
	for _, a := range tag.Attr {
		value := strings.Map(func(r rune) rune { // as browsers read addresses
			if r <= ' ' {
				return -1
			}
			return r
		}, a.Val)
		fine := plainAttribute.MatchString(a.Key)
		switch {
		case a.Key == "href" && tag.Data == "a":
			fine = plainLink.MatchString(value) && !codeShape.MatchString(value) // codes are in no address
		case a.Key == "src" && tag.Data == "img":
			fine = value == "" || plainPicture.MatchString(value)
		case a.Key == "http-equiv" && tag.Data == "meta":
			fine = plainMeta.MatchString(value)
		case a.Key == "style":
			fine = !richStyle.MatchString(a.Val)
		}
		if !fine {
			return a.Key + "=" // without the value, which may hold a code
		}
	}
	return ""
}

package document

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"

	"vouchsafe/retail/language"
	"vouchsafe/retail/voucher"
)

// Measures in millimetres; type in points. A4 is 210 by 297.
const (
	left  = 25.0
	width = 160.0

	messageTop    = 134.0
	messageBottom = 177.0

	slipTop    = 184.0
	slipHeight = 66.0
)

// colour is red, green and blue. Two greys and one blue-black: the page has to look right on any printer.
type colour struct{ r, g, b int }

var (
	ink   = colour{24, 30, 42}
	quiet = colour{104, 111, 122}
	line  = colour{188, 193, 200}
)

// page is a voucher being printed, from top to bottom.
type page struct {
	pdf *fpdf.Fpdf
	v   Voucher
}

// gift is the upper part: who gives what to whom.
func (p *page) gift() {
	p.pdf.SetTitle(p.v.Shop+" – "+p.kind(), true)
	p.pdf.SetAuthor(p.v.Shop, true)

	p.write(sans, "B", 12, ink)
	p.pdf.Text(left, 31, p.fit(p.v.Shop, width, 12))
	p.rule(36.5)

	p.write(sans, "", 15, quiet)
	p.pdf.Text(left, 62, p.kind())
	p.write(sans, "B", 50, ink)
	p.pdf.Text(left-0.8, 82, p.fit(p.v.Value, width, 20))
	if !strings.EqualFold(p.v.Title, p.kind()) {
		p.write(sans, "", 15, ink)
		p.pdf.Text(left, 93.5, p.fit(p.v.Title, width, 9))
	}
	p.dedication(107)
	p.message()
}

// dedication is the letter's beginning, for a gift: "Hej Anna, Peter har givet dig ...".
func (p *page) dedication(y float64) {
	if !p.v.Gift {
		return
	}
	greeting, words := p.say(language.Greeting, nil), p.say(p.key(language.GiftUnnamed), p.gave())
	if p.v.Recipient != "" {
		greeting = p.say(language.GreetingNamed, language.Values{"name": p.v.Recipient})
	}
	if p.v.Giver != "" {
		values := p.gave()
		values["giver"] = p.v.Giver
		words = p.say(p.key(language.GiftFrom), values)
	}
	p.write(sans, "B", 11.5, ink)
	p.pdf.Text(left, y, p.fit(greeting, width, 8))
	p.write(sans, "", 11.5, ink)
	p.lines(left, y+6.4, 6, p.pdf.SplitText(words, width))
}

func (p *page) gave() language.Values {
	return language.Values{"value": p.v.Value, "shop": p.v.Shop}
}

// message sets the giver's words as large as they fit. Words that fill more lines than there is room for even in the
// smallest type run on as one paragraph.
func (p *page) message() {
	if p.v.Message == "" {
		return
	}
	const room = messageBottom - messageTop
	heading := p.say(language.Message, nil)
	if p.v.Giver != "" {
		heading = p.say(language.MessageFrom, language.Values{"giver": p.v.Giver})
	}
	p.write(sans, "", 9, quiet)
	p.pdf.Text(left, messageTop-3.5, p.fit(heading, width, 7))
	for _, text := range []string{p.v.Message, strings.Join(strings.Fields(p.v.Message), " ")} {
		for _, size := range []float64{14, 12.5, 11, 10, 9} {
			p.write(sans, "I", size, ink)
			lines, height := p.pdf.SplitText(text, width-8), size*0.53
			if float64(len(lines))*height <= room {
				p.lines(left, messageTop+size*0.36, height, lines)
				return
			}
		}
	}
}

// slip is the part to cut out and to show at the till.
func (p *page) slip() error {
	p.pdf.SetDrawColor(line.r, line.g, line.b)
	p.pdf.SetLineWidth(0.3)
	p.pdf.SetDashPattern([]float64{1.6, 1.6}, 0)
	p.pdf.RoundedRect(left, slipTop, width, slipHeight, 3, "1234", "D")
	p.pdf.SetDashPattern(nil, 0)

	const symbol, column = 46.0, left + 64
	if err := p.qr(left+9, slipTop+10, symbol); err != nil {
		return err
	}
	p.label(column, slipTop+12, p.key(language.CodeLabel))
	p.write(mono, "B", 20, ink)
	p.pdf.Text(column-0.4, slipTop+20, p.fit(p.v.Code, width-70, 10))
	if err := p.bars(column, slipTop+25, 14); err != nil {
		return err
	}
	p.write(sans, "", 7, quiet)
	p.pdf.Text(column, slipTop+42.5, p.say(language.ScanHint, nil))
	p.label(column, slipTop+51, p.key(language.ValueLabel))
	p.write(sans, "B", 11, ink)
	p.pdf.Text(column, slipTop+56.5, p.fit(p.v.Value, 40, 6))
	p.lastDay(column+46, slipTop+51)
	return nil
}

func (p *page) lastDay(x, y float64) {
	text := p.say(language.ValidAlways, nil)
	if p.v.Expires != "" {
		p.label(x, y, language.ValidLabel)
		text = p.v.Expires
	}
	p.write(sans, "B", 11, ink)
	p.pdf.Text(x, y+5.5, p.fit(text, 42, 6))
}

// instructions tell somebody who never had a voucher what to do, and who answers for it.
func (p *page) instructions() {
	const top, right = slipTop + slipHeight + 10, left + width/2 + 5
	p.write(sans, "B", 8.5, ink)
	p.pdf.Text(left, top, p.say(p.key(language.HowToTitle), nil))
	p.write(sans, "", 8.5, quiet)
	how := p.say(p.key(language.HowTo), nil)
	if p.v.Inactive {
		how = p.say(p.key(language.NotActive), nil) + " " + how
	}
	p.small(left, top+4.6, how)
	used := p.small(right, top, p.say(p.key(language.KeepLikeCash), nil))
	p.small(right, top+used+2, p.v.Sender)
}

// small sets a paragraph in half the width and returns its height.
func (p *page) small(x, y float64, text string) float64 {
	const height = 4.2
	lines := p.pdf.SplitText(text, width/2-5)
	p.lines(x, y, height, lines)
	return float64(len(lines)) * height
}

func (p *page) label(x, y float64, key language.Key) {
	p.write(sans, "", 8.5, quiet)
	p.pdf.Text(x, y, p.say(key, nil))
}

func (p *page) lines(x, y, height float64, lines []string) {
	for i, line := range lines {
		p.pdf.Text(x, y+float64(i)*height, line)
	}
}

func (p *page) rule(y float64) {
	p.pdf.SetDrawColor(line.r, line.g, line.b)
	p.pdf.SetLineWidth(0.2)
	p.pdf.Line(left, y, left+width, y)
}

// qr draws the symbol as rectangles, so that it is as sharp as the printer. Rows overlap by a hair: viewers leave
// white seams between rectangles that merely touch.
func (p *page) qr(x, y, side float64) error {
	symbol, err := qrSymbol(p.v.Code)
	if err != nil {
		return err
	}
	module := side / float64(symbol.Bounds().Dx())
	p.pdf.SetFillColor(0, 0, 0)
	for row := range symbol.Bounds().Dy() {
		for _, b := range bars(symbol, row) {
			p.pdf.Rect(x+float64(b.from)*module, y+float64(row)*module, float64(b.modules)*module, module+0.02, "F")
		}
	}
	return nil
}

// bars draws Code 128 with modules of a third of a millimetre, which every scanner at a till reads, or narrower ones
// when a long foreign code would not fit.
func (p *page) bars(x, y, height float64) error {
	symbol, err := barSymbol(p.v.Code)
	if err != nil {
		return err
	}
	modules := float64(symbol.Bounds().Dx())
	module := min(1.0/3, (width-72)/modules)
	p.pdf.SetFillColor(0, 0, 0)
	for _, b := range bars(symbol, 0) {
		p.pdf.Rect(x+float64(b.from)*module, y, float64(b.modules)*module, height, "F")
	}
	return nil
}

func (p *page) write(family, style string, points float64, c colour) {
	p.pdf.SetFont(family, style, points)
	p.pdf.SetTextColor(c.r, c.g, c.b)
}

// fit makes the current type smaller until the text fits, down to a size; what still doesn't fit is cut.
func (p *page) fit(text string, room, smallest float64) string {
	size, _ := p.pdf.GetFontSize()
	for size > smallest && p.pdf.GetStringWidth(text) > room {
		size -= 0.5
		p.pdf.SetFontSize(size)
	}
	if p.pdf.GetStringWidth(text) <= room {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && p.pdf.GetStringWidth(string(runes)+"…") > room {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

func (p *page) say(key language.Key, values language.Values) string {
	return p.v.Language.Say(key, values)
}

// key is the form of a sentence for what the voucher holds.
func (p *page) key(key language.Key) language.Key {
	switch p.v.Kind {
	case voucher.Punches:
		return key.ForPunchCard()
	case voucher.Credit, voucher.StoreCredit:
		return key.ForCreditNote()
	}
	return key
}

// kind is the word at the head of the page.
func (p *page) kind() string {
	if p.v.Kind != voucher.Credit && p.v.Kind != voucher.StoreCredit {
		return p.say(p.key(language.PrintTitle), nil)
	}
	word := p.v.Language.Word(language.CreditNote)
	first, size := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(first)) + word[size:]
}

package retail

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
)

// noMailThere ends addresses that no mail reaches: shops that erase a buyer put such a one in place of his.
const noMailThere = ".invalid"

// wordSymbols is how much of a digest tells two words of one unit apart.
const wordSymbols = 32

// heard is what a state corrects of a unit that was issued.
type heard struct {
	purchase.Correction
	key  purchase.Key
	line purchase.Line
	day  string // as it is read
	said string // what was written for a day that nobody can tell
	twin bool   // another state of the same second says otherwise
}

// words are the digests of what a line tells of a unit. What is cleaned from it before it is printed makes no other word.
func (a *application) words(unit orders.Unit, line purchase.Line) purchase.Words {
	digest := func(what, text string) string {
		if text == "" {
			return ""
		}
		sum := sha256.Sum256([]byte(unit.ID + "\x00" + what + "\x00" + text))
		return hex.EncodeToString(sum[:])[:wordSymbols]
	}
	reaches := func(email string) string {
		plain := strings.ToLower(string(subjectOf(email)))
		if strings.HasSuffix(plain, noMailThere) {
			return ""
		}
		return plain
	}
	named := reaches(line.RecipientEmail)
	return purchase.Words{
		To: digest("to", cmp.Or(named, reaches(a.order.Buyer.Email))), Named: named != "",
		Name: digest("name", mail.CleanName(line.RecipientName)), Message: digest("message", mail.CleanMessage(line.Message)),
		Day: digest("day", cmp.Or(unit.DeliverOn, unit.DeliverSaid)),
	}
}

// remember seals what was told of a unit. What it says already stays as it is.
func (s *Sales) remember(unit orders.Unit, words purchase.Words) ([]byte, error) {
	var last purchase.Words
	if err := s.unseal(purposeTold, unit.ID, unit.Told, &last); err != nil || unit.Told != nil && last == words {
		return unit.Told, err
	}
	return s.seal(purposeTold, unit.ID, words)
}

// hear compares what a state tells of an issued unit with what was told of it last. Of units from before that was kept, the first word
// counts as told.
func (a *application) hear(p *orders.Purchase, key purchase.Key) error {
	i := slices.IndexFunc(a.order.Lines, func(l purchase.Line) bool { return l.ID == key.Line })
	if i < 0 {
		return nil
	}
	h, known := heard{key: key, line: a.order.Lines[i]}, p.Units[key]
	var err error
	if h.day, h.said, err = a.sales.deliverOn(a.shop, a.order.Language, h.line.DeliverOn); err != nil {
		return err
	}
	said := known
	said.DeliverOn, said.DeliverSaid = h.day, h.said
	words := a.words(said, h.line)
	if known.Told != nil {
		var last purchase.Words
		if err := a.sales.unseal(purposeTold, known.ID, known.Told, &last); err != nil {
			return err
		}
		h.Correction, words = words.After(last)
	}
	if known.Told, err = a.sales.remember(known, words); err != nil {
		return err
	}
	p.Units[key] = known
	if h.Any() {
		a.heard = append(a.heard, h)
	}
	return nil
}

// correcting hands on what a state corrects. Of two states of the same second that say different things the shop is asked, which one is
// true; where it can't be asked, neither is believed.
func (a *application) correcting(c *change) {
	c.heard = a.heard
	if len(c.heard) == 0 || a.order.Origin == purchase.Fetched || c.before == nil || !a.order.Modified.Equal(c.before.Modified) {
		return
	}
	if a.shop.CanBeAsked() {
		c.decision = purchase.Decision{Verdict: purchase.Ask, Why: "two states of the same instant name different recipients or days"}
		return
	}
	for i := range c.heard {
		c.heard[i].twin = true
	}
}

package voucher

import (
	"errors"
	"slices"
)

// Token is a thing with a number of its own, such as an access card, that works as a voucher's code at tills (B15, B17). The rules
// know no more of the number than its fingerprint. The zero Token is none.
type Token struct {
	MAC    string // fingerprint of its number
	By     string // id of the binding
	Sealed string // its number, sealed; of a token that is bound just now, and not read again
}

// Bound tells whether there is a token.
func (t Token) Bound() bool { return t.By != "" }

// Bound is what a binding did to its voucher, for staff to read.
type Bound struct {
	Last4   string `json:"last4"` // of the token
	Retired bool   `json:"retired,omitempty"`
}

// Bind lets a token work as the voucher's code. A voucher has one at a time: an earlier one ends, since whoever has lost his card gets
// another. The printed code lives on unless it is retired. Nothing of value moves, so that a reservation is not in the way.
type Bind struct {
	ID     string
	Ref    Ref      // kind [Bindings]
	Asked  []string // fingerprints of the code or token that the voucher was named by, under every key in use, the writing one's first
	Token  Token    // but for By
	Known  []string // every fingerprint that the same number may have been stored under
	Last4  string
	Retire bool // nobody finds the voucher by its code any more
	Detail Detail
}

// Refs names the binding.
func (a Bind) Refs() []Ref { return []Ref{a.Ref} }

func (a Bind) decide(c *Case) (Answer, error) {
	if record := c.Records[a.Ref]; record != nil {
		return a.repeat(record)
	}
	if err := c.Voucher.bindable(c); err != nil {
		return Answer{}, err
	}
	a.Token.By = a.ID
	a.Detail.Bound = &Bound{Last4: a.Last4, Retired: a.Retire}
	c.Voucher.Token = a.Token
	c.Voucher.CodeRetired = c.Voucher.CodeRetired || a.Retire
	c.touch()
	record := &Record{ID: a.ID, Ref: a.Ref, Fingerprint: a.content(a.Asked[0], a.Token.MAC), Detail: a.Detail}
	return Answer{Record: c.write(record), Created: true}, nil
}

// content sums up the binding by what its caller said: what he named the voucher by may be retired by it, or be another's since. It holds
// fingerprints and not the numbers, which may be weak enough to be guessed.
func (a Bind) content(asked, token string) [32]byte { return digest(asked, token, a.Retire) }

// repeat answers a key that is taken. What was said may have been written under an earlier master key.
func (a Bind) repeat(record *Record) (Answer, error) {
	content := a.content(a.Asked[0], a.Token.MAC)
	for _, asked := range a.Asked {
		for _, token := range a.Known {
			if earlier := a.content(asked, token); earlier == record.Fingerprint {
				content = earlier
			}
		}
	}
	return record.repeat(a.ID, content)
}

// bindable says why nothing can be bound to the voucher, or nil. That it waits to be claimed is not in the way.
func (v *Voucher) bindable(c *Case) error {
	if err := v.Usable(c.At); err != nil && !errors.Is(err, ErrClaimRequired) {
		return err
	}
	return nil
}

// Unbind frees a token from a voucher: for another voucher once this one is over, or at the office's word when the card is lost. On a
// voucher that has another token, or none, it does nothing. A retired code stays retired: the office can replace it.
type Unbind struct {
	Known []string // every fingerprint that the token may have; nil for whichever there is
	Spare SpareToken
}

// SpareToken tells whether the token of a voucher in use may be taken from it.
type SpareToken string

// A till takes a token only from a voucher that is over.
const (
	SpareTokenInUse SpareToken = "in_use"
	SpareNoToken    SpareToken = "none"
)

// Refs names nothing.
func (Unbind) Refs() []Ref { return nil }

func (a Unbind) decide(c *Case) (Answer, error) {
	v := &c.Voucher
	switch {
	case !v.Token.Bound(), a.Known != nil && !slices.Contains(a.Known, v.Token.MAC):
		return Answer{Outcome: OutcomeUnchanged}, nil
	case a.Spare == SpareTokenInUse && (v.inUse(c) || c.Live() != nil):
		return Answer{}, ErrTokenTaken
	}
	c.loseToken()
	return Answer{Outcome: OutcomeReleased}, nil
}

// inUse tells whether somebody may still count on the voucher, so that its token is not to be taken from it.
func (v *Voucher) inUse(c *Case) bool {
	state := v.StateAt(c.At)
	return state == Active || state == Issued
}

// unbind takes a binding back: its token is no voucher's, and a code that it retired works again. One that another has followed has
// nothing left to take back.
func (c *Case) unbind(binding *Record) error {
	if c.Voucher.Token.By != binding.ID {
		return ErrNotReversible
	}
	c.loseToken()
	if binding.Detail.Bound.Retired {
		c.Voucher.CodeRetired = false
	}
	return nil
}

// loseToken leaves the voucher without a token.
func (c *Case) loseToken() {
	c.Voucher.Token = Token{}
	c.touch()
}

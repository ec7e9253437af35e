package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/throttle"
	"vouchsafe/retail/voucher"
)

// tokenSymbols is how short the number of a token may be. Shorter ones are typed by mistake.
const tokenSymbols = 6

// ErrToken says that a text can't be the number of a token.
var ErrToken = errors.New("the number of a token has 6 to 64 symbols, and is no code of ours")

// Bind is a request to let a token work as a voucher's code.
type Bind struct {
	Key string
	Typed
	Token  string // its number
	Retire bool   // nobody finds the voucher by its code any more
}

// Bind lets a physical token, such as an access card, work as a voucher's code at tills (B15, B17). A number that is some voucher's
// code, or bound to another one that is in use, is voucher.ErrTokenTaken. Errors beside the refusals of acts: ErrChannel, ErrToken.
func (d *Desk) Bind(ctx context.Context, by Actor, r Bind) (voucher.Answer, error) {
	if by.Channel != Till {
		return voucher.Answer{}, fmt.Errorf("bind a token: %w", ErrChannel)
	}
	number, err := readToken(r.Token)
	if err != nil {
		return voucher.Answer{}, err
	}
	code, _ := voucher.Read(r.Code) // what can't be read is the zero Typed, which no voucher has
	act := voucher.Bind{Ref: by.ref(voucher.Bindings, r.Key), Asked: d.asked(code), Retire: r.Retire}
	for try := 0; ; try++ {
		answer, err := d.bindOnce(ctx, by, r.Typed, number, act)
		if ledger.IsTwin(err) && try < twins { // another till has bound the same one, or taken the key
			continue
		}
		explain("bind a token", &err)
		return answer, err
	}
}

// asked are the fingerprints of what a voucher was named by.
func (d *Desk) asked(code voucher.Typed) (macs []string) {
	text := code.Ours
	if text.Zero() {
		text = code.Foreign
	}
	for _, mac := range d.ring.MACs(purposeForeign, []byte(text.Canonical())) {
		macs = append(macs, string(mac))
	}
	return macs
}

// bindOnce binds a token, unless its key tells of a binding already: the code that was named then may be retired by it, so that it is
// the act that leads to the voucher.
func (d *Desk) bindOnce(ctx context.Context, by Actor, typed Typed, number voucher.Code, act voucher.Bind) (voucher.Answer, error) {
	record, err := d.ledger.Find(ctx, act.Ref)
	switch {
	case err == nil && record.Voucher == "":
		return voucher.Answer{}, voucher.ErrPrevented
	case err == nil:
		return d.bind(ctx, found{Seen: ledger.Seen{Voucher: voucher.Voucher{ID: record.Voucher}, Named: true}}, number, act)
	case !errors.Is(err, voucher.ErrActNotFound):
		return voucher.Answer{}, err
	}
	found, err := d.find(ctx, by, typed, act.Ref)
	switch {
	case errors.Is(err, voucher.ErrKeyReused): // a twin has retired the code in between: now the key tells of it
		return d.bindOnce(ctx, by, typed, number, act)
	case err != nil:
		return voucher.Answer{}, err
	}
	return d.bind(ctx, found, number, act)
}

// readToken reads the number of a token. What could be drawn as a code of ours is none, so that a code is never looked for as one.
func readToken(text string) (voucher.Code, error) {
	typed, err := voucher.Read(text)
	if err != nil || !typed.Ours.Zero() || len(typed.Foreign.Canonical()) < tokenSymbols {
		return voucher.Code{}, ErrToken
	}
	return typed.Foreign, nil
}

// bind binds, and frees the token from a voucher that is over, in one transaction.
func (d *Desk) bind(ctx context.Context, found found, number voucher.Code, act voucher.Bind) (voucher.Answer, error) {
	known := d.ring.MACs(purposeForeign, []byte(number.Canonical()))
	code, holder, err := d.ledger.KnownAs(ctx, known)
	if err != nil {
		return voucher.Answer{}, err
	}
	if code != "" && !found.Named {
		return voucher.Answer{}, voucher.ErrTokenTaken
	}
	if act, err = d.bindingOf(found, number, act); err != nil {
		return voucher.Answer{}, err
	}
	acts := []ledger.Aimed{{Voucher: found.Voucher.ID, MACs: found.macs, Act: act}}
	if holder != "" && holder != found.Voucher.ID && !found.Named {
		free := voucher.Unbind{Known: act.Known, Spare: voucher.SpareTokenInUse}
		acts[0].After = onceFree(act)
		acts = append([]ledger.Aimed{{Voucher: holder, Act: free}}, acts...)
	}
	answers, err := d.ledger.ApplyAll(ctx, acts...)
	if err != nil {
		return voucher.Answer{}, err
	}
	return answers[len(answers)-1], nil
}

// onceFree binds what the act before it has freed. While that is refused nothing may be written: two vouchers would have one token.
func onceFree(act voucher.Bind) func([]voucher.Answer) voucher.Act {
	return func(before []voucher.Answer) voucher.Act {
		if before[0].Outcome == "" {
			return voucher.Expire{}
		}
		return act
	}
}

// bindingOf completes the act with all that the number may be known by, and the number itself, sealed.
func (d *Desk) bindingOf(found found, number voucher.Code, act voucher.Bind) (voucher.Bind, error) {
	plain := []byte(number.Canonical())
	sealed, err := d.ring.Seal(purposeForeign, plain, []byte(found.Voucher.ID))
	if err != nil {
		return act, fmt.Errorf("seal a token: %w", err)
	}
	if act.ID, err = d.ledger.NewID(); err != nil {
		return act, err
	}
	act.Token = voucher.Token{MAC: string(d.ring.MAC(purposeForeign, plain)), Sealed: string(sealed)}
	act.Last4 = number.Last4()
	for _, mac := range d.ring.MACs(purposeForeign, plain) {
		act.Known = append(act.Known, string(mac))
	}
	return act, nil
}

// findToken looks for the voucher that a token is bound to, once no code is known by its number. Tokens are weak, a number that is
// printed on a card: whoever tries many is stopped much sooner than with codes, which he can go on using.
func (d *Desk) findToken(ctx context.Context, by Actor, f found, typed voucher.Typed, unknown error) (ledger.Seen, error) {
	if by.Channel != Till || !typed.Ours.Zero() || typed.Foreign.Zero() {
		return f.Seen, unknown
	}
	who := throttle.Who{Kind: throttle.Token, ID: by.Name}
	isNew := errors.Is(unknown, voucher.ErrNotFound) // an act that exists under its key is never refused: see [Desk.admit]
	if verdict := d.throttle.Allow(ctx, who); isNew && !verdict.OK {
		return f.Seen, &SlowDownError{RetryAfter: verdict.RetryAfter, Tokens: true}
	}
	seen, err := d.ledger.LookToken(ctx, f.macs, !isNew)
	if errors.Is(err, voucher.ErrNotFound) {
		d.throttle.Wrong(ctx, who)
		return f.Seen, unknown
	}
	return seen, err
}

// isUnknown tells that a look-up found no voucher: whether its key is free or not, the text may still be a token.
func isUnknown(err error) bool {
	return errors.Is(err, voucher.ErrNotFound) || errors.Is(err, voucher.ErrKeyReused) || errors.Is(err, voucher.ErrPrevented)
}

// Unbind takes a voucher's token from it, because the card is lost or in wrong hands (X22). A retired code stays retired; Replace gives
// the voucher another.
func (o *BackOffice) Unbind(ctx context.Context, by Actor, id, reason string) (voucher.Answer, error) {
	return o.does(ctx, by, deed{voucher: id, act: voucher.Unbind{Spare: voucher.SpareNoToken}, action: didUnbind, detail: why(reason)})
}

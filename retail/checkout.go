package retail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// ErrUnavailable says that PostgreSQL did not answer in time. Nothing was changed, or the same
// request under the same key tells what was.
var ErrUnavailable = ledger.ErrUnavailable

// Seen is a voucher as one read found it; Named is an act as its name finds it.
type (
	Seen  = ledger.Seen
	Named = ledger.Named
)

// Reserve is a request to hold a code for a cart, order or register.
type Reserve struct {
	Key string
	Typed
	Holder   string // the shop's cart or order; empty for a register, which holds for itself
	Due      money.Amount
	Amount   *money.Amount // nil for as much of what is due as the voucher has
	Revision *int64
	Member   Member
}

// Reserve makes it so that the code is reserved for the holder, and says what then is.
func (d *Desk) Reserve(ctx context.Context, by Actor, r Reserve) (voucher.Answer, error) {
	id, err := d.ledger.NewID()
	if err != nil {
		return voucher.Answer{}, err
	}
	member, err := d.membership(ctx, by, r.Member)
	if err != nil {
		return voucher.Answer{}, err
	}
	holder, hint := by.holder(r.Holder)
	ref := by.ref(voucher.Reservations, r.Key)
	answer, err := d.act(ctx, by, r.Typed, ref, voucher.Reserve{
		ID: id, Ref: ref, Holder: holder, Hint: hint, Due: r.Due, Amount: r.Amount,
		Revision: r.Revision, Counted: by.Channel == Webshop, Member: member,
	})
	return answer, d.notMember(ctx, by, err)
}

// Reservation finds a reservation by one of its keys. A key whose reservation was cancelled before
// it came is voucher.ErrNoReservation as well.
func (d *Desk) Reservation(ctx context.Context, by Actor, key string) (ledger.Named, error) {
	named, err := d.ledger.ByName(ctx, by.ref(voucher.Reservations, key))
	if errors.Is(err, voucher.ErrActNotFound) {
		return ledger.Named{}, voucher.ErrNoReservation
	}
	return named, err
}

// Held lists what a holder of this actor has reserved now, of codes and of accounts.
func (d *Desk) Held(ctx context.Context, by Actor, named string) ([]Held, error) {
	holder, _ := by.holder(named)
	parts, err := d.ledger.AccountsHeldBy(ctx, by.Owner(), holder)
	if err != nil {
		return nil, err
	}
	reservations, err := d.ledger.HeldBy(ctx, by.Owner(), holder)
	if err != nil || len(reservations)+len(parts) == 0 {
		return nil, err
	}
	ids := make([]string, len(reservations))
	for i, r := range reservations {
		ids[i] = r.Voucher
	}
	vouchers, err := d.ledger.Vouchers(ctx, ids...)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]voucher.Voucher, len(vouchers))
	for _, v := range vouchers {
		byID[v.ID] = v
	}
	held := make([]Held, len(reservations))
	for i, r := range reservations {
		held[i] = Held{Reservation: r, Voucher: byID[r.Voucher]}
	}
	return d.heldParts(ctx, held, parts)
}

// Held is a live reservation with its voucher, or with the account as the rules take it.
type Held struct {
	Reservation voucher.Reservation
	Voucher     voucher.Voucher
}

// Capture is a request to spend a reservation for an order.
type Capture struct {
	Key    string
	Amount *money.Amount // nil for what is reserved, as far as the order needs it
	Detail voucher.Detail

	pays *money.Amount // see [Desk.pays]
}

// capture spends a reservation of this actor. Points are told by pointed, and left to who knows what they earned.
func (d *Desk) capture(ctx context.Context, by Actor, c Capture) (answer voucher.Answer, pointed *ledger.Aimed, err error) {
	aimed, unit, err := d.aimCapture(ctx, by, c)
	if err != nil {
		return voucher.Answer{}, nil, err
	}
	if unit == money.Point {
		return voucher.Answer{}, &aimed, nil
	}
	answer, err = d.ledger.Apply(ctx, aimed)
	return answer, nil, err
}

// aimCaptures finds what is to be captured for one order, in a transaction in which so many other acts come before it, and tells whether
// there are points among it. Those that name no amount take together what the order needs, in their order.
func (d *Desk) aimCaptures(ctx context.Context, by Actor, captures []Capture, others int) (aimed []ledger.Aimed, pointed bool, err error) {
	aimed, captures = make([]ledger.Aimed, len(captures)), slices.Clone(captures)
	for i, c := range captures {
		var unit money.Currency
		if aimed[i], unit, err = d.aimCapture(ctx, by, c); err != nil {
			return nil, false, err
		}
		pointed = pointed || unit == money.Point
		if captures[i].pays, err = d.pays(ctx, by, c); err != nil {
			return nil, false, err
		}
		shared := share(captures, i, aimed[i].Act)
		aimed[i].After = func(before []voucher.Answer) voucher.Act { return shared(before[others:]) }
	}
	return aimed, pointed, nil
}

// pays is how much of an order a capture pays that names its amount: of points what they are worth. Nil for one that names none.
func (d *Desk) pays(ctx context.Context, by Actor, c Capture) (*money.Amount, error) {
	if c.Amount == nil || c.Amount.Currency != money.Point {
		return c.Amount, nil
	}
	named, err := d.Reservation(ctx, by, c.Key)
	if err != nil || named.Reservation == nil || named.Reservation.Exchange == nil {
		return c.Amount, err
	}
	worth := named.Reservation.Exchange.Covers(c.Amount.Minor)
	return &worth, nil
}

// voucherTender is the tender that one voucher is to the others of an order.
const voucherTender = "voucher"

// share keeps a capture that names no amount from taking more of the order than the others leave:
// those that name theirs, and those before it, each once however often it is named. To the rule book
// they are tenders like any other.
func share(captures []Capture, mine int, alone voucher.Act) func([]voucher.Answer) voucher.Act {
	return func(before []voucher.Answer) voucher.Act {
		act, ok := alone.(voucher.Capture)
		if !ok || act.Amount != nil || act.Detail.OrderTotal == nil {
			return alone
		}
		act.Detail.OtherTenders = slices.Clone(act.Detail.OtherTenders)
		counted := make(map[string]bool)
		for i, other := range captures {
			var taken money.Amount
			switch {
			case i < mine && before[i].Record != nil && !counted[before[i].Record.ID]:
				counted[before[i].Record.ID] = true
				taken = paidBy(before[i].Record)
			case i > mine && other.pays != nil:
				taken = *other.pays
			default:
				continue
			}
			act.Detail.OtherTenders = append(act.Detail.OtherTenders, voucher.Tender{Method: voucherTender, Amount: taken})
		}
		return act
	}
}

// paidBy is how much of an order a redemption has paid: of points what they were worth.
func paidBy(r *voucher.Record) money.Amount {
	if r.Detail.Covers != nil {
		return *r.Detail.Covers
	}
	return money.Of(r.Amount, r.Currency)
}

// aimCapture finds the voucher or account of a reservation that is to be captured, and its unit.
func (d *Desk) aimCapture(ctx context.Context, by Actor, c Capture) (ledger.Aimed, money.Currency, error) {
	ref := by.ref(voucher.Reservations, c.Key)
	record, err := d.ledger.Find(ctx, ref)
	if errors.Is(err, voucher.ErrActNotFound) || err == nil && record.Reservation == "" {
		return ledger.Aimed{}, "", fmt.Errorf("capture %s: %w", c.Key, voucher.ErrNoReservation)
	}
	if err != nil {
		return ledger.Aimed{}, "", err
	}
	id, err := d.ledger.NewID()
	if err != nil {
		return ledger.Aimed{}, "", err
	}
	act := voucher.Capture{ID: id, Ref: ref, Amount: c.Amount, Detail: c.Detail}
	return ledger.Aimed{Voucher: record.Voucher, Account: record.Detail.Account, Act: act}, record.Currency, nil
}

// Release frees a reservation of this actor. A key that names none is left as it is when the release
// is soft; a final one makes sure that it never will.
func (d *Desk) Release(ctx context.Context, by Actor, key string, final voucher.Finality) (voucher.Answer, error) {
	ref := by.ref(voucher.Reservations, key)
	for {
		record, err := d.ledger.Find(ctx, ref)
		switch {
		case err == nil && record.Reservation == "":
			return voucher.Answer{Outcome: voucher.OutcomePrevented, Record: &record}, nil
		case err == nil:
			answer, err := d.ledger.Apply(ctx, ledger.Aimed{Voucher: record.Voucher, Account: record.Detail.Account, Act: voucher.Release{Ref: ref, Final: final}})
			if !errors.Is(err, voucher.ErrInProgress) {
				return answer, err
			}
			continue
		case !errors.Is(err, voucher.ErrActNotFound):
			return voucher.Answer{}, err
		case final == voucher.Soft:
			return voucher.Answer{Outcome: voucher.OutcomeUnchanged}, nil
		}
		prevented, err := d.ledger.Prevent(ctx, ref)
		if err != nil || prevented {
			return voucher.Answer{Outcome: voucher.OutcomePrevented}, err
		}
	}
}

// Balance looks a code up and changes nothing. A webshop is refused what it could not use, as late as
// an unknown code. A card that nobody has bought has no balance that anybody could be told.
func (d *Desk) Balance(ctx context.Context, by Actor, typed Typed) (ledger.Seen, error) {
	found, err := d.find(ctx, by, typed, voucher.Ref{})
	switch {
	case err != nil:
		return found.Seen, err
	case by.Channel != Webshop && found.Voucher.State == voucher.Inventory:
		return found.Seen, voucher.ErrNotActive
	case by.Channel != Webshop:
		return found.Seen, nil
	}
	if err = found.Unusable(); err != nil {
		d.turnAway(ctx, by, found)
	}
	return found.Seen, err
}

// QuoteRequest asks how far codes would cover what is due.
type QuoteRequest struct {
	Due    money.Amount
	Holder string // whose reservations count as free; may be empty
	Codes  []string
	Buyer  Buyer
	Member Member
}

// Quote is what codes would cover of what is due, if they were reserved now.
type Quote struct {
	Covered money.Amount
	Rest    money.Amount
	Lines   []QuoteLine
}

// QuoteLine is one code's part of a quote, or that of the account of a customer.
type QuoteLine struct {
	Voucher   voucher.Voucher
	Customer  string // the shop's id of the customer whose account it is; "" for a code
	Available money.Amount
	Points    int64 // of a customer's points: how many would be taken
	Covers    money.Amount
	Notice    string // what to tell whoever is not known to be a member, of a voucher that needs a membership (B09)
	At        time.Time
}

// Quote reckons how far codes cover what is due, in the order in which they are named, and changes
// nothing. A code that the actor's holder has reserved counts; one that another has is refused, as
// a reservation of it would be. So is one that needs a membership which somebody who is named has not; while
// nobody is named it counts, with a notice. Of a shop, more codes than one order may use are refused, with what the holder has reserved
// already (D09): voucher.ErrTooMany.
func (d *Desk) Quote(ctx context.Context, by Actor, q QuoteRequest) (Quote, error) {
	quote := Quote{Covered: money.Of(0, q.Due.Currency), Rest: q.Due}
	holder, _ := by.holder(q.Holder)
	member, err := d.membership(ctx, by, q.Member)
	if err != nil {
		return Quote{}, err
	}
	asked := voucher.Reserve{Ref: by.ref(voucher.Reservations, ""), Holder: holder, Due: q.Due, Member: member}
	asked.Member.Seen = member.Seen || q.Member.Customer == ""
	used, err := d.used(ctx, by, q)
	if err != nil {
		return Quote{}, err
	}
	counted := make(map[string]bool)
	for _, code := range q.Codes {
		found, err := d.find(ctx, by, Typed{code, q.Buyer}, voucher.Ref{})
		if err != nil {
			return Quote{}, err
		}
		if err := found.Refuse(asked); err != nil {
			d.turnAway(ctx, by, found)
			return Quote{}, d.notMember(ctx, by, err)
		}
		if counted[found.Voucher.ID] {
			continue
		}
		counted[found.Voucher.ID], used[found.Voucher.ID] = true, true
		if by.Channel == Webshop && len(used) > d.ledger.PerOrder() {
			return Quote{}, voucher.ErrTooMany
		}
		quote.add(found.Seen)
		if found.Voucher.MembersOnly && member == (voucher.Membership{}) {
			quote.Lines[len(quote.Lines)-1].Notice = d.MembershipNotice(ctx, by)
		}
	}
	return quote, nil
}

// used are the vouchers that a shop's holder has reserved, which count against what one order may use.
func (d *Desk) used(ctx context.Context, by Actor, q QuoteRequest) (map[string]bool, error) {
	used := make(map[string]bool)
	if by.Channel != Webshop || q.Holder == "" || len(q.Codes) == 0 {
		return used, nil
	}
	holder, _ := by.holder(q.Holder)
	held, err := d.ledger.HeldBy(ctx, by.Owner(), holder)
	if err != nil {
		return nil, err
	}
	for _, r := range held {
		used[r.Voucher] = true
	}
	return used, nil
}

// add counts a voucher towards the quote.
func (q *Quote) add(seen ledger.Seen) {
	covers := min(q.Rest.Minor, seen.Voucher.Balance)
	q.Covered.Minor += covers
	q.Rest.Minor -= covers
	q.Lines = append(q.Lines, QuoteLine{
		Voucher:   seen.Voucher,
		Available: money.Of(seen.Voucher.Balance, seen.Voucher.Currency),
		Covers:    money.Of(covers, seen.Voucher.Currency),
		At:        seen.At,
	})
}

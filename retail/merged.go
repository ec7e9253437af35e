package retail

import (
	"context"
	"errors"
	"slices"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// A merge moves what somebody has, and leaves his accounts as the places where everything before it was done. Who repeats an act of
// before, or spends what was set aside before, names the log-in that leads elsewhere now: he is answered from there.

// reopened answers for a key that names a reservation on the account of somebody who was merged since into the one who has this account:
// it is what it was, and where it is over a new one is opened here. Errors: voucher.ErrKeyReused where the key names something else,
// voucher.ErrInProgress when it came here meanwhile.
func (a *Accounts) reopened(ctx context.Context, act voucher.Reserve, now Account) (voucher.Answer, error) {
	named, err := a.desk.ledger.Find(ctx, act.Ref)
	switch {
	case err != nil:
		return voucher.Answer{}, err
	case named.Voucher == now.ID:
		return voucher.Answer{}, voucher.ErrInProgress
	}
	if err := a.sales.movedTo(ctx, named.Voucher, now.Customer); err != nil {
		return voucher.Answer{}, err
	}
	over := ledger.Aimed{Voucher: named.Voucher, Account: true, Act: voucher.Release{Ref: act.Ref, Final: voucher.Soft}}
	anew := ledger.Aimed{Voucher: now.ID, Account: true, Act: act, After: func(before []voucher.Answer) voucher.Act {
		act.Former = before[0].Reservation
		return act
	}}
	answers, err := a.desk.ledger.ApplyAll(ctx, over, anew)
	if err != nil {
		return voucher.Answer{}, err
	}
	return answers[1], nil
}

// movedTo makes sure that an account is of somebody who has been merged into a customer. Error: voucher.ErrKeyReused.
func (s *Sales) movedTo(ctx context.Context, account, customer string) error {
	whose, err := s.customersOf(ctx, account)
	if err == nil && whose[account].MergedInto != customer {
		err = voucher.ErrKeyReused
	}
	return err
}

// Capture spends a reservation of this actor, for parts of accounts too whose customers were merged while a late capture was still to be had: the order
// counted on it, and the money is there.
func (a *Accounts) Capture(ctx context.Context, by Actor, c Capture) (voucher.Answer, error) {
	answer, err := a.capture(ctx, by, c)
	if !isGone(err) {
		return answer, err
	}
	answers, err := a.captureMoved(ctx, by, []Capture{c}, err)
	if err != nil {
		return voucher.Answer{}, err
	}
	return answers[0], nil
}

// CaptureAll spends several reservations for one order, likewise: all of them or none. Those that name no amount take together what the
// order needs, in their order.
func (a *Accounts) CaptureAll(ctx context.Context, by Actor, captures []Capture) ([]voucher.Answer, error) {
	answers, err := a.captureAll(ctx, by, captures)
	if !isGone(err) {
		return answers, err
	}
	return a.captureMoved(ctx, by, captures, err)
}

// isGone tells that what was reserved is not there any more, where a merge may have moved it on.
func isGone(err error) bool {
	return errors.Is(err, voucher.ErrSuperseded) || errors.Is(err, voucher.ErrPointsEnded)
}

// captureMoved captures what was refused because merges have moved it on, all of it or none: it is fetched back in the same transaction.
func (a *Accounts) captureMoved(ctx context.Context, by Actor, captures []Capture, refusal error) ([]voucher.Answer, error) {
	var acts []ledger.Aimed
	fetched := make(map[string]bool)
	for _, c := range captures {
		back, err := a.fetch(ctx, by, c)
		if err != nil {
			return nil, err
		}
		if back != nil && !fetched[back.Act.Refs()[0].Key] {
			fetched[back.Act.Refs()[0].Key] = true
			acts = append(acts, *back)
		}
	}
	if len(acts) == 0 {
		return nil, refusal
	}
	halves := 2 * len(acts)
	aimed, pointed, err := a.desk.aimCaptures(ctx, by, captures, halves)
	if err != nil {
		return nil, err
	}
	answers, err := a.settleAll(ctx, by, captures[0].Detail.Order, append(acts, aimed...), pointed)
	if _, short := errors.AsType[*voucher.ShortError](err); err != nil && !short && voucher.IsRefusal(err) { // of the transfer: it is spent
		err = refusal
	}
	if err != nil {
		return nil, err
	}
	a.desk.forwarding().onward(ctx, answers...) // what was fetched and is not needed
	return answers[halves:], nil
}

// fetch is the transfer of what a capture needs from where a merge has moved it; nil where none has.
func (a *Accounts) fetch(ctx context.Context, by Actor, c Capture) (*ledger.Aimed, error) {
	named, err := a.desk.ledger.ByName(ctx, by.ref(voucher.Reservations, c.Key))
	if err != nil || named.Customer == "" || named.Reservation == nil || named.Reservation.State != voucher.ReservationExpired {
		return nil, err
	}
	whose, err := a.sales.orders.Customers(ctx, named.Customer)
	if err != nil || len(whose) == 0 || whose[0].MergedInto == "" {
		return nil, err
	}
	account, err := a.desk.ledger.AccountOf(ctx, whose[0].MergedInto, named.Voucher.Currency)
	if errors.Is(err, ledger.ErrNoAccount) {
		return nil, nil
	}
	id, idErr := a.desk.ledger.NewID()
	if err = errors.Join(err, idErr); err != nil {
		return nil, err
	}
	needed := money.Of(named.Reservation.Amount, named.Voucher.Currency)
	if c.Amount != nil && c.Amount.Currency == needed.Currency && c.Amount.Minor < needed.Minor {
		needed.Minor = c.Amount.Minor
	}
	aimed := withReceipt(ledger.Aimed{Voucher: account.ID, Account: true, Act: voucher.Transfer{
		ID: id, Ref: voucher.Ref{Owner: mergeOwner, Kind: voucher.Transfers, Key: "back:" + named.Reservation.ID},
		To: named.Voucher.ID, Account: true, Amount: &needed, Detail: voucher.Detail{Reason: "it was set aside before the merge"},
	}})
	return &aimed, nil
}

// whereabouts are the places that an act of the office was done to, or waits to be.
type whereabouts struct{ from, to string }

// whereabouts finds them by the act's name. Error: voucher.ErrKeyReused where there are none.
func (d *Desk) whereabouts(ctx context.Context, ref voucher.Ref) (w whereabouts, err error) {
	record, err := d.ledger.Find(ctx, ref)
	if err == nil {
		w.from = record.Voucher
		if record.Detail.Moved != nil {
			w.to = record.Detail.Moved.To
		}
		return w, nil
	}
	if !errors.Is(err, voucher.ErrActNotFound) {
		return w, err
	}
	err = d.ledger.InTx(ctx, func(tx outbox.Tx) error {
		waits, err := staff.WaitingFor(ctx, tx, string(ref.Kind), ref.Key)
		if errors.Is(err, staff.ErrNoApproval) {
			return voucher.ErrKeyReused
		}
		if err != nil {
			return err
		}
		asked, err := requestIn(waits)
		w = whereabouts{waits.Subject, asked.To}
		return err
	})
	return w, err
}

// unlessNamed is the refusal of a transfer that leads nowhere, unless one of its name was made, or waits, between two places that have
// become one since.
func (d *Desk) unlessNamed(ctx context.Context, ref voucher.Ref, refusal error) error {
	err := d.unlessTaken(ctx, ref, refusal)
	if !errors.Is(err, refusal) {
		return err
	}
	switch _, err := d.whereabouts(ctx, ref); {
	case err == nil:
		return voucher.ErrKeyReused
	case errors.Is(err, voucher.ErrKeyReused):
		return refusal
	default:
		return err
	}
}

// wasAt makes sure that a place which is named now is where an act was done: the same, or an account that a merge has moved here since.
// Error: voucher.ErrKeyReused.
func (o *BackOffice) wasAt(ctx context.Context, s spot, place string) error {
	if s.customer == nil && s.voucher == place && place != "" {
		return nil
	}
	if s.customer == nil || s.customer.ID == "" || place == "" {
		return voucher.ErrKeyReused
	}
	whose, err := o.sales.customersOf(ctx, place)
	if err == nil && holderOf(whose[place]) != holderOf(*s.customer) {
		err = voucher.ErrKeyReused
	}
	return err
}

// adjustedBefore repeats an adjustment that was made before the customer was merged, where it was made. Error: voucher.ErrKeyReused for
// any other.
func (o *BackOffice) adjustedBefore(ctx context.Context, by Actor, aimed ledger.Aimed, who Customer) (voucher.Answer, error) {
	was, err := o.desk.whereabouts(ctx, aimed.Act.Refs()[0])
	if err != nil {
		return voucher.Answer{}, err
	}
	if err := o.wasAt(ctx, spot{customer: &who}, was.from); err != nil {
		return voucher.Answer{}, err
	}
	aimed.Voucher = was.from
	return o.desk.settle(ctx, by, aimed)
}

// movedBefore repeats a transfer that was made before a customer was merged, likewise.
func (o *BackOffice) movedBefore(ctx context.Context, by Actor, t Transfer, from, to spot) (voucher.Answer, error) {
	ref := by.ref(voucher.Transfers, t.Key)
	was, err := o.desk.whereabouts(ctx, ref)
	if err != nil {
		return voucher.Answer{}, err
	}
	if err := o.wasAt(ctx, from, was.from); err != nil {
		return voucher.Answer{}, err
	}
	if err := o.wasAt(ctx, to, was.to); err != nil {
		return voucher.Answer{}, err
	}
	id, err := o.desk.ledger.NewID()
	if err != nil {
		return voucher.Answer{}, err
	}
	return o.desk.settle(ctx, by, withReceipt(ledger.Aimed{Voucher: was.from, Account: from.customer != nil, Act: voucher.Transfer{
		ID: id, Ref: ref, To: was.to, Account: to.customer != nil, Amount: t.Amount, Detail: voucher.Detail{Reason: t.Reason},
	}}))
}

// led aims an act that has waited for a second person where its money has gone: to the account of whom its customer was merged into
// meanwhile. The customers are locked before it, so that none is merged at this moment. A refund goes back where it came from, and is
// moved on from there as any other; a transfer between two accounts that have become one stays as it was asked for, and finds nothing to move.
func (o *BackOffice) led(ctx context.Context, tx outbox.Tx, aimed ledger.Aimed) (ledger.Aimed, error) {
	switch act := aimed.Act.(type) {
	case voucher.Adjust, voucher.Earn:
		if !aimed.Account {
			return aimed, nil
		}
		gone, err := o.whither(ctx, tx, aimed.Voucher)
		if err == nil {
			aimed.Voucher = gone[0]
		}
		return aimed, err
	case voucher.Transfer:
		var accounts []string
		if aimed.Account {
			accounts = append(accounts, aimed.Voucher)
		}
		if act.Account {
			accounts = append(accounts, act.To)
		}
		gone, err := o.whither(ctx, tx, accounts...)
		if err != nil || len(gone) == 2 && gone[0] == gone[1] {
			return aimed, err
		}
		if aimed.Account {
			aimed.Voucher = gone[0]
		}
		if act.Account {
			act.To = gone[len(gone)-1]
		}
		aimed.Act = act
	}
	return withReceipt(aimed), nil
}

// whither are the accounts that what was in some accounts would be in by now, in their order: these themselves, unless their customers
// were merged into others. The customers are locked.
func (o *BackOffice) whither(ctx context.Context, tx outbox.Tx, accounts ...string) ([]string, error) {
	whose, err := ledger.HoldersIn(ctx, tx, accounts...) // not by another connection: many acts at once would wait for one another's
	if err != nil {
		return nil, err
	}
	named := make(map[string]bool)
	for _, who := range whose {
		named[who] = true
	}
	locked, err := orders.LockCustomers(ctx, tx, sortedKeys(named)...)
	if err != nil {
		return nil, err
	}
	into := make(map[string]Customer, len(locked))
	for _, who := range locked {
		into[who.ID] = who
	}
	gone := slices.Clone(accounts)
	for i, account := range accounts {
		if who := into[whose[account]]; who.MergedInto != "" {
			if gone[i], err = o.accountOfHeir(ctx, tx, account, who); err != nil {
				return nil, err
			}
		}
	}
	return gone, nil
}

// accountOfHeir is the account, of the same currency, of whoever a customer was merged into, made if need be.
func (o *BackOffice) accountOfHeir(ctx context.Context, tx outbox.Tx, account string, who Customer) (string, error) {
	found, err := o.desk.ledger.Accounts(ctx, account)
	if err != nil {
		return "", err
	}
	shop, err := o.sales.orders.Shop(ctx, who.Shop)
	if err != nil && !errors.Is(err, orders.ErrNotFound) {
		return "", err
	}
	zone, err := o.sales.zone(shop)
	if err != nil {
		return "", err
	}
	return o.desk.ledger.OpenAccount(ctx, tx, who.MergedInto, found[0].Balance.Currency, zone)
}

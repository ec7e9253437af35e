package retail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/voucher"
)

// ErrMerge refuses to merge a customer into himself, or into one of another shop.
var ErrMerge = errors.New("two customers of one shop are merged, each of whom is still his own")

// Merge moves all that one customer has to another of the same shop, whose accounts his log-in leads to from then on (D17): in one
// transaction, with its line in the audit trail. Nothing of his may be reserved, and no more may move than one alone may give in the
// office: what is above that is transferred first. Who was excluded from bonus points still is. Again, it moves on what has come back since. Errors: ErrNoCustomer, ErrMerge, ErrNobody,
// *voucher.HeldError, *voucher.ApprovalError.
func (o *BackOffice) Merge(ctx context.Context, by Actor, from, into, reason string) (CustomerSheet, error) {
	gone, err := o.sales.named(ctx, "", from)
	if err != nil {
		return CustomerSheet{}, err
	}
	stays, err := o.sales.named(ctx, "", into)
	if err != nil {
		return CustomerSheet{}, err
	}
	if gone.MergedInto != "" && gone.MergedInto == stays.ID {
		if err := o.forwardOf(ctx, gone.ID); err != nil {
			return CustomerSheet{}, err
		}
		return o.OneCustomer(ctx, "", stays.ID)
	}
	if stays.Login == guestLogin {
		return CustomerSheet{}, ErrNobody
	}
	if gone.ID == stays.ID || gone.Shop != stays.Shop || gone.MergedInto != "" || stays.MergedInto != "" {
		return CustomerSheet{}, ErrMerge
	}
	if err := o.merge(ctx, by, merging{gone: gone.ID, stays: stays.ID, reason: reason}); err != nil {
		return CustomerSheet{}, err
	}
	return o.OneCustomer(ctx, "", stays.ID)
}

// merging is a merge of two customers.
type merging struct {
	gone, stays string // their ids
	reason      string
}

// merge locks both customers, moves what the one has, and lets his log-in lead to the other.
func (o *BackOffice) merge(ctx context.Context, by Actor, m merging) error {
	var moved []ledger.Account
	var given counting // of points
	prepare := func(tx outbox.Tx) ([]ledger.Aimed, error) {
		customers, err := m.lock(ctx, tx)
		if err != nil {
			return nil, err
		}
		if moved, err = o.desk.ledger.AccountsIn(ctx, tx, m.gone); err != nil {
			return nil, err
		}
		var acts []ledger.Aimed
		for _, account := range moved {
			if account.Balance.Minor == 0 {
				if account.Balance.Currency == money.Point { // it is locked all the same: what is open of its earnings goes too
					acts = append(acts, ledger.Aimed{Voucher: account.ID, Account: true, Act: voucher.Expire{}})
				}
				continue
			}
			aimed, err := o.moving(ctx, tx, m, account, customers[0].Shop)
			if err != nil {
				return nil, err
			}
			if account.Balance.Currency == money.Point {
				if given, err = o.desk.counts(ctx, tx, by, aimed); err != nil {
					return nil, err
				}
				aimed.Act, _ = voucher.Answerable(aimed.Act, given.approval)
			}
			acts = append(acts, aimed)
		}
		return acts, nil
	}
	_, err := o.desk.ledger.ApplyWhole(ctx, prepare, func(tx outbox.Tx, applied *ledger.Applied) error {
		leftBy(moved, applied.Answers)
		for _, answer := range applied.Answers {
			if r := answer.Record; r != nil && r.Currency == money.Point && r.Voucher == answer.Voucher.ID { // the half that gives
				if err := given.gave(ctx, tx, by, answer, 0); err != nil {
					return err
				}
			}
		}
		return o.mergedAway(ctx, tx, by, m, moved)
	})
	explain("merge two customers", &err)
	return err
}

// leftBy makes of what accounts had in the books what has left them: points that have ended don't.
func leftBy(accounts []ledger.Account, answers []voucher.Answer) {
	for i := range accounts {
		accounts[i].Balance.Minor = 0
		for _, answer := range answers {
			if r := answer.Record; r != nil && answer.Created && r.Voucher == accounts[i].ID && answer.Voucher.ID == r.Voucher {
				accounts[i].Balance.Minor += r.Amount
			}
		}
	}
}

// lock takes both customers as they are now. Error: ErrMerge when one of them was merged meanwhile.
func (m merging) lock(ctx context.Context, tx outbox.Tx) ([]Customer, error) {
	ids := []string{m.gone, m.stays}
	slices.Sort(ids)
	customers, err := orders.LockCustomers(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	for _, who := range customers {
		if who.MergedInto != "" {
			return nil, ErrMerge
		}
	}
	return customers, nil
}

// moving is the transfer of all that is in an account to the other customer's.
func (o *BackOffice) moving(ctx context.Context, tx outbox.Tx, m merging, account ledger.Account, shop string) (ledger.Aimed, error) {
	front, err := o.sales.orders.Shop(ctx, shop)
	if err != nil {
		return ledger.Aimed{}, err
	}
	zone, err := o.sales.zone(front)
	if err != nil {
		return ledger.Aimed{}, err
	}
	to, err := o.desk.ledger.OpenAccount(ctx, tx, m.stays, account.Balance.Currency, zone)
	if err != nil {
		return ledger.Aimed{}, err
	}
	id, err := o.desk.ledger.NewID()
	if err != nil {
		return ledger.Aimed{}, err
	}
	act := voucher.Transfer{
		ID: id, Ref: mergeRef(m.gone, m.stays, account.Balance.Currency), To: to, Account: true,
		Whole: true, Approval: voucher.Approval{Alone: true}, Detail: voucher.Detail{Reason: m.reason},
	}
	return withReceipt(ledger.Aimed{Voucher: account.ID, Account: true, Act: act}), nil
}

// mergedAway writes that the one customer leads to the other.
func (o *BackOffice) mergedAway(ctx context.Context, tx outbox.Tx, by Actor, m merging, moved []ledger.Account) error {
	customers, err := orders.LockCustomers(ctx, tx, m.gone)
	if err != nil {
		return err
	}
	gone := customers[0]
	gone.MergedInto = m.stays
	if err := orders.UpdateCustomer(ctx, tx, gone); err != nil {
		return err
	}
	if err := orders.RedirectMerged(ctx, tx, m.gone, m.stays); err != nil {
		return err
	}
	if err := o.leaveOut(ctx, tx, by, m); err != nil {
		return err
	}
	balances := make([]string, len(moved))
	for i, account := range moved {
		balances[i] = account.Balance.String()
	}
	return o.desk.audit(ctx, tx, by, didMergeCustomer, m.gone, map[string]any{
		"into": m.stays, "reason": m.reason, "moved": fmt.Sprint(balances),
	})
}

// leaveOut excludes from the programme whom somebody is merged into who was (P15): another log-in is no way back in. The percentage and
// the group are those of the one who stays.
func (o *BackOffice) leaveOut(ctx context.Context, tx outbox.Tx, by Actor, m merging) error {
	gone, _, err := points.Standing(ctx, tx, m.gone)
	if err != nil || !gone.Excluded {
		return err
	}
	stays, group, err := points.Standing(ctx, tx, m.stays)
	if err != nil {
		return err
	}
	stays.Excluded = true
	changed, err := points.SetStanding(ctx, tx, m.stays, stays, group)
	if err != nil || !changed {
		return err
	}
	return o.desk.audit(ctx, tx, by, didSetStanding, m.stays, map[string]any{
		"excluded": true, "percent": cmp.Or(stays.Percent, usualPercent), "group": group, "merged": m.gone,
	})
}

// mergeOwner has the transfers of merges: nobody who calls can take one back, since the log-in leads on for good.
const mergeOwner = "merge"

// mergeRef names the transfer of a merge: there is one for each pair and currency.
func mergeRef(gone, stays string, unit money.Currency) voucher.Ref {
	return voucher.Ref{Owner: mergeOwner, Kind: voucher.Transfers, Key: gone + ":" + stays + ":" + string(unit)}
}

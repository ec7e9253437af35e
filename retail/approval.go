package retail

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// TaskApproval is the task of an act that waits for a second person.
const TaskApproval = "approval"

// KindActivation is the kind of approval that lets a purchase issue; the others are the kinds of their acts.
const KindActivation voucher.ActKind = "activation"

// AwaitingError tells that an act of the office waits for a second person. Nothing has moved (X13).
type AwaitingError struct {
	ID        string // of the approval
	ExpiresAt time.Time
}

// Error says until when it waits.
func (e *AwaitingError) Error() string {
	return "the act waits for a second person until " + e.ExpiresAt.UTC().Format(time.RFC3339)
}

// request is an act of the office as it is stored while it waits. It holds no code.
type request struct {
	Redemption *redemptionName  `json:"redemption,omitempty"`
	Amount     *money.Amount    `json:"amount,omitempty"`
	Delta      *money.Amount    `json:"delta,omitempty"`
	SetTo      *money.Amount    `json:"set_to,omitempty"`
	Expected   *money.Amount    `json:"expected_balance,omitempty"`
	Consent    purchase.Consent `json:"consent,omitempty"`
	Detail     voucher.Detail   `json:"detail"`
	Account    bool             `json:"account,omitempty"` // whether the act is done to an account
	To         string           `json:"to,omitempty"`      // of a transfer
	ToAccount  bool             `json:"to_account,omitempty"`
	Product    string           `json:"product,omitempty"`  // SKU, of a credit note
	Anew       bool             `json:"to_new,omitempty"`   // whether a refund goes to a credit note
	Points     int64            `json:"points,omitempty"`   // of a grant
	Customer   string           `json:"customer,omitempty"` // our own id, likewise
}

// redemptionName names a redemption that is to be refunded.
type redemptionName struct {
	Owner string `json:"owner"`
	Key   string `json:"key"`
}

// named is an act that may have to wait: what it is called, what it is about and what it is made of.
type named struct {
	kind    voucher.ActKind
	key     string
	subject string // a voucher's or purchase's id
	request request
}

// name is what the office's transactions on one act lock, so that an act that is done and one that waits never miss
// each other.
func (n named) name() string { return nameOf(n.kind, n.key) }

func nameOf(kind voucher.ActKind, key string) string { return "act " + string(kind) + " " + key }

// namedBy is an aimed act that gives value, as it is stored.
func namedBy(aimed ledger.Aimed) named {
	ref := aimed.Act.Refs()[0]
	n := named{kind: ref.Kind, key: ref.Key, subject: aimed.Voucher}
	switch a := aimed.Act.(type) {
	case voucher.Adjust:
		n.request = request{Delta: a.Delta, SetTo: a.SetTo, Expected: a.Expected, Detail: a.Detail}
	case voucher.Earn:
		customer, _, _ := strings.Cut(a.Asked, " ")
		n.request = request{Points: a.Points, Customer: customer, Detail: a.Detail}
	case voucher.Refund:
		n.request = request{Redemption: &redemptionName{a.Redemption.Owner, a.Redemption.Key}, Amount: a.Amount, Detail: a.Detail}
	case voucher.Reload:
		n.request = request{Amount: &a.Amount, Detail: a.Detail}
	case voucher.Transfer:
		n.request = request{Amount: a.Amount, To: a.To, ToAccount: a.Account, Detail: a.Detail}
	}
	n.request.Account = aimed.Account
	return n
}

// act is the stored act under its own name, with the approval of two. Error: a kind that is none of a voucher's.
func (r request) act(id string, ref voucher.Ref) (voucher.Act, error) {
	switch {
	case ref.Kind == voucher.Adjustments:
		return voucher.Adjust{ID: id, Ref: ref, Delta: r.Delta, SetTo: r.SetTo, Expected: r.Expected, Detail: r.Detail}, nil
	case ref.Kind == voucher.Earnings && r.Points > 0:
		return granting(id, ref, r.Customer, r.Points, r.Detail), nil
	case ref.Kind == voucher.Refunds && r.Redemption != nil:
		redemption := voucher.Ref{Owner: r.Redemption.Owner, Kind: voucher.Redemptions, Key: r.Redemption.Key}
		return voucher.Refund{ID: id, Ref: ref, Redemption: redemption, Amount: r.Amount, Detail: r.Detail}, nil
	case ref.Kind == voucher.Reloads && r.Amount != nil:
		return voucher.Reload{ID: id, Ref: ref, Amount: *r.Amount, Detail: r.Detail}, nil
	case ref.Kind == voucher.Transfers && r.To != "":
		return voucher.Transfer{ID: id, Ref: ref, To: r.To, Account: r.ToAccount, Amount: r.Amount, Detail: r.Detail}, nil
	}
	return nil, fmt.Errorf("an approval of kind %q holds no act", ref.Kind)
}

// encoded is the request as it is stored, and its digest.
func (n named) encoded() (text json.RawMessage, digest [sha256.Size]byte) {
	text = detailOf(n.request)
	return text, sha256.Sum256([]byte(n.subject + "\x00" + string(text)))
}

// giveAlone does an act that gives value if one alone may, counting what he has given lately on the same voucher. One
// that he may not waits for a second person when he has signed in, and is refused to an API key.
func (d *Desk) giveAlone(ctx context.Context, tx outbox.Tx, by Actor, aimed ledger.Aimed) (*ledger.Applied, *staff.Approval, error) {
	n := namedBy(aimed)
	if err := staff.LockNames(ctx, tx, n.name()); err != nil {
		return nil, nil, err
	}
	if waits, err := d.waiting(ctx, tx, n); err != nil || waits != nil {
		return nil, waits, err
	}
	aimed, t, err := d.aim(ctx, tx, aimed) // before counting, as whoever earns does
	if err != nil {
		return nil, nil, err
	}
	counting, err := d.counts(ctx, tx, by, aimed)
	if err != nil {
		return nil, nil, err
	}
	aimed.Act, _ = voucher.Answerable(aimed.Act, counting.approval)
	applied, err := d.applyBeside(ctx, tx, aimed, t)
	if err != nil {
		return nil, nil, err
	}
	if err := applied.Torn(); err != nil {
		return applied, nil, err
	}
	if over, tooMuch := errors.AsType[*voucher.ApprovalError](applied.Refusals[0]); tooMuch && by.Person != "" {
		waits, err := d.ask(ctx, tx, by, n, over.Amount)
		return applied, &waits, err
	}
	if applied.Refusals[0] == nil {
		if err := counting.gave(ctx, tx, by, applied.Answers[0], 0); err != nil {
			return nil, nil, err
		}
	}
	return applied, nil, d.settledBy(ctx, tx, by, aimed, applied)
}

// waiting finds what waits under an act's name, which is locked; nil if nothing does. Other content is
// voucher.ErrKeyReused. What has waited too long is over.
func (d *Desk) waiting(ctx context.Context, tx outbox.Tx, n named) (*staff.Approval, error) {
	found, err := staff.WaitingFor(ctx, tx, string(n.kind), n.key)
	if errors.Is(err, staff.ErrNoApproval) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if found.Overdue {
		_, err := endApproval(ctx, tx, found.ID, staff.Lapsed, "")
		return nil, err
	}
	if _, digest := n.encoded(); n.kind != KindActivation && string(digest[:]) != string(found.Digest) {
		return nil, voucher.ErrKeyReused
	}
	return &found, nil
}

// ask puts an act before a second person, in the transaction that found that one alone may not do it.
func (d *Desk) ask(ctx context.Context, tx outbox.Tx, by Actor, n named, moves ...money.Amount) (staff.Approval, error) {
	id, err := d.ledger.NewID()
	if err != nil {
		return staff.Approval{}, err
	}
	text, digest := n.encoded()
	asked, err := staff.Ask(ctx, tx, staff.Asked{
		ID: id, Kind: string(n.kind), Key: n.key, Subject: n.subject, Digest: digest[:], Request: text, Amounts: detailOf(moves),
		Reason: n.request.Detail.Reason, AskedBy: by.Person,
	})
	if err != nil {
		return staff.Approval{}, err
	}
	if err := openApproval(ctx, tx, asked, "awaiting_approval"); err != nil {
		return staff.Approval{}, err
	}
	return asked, d.audit(ctx, tx, by, didAsk, n.subject, map[string]any{
		"approval": id, "kind": n.kind, "key": n.key, "amounts": moves, "reason": n.request.Detail.Reason,
	})
}

// openApproval puts an approval before the office, or says anew why it still waits.
func openApproval(ctx context.Context, tx outbox.Tx, a staff.Approval, reason string) error {
	return outbox.OpenTask(ctx, tx, outbox.Task{
		Kind: TaskApproval, Subject: a.ID, Reason: reason,
		Detail: detailOf(map[string]any{"kind": a.Kind, "key": a.Key, "subject": a.Subject, "amounts": a.Amounts}),
	})
}

// endApproval ends one that is locked waiting, and its task.
func endApproval(ctx context.Context, tx outbox.Tx, id string, state staff.ApprovalState, by string) (staff.Approval, error) {
	if err := outbox.CloseTask(ctx, tx, TaskApproval, id, string(state)); err != nil {
		return staff.Approval{}, err
	}
	return staff.EndApproval(ctx, tx, id, state, by)
}

// prevent makes sure that an act which has not happened never will. The office's may be waiting for a second person:
// it is withdrawn.
func (d *Desk) prevent(ctx context.Context, by Actor, ref voucher.Ref) (prevented bool, err error) {
	if by.Channel != Office {
		return d.ledger.Prevent(ctx, ref)
	}
	defer explain("prevent an act of the office", &err)
	err = d.ledger.InTx(ctx, func(tx outbox.Tx) (err error) {
		if err := staff.LockNames(ctx, tx, nameOf(ref.Kind, ref.Key)); err != nil {
			return err
		}
		found, err := staff.WaitingFor(ctx, tx, string(ref.Kind), ref.Key)
		if err == nil {
			if _, err = endApproval(ctx, tx, found.ID, staff.Withdrawn, by.Person); err == nil {
				err = d.audit(ctx, tx, by, didWithdraw, found.Subject, map[string]any{"approval": found.ID, "asked_by": found.AskedBy})
			}
		}
		if err != nil && !errors.Is(err, staff.ErrNoApproval) {
			return err
		}
		prevented, err = d.ledger.PreventTx(ctx, tx, ref)
		return err
	})
	return prevented, err
}

// The states of an act of the office that was asked for and has not happened; its key is free in all but the first.
const (
	AwaitsApproval voucher.RecordState = "awaiting_approval"
	WasRejected    voucher.RecordState = "rejected"
	WasWithdrawn   voucher.RecordState = "withdrawn"
	HasExpired     voucher.RecordState = "expired"
)

// unsettled is what became of an act of the office that was asked for and has not happened. Error:
// voucher.ErrActNotFound when nobody asked.
func (d *Desk) unsettled(ctx context.Context, ref voucher.Ref) (voucher.Record, error) {
	var last staff.Approval
	err := d.ledger.InTx(ctx, func(tx outbox.Tx) (err error) {
		last, err = staff.LastApproval(ctx, tx, string(ref.Kind), ref.Key)
		return err
	})
	if errors.Is(err, staff.ErrNoApproval) {
		return voucher.Record{}, voucher.ErrActNotFound
	}
	if err != nil {
		explain("look for an approval", &err)
		return voucher.Record{}, err
	}
	record := voucher.Record{Ref: ref, State: AwaitsApproval}
	switch {
	case last.Overdue || last.State == staff.Lapsed:
		record.State = HasExpired
	case last.State == staff.Rejected:
		record.State = WasRejected
	case last.State == staff.Withdrawn:
		record.State = WasWithdrawn
	case last.State == staff.Approved: // between the two looks
		return d.ledger.Find(ctx, ref)
	}
	return record, nil
}

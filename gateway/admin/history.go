package admin

import (
	"context"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// historyOut is what has happened to a voucher, the earliest first, at most the latest 500 of each.
type historyOut struct {
	Entries      []entryOut  `json:"entries" nullable:"false" doc:"The journal"`
	Reservations []grantOut  `json:"reservations" nullable:"false"`
	Acts         []pastAct   `json:"acts" nullable:"false"`
	Claims       []pastAct   `json:"claims" nullable:"false" doc:"Those of the acts that moved it to a customer's account"`
	Deliveries   []sentOut   `json:"deliveries" nullable:"false" doc:"Of the code; the latest first"`
	Changes      []changeOut `json:"changes" nullable:"false" doc:"The audit trail; the latest first"`
}

// entryOut is a line of the journal.
type entryOut struct {
	Seq     int64        `json:"seq"`
	Act     string       `json:"act" format:"uuid"`
	Kind    string       `json:"kind" doc:"issue, redeem, reload, refund, adjust, invalidate, reversal, …"`
	Contra  string       `json:"contra" doc:"The other side of the entry, such as redeemed/till:NAME"`
	Amount  money.Amount `json:"amount" doc:"Positive raises the balance"`
	Balance money.Amount `json:"balance" doc:"Afterwards"`
	At      time.Time    `json:"at"`
}

// pastAct is an act on a voucher, with what its caller said of it (A18, A20, A21).
type pastAct struct {
	ID           string           `json:"id" format:"uuid"`
	Kind         string           `json:"kind"`
	Key          string           `json:"key"`
	Owner        string           `json:"owner" doc:"shop:ID, till:NAME or office"`
	State        string           `json:"state" enum:"done,reversed,prevented"`
	Amount       money.Amount     `json:"amount"`
	TakenBack    money.Amount     `json:"taken_back" doc:"How much of it refunds and reversals have moved back"`
	Balance      money.Amount     `json:"balance" doc:"After the act"`
	Order        string           `json:"order,omitempty"`
	Receipt      string           `json:"receipt,omitempty"`
	Tender       string           `json:"tender,omitempty"`
	Reason       string           `json:"reason,omitempty"`
	OrderTotal   *money.Amount    `json:"order_total,omitempty" doc:"What the whole order cost"`
	OtherTenders []voucher.Tender `json:"other_tenders,omitempty" nullable:"false" doc:"How the rest was paid"`
	Delta        *money.Amount    `json:"delta,omitempty" doc:"Of an adjustment"`
	Customer     *whoseOut        `json:"customer,omitempty" doc:"To whose account a claim or transfer went"`
	Late         bool             `json:"late,omitempty" doc:"Captured after the reservation expired"`
	At           time.Time        `json:"at"`
	ReversedAt   *time.Time       `json:"reversed_at,omitempty"`
}

// whoseOut names a customer.
type whoseOut struct {
	ID       string `json:"id" format:"uuid" doc:"Ours"`
	Shop     string `json:"shop"`
	Customer string `json:"customer" doc:"The shop's id"`
	WalletID string `json:"wallet_id"`
}

// showWhose names a customer, if there is one.
func showWhose(who *retail.Customer) *whoseOut {
	if who == nil {
		return nil
	}
	return &whoseOut{who.ID, who.Shop, who.Login, who.WalletID}
}

// sentOut is a delivery of the code.
type sentOut struct {
	ID         string     `json:"id" format:"uuid"`
	Kind       string     `json:"kind" enum:"code,handover"`
	State      string     `json:"state" enum:"waiting,pending,sending,in_doubt,done,bounced,failed,cancelled"`
	Reason     string     `json:"reason,omitempty"`
	Recipient  *string    `json:"recipient" doc:"Null once erased, and for a code that the shop sends"`
	Copies     int        `json:"copies" doc:"How many left or may have left"`
	CreatedAt  time.Time  `json:"created_at"`
	DueAt      *time.Time `json:"due_at" doc:"The next attempt; null when none is due, and while it waits or is held"`
	FinishedAt *time.Time `json:"finished_at"`
}

func (a *admin) history(ctx context.Context, in *idIn) (*body[historyOut], error) {
	h, seen, err := a.office.History(ctx, in.ID)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	out := historyOut{
		Entries: []entryOut{}, Reservations: []grantOut{}, Acts: []pastAct{}, Claims: []pastAct{}, Deliveries: []sentOut{}, Changes: []changeOut{},
	}
	for _, e := range h.Entries {
		out.Entries = append(out.Entries, showEntry(e))
	}
	for _, r := range h.Reservations {
		out.Reservations = append(out.Reservations, showReservation(r, seen.Voucher, seen.At))
	}
	for _, r := range h.Acts {
		act := showAct(r)
		if moved := r.Detail.Moved; moved != nil {
			if who, known := h.Customers[moved.To]; known {
				act.Customer = showWhose(&who)
			}
		}
		if r.Kind == voucher.Claims {
			out.Claims = append(out.Claims, act)
		}
		out.Acts = append(out.Acts, act)
	}
	for _, d := range h.Deliveries {
		out.Deliveries = append(out.Deliveries, showSent(d))
	}
	for _, c := range h.Changes {
		out.Changes = append(out.Changes, showChange(c))
	}
	return ok(out), nil
}

// showEntry renders a line of the journal.
func showEntry(e voucher.Entry) entryOut {
	return entryOut{
		Seq: e.Seq, Act: e.Act, Kind: e.Kind, Contra: e.Contra, Amount: money.Of(e.Amount, e.Currency),
		Balance: money.Of(e.Balance, e.Currency), At: e.At.UTC(),
	}
}

// showAct renders an act.
func showAct(r voucher.Record) pastAct {
	out := pastAct{
		ID: r.ID, Kind: string(r.Kind), Key: r.Key, Owner: r.Owner, State: string(r.State), Amount: money.Of(r.Amount, r.Currency),
		TakenBack: money.Of(r.Returned(), r.Currency), Balance: money.Of(r.Balance, r.Currency), Order: r.Detail.Order,
		Receipt: r.Detail.Receipt, Tender: r.Detail.Tender, Reason: r.Detail.Reason, OrderTotal: r.Detail.OrderTotal,
		OtherTenders: r.Detail.OtherTenders, Delta: r.Detail.Adjusted, Late: r.Late, At: r.At.UTC(),
	}
	if !r.ReversedAt.IsZero() {
		out.ReversedAt = utc(&r.ReversedAt)
	}
	return out
}

// showSent renders a delivery.
func showSent(d retail.SentLetter) sentOut {
	out := sentOut{
		ID: d.ID, Kind: string(d.Kind), State: string(d.State), Reason: d.Reason, Copies: d.Copies, CreatedAt: d.CreatedAt.UTC(),
		DueAt: utc(d.Next()), FinishedAt: utc(d.FinishedAt),
	}
	if d.To != "" {
		out.Recipient = &d.To
	}
	return out
}

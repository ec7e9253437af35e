package admin

import (
	"context"
	"encoding/json"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// PageIn is what every list takes.
type PageIn struct {
	From   string `query:"from" maxLength:"40" doc:"At or after this instant (RFC 3339), or from the beginning of this day (YYYY-MM-DD) in the merchant's zone"`
	To     string `query:"to" maxLength:"40" doc:"Before this instant, or through this day"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Items of a page"`
	Cursor string `query:"cursor" maxLength:"2000" doc:"next_cursor of the page before, in the same sort"`
}

// span reads from and to.
func (a *admin) span(in PageIn) (from, to time.Time, err error) {
	if from, err = a.instant("from", in.From, voucher.Date.Start); err != nil {
		return from, to, err
	}
	to, err = a.instant("to", in.To, voucher.Date.End)
	return from, to, err
}

// instant reads an instant, or a day by which of its ends is meant.
func (a *admin) instant(field, text string, end func(voucher.Date, *time.Location) time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	day, err := voucher.ParseDate(text)
	if err != nil {
		return time.Time{}, counter.Invalid(field, "must be an instant such as 2026-11-22T12:00:00Z, or a day such as 2026-11-22, not after "+voucher.LastDay)
	}
	return end(day, a.office.Zone()), nil
}

// listIn asks for vouchers.
type listIn struct {
	PageIn
	Q     string `query:"q" maxLength:"200" doc:"The end of a code, an order's number, a product, or a voucher's id. Never a whole code: see vouchers/find"`
	State string `query:"state" enum:"inventory,issued,active,claimed,depleted,expired,invalidated,blocked,reserved,quarantined,rest" doc:"rest: used in part"`
	Sort  string `query:"sort" enum:"issued_at,-issued_at,balance,-balance,expires_on,-expires_on" default:"-issued_at" doc:"A minus turns it around. The pages of balance are slow with many vouchers, since each reads all that match: a balance changes with every act, so that it has no index. Narrow it by state, shop or time; or read all balances, see /v1/admin/balances"`
	Shop  string `query:"shop" maxLength:"63" doc:"Sold by this shop"`
}

func (a *admin) list(ctx context.Context, in *listIn) (*body[pageOut[LineOut]], error) {
	listing, err := a.listing(in)
	if err != nil {
		return nil, err
	}
	page, next, err := a.office.Vouchers(ctx, in.Q, listing)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return showPage(page, next, func(l retail.VoucherLine) LineOut { return showLine(l.Listed, l.Sold) }), nil
}

// listing is what is asked for, as the ledger knows it.
func (a *admin) listing(in *listIn) (retail.Listing, error) {
	from, to, err := a.span(in.PageIn)
	return retail.Listing{
		Page: in.stretch(in.Sort), State: in.State, Shop: in.Shop, From: from, To: to,
	}, err
}

// reservationsIn asks for reserved codes and parts of accounts.
type reservationsIn struct {
	PageIn
	Filter string `query:"filter" enum:"held,rest" default:"held" doc:"held: reserved now; rest: used in part"`
	Q      string `query:"q" maxLength:"200" doc:"The end of a code, or a voucher's id; of what is held also within its key, its owner or its holder, or a customer's id or wallet id; of a rest an order's number or a product. Never a whole code"`
	Sort   string `query:"sort" enum:"held_until,-held_until,issued_at,-issued_at,balance,-balance,expires_on,-expires_on" doc:"Of what is held: held_until, which is the default; of a rest: the others, -issued_at by default. A minus turns it around"`
}

// heldOut is a code that is reserved, or has a rest, or a part of an account that is reserved.
type heldOut struct {
	ID          string       `json:"id,omitempty" format:"uuid" doc:"Of the reservation, for releasing it; absent for a rest"`
	Voucher     *LineOut     `json:"voucher,omitempty" doc:"Absent for a part of a customer's account"`
	Account     *accountLine `json:"account,omitempty" doc:"A customer's account of which the reservation sets a part aside; absent for a voucher"`
	Reservation *grantOut    `json:"reservation" doc:"Null for a voucher that is used in part and free"`
}

func (a *admin) reservations(ctx context.Context, in *reservationsIn) (*body[pageOut[heldOut]], error) {
	from, to, err := a.span(in.PageIn)
	if err != nil {
		return nil, err
	}
	var page []retail.HeldLine
	var next string
	if in.Filter == "rest" {
		page, next, err = a.office.Rest(ctx, in.Q, retail.Listing{Page: in.stretch(in.Sort), From: from, To: to})
	} else {
		page, next, err = a.office.Reservations(ctx, retail.Holding{Page: in.stretch(in.Sort), Text: in.Q, From: from, To: to})
	}
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return showPage(page, next, showHeld), nil
}

// showHeld renders a reserved code, or a reserved part of an account, which was live when the list was read.
func showHeld(l retail.HeldLine) heldOut {
	if l.Account != nil {
		account := showAccountLine(*l.Account)
		r := showReservation(*l.Reservation, voucher.Voucher{Currency: l.Account.Account.Balance.Currency}, l.Reservation.GrantedAt)
		return heldOut{ID: r.ID, Account: &account, Reservation: &r}
	}
	line := showLine(l.Listed, l.Sold)
	out := heldOut{Voucher: &line}
	if l.Reservation != nil {
		r := showReservation(*l.Reservation, l.Voucher, l.At)
		out.ID, out.Reservation = r.ID, &r
	}
	return out
}

// releaseIn asks for a reservation to be ended.
type releaseIn struct {
	ID   string `path:"id"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// endedOut is what came of ending a reservation.
type endedOut struct {
	Outcome string `json:"outcome" enum:"released,unchanged"`
	State   string `json:"state" enum:"active,captured,released,expired,voided"`
}

func (a *admin) release(ctx context.Context, in *releaseIn) (*body[endedOut], error) {
	done, err := a.office.ReleaseReservation(ctx, counter.Caller(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return ok(endedOut{string(done.Outcome), string(done.Reservation.StateAt(done.At))}), nil
}

// auditIn asks for the audit trail.
type auditIn struct {
	PageIn
	Q      string `query:"q" maxLength:"200" doc:"Within who, what or to which thing. Never a code"`
	Object string `query:"object" maxLength:"200" doc:"Of this thing alone: a voucher's id"`
	Action string `query:"action" maxLength:"64" doc:"What was done: block, adjust, …"`
	Sort   string `query:"sort" enum:"at,-at" default:"-at" doc:"A minus turns it around"`
}

// changeOut is a line of the audit trail.
type changeOut struct {
	ID     int64           `json:"id"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor" doc:"Whose act it was, and by which key"`
	Action string          `json:"action"`
	Object string          `json:"object"`
	Detail json.RawMessage `json:"detail"`
}

func (a *admin) audit(ctx context.Context, in *auditIn) (*body[pageOut[changeOut]], error) {
	from, to, err := a.span(in.PageIn)
	if err != nil {
		return nil, err
	}
	page, next, err := a.office.Trail(ctx, retail.TrailFilter{
		Object: in.Object, Action: in.Action, Text: in.Q, From: from, To: to,
		Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return showPage(page, next, showChange), nil
}

// showChange renders a line of the audit trail.
func showChange(l retail.TrailLine) changeOut {
	return changeOut{ID: l.ID, At: l.At.UTC(), Actor: l.Actor, Action: l.Action, Object: l.Object, Detail: l.Detail}
}

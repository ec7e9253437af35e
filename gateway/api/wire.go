package api

import (
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// voucherOut is a voucher as callers see it; never its code.
type voucherOut struct {
	ID        string  `json:"id" doc:"Public id of the voucher" format:"uuid"`
	Last4     string  `json:"last4" doc:"The last symbols of the code"`
	Kind      string  `json:"kind" enum:"money,punches,credit,store_credit"`
	State     string  `json:"state" enum:"inventory,issued,active,claimed,depleted,expired,invalidated"`
	Mode      string  `json:"mode" enum:"card,customer"`
	Product   string  `json:"product" doc:"SKU of the product it was sold as"`
	Blocked   bool    `json:"blocked,omitempty" doc:"Nothing of it can be used until the block is lifted, whatever its state"`
	ExpiresOn *string `json:"expires_on" doc:"Last day of validity in the merchant's zone; null if it never expires" format:"date"`
	VATOut
	RequiresMembership bool `json:"requires_membership,omitempty" doc:"Whoever uses it must be a member"`
}

// VATOut says how a voucher is taxed.
type VATOut struct {
	VAT     string `json:"vat,omitempty" enum:"multi_purpose,single_purpose" doc:"multi_purpose: a means of payment, taxed when it is spent. single_purpose: taxed when it was sold"`
	VATRate string `json:"vat_rate,omitempty" doc:"Percent as a decimal, of one that was taxed when it was sold"`
}

// showVAT renders how a voucher is taxed; nothing of an account, which holds money that was taxed or not before.
func showVAT(v voucher.Voucher) VATOut { return VATOut{string(v.VAT), v.VATRate} }

// showVoucher renders a voucher as it is at an instant.
func showVoucher(v voucher.Voucher, at time.Time) voucherOut {
	out := voucherOut{
		ID: v.ID, Last4: v.Last4, Kind: string(v.Kind), State: string(v.StateAt(at)), Mode: string(v.Mode), Product: v.Product,
		Blocked: v.Blocked() || v.Awaited(), VATOut: showVAT(v), RequiresMembership: v.MembersOnly,
	}
	if !v.ExpiresOn.Zero() {
		day := v.ExpiresOn.String()
		out.ExpiresOn = &day
	}
	return out
}

// buyerIn is who typed a code into a shop, so that wrong codes are counted per buyer.
type buyerIn struct {
	IP      string `json:"ip,omitempty" maxLength:"64" doc:"Address of the buyer's browser"`
	Session string `json:"session,omitempty" maxLength:"128" doc:"The shop's session of the buyer"`
}

// tenderIn is another means by which part of an order was paid.
type tenderIn struct {
	Method string       `json:"method" minLength:"1" maxLength:"64"`
	Amount money.Amount `json:"amount"`
}

// tenders are the tenders as the rule book takes them.
func tenders(in []tenderIn) []voucher.Tender {
	var out []voucher.Tender
	for _, t := range in {
		out = append(out, voucher.Tender(t))
	}
	return out
}

// actOut names an act and what it moved.
type actOut struct {
	Key    string       `json:"key" doc:"The caller's key of the act"`
	ID     string       `json:"id" doc:"Global id of the act" format:"uuid"`
	Amount money.Amount `json:"amount"`
}

// showAct renders an act's name and amount.
func showAct(r *voucher.Record) actOut {
	return actOut{Key: r.Key, ID: r.ID, Amount: money.Of(r.Amount, r.Currency)}
}

// reservationOut is a reservation as its owner sees it.
type reservationOut struct {
	Key             string        `json:"key"`
	State           string        `json:"state" enum:"active,captured,released,expired,voided,prevented"`
	Voucher         *voucherOut   `json:"voucher,omitempty" doc:"Whose code is reserved"`
	Customer        string        `json:"customer,omitempty" doc:"Or of whose account a part is"`
	Amount          *money.Amount `json:"amount,omitempty" doc:"What is reserved; it caps the capture"`
	Covers          *money.Amount `json:"covers,omitempty" doc:"Of points: what they pay of what is due, at the rate that the reservation has"`
	TotalLine       *totalLine    `json:"total_line,omitempty" doc:"Of points: the line that they are to the order's total"`
	RemainingDue    *money.Amount `json:"remaining_due,omitempty"`
	PaymentRequired bool          `json:"payment_required" doc:"Whether anything of what is due is left to pay"`
	ExpiresAt       *time.Time    `json:"expires_at,omitempty" doc:"When the code is free again; nothing prolongs it"`
	Resumed         bool          `json:"resumed" doc:"The holder had the code already, under another key"`
	Reopened        bool          `json:"reopened,omitempty" doc:"The key's earlier reservation had ended"`
}

// showReservation renders a reservation under the key that was asked for.
func showReservation(key string, r *voucher.Reservation, v voucher.Voucher, at time.Time) reservationOut {
	amount, rest := money.Of(r.Amount, v.Currency), money.Of(max(0, r.Due-r.Amount), v.Currency)
	expires := r.ExpiresAt.UTC()
	var covers *money.Amount
	var line *totalLine
	if r.Exchange != nil {
		worth := r.Exchange.Covers(r.Amount)
		covers, line = &worth, showTotalLine(r.Amount, worth)
		rest = money.Of(max(0, r.Exchange.Due.Minor-worth.Minor), worth.Currency)
	}
	out := reservationOut{
		Key: key, State: string(r.StateAt(at)), Amount: &amount, Covers: covers, TotalLine: line, RemainingDue: &rest,
		PaymentRequired: rest.Minor > 0, ExpiresAt: &expires, Resumed: r.Key != key,
	}
	if !v.Shared() {
		shown := showVoucher(v, at)
		out.Voucher = &shown
	}
	return out
}

// balanceOut is what a code holds.
type balanceOut struct {
	Voucher       voucherOut   `json:"voucher"`
	Balance       money.Amount `json:"balance"`
	Reserved      money.Amount `json:"reserved"`
	Available     money.Amount `json:"available"`
	ReservedUntil *time.Time   `json:"reserved_until,omitempty"`
}

// showBalance renders what a look-up found.
func showBalance(seen retail.Seen) balanceOut {
	v := seen.Voucher
	out := balanceOut{
		Voucher: showVoucher(v, seen.At), Balance: money.Of(v.Balance, v.Currency),
		Reserved:  money.Of(seen.Reserved(), v.Currency),
		Available: money.Of(v.Balance-seen.Reserved(), v.Currency),
	}
	if seen.Live != nil {
		until := seen.Live.ExpiresAt.UTC()
		out.ReservedUntil = &until
	}
	return out
}

// buyer is the buyer as the Desk counts him; nobody if the shop names none.
func (b *buyerIn) buyer() retail.Buyer {
	if b == nil {
		return retail.Buyer{}
	}
	return retail.Buyer{IP: b.IP, Session: b.Session}
}

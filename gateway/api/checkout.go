package api

import (
	"context"
	"fmt"
	"net/http"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// balanceIn asks what a code holds.
type balanceIn struct {
	Body struct {
		Code  string   `json:"code" minLength:"1" maxLength:"128"`
		Buyer *buyerIn `json:"buyer,omitempty"`
	}
}

func (a *api) balance(ctx context.Context, in *balanceIn) (*body[balanceOut], error) {
	seen, err := a.desk.Balance(ctx, counter.Caller(ctx), retail.Typed{Code: in.Body.Code, Buyer: in.Body.Buyer.buyer()})
	if err != nil {
		return nil, a.refuseCode(ctx, err)
	}
	return answer(http.StatusOK, showBalance(seen)), nil
}

// quoteIn asks how far codes would cover what is due.
type quoteIn struct {
	Body struct {
		Codes    []string     `json:"codes" maxItems:"20" nullable:"false" minLength:"1" maxLength:"128" doc:"In the order in which they shall be used; there may be none if a customer is named"`
		Customer string       `json:"customer,omitempty" maxLength:"128" doc:"The shop's id of the customer who is logged in, whose account counts after the codes"`
		PayWith  string       `json:"pay_with,omitempty" enum:"points" doc:"Of a customer: his points count instead of money, at the rate of the day"`
		Lines    []lineIn     `json:"lines,omitempty" maxItems:"500" nullable:"false" doc:"Of the order, for points: needed where only some products may be paid with them"`
		Due      money.Amount `json:"due"`
		Holder   string       `json:"holder,omitempty" maxLength:"512" doc:"What this holder has reserved counts as free"`
		Buyer    *buyerIn     `json:"buyer,omitempty"`
		MemberIn
	}
}

// quoteOut is what codes would cover.
type quoteOut struct {
	Covered         money.Amount   `json:"covered"`
	RemainingDue    money.Amount   `json:"remaining_due"`
	PaymentRequired bool           `json:"payment_required" doc:"Whether a payment method must be shown (E14)"`
	Lines           []quoteLineOut `json:"lines" nullable:"false"`
}

// quoteLineOut is one code's part.
type quoteLineOut struct {
	Voucher   *voucherOut   `json:"voucher,omitempty" doc:"Of a code"`
	Customer  string        `json:"customer,omitempty" doc:"Whose account it is"`
	Available money.Amount  `json:"available"`
	Amount    *money.Amount `json:"amount,omitempty" doc:"Of points: how many would be taken"`
	Covers    money.Amount  `json:"covers" doc:"Of what is due"`
	Notice    string        `json:"notice,omitempty" doc:"To be shown: the voucher needs a membership, and nobody is named who has one"`
}

func (a *api) quote(ctx context.Context, in *quoteIn) (*body[quoteOut], error) {
	by := counter.Caller(ctx)
	if err := in.Body.check(by); err != nil {
		return nil, err
	}
	if err := checkHolder(in.Body.Holder); err != nil {
		return nil, err
	}
	if len(in.Body.Codes) == 0 && in.Body.Customer == "" {
		return nil, counter.Invalid("codes", "name a code at least, or a customer")
	}
	if err := a.checkMoney(figure{"due", &in.Body.Due, mayBeZero}); err != nil {
		return nil, err
	}
	quote, err := a.quotes(ctx, by, in, retail.QuoteRequest{
		Due: in.Body.Due, Holder: in.Body.Holder, Codes: in.Body.Codes, Buyer: in.Body.Buyer.buyer(), Member: in.Body.member(),
	})
	if err != nil {
		return nil, err
	}
	out := quoteOut{Covered: quote.Covered, RemainingDue: quote.Rest, PaymentRequired: quote.Rest.Minor > 0}
	for _, line := range quote.Lines {
		out.Lines = append(out.Lines, showQuoteLine(line))
	}
	return answer(http.StatusOK, out), nil
}

// quotes asks the counter that is meant: that of points, or that of accounts.
func (a *api) quotes(ctx context.Context, by retail.Actor, in *quoteIn, q retail.QuoteRequest) (retail.Quote, error) {
	if err := checkPayWith(in.Body.PayWith, in.Body.Customer, in.Body.Lines); err != nil {
		return retail.Quote{}, err
	}
	if in.Body.PayWith == "" {
		quote, err := a.accounts.Quote(ctx, by, q, in.Body.Customer)
		if err != nil {
			return quote, a.refuseCode(ctx, err)
		}
		return quote, nil
	}
	lines, err := a.linesOf(in.Body.Lines, q.Due.Currency)
	if err != nil {
		return retail.Quote{}, err
	}
	p := &pointed{a, retail.NewLoyalty(a.accounts)}
	quote, err := p.loyalty.Quote(ctx, by, q, in.Body.Customer, lines)
	switch {
	case err != nil && len(q.Codes) > 0:
		return quote, p.refuseBeside(ctx, err)
	case err != nil:
		return quote, p.refuse(ctx, err)
	}
	return quote, nil
}

// checkPayWith refuses points of nobody, and lines of something else.
func checkPayWith(with, customer string, lines []lineIn) error {
	switch {
	case with != "" && customer == "":
		return counter.Invalid("pay_with", "a customer pays with points: name him")
	case with == "" && len(lines) > 0:
		return counter.Invalid("lines", "belong to paying with points")
	}
	return nil
}

// showQuoteLine renders the part of a code or of an account.
func showQuoteLine(line retail.QuoteLine) quoteLineOut {
	out := quoteLineOut{Customer: line.Customer, Available: line.Available, Covers: line.Covers, Notice: line.Notice}
	if line.Available.Currency == money.Point {
		taken := money.Of(line.Points, money.Point)
		out.Amount = &taken
	}
	if line.Customer == "" {
		shown := showVoucher(line.Voucher, line.At)
		out.Voucher = &shown
	}
	return out
}

// reserveIn asks for a code, or for a part of a customer's account, to be reserved.
type reserveIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Code     string        `json:"code,omitempty" minLength:"1" maxLength:"128" doc:"Either a code or a customer"`
		Customer string        `json:"customer,omitempty" minLength:"1" maxLength:"128" doc:"The shop's id of the customer who is logged in: his account is reserved, by amount; of a shop alone"`
		Holder   string        `json:"holder,omitempty" maxLength:"512" doc:"The cart or order that survives a crashed browser; a till leaves it out"`
		Due      money.Amount  `json:"due"`
		Amount   *money.Amount `json:"amount,omitempty" doc:"Default: the smaller of what is due and what is available"`
		Revision *int64        `json:"revision,omitempty" minimum:"0" doc:"Of the cart: a lower one than the last changes nothing"`
		PayWith  string        `json:"pay_with,omitempty" enum:"points" doc:"Of a customer: his points are reserved instead of money, at the rate of the day"`
		Lines    []lineIn      `json:"lines,omitempty" maxItems:"500" nullable:"false" doc:"Of the order, for points: needed where only some products may be paid with them"`
		Buyer    *buyerIn      `json:"buyer,omitempty"`
		MemberIn
	}
}

func (a *api) reserve(ctx context.Context, in *reserveIn) (*body[reservationOut], error) {
	by := counter.Caller(ctx)
	if err := a.checkReserve(by, in); err != nil {
		return nil, err
	}
	switch {
	case in.Body.PayWith != "":
		return a.reservePoints(ctx, by, in)
	case in.Body.Customer != "":
		return a.reserveAccount(ctx, by, in)
	}
	got, err := a.desk.Reserve(ctx, by, retail.Reserve{
		Key: in.Key, Typed: retail.Typed{Code: in.Body.Code, Buyer: in.Body.Buyer.buyer()}, Holder: in.Body.Holder,
		Due: in.Body.Due, Amount: in.Body.Amount, Revision: in.Body.Revision, Member: in.Body.member(),
	})
	if err != nil {
		return nil, a.refuseCode(ctx, err)
	}
	out := showReservation(in.Key, got.Reservation, got.Voucher, got.At)
	out.Reopened = got.Reopened
	return answer(created(got.Created), out), nil
}

// checkReserve refuses what can't be meant.
func (a *api) checkReserve(by retail.Actor, in *reserveIn) error {
	if (in.Body.Code == "") == (in.Body.Customer == "") {
		return counter.Invalid("code", "say either a code or a customer")
	}
	if err := checkPayWith(in.Body.PayWith, in.Body.Customer, in.Body.Lines); err != nil {
		return err
	}
	if err := checkWhose(by, in.Body.Holder); err != nil {
		return err
	}
	if err := in.Body.check(by); err != nil {
		return err
	}
	return a.checkMoney(figure{"due", &in.Body.Due, mayBeZero}, figure{"amount", in.Body.Amount, capped})
}

// checkWhose refuses a holder that a register names, and a shop that names none.
func checkWhose(by retail.Actor, holder string) error {
	switch {
	case by.Channel == retail.Till && holder != "":
		return counter.Invalid("holder", "a register reserves for itself: leave the holder out")
	case by.Channel != retail.Till && holder == "":
		return counter.Invalid("holder", "name the cart or order that the reservation is for")
	}
	return checkHolder(holder)
}

// holderBytes is how long a holder's name may be; the schema counts symbols, of which each may be
// several bytes.
const holderBytes = 512

// checkHolder refuses a holder whose name is too long.
func checkHolder(holder string) error {
	if len(holder) > holderBytes {
		return counter.Invalid("holder", fmt.Sprintf("is longer than %d bytes", holderBytes))
	}
	return nil
}

// keyIn names an act.
type keyIn struct {
	Key string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
}

func (a *api) reservation(ctx context.Context, in *keyIn) (*body[reservationOut], error) {
	named, err := a.desk.Reservation(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	if named.Reservation == nil || named.Voucher == nil {
		return answer(http.StatusOK, reservationOut{Key: in.Key, State: string(voucher.Prevented)}), nil
	}
	out := showReservation(in.Key, named.Reservation, *named.Voucher, named.At)
	return a.named(ctx, http.StatusOK, out, named.Reservation)
}

// findIn asks for what a holder has reserved.
type findIn struct {
	Body struct {
		Holder string `json:"holder,omitempty" maxLength:"512" doc:"A till leaves it out"`
	}
}

// reservationsOut is a list of reservations.
type reservationsOut struct {
	Items []reservationOut `json:"items" nullable:"false"`
}

func (a *api) findReservations(ctx context.Context, in *findIn) (*body[reservationsOut], error) {
	by := counter.Caller(ctx)
	if err := checkWhose(by, in.Body.Holder); err != nil {
		return nil, err
	}
	held, err := a.desk.Held(ctx, by, in.Body.Holder)
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	out := reservationsOut{Items: []reservationOut{}}
	for _, h := range held {
		item, err := a.named(ctx, http.StatusOK, showReservation(h.Reservation.Key, &h.Reservation, h.Voucher, h.Reservation.GrantedAt), &h.Reservation)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, item.Body)
	}
	return answer(http.StatusOK, out), nil
}

// releaseOut is what came of a release.
type releaseOut struct {
	Outcome string `json:"outcome" enum:"released,prevented,unchanged"`
	State   string `json:"state" enum:"active,captured,released,expired,voided,prevented,none"`
}

func (a *api) release(ctx context.Context, in *keyIn) (*body[releaseOut], error) {
	return a.releaseAs(ctx, in.Key, voucher.Soft)
}

func (a *api) forgetReservation(ctx context.Context, in *keyIn) (*body[releaseOut], error) {
	return a.releaseAs(ctx, in.Key, voucher.Final)
}

// releaseAs releases a reservation softly or for good.
func (a *api) releaseAs(ctx context.Context, key string, final voucher.Finality) (*body[releaseOut], error) {
	got, err := a.desk.Release(ctx, counter.Caller(ctx), key, final)
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	out := releaseOut{Outcome: string(got.Outcome), State: "none"}
	switch {
	case got.Reservation != nil:
		out.State = string(got.Reservation.StateAt(got.At))
	case got.Outcome == voucher.OutcomePrevented:
		out.State = string(voucher.Prevented)
	}
	return answer(http.StatusOK, out), nil
}

package admin

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// reports adds what is told of the trade as a whole.
func (a *admin) reports(to huma.API) {
	turnover := get("turnover", "/v1/admin/turnover", "What was sold in a period, what became of it, and what is owed")
	turnover.Description = "By currency. What ends in _of_sold is about what was sold in the period, until now: sold is always the sum of the five. " +
		"Value leaves a voucher in the order in which it came in, what was sold before what was reloaded later; what is given back counts where it " +
		"was taken. Claims and transfers change nothing: what was claimed is outstanding until the customer's account has spent it. Days are those " +
		"of the merchant's zone."
	huma.Register(to, turnover, a.turnover)
	huma.Register(to, get("balances", "/v1/admin/balances", "What all vouchers hold, many at once, in the order of their ids"), a.balances)
	huma.Register(to, get("liability", "/v1/admin/liability", "What is owed, at the end of any day"), a.liability)
}

// PeriodIn asks for a period.
type PeriodIn struct {
	From  string `query:"from" maxLength:"10" doc:"First day (YYYY-MM-DD)"`
	To    string `query:"to" maxLength:"10" doc:"Last day; today when it is left out"`
	Today bool   `query:"today" doc:"The day that it is, in place of from and to"`
}

// turnoverOut are the figures of a currency.
type turnoverOut struct {
	Currency          string       `json:"currency"`
	Sold              money.Amount `json:"sold" doc:"Sold in the period. What is owed without a sale (imported codes, credit notes, store credit) is not sold"`
	Reloaded          money.Amount `json:"reloaded" doc:"Reloaded in the period, less what was taken back in it"`
	RedeemedOfSold    money.Amount `json:"redeemed_of_sold" doc:"Of what was sold: spent by now, less refunds"`
	RefundedOfSold    money.Amount `json:"refunded_of_sold" doc:"Of what was sold: given back by now, since the purchase was refunded, the sale taken back, or the balance paid out"`
	ExpiredOfSold     money.Amount `json:"expired_of_sold" doc:"Of what was sold: written off by now. What has expired and can still be asked for is outstanding"`
	AdjustedOfSold    money.Amount `json:"adjusted_of_sold" doc:"Of what was sold: corrected away or invalidated by the office"`
	OutstandingOfSold money.Amount `json:"outstanding_of_sold" doc:"Of what was sold: still owed"`
	RedeemedInPeriod  money.Amount `json:"redeemed_in_period" doc:"Spent in the period, whenever it was sold, less what was refunded in it"`
	Liability         money.Amount `json:"liability" doc:"All that was owed at the end of the period, whenever and however it came to be"`
}

// turnoverPage is the report.
type turnoverPage struct {
	From       string        `json:"from" format:"date"`
	To         string        `json:"to" format:"date"`
	TimeZone   string        `json:"time_zone" doc:"Whose days these are"`
	Currencies []turnoverOut `json:"currencies" nullable:"false"`
}

func (a *admin) turnover(ctx context.Context, in *PeriodIn) (*body[turnoverPage], error) {
	period, err := a.period(ctx, *in)
	if err != nil {
		return nil, err
	}
	figures, err := a.office.Turnover(ctx, period)
	if err != nil {
		return nil, refuseReport(err)
	}
	out := turnoverPage{From: period.From.String(), To: period.Through.String(), TimeZone: a.office.Zone().String(), Currencies: []turnoverOut{}}
	for _, f := range figures {
		out.Currencies = append(out.Currencies, showTurnover(f))
	}
	return ok(out), nil
}

func showTurnover(f retail.Turnover) turnoverOut {
	of := func(minor int64) money.Amount { return money.Of(minor, money.Currency(f.Currency)) }
	return turnoverOut{
		Currency: f.Currency, Sold: of(f.Sold), Reloaded: of(f.Reloaded), RedeemedOfSold: of(f.RedeemedOfSold),
		RefundedOfSold: of(f.RefundedOfSold), ExpiredOfSold: of(f.ExpiredOfSold), AdjustedOfSold: of(f.AdjustedOfSold),
		OutstandingOfSold: of(f.OutstandingOfSold), RedeemedInPeriod: of(f.RedeemedInPeriod), Liability: of(f.Liability),
	}
}

// period reads a period, whose last day is today unless it is named.
func (a *admin) period(ctx context.Context, in PeriodIn) (p retail.Period, err error) {
	if in.Today && (in.From != "" || in.To != "") {
		return p, counter.Invalid("today", "takes the place of from and to")
	}
	if !in.Today && in.From == "" {
		return p, counter.Invalid("from", "is missing: a day such as 2026-11-22, or today=true")
	}
	if p.Through, err = a.day(ctx, "to", in.To); err != nil {
		return p, err
	}
	if p.From = p.Through; !in.Today {
		p.From, err = a.day(ctx, "from", in.From)
	}
	return p, err
}

// day reads a day; none is today.
func (a *admin) day(ctx context.Context, field, text string) (voucher.Date, error) {
	if text == "" {
		today, err := a.office.Today(ctx)
		return today, counter.Refuse(err)
	}
	day, err := voucher.ParseDate(text)
	if err != nil {
		return day, counter.Invalid(field, "must be a day such as 2026-11-22, not after "+voucher.LastDay)
	}
	return day, nil
}

// refuseReport is the problem of a report that can't be given.
func refuseReport(err error) error {
	if errors.Is(err, retail.ErrPeriod) {
		return edge.Refuse(edge.InvalidRequest, "to: is before from", edge.With("field", "to"))
	}
	return counter.Refuse(err)
}

// onIn asks for the state of a day.
type onIn struct {
	On string `query:"on" maxLength:"10" doc:"As of the end of this day (YYYY-MM-DD) in the merchant's zone; today, and so now, when it is left out"`
}

// liabilityOut is what is owed in a currency.
type liabilityOut struct {
	Currency   string       `json:"currency"`
	Liability  money.Amount `json:"liability" doc:"What was owed"`
	Expired    money.Amount `json:"expired" doc:"Of it, on vouchers whose validity had ended: it is owed as long as it can be asked for. By the validity that each has now"`
	WrittenOff money.Amount `json:"written_off" doc:"What had been written off as expired by then, less what extensions have brought back"`
	Breakage   money.Amount `json:"breakage" doc:"expired and written_off together: what was paid and not used in its time"`
}

// liabilityPage is the report.
type liabilityPage struct {
	On         string         `json:"on" format:"date"`
	TimeZone   string         `json:"time_zone"`
	Currencies []liabilityOut `json:"currencies" nullable:"false"`
}

func (a *admin) liability(ctx context.Context, in *onIn) (*body[liabilityPage], error) {
	day, err := a.day(ctx, "on", in.On)
	if err != nil {
		return nil, err
	}
	owed, err := a.office.Liability(ctx, day)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	out := liabilityPage{On: day.String(), TimeZone: a.office.Zone().String(), Currencies: []liabilityOut{}}
	for _, l := range owed {
		of := func(minor int64) money.Amount { return money.Of(minor, money.Currency(l.Currency)) }
		out.Currencies = append(out.Currencies, liabilityOut{l.Currency, of(l.Owed), of(l.Expired), of(l.WrittenOff), of(l.Expired + l.WrittenOff)})
	}
	return ok(out), nil
}

// balancesIn asks for many balances.
type balancesIn struct {
	Shop    string `query:"shop" maxLength:"63" doc:"Sold by this shop"`
	Product string `query:"product" maxLength:"200" doc:"Of this product"`
	Limit   int    `query:"limit" minimum:"1" maximum:"10000" default:"1000"`
	Cursor  string `query:"cursor" maxLength:"40" doc:"next_cursor of the page before"`
}

// heldBalanceOut is what a voucher holds.
type heldBalanceOut struct {
	ID        string       `json:"id" format:"uuid"`
	State     string       `json:"state" enum:"inventory,issued,active,claimed,depleted,expired,invalidated"`
	Balance   money.Amount `json:"balance"`
	Reserved  money.Amount `json:"reserved"`
	Available money.Amount `json:"available"`
	Version   int64        `json:"version" doc:"Rises with every change"`
}

func (a *admin) balances(ctx context.Context, in *balancesIn) (*body[pageOut[heldBalanceOut]], error) {
	page, next, err := a.office.Balances(ctx, retail.BalancesOf{Shop: in.Shop, Product: in.Product, After: in.Cursor, Most: in.Limit})
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return showPage(page, next, func(b retail.Balance) heldBalanceOut {
		of := func(minor int64) money.Amount { return money.Of(minor, money.Currency(b.Currency)) }
		return heldBalanceOut{b.ID, b.State, of(b.Balance), of(b.Reserved), of(b.Balance - b.Reserved), b.Version}
	}), nil
}

package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// pointed holds what the handlers of bonus points need.
type pointed struct {
	*api
	loyalty *retail.Loyalty
}

// points adds what is done with bonus points.
func (a *api) points(to huma.API) {
	p := &pointed{a, retail.NewLoyalty(a.accounts)}
	scopes := edge.Require(edge.Shop, edge.Admin)
	const earned, converted = "/v1/points/{key}", "/v1/conversions/{key}"
	op := put("earn-points", earned, "Give a customer the points that an event earns", scopes)
	op.Description += " An event earns once: told again under another key it earns 0, and says who has earned. Points are for customers who are logged in, never for guests." +
		" They are the customer's at once, also those of an order that is not paid yet: tell of it when it is, if they shall wait for that." +
		" Those of an order that is cancelled or refunded are taken back."
	huma.Register(to, op, p.earn)
	huma.Register(to, get("recover-points", earned, "What an event earned", scopes), p.recoverEarned)
	huma.Register(to, del("reverse-points", earned, "Take back what an event earned, or prevent it", scopes), p.reverseEarned)
	huma.Register(to, put("convert-points", converted, "Exchange points for a reward", scopes), p.convert)
	huma.Register(to, get("recover-conversion", converted, "What points were exchanged for", scopes), p.recoverConversion)
	huma.Register(to, del("reverse-conversion", converted, "Take an exchange back, points and voucher together, or prevent it", scopes), p.reverseConversion)
	huma.Register(to, get("points-shown", "/v1/customers/{id}/points", "What to show a customer of his points", edge.Require(edge.Shop)), p.shown)
}

// earnOrderIn is an order that earns points.
type earnOrderIn struct {
	ID       string        `json:"id" minLength:"1" maxLength:"128" doc:"The shop's id of it, as webhooks name it; not its number"`
	NetGoods money.Amount  `json:"net_goods" doc:"What the goods come to, without VAT, freight and vouchers (P06)"`
	Total    *money.Amount `json:"total,omitempty" doc:"What the order comes to in all, with VAT and freight: what points paid is measured by it"`
	Lines    []lineIn      `json:"lines,omitempty" maxItems:"500" nullable:"false" doc:"Needed where only some products earn, and by an order that sells vouchers beside goods"`
}

// aboutIn is the product or article that a review is of.
type aboutIn struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"100" doc:"Of a product, or the id of an article: each is reviewed once"`
	Category string `json:"category,omitempty" maxLength:"200"`
}

// earnIn tells of an event.
type earnIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Customer string       `json:"customer" minLength:"1" maxLength:"128" doc:"The shop's id of the customer who is logged in; for the office also our own id, or a wallet id"`
		Shop     string       `json:"shop,omitempty" maxLength:"63" doc:"Whose customer it is: of the office alone"`
		Event    string       `json:"event" enum:"order,signup,review_product,review_article,referral,manual"`
		Order    *earnOrderIn `json:"order,omitempty" doc:"Of an order, which must have it"`
		About    *aboutIn     `json:"about,omitempty" doc:"Of a review: each thing is reviewed once. Left out: whatever the key is for, and no product: where only some earn it earns nothing"`
		Referred string       `json:"referred,omitempty" maxLength:"128" doc:"Of a referral: the shop's id of the new customer, who is referred once. Left out: whoever the key is for"`
		Email    string       `json:"email,omitempty" maxLength:"254" doc:"Of a signup: where to welcome the customer (P21), unless the office has given him another address. It is used for that alone, and is not part of what a repeat must say again"`
		Points   *pointsIn    `json:"points,omitempty" doc:"Of a manual grant, which must have it: of the office alone"`
		Reason   string       `json:"reason,omitempty" maxLength:"500" doc:"Of a manual grant, which must have it"`
	}
}

// earnedOut is what an event earned.
type earnedOut struct {
	Customer string       `json:"customer" doc:"The shop's id of the customer"`
	Event    string       `json:"event"`
	Earned   money.Amount `json:"earned"`
	Balance  money.Amount `json:"balance" doc:"After it"`
	Before   string       `json:"earned_before,omitempty" enum:"customer,another" doc:"Why it earned 0: the event had earned before, for this customer or for another. If that is an order's, and the other's points are taken back, this customer's come by themselves"`
	Points   actOut       `json:"points"`
}

func showEarned(r *voucher.Record, login string) earnedOut {
	return earnedOut{
		Customer: login, Event: r.Detail.Earned, Earned: money.Of(r.Amount, money.Point), Balance: money.Of(r.Balance, money.Point), Before: r.Detail.Before,
		Points: showAct(r),
	}
}

func (p *pointed) earn(ctx context.Context, in *earnIn) (*body[earnedOut], error) {
	asked, err := p.earning(in)
	if err != nil {
		return nil, err
	}
	if in.Body.Shop != "" && counter.Caller(ctx).Channel != retail.Office {
		return nil, counter.Invalid("shop", "a shop tells of its own customers: leave it out")
	}
	got, err := p.loyalty.Earn(ctx, counter.Caller(ctx), asked)
	if err != nil {
		return nil, p.refuse(ctx, err)
	}
	return answer(created(got.Created), showEarned(&got.Record, got.Customer.Login)), nil
}

// earning reads what is told, and refuses what can't be meant.
func (p *pointed) earning(in *earnIn) (retail.Earning, error) {
	b := &in.Body
	asked := retail.Earning{
		Key: in.Key, Shop: b.Shop, Customer: b.Customer, Event: loyalty.Event(b.Event), Referred: b.Referred, Reason: b.Reason,
		Email: b.Email,
	}
	isOrder, isReview := asked.Event == loyalty.Order, asked.Event == loyalty.ReviewProduct || asked.Event == loyalty.ReviewArticle
	isManual := asked.Event == loyalty.Manual
	switch {
	case isOrder != (b.Order != nil):
		return asked, counter.Invalid("order", "belongs to the event order, which must have it")
	case b.About != nil && !isReview:
		return asked, counter.Invalid("about", "belongs to reviews")
	case b.Referred != "" && asked.Event != loyalty.Referral:
		return asked, counter.Invalid("referred", "belongs to referrals")
	case b.Email != "" && asked.Event != loyalty.Signup:
		return asked, counter.Invalid("email", "belongs to a signup")
	case isManual != (b.Points != nil):
		return asked, counter.Invalid("points", "belongs to a manual grant, which must have it: every other event earns by rule")
	case isManual != (b.Reason != ""):
		return asked, counter.Invalid("reason", "belongs to a manual grant, which must have it")
	}
	if b.About != nil {
		asked.About = loyalty.Line{SKU: strings.TrimSpace(b.About.SKU), Category: b.About.Category}
		if asked.About.SKU == "" {
			return asked, counter.Invalid("about.sku", "is nothing but white space")
		}
	}
	if b.Points != nil {
		asked.Points = int64(*b.Points)
	}
	if b.Order == nil {
		return asked, nil
	}
	return asked, p.order(b.Order, &asked.Order)
}

// order reads an order that earns.
func (p *pointed) order(in *earnOrderIn, into *retail.EarningOrder) (err error) {
	if err := p.checkMoney(figure{"order.net_goods", &in.NetGoods, mayBeZero}, figure{"order.total", in.Total, mayBeZero}); err != nil {
		return err
	}
	into.ID, into.NetGoods = in.ID, in.NetGoods
	if in.Total != nil {
		if into.Total = *in.Total; in.Total.Currency != in.NetGoods.Currency {
			return counter.Invalid("order.total.currency", "is not that of the goods")
		}
	}
	into.Lines, err = p.linesOf(in.Lines, in.NetGoods.Currency)
	return err
}

// recoveredPointsOut is what became of an earning; a prevented one has its state alone.
type recoveredPointsOut struct {
	State    string        `json:"state" enum:"done,reversed,prevented,awaiting_approval,rejected,withdrawn,expired" doc:"The last four: of a manual grant that needed a second person, and has given nothing"`
	Customer string        `json:"customer,omitempty"`
	Event    string        `json:"event,omitempty"`
	Earned   *money.Amount `json:"earned,omitempty"`
	Balance  *money.Amount `json:"balance,omitempty" doc:"As it was after it"`
	Before   string        `json:"earned_before,omitempty" enum:"customer,another" doc:"As it was answered"`
	Points   *actOut       `json:"points,omitempty"`
	Back     *money.Amount `json:"taken_back,omitempty" doc:"How many of the points were taken back, since their order was refunded, cancelled or paid with points"`
	Stands   *money.Amount `json:"stands,omitempty" doc:"How many points the event has brought by now: of an order that deserves more than it first earned, more than that"`
}

func (p *pointed) recoverEarned(ctx context.Context, in *keyIn) (*body[recoveredPointsOut], error) {
	record, err := p.loyalty.Earned(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, p.refuse(ctx, err)
	}
	out := recoveredPointsOut{State: string(record.State)}
	if record.Voucher == "" {
		return answer(http.StatusOK, out), nil
	}
	logins, err := p.accounts.Logins(ctx, record.Voucher)
	if err != nil {
		return nil, p.refuse(ctx, err)
	}
	shown := showEarned(&record, logins[record.Voucher])
	back, stands := money.Of(record.Returned(), money.Point), money.Of(record.Stands(), money.Point)
	out.Customer, out.Event, out.Earned, out.Balance, out.Points = shown.Customer, shown.Event, &shown.Earned, &shown.Balance, &shown.Points
	out.Before, out.Back, out.Stands = shown.Before, &back, &stands
	return answer(http.StatusOK, out), nil
}

// refuse is the problem of a refusal about points.
func (p *pointed) refuse(ctx context.Context, err error) error {
	if told := aboutPoints(err); told != nil {
		return told
	}
	return p.api.refuse(ctx, err)
}

// refuseBeside is that of codes and points together: what the rules refuse may be of a code, and is told as of one.
func (p *pointed) refuseBeside(ctx context.Context, err error) error {
	if voucher.IsRefusal(err) {
		return p.api.refuseCode(ctx, err)
	}
	return p.refuse(ctx, err)
}

// aboutPoints is the problem of a refusal that concerns points alone; nil for another.
func aboutPoints(err error) error {
	for _, blamed := range []struct {
		err   error
		field string
	}{{retail.ErrGuest, "customer"}, {retail.ErrGuestOrder, "customer"}, {retail.ErrOtherBuyer, "customer"}, {retail.ErrSelfReferred, "referred"}, {retail.ErrGuestReferred, "referred"}, {retail.ErrNotNew, "referred"}, {retail.ErrRewardPoints, "points"}, {retail.ErrNoReward, "reward"}, {retail.ErrLinesNeeded, "lines"}, {purchase.ErrOutOfRange, "points"}, {purchase.ErrNoPrice, "reward"}, {purchase.ErrOtherPrice, "reward"}, {purchase.ErrOtherCurrency, "reward"}, {retail.ErrUnknownProduct, "reward"}} {
		if errors.Is(err, blamed.err) {
			return counter.Invalid(blamed.field, blamed.err.Error())
		}
	}
	for _, told := range []struct {
		err    error
		code   edge.Code
		detail string
	}{
		{retail.ErrNotInProgramme, edge.CannotBeApplied, "Points can't be used here."},
		{voucher.ErrCurrency, edge.CurrencyMismatch, "Points are exchanged for another currency than that of the order."},
		{voucher.ErrAboveLimit, edge.AboveLimit, "Nobody has so many points."},
		{voucher.ErrQuarantined, edge.Quarantined, "The customer's points are being looked at, and can't be used until a person has."},
	} {
		if errors.Is(err, told.err) {
			return edge.Refuse(told.code, told.detail)
		}
	}
	if short, ok := errors.AsType[*voucher.InsufficientError](err); ok && short.Available.Currency == money.Point {
		return edge.Refuse(edge.InsufficientBalance, "Not enough points.", edge.With("available", short.Available))
	}
	return nil
}

// reservePoints reserves points of a customer for an order.
func (a *api) reservePoints(ctx context.Context, by retail.Actor, in *reserveIn) (*body[reservationOut], error) {
	p := &pointed{a, retail.NewLoyalty(a.accounts)}
	lines, err := a.linesOf(in.Body.Lines, in.Body.Due.Currency)
	if err != nil {
		return nil, err
	}
	got, err := p.loyalty.Reserve(ctx, by, retail.PointsReserve{
		Key: in.Key, Customer: in.Body.Customer, Holder: in.Body.Holder, Due: in.Body.Due, Amount: in.Body.Amount, Revision: in.Body.Revision, Lines: lines,
	})
	if err != nil {
		return nil, p.refuse(ctx, err)
	}
	out := showReservation(in.Key, got.Reservation, got.Voucher, got.At)
	out.Customer, out.Reopened = in.Body.Customer, got.Reopened
	return answer(created(got.Created), out), nil
}

// totalLine is the line that points are to the total of an order (P16).
type totalLine struct {
	Type   string       `json:"type" enum:"redeemed_points"`
	Points int64        `json:"points"`
	Amount money.Amount `json:"amount" doc:"Negative: it is taken off the total"`
}

// showTotalLine renders what points pay of an order.
func showTotalLine(points int64, covers money.Amount) *totalLine {
	return &totalLine{Type: "redeemed_points", Points: points, Amount: money.Of(-covers.Minor, covers.Currency)}
}

// convertIn asks for points to be exchanged.
type convertIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Customer string   `json:"customer" minLength:"1" maxLength:"128" doc:"The shop's id of the customer who is logged in; for the office also our own id, or a wallet id"`
		Shop     string   `json:"shop,omitempty" maxLength:"63" doc:"Whose customer it is: of the office alone"`
		Points   pointsIn `json:"points"`
		Reward   string   `json:"reward" minLength:"1" maxLength:"200" doc:"As the programme names it"`
	}
}

// convertedOut is what points were exchanged for.
type convertedOut struct {
	Conversion actOut        `json:"conversion" doc:"The points that were taken"`
	Customer   string        `json:"customer"`
	Reward     rewardOut     `json:"reward"`
	Balance    money.Amount  `json:"balance" doc:"Points that are left"`
	Voucher    *voucherOut   `json:"voucher,omitempty" doc:"Of a reward that is one, as it was when it was given"`
	Code       *string       `json:"code,omitempty" doc:"The voucher's code, for 24 hours"`
	Value      *money.Amount `json:"value,omitempty" doc:"What the voucher is worth"`
}

// rewardOut is a reward.
type rewardOut struct {
	Name string `json:"name"`
	Kind string `json:"kind" enum:"voucher,external" doc:"external: the merchant hands it over"`
}

func showConverted(c retail.Converted) convertedOut {
	r := &c.Record
	out := convertedOut{
		Conversion: showAct(r), Customer: c.Customer.Login, Reward: rewardOut{r.Detail.Reward.Name, "external"}, Balance: money.Of(r.Balance, money.Point),
	}
	if c.Voucher != nil {
		sold := showSold(*c.Voucher)
		out.Reward.Kind, out.Voucher, out.Code, out.Value = "voucher", &sold.Voucher, sold.Code, &sold.Balance
	}
	return out
}

func (p *pointed) convert(ctx context.Context, in *convertIn) (*body[convertedOut], error) {
	by := counter.Caller(ctx)
	if in.Body.Shop != "" && by.Channel != retail.Office {
		return nil, counter.Invalid("shop", "a shop asks for its own customers: leave it out")
	}
	got, err := p.loyalty.Convert(ctx, by, retail.Conversion{
		Key: in.Key, Shop: in.Body.Shop, Customer: in.Body.Customer, Points: int64(in.Body.Points), Reward: in.Body.Reward,
	})
	if errors.Is(err, voucher.ErrAboveLimit) {
		return nil, edge.Refuse(edge.AboveLimit, "The points are worth more than a voucher may be. Exchange fewer at once.")
	}
	if err != nil {
		return nil, p.refuse(ctx, err)
	}
	return answer(created(got.Created), showConverted(got)), nil
}

// recoveredConversionOut is what became of an exchange; a prevented one has its state alone.
type recoveredConversionOut struct {
	State string `json:"state" enum:"done,reversed,prevented"`
	*convertedOut
}

func (p *pointed) recoverConversion(ctx context.Context, in *keyIn) (*body[recoveredConversionOut], error) {
	got, err := p.loyalty.Converted(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, p.refuse(ctx, err)
	}
	out := recoveredConversionOut{State: string(got.Record.State)}
	if got.Record.Voucher != "" {
		shown := showConverted(got)
		out.convertedOut = &shown
	}
	return answer(http.StatusOK, out), nil
}

func (p *pointed) reverseEarned(ctx context.Context, in *keyIn) (*body[reversedOut], error) {
	got, err := p.loyalty.Unearn(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, p.refuse(ctx, err)
	}
	return answer(http.StatusOK, reversedOut{string(got.Outcome)}), nil
}

func (p *pointed) reverseConversion(ctx context.Context, in *keyIn) (*body[reversedOut], error) {
	got, err := p.loyalty.Unconvert(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, p.refuse(ctx, err)
	}
	return answer(http.StatusOK, reversedOut{string(got.Outcome)}), nil
}

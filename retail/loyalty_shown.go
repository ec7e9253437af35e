package retail

import (
	"cmp"
	"context"
	"errors"
	"time"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/points"
	"vouchsafe/retail/voucher"
)

// PointsAsked asks what to show of points at a place in the shop.
type PointsAsked struct {
	Customer string // the shop's id of the customer
	Place    loyalty.Context
	Language string
	About    loyalty.Line   // the product of a product page, or what is reviewed
	Event    loyalty.Event  // of a review: which kind it is
	Due      int64          // of a checkout, minor units
	Currency money.Currency // of Due; "" for that of the rates
	NetGoods int64          // of a checkout: what would earn, minor units; 0 for what the lines come to
	Lines    []loyalty.Line // of the cart; needed where only some products may be paid with points
	Order    string         // of a confirmation
}

// PointsShown is what to show of points at a place (P13). Shown is false where the programme doesn't show them; the rest is zero then.
type PointsShown struct {
	Place     loyalty.Context
	Shown     bool
	Balance   int64
	Reserved  int64
	Rate      money.Rate // the zero Rate while points are worth nothing
	Worth     money.Amount
	Ending    int64     // the points that end next
	EndingOn  time.Time // the first instant at which they have ended
	Earned    int64     // what this product, review or order earns, or has earned
	Usable    int64     // the most points that may be used on this order
	Covers    money.Amount
	Redeemed  int64 // the points that paid for this order
	Paid      money.Amount
	Variables map[string]string // see loyalty.Variables
}

// Shown tells a customer of a shop what to show him of points at a place. Whoever isn't known has none. Errors: ErrGuest, ErrLogin,
// ErrChannel, ErrLinesNeeded.
func (l *Loyalty) Shown(ctx context.Context, by Actor, asked PointsAsked) (PointsShown, error) {
	if by.Channel != Webshop {
		return PointsShown{}, ErrChannel
	}
	if err := called(asked.Customer); err != nil {
		return PointsShown{}, err
	}
	shown, err := l.shown(ctx, by, asked)
	return shown, settled("read what to show of points", err)
}

func (l *Loyalty) shown(ctx context.Context, by Actor, asked PointsAsked) (PointsShown, error) {
	sales := l.accounts.sales
	shop, err := sales.accountShop(ctx, by.Name)
	if err != nil {
		return PointsShown{}, err
	}
	who, err := sales.orders.Customer(ctx, by.Name, asked.Customer)
	if err != nil && !errors.Is(err, orders.ErrNotFound) {
		return PointsShown{}, err
	}
	p, err := sales.programmeFor(ctx, who)
	if err != nil || !p.Shown[asked.Place] || p.standing.Excluded {
		return PointsShown{Place: asked.Place}, err
	}
	s := PointsShown{Place: asked.Place, Shown: true}
	if err := l.have(ctx, who, &s); err != nil {
		return PointsShown{}, err
	}
	if rate, err := p.RateAt(p.at); err == nil {
		s.Rate = rate.Rate
	}
	if err := l.here(ctx, by, asked, p, &s); err != nil {
		return PointsShown{}, err
	}
	if !s.Rate.Zero() {
		s.Worth = money.Of(s.Rate.Worth(s.of()), s.Rate.Value.Currency)
	}
	s.variables(telling{sales.tongue(shop, asked.Language), sales.country(shop)}, shop, sales.defaults.Zone)
	return s, nil
}

// of is how many points the place's worth is of.
func (s *PointsShown) of() int64 {
	switch s.Place {
	case loyalty.Product, loyalty.Review:
		return s.Earned
	case loyalty.Checkout:
		return s.Usable
	}
	return s.Balance
}

// have reads what a customer has, and what of it ends next.
func (l *Loyalty) have(ctx context.Context, who Customer, s *PointsShown) error {
	if who.ID == "" {
		return nil
	}
	purse, err := l.accounts.desk.ledger.PurseOf(ctx, holderOf(who))
	s.Balance, s.Reserved, s.Ending, s.EndingOn = purse.Balance, purse.Reserved, purse.Ending, purse.EndsAt
	return err
}

// here reckons what belongs to the place alone.
func (l *Loyalty) here(ctx context.Context, by Actor, asked PointsAsked, p programme, s *PointsShown) error {
	switch asked.Place {
	case loyalty.Product:
		lines, err := l.accounts.sales.withoutOurs(ctx, []loyalty.Line{asked.About}, "")
		if err != nil {
			return err
		}
		s.Earned = p.Earn(loyalty.Did{Event: loyalty.Order, Bought: loyalty.Basket(lines, asked.About.Net, 0)}, p.standing, p.at)
	case loyalty.Review:
		s.Earned = p.Earn(loyalty.Did{Event: asked.Event, About: asked.About}, p.standing, p.at)
	case loyalty.Checkout:
		return l.checkout(ctx, asked, p, s)
	case loyalty.Confirmation:
		return l.confirmation(ctx, by, asked, p.who, s)
	}
	return nil
}

// checkout is what an order would earn, and how many points would pay for it if they were reserved now. Who may not pay with points, or
// not in this currency, can use none.
func (l *Loyalty) checkout(ctx context.Context, asked PointsAsked, p programme, s *PointsShown) error {
	lines, err := l.accounts.sales.withoutOurs(ctx, asked.Lines, cmp.Or(asked.Currency, p.Currency()))
	if err != nil {
		return err
	}
	s.Earned = p.Earn(loyalty.Did{Event: loyalty.Order, Bought: cart(lines, asked.NetGoods)}, p.standing, p.at)
	if asked.Due == 0 {
		return nil
	}
	payable, err := p.payable(loyalty.Pay{Due: asked.Due, Lines: lines}, cmp.Or(asked.Currency, s.Rate.Value.Currency))
	switch {
	case errors.Is(err, ErrNotInProgramme), errors.Is(err, voucher.ErrCurrency):
		return nil
	case err != nil:
		return err
	}
	s.Usable, s.Covers = covering(payable, s.Balance-s.Reserved)
	return nil
}

// cart is an order as it is about to be placed.
func cart(lines []loyalty.Line, goods int64) loyalty.Bought {
	if len(lines) == 0 {
		lines = []loyalty.Line{{Net: goods}}
	}
	if goods == 0 {
		for _, line := range lines {
			goods += line.Net
		}
	}
	return loyalty.Basket(lines, goods, 0)
}

// confirmation is what an order has earned, and what points have paid of it. To anybody but the customer whose order it is it is like
// one that nobody knows.
func (l *Loyalty) confirmation(ctx context.Context, by Actor, asked PointsAsked, who Customer, s *PointsShown) error {
	pool := l.accounts.sales.orders.Pool()
	names, err := points.NamesOf(ctx, pool, points.OrderName{Shop: by.Name, Order: asked.Order})
	if err != nil {
		return err
	}
	earned, err := points.EarnedFor(ctx, pool, by.Name, loyalty.Order, names[0])
	if err != nil && !errors.Is(err, points.ErrNotEarned) {
		return err
	}
	var told OrderPoints
	payer, err := l.accounts.sales.redeemed(ctx, by, earned, names, &told)
	if err != nil {
		return err
	}
	his, err := l.accounts.sales.isOf(ctx, cmp.Or(earned.Account, payer), who)
	if err != nil || !his {
		return err
	}
	s.Earned, s.Redeemed, s.Paid = earned.Points-earned.Back, told.Redeemed, told.Covers
	return nil
}

// isOf tells whether an account is of a customer, under whichever of his log-ins.
func (s *Sales) isOf(ctx context.Context, account string, who Customer) (bool, error) {
	if account == "" || who.ID == "" {
		return false, nil
	}
	whose, err := s.customersOf(ctx, account)
	return err == nil && holderOf(whose[account]) == holderOf(who), err
}

// variables are the texts that a theme shows.
func (s *PointsShown) variables(t telling, shop orders.Shop, zone *time.Location) {
	values := map[string]string{
		"points_balance": t.balance(s.Balance), "points_reserved": t.points(s.Reserved), "points_worth": t.amount(s.Worth),
		"points_ending": t.points(s.Ending), "points_earned": t.points(s.Earned), "points_usable": t.points(s.Usable),
		"points_redeemed": t.points(s.Redeemed), "points_redeemed_worth": t.amount(s.Paid),
	}
	if !s.Rate.Zero() {
		values["points_rate"] = t.points(s.Rate.Units) + " = " + t.amount(s.Rate.Value)
	}
	if !s.EndingOn.IsZero() {
		values["points_ending_on"] = t.tag.Date(s.EndingOn.Add(-time.Second).In(zone))
	}
	s.Variables = make(map[string]string)
	for _, v := range loyalty.Variables(s.Place) {
		s.Variables[v.Name] = values[v.Name]
	}
}

package admin

import (
	"cmp"
	"fmt"
	"time"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// ProgrammeBody is a programme of bonus points.
type ProgrammeBody struct {
	Opens        string        `json:"opens,omitempty" maxLength:"10" doc:"First day on which points are earned; left out: since ever"`
	Closes       string        `json:"closes,omitempty" maxLength:"10" doc:"Last day on which points are earned; left out: no last day. What was earned is spent as long as it lives"`
	Rates        []rateBody    `json:"rates,omitempty" maxItems:"100" nullable:"false" doc:"What points are worth, each from its day on, the earliest first"`
	Rules        []ruleBody    `json:"rules,omitempty" maxItems:"5" nullable:"false" doc:"What earns points, at most one for each event"`
	Spending     *spendingBody `json:"spending,omitempty" doc:"What points may pay; left out: every product but stored value, for everybody"`
	LifetimeDays int           `json:"lifetime_days,omitempty" minimum:"0" maximum:"36500" doc:"How many days points live; 0: for ever"`
	Rewards      []rewardBody  `json:"rewards,omitempty" maxItems:"200" nullable:"false" doc:"What points are exchanged for outside of an order"`
	WelcomeMail  bool          `json:"welcome_mail,omitempty" doc:"Who earns points by opening an account, and whose address is known (from the office, the signup or a paid order of his own), is welcomed by mail: the template welcome"`
	Shown        shownBody     `json:"shown,omitempty" doc:"At which places in the shop points are shown"`
}

// rateBody says what points are worth.
type rateBody struct {
	Since  string       `json:"since,omitempty" maxLength:"10" doc:"The day it holds from; left out, of the first alone: since ever"`
	Points int64        `json:"points" minimum:"1" maximum:"1000000000"`
	Value  money.Amount `json:"value" doc:"What they are worth"`
}

// ruleBody says what an event earns.
type ruleBody struct {
	Event      string        `json:"event" enum:"order,signup,review_product,review_article,referral"`
	Points     int64         `json:"points" minimum:"1" maximum:"1000000000"`
	Per        *money.Amount `json:"per,omitempty" doc:"Of an order, which must have it: for every such amount of goods, without VAT and freight"`
	Only       *filterBody   `json:"only,omitempty" doc:"The products that earn; left out: all"`
	PerOrder   int64         `json:"per_order,omitempty" minimum:"0" maximum:"1000000000" doc:"The most that an order earns; 0: no limit"`
	PerProduct int64         `json:"per_product,omitempty" minimum:"0" maximum:"1000000000" doc:"The most that one product of an order earns; 0: no limit"`
}

// filterBody chooses products.
type filterBody struct {
	SKUs       []string `json:"skus,omitempty" maxItems:"500" nullable:"false" minLength:"1" maxLength:"100"`
	Categories []string `json:"categories,omitempty" maxItems:"500" nullable:"false" minLength:"1" maxLength:"200"`
	Without    []string `json:"without,omitempty" maxItems:"500" nullable:"false" minLength:"1" maxLength:"200" doc:"SKUs and categories that are not chosen, whatever the others say"`
}

// spendingBody says what points may pay.
type spendingBody struct {
	PerOrder   int64       `json:"per_order,omitempty" minimum:"0" maximum:"1000000000" doc:"The most points on one order; 0: no limit"`
	PerProduct int64       `json:"per_product,omitempty" minimum:"0" maximum:"1000000000" doc:"The most points for one product of an order; 0: no limit"`
	Only       *filterBody `json:"only,omitempty" doc:"The products that points pay; left out: all but stored value"`
	Groups     []string    `json:"groups,omitempty" maxItems:"100" nullable:"false" minLength:"1" maxLength:"64" doc:"Customer groups that may pay with points; none: everybody"`
}

// rewardBody is what points are exchanged for.
type rewardBody struct {
	Name   string `json:"name" minLength:"1" maxLength:"200" doc:"Names it, and stands in the answers to questions"`
	Points int64  `json:"points,omitempty" minimum:"0" maximum:"1000000000" doc:"What it costs; 0, for a voucher of an open product: it is worth what the points are"`
	SKU    string `json:"sku,omitempty" maxLength:"100" doc:"Of a voucher product; left out: something of the merchant's own, such as a ticket"`
}

// shownBody are the places in the shop.
type shownBody struct {
	Account      bool `json:"account,omitempty"`
	Product      bool `json:"product,omitempty"`
	Review       bool `json:"review,omitempty"`
	Checkout     bool `json:"checkout,omitempty"`
	Confirmation bool `json:"confirmation,omitempty"`
}

// places are the switches by place.
func (b *shownBody) places() map[loyalty.Context]*bool {
	return map[loyalty.Context]*bool{
		loyalty.Account: &b.Account, loyalty.Product: &b.Product, loyalty.Review: &b.Review, loyalty.Checkout: &b.Checkout,
		loyalty.Confirmation: &b.Confirmation,
	}
}

// programme is what is asked for, its days those of a zone; or the first field that can't be meant.
func (b ProgrammeBody) programme(zone *time.Location) (p loyalty.Programme, err error) {
	opens, err := day("opens", b.Opens)
	if err != nil {
		return p, err
	}
	closes, err := day("closes", b.Closes)
	if err != nil {
		return p, err
	}
	if !opens.Zero() {
		p.Opens = opens.Start(zone)
	}
	if !closes.Zero() {
		p.Closes = closes.End(zone)
	}
	p.Lifetime, p.Greets, p.Shown = b.LifetimeDays, b.WelcomeMail, map[loyalty.Context]bool{}
	for place, on := range b.Shown.places() {
		p.Shown[place] = *on
	}
	if s := b.Spending; s != nil {
		p.Spending = loyalty.Spending{PerOrder: s.PerOrder, PerProduct: s.PerProduct, Only: s.Only.filter(), Groups: s.Groups}
	}
	for _, r := range b.Rewards {
		p.Rewards = append(p.Rewards, loyalty.Reward(r))
	}
	if p.Rates, err = rates(b.Rates, zone); err != nil {
		return p, err
	}
	return b.withRules(p)
}

// rates reads what points are worth.
func rates(of []rateBody, zone *time.Location) ([]loyalty.Rate, error) {
	var all []loyalty.Rate
	for i, r := range of {
		field := fmt.Sprintf("rates[%d]", i)
		if err := inMoney(field+".value", &r.Value); err != nil {
			return nil, err
		}
		since, err := day(field+".since", r.Since)
		if err != nil {
			return nil, err
		}
		rate := loyalty.Rate{Rate: money.Rate{Units: r.Points, Value: r.Value}}
		if !since.Zero() {
			rate.Since = since.Start(zone)
		}
		all = append(all, rate)
	}
	return all, nil
}

// withRules adds what earns points.
func (b ProgrammeBody) withRules(p loyalty.Programme) (loyalty.Programme, error) {
	for i, r := range b.Rules {
		rule := loyalty.Rule{
			Event: loyalty.Event(r.Event), Points: r.Points, Only: r.Only.filter(), PerOrder: r.PerOrder, PerProduct: r.PerProduct,
		}
		if r.Per != nil {
			if err := inMoney(fmt.Sprintf("rules[%d].per", i), r.Per); err != nil {
				return p, err
			}
			rule.Per, p.In = r.Per.Minor, cmp.Or(p.In, r.Per.Currency)
		}
		p.Rules = append(p.Rules, rule)
	}
	return p, nil
}

// filter is what it chooses.
func (b *filterBody) filter() loyalty.Filter {
	if b == nil {
		return loyalty.Filter{}
	}
	return loyalty.Filter(*b)
}

// showFilter renders a filter; nothing for one that chooses all.
func showFilter(f loyalty.Filter) *filterBody {
	if len(f.SKUs)+len(f.Categories)+len(f.Without) == 0 {
		return nil
	}
	shown := filterBody(f)
	return &shown
}

// showRulesOf renders a programme, so that what was read can be put.
func showRulesOf(p loyalty.Programme) ProgrammeBody {
	b := ProgrammeBody{Opens: showDay(p.Opens), LifetimeDays: p.Lifetime, WelcomeMail: p.Greets}
	if !p.Closes.IsZero() {
		b.Closes = showDay(p.Closes.Add(-1)) // the last instant of the last day
	}
	for place, on := range b.Shown.places() {
		*on = p.Shown[place]
	}
	if s := p.Spending; s.PerOrder+s.PerProduct > 0 || len(s.Groups) > 0 || showFilter(s.Only) != nil {
		b.Spending = &spendingBody{s.PerOrder, s.PerProduct, showFilter(s.Only), s.Groups}
	}
	for _, r := range p.Rates {
		b.Rates = append(b.Rates, rateBody{showDay(r.Since), r.Units, r.Value})
	}
	for _, r := range p.Rules {
		shown := ruleBody{Event: string(r.Event), Points: r.Points, Only: showFilter(r.Only), PerOrder: r.PerOrder, PerProduct: r.PerProduct}
		if r.Per > 0 {
			per := money.Of(r.Per, p.Currency())
			shown.Per = &per
		}
		b.Rules = append(b.Rules, shown)
	}
	for _, r := range p.Rewards {
		b.Rewards = append(b.Rewards, rewardBody(r))
	}
	return b
}

// showDay is the day that an instant of the programme begins, where it was named; "" for none.
func showDay(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return voucher.DateOf(at, at.Location()).String()
}

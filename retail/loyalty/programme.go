package loyalty

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"vouchsafe/retail/money"
)

// ErrProgramme says what is wrong with a programme. It arrives wrapped with the field.
var ErrProgramme = errors.New("a programme of bonus points can't be like that")

// Programme are a merchant's rules for bonus points (P07). The zero Programme gives nothing and takes nothing.
type Programme struct {
	// Opens and Closes bound the instants at which points are earned, [Opens, Closes); zero: no bound (P01). Points that were earned
	// are spent as long as they live.
	Opens, Closes time.Time
	// In is the currency of the orders that earn (Rule.Per); "" for that of the rates.
	In money.Currency
	// Rates are what points are worth, each from its day on (P08), all in one currency.
	Rates []Rate
	// Rules are what earns points, at most one for each event.
	Rules []Rule
	// Spending is what points may pay (P09, P19).
	Spending Spending
	// Lifetime is how many days points live, from the day on which they were earned; 0: for ever (P18).
	Lifetime int
	// Rewards are what points are exchanged for outside of an order (P20).
	Rewards []Reward
	// Greets tells whether who earns points by opening an account is welcomed by mail (P21).
	Greets bool
	// Shown are the places at which points are shown (P13). One that is missing is off.
	Shown map[Context]bool
}

// Context is a place in the shop at which points are shown.
type Context string

// The five places.
const (
	Account      Context = "account"
	Product      Context = "product"
	Review       Context = "review"
	Checkout     Context = "checkout"
	Confirmation Context = "confirmation"
)

// Contexts lists the places.
func Contexts() []Context { return []Context{Account, Product, Review, Checkout, Confirmation} }

// Filter chooses products (P09, P10). An empty one chooses all; Without wins over the others.
type Filter struct {
	SKUs       []string
	Categories []string
	Without    []string // SKUs and categories that are not chosen
}

// Chooses tells whether the filter chooses a product.
func (f Filter) Chooses(sku, category string) bool {
	if slices.Contains(f.Without, sku) || category != "" && slices.Contains(f.Without, category) {
		return false
	}
	if len(f.SKUs) == 0 && len(f.Categories) == 0 {
		return true
	}
	return slices.Contains(f.SKUs, sku) || category != "" && slices.Contains(f.Categories, category)
}

// Currency is what orders earn in, and what points are worth something in; "" where neither is ruled.
func (p Programme) Currency() money.Currency {
	if len(p.Rates) == 0 {
		return p.In
	}
	return p.Rates[0].Value.Currency
}

// Standing is how the programme treats one customer (P15). The zero Standing is everybody's.
type Standing struct {
	Excluded bool // neither earns nor spends
	// Percent of what others earn, from 1; 0 is 100.
	Percent int64
}

func (s Standing) percent() int64 { return cmp.Or(s.Percent, 100) }

// Reward is what points are exchanged for: a voucher of a product, or something of the merchant's own, such as a ticket (P20).
type Reward struct {
	Name   string
	Points int64  // what one costs; 0, for a voucher alone: the voucher is worth what the points are
	SKU    string // the voucher's product; "" for something of the merchant's own
}

// Reward finds a reward by its name.
func (p Programme) Reward(name string) (Reward, bool) {
	at := slices.IndexFunc(p.Rewards, func(r Reward) bool { return r.Name == name })
	if at < 0 {
		return Reward{}, false
	}
	return p.Rewards[at], true
}

// Open tells whether points are earned at an instant.
func (p Programme) Open(at time.Time) bool {
	return !at.Before(p.Opens) && (p.Closes.IsZero() || at.Before(p.Closes))
}

// Rule finds the rule of an event.
func (p Programme) Rule(event Event) (Rule, bool) {
	at := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.Event == event })
	if at < 0 {
		return Rule{}, false
	}
	return p.Rules[at], true
}

// Check says what is wrong with a programme, naming the field, or nil. Errors: ErrProgramme.
func (p Programme) Check() error {
	faults := []error{p.checkRates(), p.checkRules(), p.Spending.check(), p.checkRewards()}
	if !p.Closes.IsZero() && !p.Opens.Before(p.Closes) {
		faults = append(faults, fault("closes", "is not after the day on which it opens"))
	}
	if p.Lifetime < 0 {
		faults = append(faults, fault("lifetime_days", "is below 0"))
	}
	for place := range p.Shown {
		if !slices.Contains(Contexts(), place) {
			faults = append(faults, fault("shown", fmt.Sprintf("%q is no place", string(place))))
		}
	}
	return errors.Join(faults...)
}

func (p Programme) checkRates() error {
	var faults []error
	for i, r := range p.Rates {
		if r.Units < 1 || r.Units > Most || r.Value.Minor < 1 {
			faults = append(faults, fault(fmt.Sprintf("rates[%d]", i), "has points and a worth of at least 1, and no more points than anybody is given at once"))
		}
		if r.Value.Currency != cmp.Or(p.In, p.Rates[0].Value.Currency) {
			faults = append(faults, fault(fmt.Sprintf("rates[%d].value", i), "is of another currency than the orders, or the first"))
		}
		if i > 0 && !p.Rates[i-1].Since.Before(r.Since) {
			faults = append(faults, fault(fmt.Sprintf("rates[%d].since", i), "does not begin after the one before"))
		}
	}
	return errors.Join(faults...)
}

func (p Programme) checkRules() error {
	var faults []error
	for i, r := range p.Rules {
		if err := r.check(); err != nil {
			faults = append(faults, fmt.Errorf("rules[%d].%w", i, err))
		}
		if first, _ := p.Rule(r.Event); !first.same(r) {
			faults = append(faults, fault(fmt.Sprintf("rules[%d].event", i), "has a rule already"))
		}
	}
	return errors.Join(faults...)
}

func (p Programme) checkRewards() error {
	var faults []error
	for i, r := range p.Rewards {
		switch {
		case r.Name == "":
			faults = append(faults, fault(fmt.Sprintf("rewards[%d].name", i), "is missing"))
		case r.Points < 0 || r.Points == 0 && r.SKU == "":
			faults = append(faults, fault(fmt.Sprintf("rewards[%d].points", i), "is below 1"))
		case slices.IndexFunc(p.Rewards, func(o Reward) bool { return o.Name == r.Name }) != i:
			faults = append(faults, fault(fmt.Sprintf("rewards[%d].name", i), "is there twice"))
		}
	}
	return errors.Join(faults...)
}

func fault(field, what string) error { return fmt.Errorf("%s: %w: it %s", field, ErrProgramme, what) }

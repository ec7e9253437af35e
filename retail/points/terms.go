package points

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

// stated is a programme as it is stored. Instants keep the offset of the merchant's zone: the day that he named is the one that they
// show, whatever zone is set today.
type stated struct {
	Opens    time.Time                `json:"opens,omitzero"`
	Closes   time.Time                `json:"closes,omitzero"`
	Currency money.Currency           `json:"currency,omitempty"`
	Rates    []rate                   `json:"rates,omitempty"`
	Rules    []rule                   `json:"rules,omitempty"`
	Spending spending                 `json:"spending,omitzero"`
	Lifetime int                      `json:"lifetime_days,omitempty"`
	Rewards  []reward                 `json:"rewards,omitempty"`
	Greets   bool                     `json:"welcome_mail,omitempty"`
	Shown    map[loyalty.Context]bool `json:"shown,omitempty"`
}

type rate struct {
	Since  time.Time    `json:"since,omitzero"`
	Points int64        `json:"points"`
	Value  money.Amount `json:"value"`
}

type rule struct {
	Event      loyalty.Event `json:"event"`
	Points     int64         `json:"points"`
	Per        int64         `json:"per,omitempty"`
	Only       filter        `json:"only,omitzero"`
	PerOrder   int64         `json:"per_order,omitempty"`
	PerProduct int64         `json:"per_product,omitempty"`
}

type filter struct {
	SKUs       []string `json:"skus,omitempty"`
	Categories []string `json:"categories,omitempty"`
	Without    []string `json:"without,omitempty"`
}

// IsZero tells that the filter chooses everything.
func (f filter) IsZero() bool { return len(f.SKUs)+len(f.Categories)+len(f.Without) == 0 }

type spending struct {
	PerOrder   int64    `json:"per_order,omitempty"`
	PerProduct int64    `json:"per_product,omitempty"`
	Only       filter   `json:"only,omitzero"`
	Groups     []string `json:"groups,omitempty"`
}

// IsZero tells that nothing is narrowed.
func (s spending) IsZero() bool {
	return s.PerOrder == 0 && s.PerProduct == 0 && s.Only.IsZero() && len(s.Groups) == 0
}

type reward struct {
	Name   string `json:"name"`
	Points int64  `json:"points,omitempty"`
	SKU    string `json:"sku,omitempty"`
}

// encode is the stored form of a programme: of two that say the same it is the same.
func encode(p loyalty.Programme) ([]byte, error) {
	t := stated{
		Opens: p.Opens, Closes: p.Closes, Currency: p.In, Lifetime: p.Lifetime, Greets: p.Greets, Shown: map[loyalty.Context]bool{},
		Spending: spending{p.Spending.PerOrder, p.Spending.PerProduct, filter(p.Spending.Only), p.Spending.Groups},
	}
	for _, r := range p.Rates {
		t.Rates = append(t.Rates, rate{r.Since, r.Units, r.Value})
	}
	for _, r := range p.Rules {
		t.Rules = append(t.Rules, rule{r.Event, r.Points, r.Per, filter(r.Only), r.PerOrder, r.PerProduct})
	}
	for _, r := range p.Rewards {
		t.Rewards = append(t.Rewards, reward(r))
	}
	for place, shown := range p.Shown {
		if shown {
			t.Shown[place] = true
		}
	}
	text, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("write the terms of bonus points: %w", err)
	}
	return text, nil
}

// decode reads the stored form. A field that it doesn't know is a fault: to leave it out would be to give or take what the merchant
// didn't say.
func decode(text []byte) (loyalty.Programme, error) {
	var t stated
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&t); err != nil {
		return loyalty.Programme{}, fmt.Errorf("read the terms of bonus points: %w", err)
	}
	p := loyalty.Programme{
		Opens: t.Opens, Closes: t.Closes, In: t.Currency, Lifetime: t.Lifetime, Greets: t.Greets, Shown: t.Shown,
		Spending: loyalty.Spending{
			PerOrder: t.Spending.PerOrder, PerProduct: t.Spending.PerProduct, Only: loyalty.Filter(t.Spending.Only), Groups: t.Spending.Groups,
		},
	}
	for _, r := range t.Rates {
		p.Rates = append(p.Rates, loyalty.Rate{Since: r.Since, Rate: money.Rate{Units: r.Points, Value: r.Value}})
	}
	for _, r := range t.Rules {
		p.Rules = append(p.Rules, loyalty.Rule{
			Event: r.Event, Points: r.Points, Per: r.Per, Only: loyalty.Filter(r.Only), PerOrder: r.PerOrder, PerProduct: r.PerProduct,
		})
	}
	for _, r := range t.Rewards {
		p.Rewards = append(p.Rewards, loyalty.Reward(r))
	}
	return p, nil
}

package api

import (
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

// pointsIn is a number of points, a whole one written as such (5.0 is none): 500, or {"amount": 500, "currency": "POINT"}.
type pointsIn int64

// pointsLimit is more points than anybody is given at once.
const pointsLimit = loyalty.Most

// UnmarshalJSON reads either form.
func (p *pointsIn) UnmarshalJSON(text []byte) error {
	if text[0] != '{' {
		return json.Unmarshal(text, (*int64)(p)) // as it is: the decoder adds the field
	}
	var amount money.Amount
	if err := json.Unmarshal(text, &amount); err != nil {
		return err
	}
	if amount.Currency != money.Point {
		return errors.New("read a number of points: the currency must be POINT")
	}
	*p = pointsIn(amount.Minor)
	return nil
}

// Schema describes both forms.
func (pointsIn) Schema(huma.Registry) *huma.Schema {
	least, most := 1.0, float64(pointsLimit)
	number := huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &least, Maximum: &most}
	number.PrecomputeMessages()
	unit := huma.Schema{Type: huma.TypeString, Enum: []any{string(money.Point)}}
	unit.PrecomputeMessages()
	amount := huma.Schema{
		Type: huma.TypeObject, Properties: map[string]*huma.Schema{"amount": &number, "currency": &unit},
		Required: []string{"amount", "currency"}, AdditionalProperties: false,
	}
	amount.PrecomputeMessages()
	return &huma.Schema{OneOf: []*huma.Schema{&number, &amount}, Description: "A number of points, as a number or as an amount in POINT"}
}

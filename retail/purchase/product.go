package purchase

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"vouchsafe/retail/money"
)

// Kind is what a product's vouchers are worth.
type Kind string

// The kinds of product.
const (
	Money   Kind = "money"
	Punches Kind = "punches"
	Credit  Kind = "credit"
)

// VAT says when a voucher is taxed (X10).
type VAT string

// The kinds of voucher in the sense of the VAT directive.
const (
	MultiPurpose  VAT = "multi_purpose"  // a means of payment: taxed when it is spent
	SinglePurpose VAT = "single_purpose" // taxed when it is sold
)

// Activation says whether a voucher can be used as soon as it is issued.
type Activation string

// The kinds of activation.
const (
	Automatic Activation = "automatic"
	Manual    Activation = "manual" // issued, and usable once a person has activated it (A11)
)

// CodeLength says how many symbols a product's codes have (X08).
type CodeLength string

// The lengths of codes.
const (
	StandardCodes CodeLength = "standard" // 16 symbols
	HighCodes     CodeLength = "high"     // 20, where they must be harder to guess
)

// Modes that a product may prescribe; without one, shop and installation decide.
const (
	CardMode     = "card"
	CustomerMode = "customer"
)

// Product is a voucher that a shop sells under a SKU.
type Product struct {
	SKU      string
	Name     string
	Kind     Kind
	Currency money.Currency // of the face value; PUNCH for a punch card
	Amount   int64          // face value in minor units, or the number of punches; 0 for an open product
	Open     *Range         // the buyer chooses the value: what is paid for a unit is what it is worth
	MinPaid  int            // percent of the face value that must have been paid for a line to issue, 1 to 100

	Mode               string // CardMode, CustomerMode or ""
	Category           string
	Facilities         []string
	RequiresMembership bool
	VAT                VAT
	VATRate            string // percent as a decimal, "25" or "2.5"; "" when it is not known
	Expires            string // "never", "P3Y", "P3Y/year-end" or "country"
	Activation         Activation
	Prefix             string // of its codes; "" for none
	CodeLength         CodeLength
	Template           string
}

// FaceOf is what so many vouchers of the product are worth, in minor units of its currency; 0 where each is worth what is paid for it, and
// where nobody can count them.
func (p Product) FaceOf(units int64) int64 {
	if units < 0 || p.Amount > 0 && units > math.MaxInt64/p.Amount {
		return 0
	}
	return p.Amount * units
}

// CreditNote is the product that a credit note is made as when nothing else is said: it is worth what came back. Punches that come
// back are a punch card.
func CreditNote(currency money.Currency) Product {
	note := Product{SKU: "credit-note", Name: "Credit note", Kind: Credit, Currency: currency, VAT: MultiPurpose, Open: &Range{}}
	if currency == money.Punch {
		note.Kind = Punches
	}
	return note.Complete()
}

// Range limits the value of an open product, in minor units; a Max of 0 leaves it to the ceiling.
type Range struct {
	Min int64
	Max int64
}

const (
	maxName      = 200 // characters of a name, a category, a facility
	maxFacility  = 100 // facilities of one product
	maxPunches   = 10_000
	fullyPaid    = 100 // percent
	unnamedRange = 1   // the smallest value of an open product that states none
)

var (
	skuForm      = regexp.MustCompile(`^[^\x00-\x1f\x7f]{1,100}$`)
	prefixForm   = regexp.MustCompile(`^[A-Z0-9]{0,8}$`)
	templateName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`) // as in the name of the template, code.NAME
	rateForm     = regexp.MustCompile(`^[0-9]{1,2}(\.[0-9]{1,3})?$`)
)

// Complete fills what a product leaves out: kind money, all of it paid, multi-purpose (but for punch cards, where the law has
// no usual case), the country's term, automatic activation.
func (p Product) Complete() Product {
	if p.Kind == "" {
		p.Kind = Money
	}
	if p.Kind == Punches && p.Currency == "" {
		p.Currency = money.Punch
	}
	if p.MinPaid == 0 {
		p.MinPaid = fullyPaid
	}
	if p.VAT == "" && p.Kind != Punches {
		p.VAT = MultiPurpose
	}
	if p.Expires == "" {
		p.Expires = "country"
	}
	if p.Activation == "" {
		p.Activation = Automatic
	}
	if p.CodeLength == "" {
		p.CodeLength = StandardCodes
	}
	if p.Open != nil && p.Open.Min == 0 {
		p.Open = &Range{Min: unnamedRange, Max: p.Open.Max}
	}
	return p
}

// Validate tells everything that is wrong with a completed product, each fault with the name of its field. The term is
// checked by who knows terms.
func (p Product) Validate() error {
	return errors.Join(
		ensure(skuForm.MatchString(p.SKU) && p.SKU == strings.TrimSpace(p.SKU), "sku: 1 to 100 characters"),
		ensure(shortText(p.Name) && p.Name != "", "name: 1 to 200 characters"),
		p.validateValue(),
		ensure(p.MinPaid >= 1 && p.MinPaid <= fullyPaid, "min_paid: 1 to 100 percent"),
		ensure(p.Mode == "" || p.Mode == CardMode || p.Mode == CustomerMode, `mode: "card" or "customer"`),
		ensure(p.Mode != CustomerMode || p.claimable(), "mode: a customer's account holds means of payment: no punches, and nothing that was taxed when it was sold"),
		ensure(shortText(p.Category), "category: at most 200 characters"),
		p.validateFacilities(),
		ensure(p.VAT == MultiPurpose || p.VAT == SinglePurpose, `vat: "multi_purpose" or "single_purpose" must be stated`),
		ensure(p.VATRate == "" || rateForm.MatchString(p.VATRate), `vat_rate: percent as a decimal, such as "25" or "2.5"`),
		ensure(p.Activation == Automatic || p.Activation == Manual, `activation: "automatic" or "manual"`),
		ensure(prefixForm.MatchString(p.Prefix), "prefix: at most 8 capital letters or digits"),
		ensure(p.CodeLength == StandardCodes || p.CodeLength == HighCodes, `code_length: "standard" or "high"`),
		ensure(p.Template == "" || templateName.MatchString(p.Template), "template: small letters, digits and -, at most 40; its mails have the template code.NAME"),
	)
}

// validateValue checks that the product has one value, in a unit that fits its kind.
func (p Product) validateValue() error {
	_, known := p.Currency.Digits()
	inPunches := p.Currency == money.Punch
	switch {
	case p.Kind != Money && p.Kind != Punches && p.Kind != Credit:
		return errors.New(`kind: "money", "punches" or "credit"`)
	case !known || inPunches != (p.Kind == Punches) || p.Currency == money.Point:
		return fmt.Errorf("currency: %q is not known for %s", string(p.Currency), p.Kind)
	case p.Open == nil && p.Amount <= 0:
		return errors.New("amount: a positive amount, a number of punches, or open")
	case p.Open != nil && p.Amount != 0:
		return errors.New("open: a product with an amount can't be open as well")
	case p.Open != nil && p.Kind == Punches:
		return errors.New("open: a punch card has a fixed number of punches")
	case p.Open != nil && (p.Open.Min < 1 || p.Open.Max < 0 || p.Open.Max > 0 && p.Open.Max < p.Open.Min):
		return errors.New("open: min must be positive and not above max")
	case p.Kind == Punches && p.Amount > maxPunches:
		return fmt.Errorf("punches: at most %d", maxPunches)
	}
	return nil
}

func (p Product) validateFacilities() error {
	if len(p.Facilities) > maxFacility {
		return fmt.Errorf("facilities: at most %d", maxFacility)
	}
	for _, facility := range p.Facilities {
		if facility == "" || !shortText(facility) {
			return errors.New("facilities: each has 1 to 200 characters")
		}
	}
	return nil
}

// Face is the value that each unit of a fixed product issues.
func (p Product) Face() money.Amount { return money.Of(p.Amount, p.Currency) }

// claimable tells whether an account can hold what the product's vouchers are worth.
func (p Product) claimable() bool { return p.Kind != Punches && p.VAT != SinglePurpose }

// ModeAt is the mode of a voucher of the product: the product's own, else the shop's, else the installation's. A shop whose
// customers may share a log-in always sells bearer cards (D07), and so is sold what no account can hold.
func (p Product) ModeAt(shop, installation string, duplicateLogins bool) string {
	switch {
	case duplicateLogins, !p.claimable():
		return CardMode
	case p.Mode != "":
		return p.Mode
	case shop != "":
		return shop
	case installation != "":
		return installation
	}
	return CardMode
}

func shortText(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxName && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' })
}

func ensure(ok bool, fault string) error {
	if ok {
		return nil
	}
	return errors.New(fault)
}

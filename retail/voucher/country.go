package voucher

import "time"

// Rule is what holds for vouchers in a country, as far as this program knows: the shortest term that is safe to print (X09), and when
// the value must be paid out in cash (X12). It is no legal advice, and a merchant may always grant more.
type Rule struct {
	Country string // ISO 3166 alpha-2
	Term    Term
	Source  string // where the term stands
	CashOut CashOutRule
	ReadOn  string // when the sources were read: a year and month
}

// CashOutRule says who may have a voucher's value in cash.
type CashOutRule struct {
	Right  CashOutRight
	After  int // years after the end of validity for which the right lasts
	Fee    CashOutFee
	Source string
}

// CashOutRight says whose choice it is.
type CashOutRight string

// Where no law says otherwise it is the merchant's, who may set a limit up to which he pays out what is left; see [Rules].
const (
	HolderMayAsk  CashOutRight = "holder"   // for the whole balance
	MerchantGives CashOutRight = "merchant" // what is left, up to his limit
)

// CashOutFee says when the merchant may keep what paying out costs him.
type CashOutFee string

// Where a fee may be kept, it may while the voucher is valid and has an end, and if the terms of sale name it.
const (
	NoFee         CashOutFee = "none"
	FeeWhileValid CashOutFee = "while_valid"
)

// rules is the one table of what is known of countries.
func rules() []Rule {
	ofMerchant := CashOutRule{Right: MerchantGives, Fee: NoFee, Source: "no statute is known that gives a right to cash: the merchant's choice"}
	return []Rule{
		{
			Country: "AT", Term: NeverExpires, CashOut: ofMerchant, ReadOn: "2026-11",
			Source: "§ 879 Abs 3, § 1478 ABGB; OGH 7 Ob 22/12d struck down terms of two and three years",
		},
		{
			Country: "DE", Term: "P3Y/year-end", CashOut: ofMerchant, ReadOn: "2026-11",
			Source: "§§ 195, 199 BGB: three years from the end of the year of the sale",
		},
		{
			Country: "DK", Term: "P3Y", ReadOn: "2026-11",
			Source: "forældelsesloven § 3: three years; the Consumer Ombudsman's practice follows it",
			CashOut: CashOutRule{
				Right: HolderMayAsk, After: 1, Fee: FeeWhileValid,
				Source: "betalingsloven § 1, stk. 5, and § 96, stk. 2, 4 and 5: the value of an electronic voucher until one year after " +
					"it expired; a fee at cost, if agreed, before that",
			},
		},
		{
			Country: "NO", Term: "P3Y", CashOut: ofMerchant, ReadOn: "2026-11",
			Source: "foreldelsesloven § 2: three years",
		},
		{
			Country: "SE", Term: "P10Y", CashOut: ofMerchant, ReadOn: "2026-11",
			Source: "preskriptionslagen § 2: ten years where nothing shorter was agreed",
		},
	}
}

// RuleOf is the rule of a country; false when none is known.
func RuleOf(country string) (Rule, bool) {
	for _, rule := range rules() {
		if rule.Country == country {
			return rule, true
		}
	}
	return Rule{}, false
}

// Countries lists the countries whose rules are known, by their codes.
func Countries() []string {
	var known []string
	for _, rule := range rules() {
		known = append(known, rule.Country)
	}
	return known
}

// ShorterThan tells whether something that is sold under this term may end earlier than under the other. Both must be ones that
// [ParseTerm] accepted. What is sold on the first of January decides: there a year's end is farthest away.
func (t Term) ShorterThan(other Term) bool {
	newYear := Date{2001, time.January, 1}
	mine, others := t.Ends(newYear), other.Ends(newYear)
	switch {
	case mine.Zero():
		return false
	case others.Zero():
		return true
	}
	return mine.Start(time.UTC).Before(others.Start(time.UTC))
}

package voucher

import (
	"maps"
	"slices"
	"time"
)

// Rule is the shortest term that is safe to print in a country, and where that stands (X09).
type Rule struct {
	Country string // ISO 3166 alpha-2
	Term    Term
	Source  string
}

// RulesRead is when the sources of the rules were read. They are no legal advice, and a merchant may always grant more.
const RulesRead = "2026-11"

// sources says where each country's rule stands.
func sources() map[string]string {
	return map[string]string{
		"AT": "§ 879 Abs 3, § 1478 ABGB; OGH 7 Ob 22/12d struck down terms of two and three years",
		"DE": "§§ 195, 199 BGB: three years from the end of the year of the sale",
		"DK": "forældelsesloven § 3: three years; the Consumer Ombudsman's practice follows it",
		"NO": "foreldelsesloven § 2: three years",
		"SE": "preskriptionslagen § 2: ten years where nothing shorter was agreed",
	}
}

// RuleOf is the rule of a country; false when none is known.
func RuleOf(country string) (Rule, bool) {
	term, known := countryTerms()[country]
	return Rule{Country: country, Term: term, Source: sources()[country]}, known
}

// Countries lists the countries whose rules are known, by their codes.
func Countries() []string { return slices.Sorted(maps.Keys(countryTerms())) }

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

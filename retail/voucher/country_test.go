package voucher_test

import (
	"testing"

	"vouchsafe/retail/voucher"
)

func TestATermIsShorterThanAnother(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		term, other voucher.Term
		want        bool
	}{
		{"P3Y", "P3Y", false},
		{"P2Y", "P3Y", true},
		{"P3Y", "P3Y/year-end", true},
		{"P3Y/year-end", "P3Y", false},
		{"P4Y", "P3Y/year-end", false},
		{"P3Y/year-end", "P4Y", true},
		{"P100Y", "never", true},
		{"never", "P100Y", false},
		{"never", "never", false},
	} {
		if got := tt.term.ShorterThan(tt.other); got != tt.want {
			t.Errorf("%s shorter than %s: got %v, want %v", tt.term, tt.other, got, tt.want)
		}
	}
}

// X09: no rule without its source.
func TestEveryCountrysRuleHasASource(t *testing.T) {
	t.Parallel()
	for _, country := range voucher.Countries() {
		if rule, known := voucher.RuleOf(country); !known || rule.Source == "" || rule.Country != country {
			t.Errorf("the rule of %s is %+v", country, rule)
		}
	}
	if _, known := voucher.RuleOf("XX"); known {
		t.Error("the rule of no country is known")
	}
}

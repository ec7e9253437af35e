package loyalty_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/loyalty"
)

// P06 X17: lines that don't say what they come to without VAT share what the goods do.
func TestLinesWithoutANetShareThatOfTheGoods(t *testing.T) {
	t.Parallel()
	said := func(net int64) loyalty.Line { return loyalty.Line{Net: net, Gross: net} }
	gross := func(minor int64) loyalty.Line { return loyalty.Line{Gross: minor, Unsaid: true} }
	units := func(n int64) loyalty.Line { return loyalty.Line{Units: n, Unsaid: true} }
	card := func(l loyalty.Line) loyalty.Line { l.StoredValue = true; return l }
	worth := func(minor int64) loyalty.Line {
		return loyalty.Line{Units: 1, Unsaid: true, StoredValue: true, Face: minor}
	}
	for name, c := range map[string]struct {
		lines []loyalty.Line
		goods int64
		want  []int64
	}{
		"by gross":                                      {[]loyalty.Line{gross(125_00), gross(375_00)}, 400_00, []int64{100_00, 300_00}},
		"every minor unit":                              {[]loyalty.Line{gross(1_00), gross(1_00), gross(1_00)}, 2_00, []int64{66, 67, 67}},
		"what the others left":                          {[]loyalty.Line{said(100_00), gross(125_00), gross(125_00)}, 300_00, []int64{100_00, 100_00, 100_00}},
		"nothing is left":                               {[]loyalty.Line{said(100_00), gross(125_00)}, 100_00, []int64{100_00, 0}},
		"the others come to more than the goods":        {[]loyalty.Line{said(100_00), said(100_00), gross(125_00)}, 100_00, []int64{50_00, 50_00, 0}},
		"all of it to the only line":                    {[]loyalty.Line{units(3)}, 400_00, []int64{400_00}},
		"by units where nobody says an amount":          {[]loyalty.Line{units(1), units(3)}, 400_00, []int64{100_00, 300_00}},
		"alike where nobody says a number":              {[]loyalty.Line{units(0), units(0)}, 400_00, []int64{200_00, 200_00}},
		"nothing for who says nothing beside amounts":   {[]loyalty.Line{units(1), gross(500_00)}, 400_00, []int64{0, 400_00}},
		"all of it, whatever the lines say":             {[]loyalty.Line{gross(50_00), gross(50_00)}, 200_00, []int64{100_00, 100_00}},
		"X17 nothing for a voucher":                     {[]loyalty.Line{gross(125_00), card(gross(500_00))}, 100_00, []int64{100_00, 0}},
		"X17 nor of one that was added up":              {[]loyalty.Line{gross(125_00), card(gross(500_00))}, 600_00, []int64{100_00, 0}},
		"X17 nor beside one that says no amount":        {[]loyalty.Line{gross(125_00), card(units(1))}, 600_00, []int64{98_42, 0}}, // as if the VAT was Europe's highest
		"X17 beside one that says no amount, not in it": {[]loyalty.Line{gross(125_00), card(units(1))}, 100_00, []int64{100_00, 0}},
		"X17 the least beside one that nobody can tell": {[]loyalty.Line{units(1), card(units(1))}, 100_00, []int64{0, 0}},
		"X17 beside one of a face value":                {[]loyalty.Line{units(1), worth(500_00)}, 600_00, []int64{100_00, 0}},
		"X17 of which one is not in it":                 {[]loyalty.Line{units(1), worth(500_00)}, 100_00, []int64{100_00, 0}},
		"X17 of which one is all of it":                 {[]loyalty.Line{units(1), worth(500_00)}, 500_00, []int64{0, 0}},
		"X17 a face value and gross":                    {[]loyalty.Line{gross(125_00), worth(500_00)}, 600_00, []int64{100_00, 0}},
		"X17 a face value and one that nobody can tell": {[]loyalty.Line{units(1), worth(500_00), card(units(1))}, 600_00, []int64{0, 0, 0}},
		"X17 beside one that says its net":              {[]loyalty.Line{units(1), card(said(50_00))}, 100_00, []int64{50_00, 50_00}},
		"X17 beside one that says its gross":            {[]loyalty.Line{units(1), card(gross(500_00))}, 600_00, []int64{100_00, 0}},
		"X17 beside goods that say their net":           {[]loyalty.Line{units(1), card(said(50_00)), said(20_00)}, 100_00, []int64{30_00, 50_00, 20_00}},
		"free of charge":                                {[]loyalty.Line{gross(0), gross(0)}, 0, []int64{0, 0}},
		"as large as there are":                         {[]loyalty.Line{gross(math.MaxInt64), gross(math.MaxInt64)}, math.MaxInt64, []int64{math.MaxInt64, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []int64
			for _, l := range loyalty.Basket(c.lines, c.goods, 0).Lines {
				got = append(got, l.Net)
				if l.Unsaid || l.Units != 0 || l.Face != 0 {
					t.Errorf("it is not settled: %+v", l)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("the nets (-want +got):\n%s", diff)
			}
		})
	}
}

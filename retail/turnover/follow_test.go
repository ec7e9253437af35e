package turnover_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/turnover"
)

// journal writes lines of several accounts, a minute apart.
type journal struct {
	lines []turnover.Line
	seqs  map[string]int64
	acts  int
}

func (j *journal) line(account, act, kind, contra string, amount int64) {
	if j.seqs == nil {
		j.seqs = map[string]int64{}
	}
	j.seqs[account]++
	j.lines = append(j.lines, turnover.Line{
		Account: account, Seq: j.seqs[account], Act: act, Kind: kind, Contra: contra, Amount: amount, Currency: "DKK",
		At: time.Date(2026, 11, 22, 12, len(j.lines), 0, 0, time.UTC),
	})
}

// does writes a line of one account.
func (j *journal) does(account, kind, contra string, amount int64) *journal {
	j.acts++
	j.line(account, fmt.Sprint("act-", j.acts), kind, contra, amount)
	return j
}

// moves writes the two lines of a move between accounts.
func (j *journal) moves(kind, from, to string, amount int64) *journal {
	j.acts++
	act := fmt.Sprint("act-", j.acts)
	j.line(from, act, kind, "account/"+to, -amount)
	j.line(to, act, kind, "account/"+from, amount)
	return j
}

// fate is what is compared: redeemed, refunded, expired, adjusted, outstanding.
func fates(t *testing.T, j *journal) map[string][5]int64 {
	t.Helper()
	found, err := turnover.Follow(j.lines)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string][5]int64{}
	for _, f := range found {
		told[fmt.Sprintf("%s %d", f.Account, f.Seq)] = [5]int64{f.Redeemed, f.Refunded, f.Expired, f.Adjusted, f.Outstanding}
		if f.Sold != f.Redeemed+f.Refunded+f.Expired+f.Adjusted+f.Outstanding || f.Outstanding < 0 {
			t.Errorf("%+v: sold is not the sum of the five", f)
		}
	}
	return told
}

// What became of what was sold (A04, A05, X11).
func TestWhatWasSoldIsFollowedThroughAllThatHappensToIt(t *testing.T) {
	t.Parallel()
	const sold, redeemed, office = "sold/shop:demo", "redeemed/till:Kasse 1", "adjusted/office"
	for _, tt := range []struct {
		name    string
		journal *journal
		want    map[string][5]int64
	}{
		{"what nobody touched is outstanding", new(journal).does("a", "issue", sold, 500), map[string][5]int64{"a 1": {0, 0, 0, 0, 500}}},
		{"a refund of a redemption makes it outstanding again",
			new(journal).does("a", "issue", sold, 500).does("a", "redeem", redeemed, -300).does("a", "refund", redeemed, 100),
			map[string][5]int64{"a 1": {200, 0, 0, 0, 300}}},
		{"a reload is not what was sold, and is spent after it",
			new(journal).does("a", "issue", sold, 500).does("a", "reload", "reloaded/till:x", 200).does("a", "redeem", redeemed, -600),
			map[string][5]int64{"a 1": {500, 0, 0, 0, 0}}},
		{"a reload that is taken back leaves alone what was sold",
			new(journal).does("a", "issue", sold, 500).does("a", "reload", "reloaded/till:x", 200).does("a", "reversal", "reloaded/till:x", -200),
			map[string][5]int64{"a 1": {0, 0, 0, 0, 500}}},
		{"a refunded purchase is refunded, one that the office ends is adjusted",
			new(journal).does("a", "issue", sold, 500).does("a", "invalidate", "invalidated/shop:demo", -500).
				does("b", "issue", sold, 500).does("b", "redeem", redeemed, -100).does("b", "invalidate", "invalidated/office", -400),
			map[string][5]int64{"a 1": {0, 500, 0, 0, 0}, "b 1": {100, 0, 0, 400, 0}}},
		{"a sale that was taken back is refunded, and the card sold anew is another sale",
			new(journal).does("a", "issue", "sold/till:x", 500).does("a", "reversal", "sold/till:x", -500).does("a", "issue", "sold/till:x", 300),
			map[string][5]int64{"a 1": {0, 500, 0, 0, 0}, "a 3": {0, 0, 0, 0, 300}}},
		{"a correction that is corrected leaves nothing behind, and what is set above is not of what was sold (A26)",
			new(journal).does("a", "issue", sold, 500).does("a", "adjust", office, -500).does("a", "adjust", office, 1300).does("a", "redeem", redeemed, -600),
			map[string][5]int64{"a 1": {500, 0, 0, 0, 0}}},
		{"what is written off has expired, what is paid out is refunded",
			new(journal).does("a", "issue", sold, 500).does("a", "expire", "expired/office", -500).
				does("b", "issue", sold, 500).does("b", "cash_out", "paid_out/till:x", -490).does("b", "cash_out_fee", "fees/till:x", -10),
			map[string][5]int64{"a 1": {0, 0, 500, 0, 0}, "b 1": {0, 500, 0, 0, 0}}},
		{"what was written off is brought back, beside what was refunded since",
			new(journal).does("a", "issue", sold, 500).does("a", "redeem", redeemed, -100).does("a", "expire", "expired/clock", -400).does("a", "refund", redeemed, 60).
				does("a", "redeem", redeemed, -10).does("a", "expire", "expired/clock", -50).does("b", "issue", sold, 300).does("b", "expire", "expired/clock", -300).
				does("b", "reversal", "expired/clock", 300).does("b", "redeem", redeemed, -120),
			map[string][5]int64{"a 1": {50, 0, 450, 0, 0}, "b 1": {120, 0, 0, 0, 180}}},
		{"what was paid out and the fee of it are taken back",
			new(journal).does("a", "issue", sold, 500).does("a", "cash_out", "paid_out/till:x", -490).does("a", "cash_out_fee", "fees/till:x", -10).
				does("a", "reversal", "paid_out/till:x", 490).does("a", "reversal", "fees/till:x", 10).does("a", "redeem", redeemed, -100),
			map[string][5]int64{"a 1": {100, 0, 0, 0, 400}}},
		{"a claimed voucher is outstanding until the customer has spent it",
			new(journal).does("a", "issue", sold, 500).does("b", "issue", sold, 300).moves("claim", "a", "z", 500).moves("claim", "b", "z", 300).
				does("z", "redeem", redeemed, -600),
			map[string][5]int64{"a 1": {500, 0, 0, 0, 0}, "b 1": {100, 0, 0, 0, 200}}},
		{"a code that was brought over from elsewhere was not sold here",
			new(journal).does("a", "issue", "imported/office", 500).does("a", "redeem", redeemed, -500), map[string][5]int64{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, fates(t, tt.journal)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAJournalThatTakesWhatIsNotThereIsBroken(t *testing.T) {
	t.Parallel()
	if _, err := turnover.Follow(new(journal).does("a", "redeem", "redeemed/till:x", -1).lines); err == nil {
		t.Error("nothing is said")
	}
}

// Sold is the sum of the five, and what is outstanding is never more than what is owed, whatever happens in whatever order.
func TestTheFivePlacesAlwaysMakeUpWhatWasSold(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		j, balances := made(rand.New(rand.NewPCG(seed, 1)))
		found, err := turnover.Follow(j.lines)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var outstanding, owed int64
		for _, f := range found {
			if f.Sold != f.Redeemed+f.Refunded+f.Expired+f.Adjusted+f.Outstanding || f.Outstanding < 0 || f.Redeemed < 0 {
				t.Fatalf("seed %d: %+v", seed, f)
			}
			outstanding += f.Outstanding
		}
		for _, balance := range balances {
			owed += balance
		}
		if outstanding > owed {
			t.Fatalf("seed %d: %d outstanding of %d owed", seed, outstanding, owed)
		}
	}
}

// made is a journal of four accounts to which anything happens that is covered by their balances.
func made(draw *rand.Rand) (*journal, map[string]int64) {
	j, balances := &journal{}, map[string]int64{}
	spent := map[string]int64{}
	names := []string{"a", "b", "c", "d"}
	for range 60 {
		account, other, amount := names[draw.IntN(4)], names[draw.IntN(4)], 1+draw.Int64N(500)
		out := min(amount, balances[account])
		switch draw.IntN(9) {
		case 0, 1:
			j.does(account, "issue", "sold/shop:demo", amount)
			balances[account] += amount
		case 2:
			j.does(account, "reload", "reloaded/till:x", amount)
			balances[account] += amount
		case 3:
			j.does(account, "adjust", "adjusted/office", amount)
			balances[account] += amount
		case 4:
			if back := min(amount, spent[account]); back > 0 {
				j.does(account, "refund", "redeemed/till:x", back)
				balances[account] += back
				spent[account] -= back
			}
		case 5:
			if out > 0 && account != other {
				j.moves("transfer", account, other, out)
				balances[account] -= out
				balances[other] += out
			}
		default:
			if out > 0 {
				kinds := [][2]string{{"redeem", "redeemed/till:x"}, {"adjust", "adjusted/office"}, {"expire", "expired/office"}, {"reversal", "reloaded/till:x"}}
				kind := kinds[draw.IntN(len(kinds))]
				j.does(account, kind[0], kind[1], -out)
				balances[account] -= out
				if kind[0] == "redeem" {
					spent[account] += out
				}
			}
		}
	}
	return j, balances
}

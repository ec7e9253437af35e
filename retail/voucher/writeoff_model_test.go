package voucher_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vouchsafe/retail/voucher"
)

// decades lets a register, a cart, the office and the clock act on one voucher for years.
type decades struct{ *shelf }

// acts is something that anybody might ask for; most of it is refused at one time or another.
func (d decades) acts(t *rapid.T) voucher.Act {
	key, whole := keys().Draw(t, "key"), whole().Draw(t, "amount")
	spent := redemption(till, keys().Draw(t, "of"))
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		return redeem(till, key, whole)
	case 1:
		return refund(key, spent, 0)
	case 2:
		return reload(key, whole)
	case 3:
		return moves(key, -whole)
	case 4:
		return online(key, "cart", whole)
	case 5:
		return capture(key, "1042")
	case 6:
		return cashOut(key)
	case 7:
		back := reverse(voucher.Ref{Owner: till, Kind: voucher.Refunds, Key: key})
		if record := d.records[back.Target]; record != nil {
			back.Source = (&machine{shelf: d.shelf}).sourceOf(record)
		}
		return back
	case 8:
		return reverse(spent)
	}
	return voucher.Block{Kind: voucher.OfficeBlock, Blocked: rapid.IntRange(0, 3).Draw(t, "blocked") == 0}
}

func (d decades) asks(t *rapid.T) {
	_, _ = d.tries(d.acts(t)) // the shelf proves what must hold, refused or not
	d.proves(t)
}

func (d decades) waits(t *rapid.T) {
	d.passes(time.Duration(rapid.SampledFrom([]int{1, 4, 31, 365, threeYears}).Draw(t, "days")) * 24 * time.Hour)
}

// writesOff proves that only what is nobody's goes.
func (d decades) writesOff(t *rapid.T) {
	before := d.one()
	live := false
	for _, r := range d.reservations {
		live = live || r.LiveAt(d.now) || r.State == voucher.ReservationExpired && d.now.Before(r.ExpiresAt.Add(d.rules.LateCapture)) && r.Fence == before.Fence
	}
	got := d.does(voucher.WriteOff{})
	if got.Created && (live || before.Blocked() || !before.ExpiredAt(d.now) || d.now.Before(before.OwedUntil()) || before.Balance == 0) {
		t.Fatalf("%+v was written off at %v, held %t", before, d.now, live)
	}
	d.proves(t)
}

// extends proves that all that was written off is there again.
func (d decades) extends(t *rapid.T) {
	last := voucher.DateOf(d.now.AddDate(0, 0, rapid.SampledFrom([]int{1, 60}).Draw(t, "for")), copenhagen())
	got, err := d.tries(voucher.Extend{Last: last})
	if err == nil && got.Outcome != voucher.OutcomeUnchanged && d.gone() != 0 {
		t.Fatalf("%d are gone after %+v", d.gone(), got)
	}
	d.proves(t)
}

// gone is what was written off and not brought back.
func (d decades) gone() (minor int64) {
	for ref, r := range d.records {
		if ref.Kind == voucher.Lapses {
			minor += r.Amount - r.TakenBack
		}
	}
	return minor
}

// proves that what the voucher holds and what was written off of it are what everything else has made of it.
func (d decades) proves(t *rapid.T) {
	var made int64
	for _, e := range d.entries {
		if !strings.HasPrefix(e.Contra, "expired/") {
			made += e.Amount
		}
	}
	if v := d.one(); v.Balance+d.gone() != made {
		t.Fatalf("it holds %d, and %d were written off; all else comes to %d", v.Balance, d.gone(), made)
	}
}

// X12: whatever happens to a voucher over the years, no write-off takes what somebody may still have, or loses or doubles any value.
func TestNoValueIsLostByWriteOffs(t *testing.T) {
	t.Parallel()
	for _, country := range []string{"DK", "SE"} {
		rapid.Check(t, func(t *rapid.T) {
			d := decades{newShelf(t)}
			under(country)(d.shelf)
			t.Repeat(map[string]func(*rapid.T){
				"ask": d.asks, "ask again": d.asks, "ask once more": d.asks, "wait": d.waits, "write off": d.writesOff, "write off again": d.writesOff, "extend": d.extends,
			})
		})
	}
}

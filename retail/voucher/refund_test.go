package voucher_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// spent is the redemption that most tests give back.
func spent() voucher.Ref { return redemption(till, "r") }

// spend redeems 200 kroner.
func spend() step { return given(redeem(till, "r", 200)) }

func TestARefundGoesBackWhereItCameFrom(t *testing.T) { // X01
	t.Parallel()
	for _, tt := range []struct {
		name string
		when voucher.Refund
		want int64
	}{
		{"all that is left", refund("f", spent(), 0), 200},
		{"all of it, by its amount", refund("f", spent(), 200), 200},
		{"a part", refund("f", spent(), 80), 80},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			source := s.does(redeem(till, "r", 200)).Record
			end := s.one().ExpiresOn
			answer := s.does(tt.when)
			record := answer.Record
			if record.Amount != tt.want*100 || record.Balance != (300+tt.want)*100 || record.Source != source.ID || !answer.Created {
				t.Errorf("got %+v", record)
			}
			if s.records[spent()].TakenBack != tt.want*100 || s.records[spent()].State != voucher.Done {
				t.Errorf("the redemption says %+v", s.records[spent()])
			}
			want := voucher.Entry{
				Account: "v1", Seq: 3, Act: record.ID, Source: source.ID, Kind: "refund", Contra: "redeemed/till:Kasse 1",
				Amount: tt.want * 100, Currency: "DKK", Balance: (300 + tt.want) * 100, At: s.now,
			}
			if diff := cmp.Diff(want, s.entries[2]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if s.one().Fence != 1 || s.one().ExpiresOn != end {
				t.Errorf("voucher %+v", s.one())
			}
			if again := s.does(tt.when); again.Created || !cmp.Equal(again.Record.Stored(), record.Stored(), compareCases()) {
				t.Errorf("the repeat answers %+v", again.Record)
			}
		})
	}
}

func TestRefundsNeverSumToMoreThanWasCaptured(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	spend()(s)
	s.does(refund("f1", spent(), 80))
	_, err := s.tries(refund("f2", spent(), 121))
	expectRefusal(t, err, only(120))
	s.does(refund("f2", spent(), 120))
	_, err = s.tries(refund("f3", spent(), 1))
	expectRefusal(t, err, only(0))
	_, err = s.tries(refund("f3", spent(), 0))
	expectRefusal(t, err, only(0))
}

func TestARefundOfWhatOthersSpentIsBookedOnThem(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(online("k", "A", 200))
	s.does(capture("k", "1042"))
	s.does(refund("f", redemption(shop, "k"), 0))
	if got := s.entries[2].Contra; got != "redeemed/shop:demo" {
		t.Errorf("booked on %s", got)
	}
}

func TestARefundWakesAUsedUpVoucher(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(redeem(till, "r", 500))
	end := s.one().ExpiresOn
	if got := s.does(refund("f", spent(), 1)).Voucher; got.State != voucher.Active || got.ExpiresOn != end {
		t.Errorf("got %s through %s", got.State, got.ExpiresOn)
	}
}

// After a refund an expired voucher is usable for 30 more days of the merchant's zone.
func TestARefundToAnExpiredVoucherGivesTimeToComeBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, at, want string }{
		{"at the instant it expired", "2029-11-22T23:00:00Z", "2029-12-23"},
		{"an instant before", "2029-11-22T22:59:59.999999999Z", "2029-11-22"},
		{"a month later", "2029-12-20T11:00:00Z", "2030-01-19"},
		{"in the first local hour of a day, before the clocks go back", "2030-10-10T22:30:00Z", "2030-11-10"},
		{"in the last local hour of a day, before the clocks go forward", "2030-03-05T22:30:00Z", "2030-04-04"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			spend()(s)
			s.now = instant(t, tt.at)
			v := s.does(refund("f", spent(), 0)).Voucher
			if v.ExpiresOn != day(t, tt.want) || !v.EndsAt.Equal(day(t, tt.want).End(copenhagen())) || v.ExpiredAt(s.now) {
				t.Errorf("valid through %s until %v, want %s", v.ExpiresOn, v.EndsAt.UTC(), tt.want)
			}
			s.does(redeem(till, "again", 500))
		})
	}
}

func TestARefundIsNotStoppedByAReservationOrABlock(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]step{
		"a reservation":  given(online("k", "A", 100)),
		"a block":        given(block()),
		"an order block": given(voucher.Block{Kind: voucher.OrderBlock, Blocked: true}),
	} {
		s := newShelf(t)
		spend()(s)
		before(s)
		fence := s.one().Fence
		if got := s.does(refund("f", spent(), 0)).Voucher; got.Balance != 500_00 || got.Fence != fence {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestRefundsThatAreRefused(t *testing.T) {
	t.Parallel()
	euro, other := refund("f", spent(), 0), refund("f", spent(), 0)
	euro.Amount = &money.Amount{Minor: 1, Currency: "EUR"}
	nothing := refund("f", spent(), 0)
	nothing.Amount = at(0)
	other.Detail.Reason = "another"
	done := given(refund("f", spent(), 0))
	name := voucher.Ref{Owner: till, Kind: voucher.Refunds, Key: "f"}
	refuses(t, []refusal{
		{"of what nobody knows", nil, refund("f", spent(), 0), voucher.ErrActNotFound},
		{"of what was prevented", []step{prevented(spent())}, refund("f", spent(), 0), voucher.ErrActNotFound},
		{"of what was taken back", []step{spend(), given(reverse(spent()))}, refund("f", spent(), 0), only(0)},
		{"above what was captured", []step{spend()}, refund("f", spent(), 201), only(200)},
		{"of nothing", []step{spend()}, nothing, only(200)},
		{"in another currency", []step{spend()}, euro, voucher.ErrCurrency},
		{"to an invalidated voucher", []step{spend(), given(invalidate("e"))}, refund("f", spent(), 0), voucher.ErrInvalidated},
		{"to a claimed voucher", []step{spend(), edited(func(v *voucher.Voucher) { v.State = voucher.Claimed })}, refund("f", spent(), 0), voucher.ErrClaimed},
		{"to a quarantined voucher", []step{spend(), forgotten}, refund("f", spent(), 0), voucher.ErrQuarantined},
		{"of another amount under the key", []step{spend(), done}, refund("f", spent(), 200), voucher.ErrKeyReused},
		{"for another reason under the key", []step{spend(), done}, other, voucher.ErrKeyReused},
		{"of another redemption under the key", []step{spend(), done}, refund("f", redemption(till2, "r"), 0), voucher.ErrKeyReused},
		{"under a key that was taken back", []step{spend(), done, given(reverseRefund("f", spent()))}, refund("f", spent(), 0), voucher.ErrPrevented},
		{"under a key whose cancellation came first", []step{spend(), prevented(name)}, refund("f", spent(), 0), voucher.ErrPrevented},
	})
}

// A reversal takes back all that is left of an act, or nothing (X02).
func TestAReversalMovesWhatIsLeftTheOtherWay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		given   []step
		when    voucher.Reverse
		balance int64
		contra  string
		fence   int64 // by how much it rises: only what takes value away
	}{
		{"of a redemption", []step{spend()}, reverse(spent()), 500, "redeemed/till:Kasse 1", 0},
		{"of a redemption that was partly refunded", []step{spend(), given(refund("f", spent(), 80))}, reverse(spent()), 500, "redeemed/till:Kasse 1", 0},
		{"of a redemption that used the voucher up", []step{given(redeem(till, "r", 500))}, reverse(spent()), 500, "redeemed/till:Kasse 1", 0},
		{"of a redemption while reserved", []step{spend(), given(online("k", "A", 300))}, reverse(spent()), 500, "redeemed/till:Kasse 1", 0},
		{"of a redemption at the last instant", []step{spend(), after(24*time.Hour - time.Nanosecond)}, reverse(spent()), 500, "redeemed/till:Kasse 1", 0},
		{"of a redemption while blocked", []step{spend(), given(block())}, reverse(spent()), 500, "redeemed/till:Kasse 1", 0},
		{"of a reload", []step{given(reload("l", 100))}, reverse(reloadOf("l")), 500, "reloaded/till:Kasse 1", 1},
		{"of a reload that was partly spent", []step{given(reload("l", 100)), given(redeem(till, "r", 500))}, reverse(reloadOf("l")), 0, "reloaded/till:Kasse 1", 1},
		{"of a reload beside a reservation", []step{given(online("k", "A", 500)), given(reload("l", 100))}, reverse(reloadOf("l")), 500, "reloaded/till:Kasse 1", 1},
		{"of a refund", []step{spend(), given(refund("f", spent(), 80))}, reverseRefund("f", spent()), 300, "redeemed/till:Kasse 1", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, step := range tt.given {
				step(s)
			}
			before := s.one()
			answer := s.does(tt.when)
			record := s.records[tt.when.Target]
			if answer.Outcome != voucher.OutcomeReversed || record.State != voucher.Reversed || !record.ReversedAt.Equal(s.now) || record.TakenBack != record.Amount {
				t.Errorf("outcome %s of %+v", answer.Outcome, record)
			}
			last := s.entries[len(s.entries)-1]
			if last.Kind != "reversal" || last.Contra != tt.contra || last.Act != record.ID || last.Balance != tt.balance*100 {
				t.Errorf("booked as %+v", last)
			}
			if v := s.one(); v.Fence != before.Fence+tt.fence || v.ExpiresOn != before.ExpiresOn {
				t.Errorf("voucher %+v, before %+v", v, before)
			}
			if again := s.does(tt.when); again.Outcome != voucher.OutcomeReversed || len(s.entries) != int(s.one().Entries) {
				t.Errorf("the repeat answers %+v", again)
			}
		})
	}
}

func TestARefundThatWasReversedCanBeGivenAgain(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	spend()(s)
	s.does(refund("f", spent(), 200))
	s.does(reverseRefund("f", spent()))
	if got := s.records[spent()].TakenBack; got != 0 {
		t.Errorf("the redemption still has %d taken back", got)
	}
	if got := s.does(refund("f2", spent(), 0)); got.Record.Amount != 200_00 {
		t.Errorf("got %+v", got.Record)
	}
}

// P19: what was given back is not taken again beyond what may still pay for its order; a repeat is one whatever there is room for.
func TestARefundIsReversedWhereItsOrderHasRoom(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	spend()(s)
	s.does(refund("f", spent(), 200))
	back := func(room int64) voucher.Reverse {
		act := reverseRefund("f", spent())
		act.Room = &room
		return act
	}
	if _, err := s.tries(back(199_99)); err != voucher.ErrNotReversible {
		t.Errorf("got %v, want %v", err, voucher.ErrNotReversible)
	}
	for _, room := range []int64{200_00, 0} {
		if got := s.does(back(room)); got.Outcome != voucher.OutcomeReversed {
			t.Errorf("got %s", got.Outcome)
		}
	}
}

func TestAReversalRestoresMoneyNotValidity(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.now = s.one().EndsAt.Add(-time.Hour)
	spend()(s)
	s.passes(2 * time.Hour)
	v := s.does(reverse(spent())).Voucher
	if v.Balance != 500_00 || v.StateAt(s.now) != voucher.Expired {
		t.Errorf("got %d, %s", v.Balance, v.StateAt(s.now))
	}
}

func TestTheOfficeMayReverseLate(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	spend()(s)
	s.passes(1000 * time.Hour)
	when := reverse(spent())
	when.Limited = voucher.Unlimited
	if got := s.does(when); got.Outcome != voucher.OutcomeReversed || got.Voucher.Balance != 500_00 {
		t.Errorf("got %+v", got)
	}
}

func TestAnActOfNothingIsReversedWithoutAnEntry(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(online("k", "A", 0))
	s.does(capture("k", "1042"))
	if got := s.does(reverse(redemption(shop, "k"))); got.Outcome != voucher.OutcomeReversed || len(s.entries) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestAPreventedActIsAnsweredSo(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	prevented(spent())(s)
	if got := s.does(reverse(spent())); got.Outcome != voucher.OutcomePrevented || got.Record.State != voucher.Prevented {
		t.Errorf("got %+v", got)
	}
}

func TestReversalsThatAreRefused(t *testing.T) {
	t.Parallel()
	issue := voucher.Ref{Owner: shop, Kind: voucher.Issues, Key: "v1"}
	held := voucher.Ref{Owner: shop, Kind: voucher.Reservations, Key: "k"}
	refuses(t, []refusal{
		{"of what nobody knows", nil, reverse(spent()), voucher.ErrActNotFound},
		{"when the time is over", []step{spend(), after(24 * time.Hour)}, reverse(spent()), voucher.ErrNotReversible},
		{"of a redemption that was refunded", []step{spend(), given(refund("f", spent(), 0))}, reverse(spent()), voucher.ErrNotReversible},
		{"of a redemption of an invalidated voucher", []step{spend(), given(invalidate("e"))}, reverse(spent()), voucher.ErrNotReversible},
		{"of a redemption of a quarantined voucher", []step{spend(), forgotten}, reverse(spent()), voucher.ErrNotReversible},
		{"of a reload that was spent", []step{given(reload("l", 100)), given(redeem(till, "r", 501))}, reverse(reloadOf("l")), voucher.ErrNotReversible},
		{"of a reload that is reserved", []step{given(reload("l", 100)), given(online("k", "A", 501))}, reverse(reloadOf("l")), voucher.ErrNotReversible},
		{"of a refund that was spent", []step{spend(), given(refund("f", spent(), 80)), given(redeem(till, "r2", 301))}, reverseRefund("f", spent()), voucher.ErrNotReversible},
		{"of a refund that is reserved", []step{spend(), given(refund("f", spent(), 80)), given(online("k", "A", 301))}, reverseRefund("f", spent()), voucher.ErrNotReversible},
		{"of a refund whose redemption is not known", []step{spend(), given(refund("f", spent(), 80))}, reverseRefund("f", redemption(till2, "r")), voucher.ErrNotReversible},
		{"of a refund whose redemption was taken back", []step{spend(), given(refund("f", spent(), 80)), given(reverse(spent()))}, reverseRefund("f", spent()), voucher.ErrNotReversible},
		{"of a sale", nil, reverse(issue), voucher.ErrNotReversible},
		{"of a reservation", []step{given(online("k", "A", 1))}, reverse(held), voucher.ErrNotReversible},
	})
}

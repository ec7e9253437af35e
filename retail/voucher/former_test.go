package voucher_test

import (
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

// D17: a reservation that is over is opened anew where its customer has gone, and whoever comes with its key to where it was is told to
// come again.
func TestAReservationFollowsItsCustomer(t *testing.T) {
	t.Parallel()
	reserve := voucher.Reserve{ID: "r1", Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Reservations, Key: "r"}, Holder: voucher.Holder{1}, Due: kroner(50)}
	anew := reserve
	anew.ID = "r2"
	for _, tt := range []struct {
		name   string
		given  func(old *voucher.Case) // after the reservation there
		former bool
		want   error
	}{
		{"released", func(old *voucher.Case) {
			_, _ = voucher.Decide(old, voucher.Release{Ref: reserve.Ref, Final: voucher.Soft})
		}, true, nil},
		{"expired", func(old *voucher.Case) {
			old.At = old.At.Add(25 * time.Hour)
			_, _ = voucher.Decide(old, voucher.Expire{})
		}, true, nil},
		{"live", func(*voucher.Case) {}, true, voucher.ErrKeyReused},
		{"no customer of his", func(old *voucher.Case) {
			_, _ = voucher.Decide(old, voucher.Release{Ref: reserve.Ref, Final: voucher.Soft})
		}, false, voucher.ErrKeyReused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pair := opposite(func(from, _ *voucher.Voucher) { from.Kind, from.Mode = voucher.Account, "" })
			old, now := pair.from, pair.to
			granted, err := voucher.Decide(old, reserve)
			if err != nil {
				t.Fatal(err)
			}
			tt.given(old)
			now.At = old.At
			act := anew
			if tt.former {
				act.Former = granted.Reservation
			}
			answer, err := voucher.Decide(now, act)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want != nil {
				return
			}
			if !answer.Reopened || answer.Record.Voucher != now.Voucher.ID || answer.Record.Reservation != "r2" {
				t.Errorf("opened %+v", answer.Record)
			}
			for _, late := range []voucher.Act{voucher.Capture{ID: "c", Ref: reserve.Ref}, voucher.Release{Ref: reserve.Ref, Final: voucher.Soft}} {
				if _, err := voucher.Decide(old, late); !errors.Is(err, voucher.ErrInProgress) {
					t.Errorf("%T where it was: %v", late, err)
				}
			}
		})
	}
}

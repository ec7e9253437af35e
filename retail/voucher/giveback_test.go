package voucher_test

import (
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// givesBack gives back what stands of a redemption.
func (p *purse) givesBack(redemption voucher.Ref) voucher.Answer {
	p.t.Helper()
	return p.does(voucher.GiveBack{Redemption: redemption, Reason: "cancelled"})
}

// refunds gives so much of a redemption back as its owner asks.
func (p *purse) refunds(key string, redemption voucher.Ref, points int64) voucher.Ref {
	p.t.Helper()
	ref, amount := voucher.Ref{Owner: shop, Kind: voucher.Refunds, Key: key}, money.Of(points, money.Point)
	p.does(voucher.Refund{ID: p.id(), Ref: ref, Redemption: redemption, Amount: &amount})
	return ref
}

// takesAgain takes a refund back.
func (p *purse) takesAgain(refund, redemption voucher.Ref) {
	p.t.Helper()
	p.does(voucher.Reverse{Target: refund, Source: &redemption, Limited: voucher.Unlimited})
}

// X17: what a cancelled order gives back is what stands of its redemption, whatever its shop refunds before, takes again or does twice.
func TestX17WhatStandsOfARedemptionIsGivenBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		given func(p *purse, redemption voucher.Ref)
		want  int64 // given back, of 100
	}{
		{"all of it", func(*purse, voucher.Ref) {}, 100},
		{"beside a refund", func(p *purse, of voucher.Ref) { p.refunds("f", of, 50) }, 50},
		{"after a refund of all", func(p *purse, of voucher.Ref) { p.refunds("f", of, 100) }, 0},
		{"twice", func(p *purse, of voucher.Ref) { p.givesBack(of) }, 0},
		{"after it was reversed", func(p *purse, of voucher.Ref) { p.reverses(of) }, 0},
		{"beside a refund that is taken back", func(p *purse, of voucher.Ref) { p.takesAgain(p.refunds("f", of, 50), of) }, 100},
		{"once more, when a refund before it is taken back", func(p *purse, of voucher.Ref) {
			refund := p.refunds("f", of, 50)
			p.givesBack(of)
			p.takesAgain(refund, of)
		}, 50},
		{"not from quarantine", func(p *purse, _ voucher.Ref) { p.account.Quarantined = true }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPurse(t)
			p.earns("a", 100, 0)
			p.does(p.pays("r", 1, 10_00))
			redemption := p.captures("r", "9").Record.Ref
			tt.given(p, redemption)
			before := p.account.Balance
			answer := p.givesBack(redemption)
			wants(t, "given back", p.account.Balance-before, tt.want)
			wants(t, "said so", answer.Created, tt.want > 0)
			if answer.Created {
				wants(t, "by reference", answer.Record.Source, p.records[redemption].ID)
				wants(t, "for the order", answer.Record.Detail, voucher.Detail{Order: "9", Reason: "cancelled", Account: true})
			}
			if !p.account.Quarantined {
				wants(t, "all is back", p.account.Balance, int64(100))
			}
		})
	}
}

// P18 X17: points that have ended meanwhile live on for a while when they are given back, and what is open is made up for first.
func TestX17WhatIsGivenBackIsAsARefund(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	earning := p.earns("a", 100, 1).Record.Ref
	p.does(p.pays("r", 1, 10_00))
	redemption := p.captures("r", "9").Record.Ref
	p.settles(earning, 70)
	p.now = p.now.Add(10 * 24 * time.Hour)
	p.givesBack(redemption)
	wants(t, "but what was open", p.account.Balance, int64(70))
	p.now = p.now.Add(29 * 24 * time.Hour)
	p.does(voucher.Expire{})
	wants(t, "for 30 days", p.account.Balance, int64(70))
	p.now = p.now.Add(3 * 24 * time.Hour)
	p.does(voucher.Expire{})
	wants(t, "no longer", p.account.Balance, int64(0))
}

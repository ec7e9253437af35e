package retail

import (
	"context"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/voucher"
)

// withReceipt adds to a transfer what lets its value in; other acts are left as they are.
func withReceipt(aimed ledger.Aimed) ledger.Aimed {
	if act, ok := aimed.Act.(voucher.Transfer); ok {
		aimed.Then = &ledger.Aimed{Voucher: act.To, Account: act.Account, Act: voucher.Receive{Ref: act.Ref}}
	}
	return aimed
}

// withReturn adds to the reversal of an act that moved value what takes it from where it went, and to that of a conversion the end of
// the voucher that was given for the points.
func withReturn(aimed ledger.Aimed, record voucher.Record) ledger.Aimed {
	if given := record.Detail.Reward; given != nil && given.Voucher != "" {
		reward := voucher.Ref{Owner: record.Owner, Kind: voucher.Rewards, Key: record.Key}
		aimed.Then = &ledger.Aimed{Voucher: given.Voucher, Act: voucher.Reverse{Target: reward, Limited: voucher.Unlimited}}
	}
	if moved := record.Detail.Moved; moved != nil {
		aimed.Then = &ledger.Aimed{Voucher: moved.To, Account: moved.Account, Act: voucher.Return{Target: record.Ref}}
	}
	return aimed
}

// settleHalves applies an act that moves value, both halves or none.
func (d *Desk) settleHalves(ctx context.Context, aimed ledger.Aimed) (voucher.Answer, error) {
	answers, err := d.ledger.ApplyAll(ctx, aimed)
	if err != nil {
		return voucher.Answer{}, err
	}
	return answers[0], nil
}

// heldParts adds the parts of accounts that a holder has to the codes that he has.
func (d *Desk) heldParts(ctx context.Context, held []Held, parts []voucher.Reservation) ([]Held, error) {
	if len(parts) == 0 {
		return held, nil
	}
	ids := make([]string, len(parts))
	for i, r := range parts {
		ids[i] = r.Voucher
	}
	accounts, err := d.ledger.AccountsAsVouchers(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, r := range parts {
		held = append(held, Held{Reservation: r, Voucher: accounts[r.Voucher]})
	}
	return held, nil
}

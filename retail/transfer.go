package retail

import (
	"context"
	"errors"
	"strings"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// Transfer is a request to move value from one place to another (A25). A place is the id of a voucher, or "customer:" and a
// customer's id, ours or the shop's, or his wallet id.
type Transfer struct {
	Key      string
	From, To string
	Amount   *money.Amount // nil for all that nobody has reserved
	Shop     string        // whose customers are meant; "" where their names tell
	Reason   string
}

// ErrOnePlace refuses to move value from somewhere to the same place.
var ErrOnePlace = errors.New("value is moved from one place to another")

// customerPlace is how a place begins that is an account.
const customerPlace = "customer:"

// spot is a place of value: a voucher, or what a customer has of some currency.
type spot struct {
	voucher  string
	customer *Customer
	unit     money.Currency // of a voucher
}

// Transfer moves value between vouchers and accounts, in one transaction (A25). Errors: ErrOnePlace, voucher.ErrNotFound,
// ErrNoCustomer, ErrWhichCustomer, ErrNobody, ErrSharedLogins for an account that nobody can pay with, *AwaitingError, the refusals.
func (o *BackOffice) Transfer(ctx context.Context, by Actor, t Transfer) (voucher.Answer, error) {
	ref := by.ref(voucher.Transfers, t.Key)
	from, to, err := o.places(ctx, t)
	var answer voucher.Answer
	switch {
	case errors.Is(err, ErrOnePlace):
		err = o.desk.unlessNamed(ctx, ref, err)
	case err != nil:
		err = o.desk.unlessTaken(ctx, ref, err)
	default:
		answer, err = o.moves(ctx, by, t, from, to)
	}
	if errors.Is(err, voucher.ErrKeyReused) {
		return o.movedBefore(ctx, by, t, from, to)
	}
	return answer, err
}

// moves settles a transfer between two places as they are now.
func (o *BackOffice) moves(ctx context.Context, by Actor, t Transfer, from, to spot) (voucher.Answer, error) {
	ref := by.ref(voucher.Transfers, t.Key)
	if to.customer != nil {
		if err := o.fillable(ctx, ref, *to.customer); err != nil {
			return voucher.Answer{}, err
		}
	}
	aimed, err := o.transfer(ctx, t, from, to)
	if errors.Is(err, ledger.ErrNoAccount) {
		return voucher.Answer{}, o.desk.unlessTaken(ctx, ref, &voucher.InsufficientError{Available: money.Of(0, unitOf(from, to, t.Amount))})
	}
	if err != nil {
		return voucher.Answer{}, err
	}
	act := aimed.Act.(voucher.Transfer)
	act.Ref = ref
	if act.ID, err = o.desk.ledger.NewID(); err != nil {
		return voucher.Answer{}, err
	}
	aimed.Act = act
	return o.desk.settleLed(ctx, by, withReceipt(aimed), o.led)
}

// places reads where a transfer goes from and to.
func (o *BackOffice) places(ctx context.Context, t Transfer) (from, to spot, err error) {
	if from, err = o.spot(ctx, t.Shop, t.From); err != nil {
		return from, to, err
	}
	if to, err = o.spot(ctx, t.Shop, t.To); err != nil {
		return from, to, err
	}
	if from.voucher == to.voucher && from.voucher != "" || from.customer != nil && to.customer != nil && holderOf(*from.customer) == holderOf(*to.customer) {
		return from, to, ErrOnePlace
	}
	return from, to, nil
}

// spot finds a place.
func (o *BackOffice) spot(ctx context.Context, shop, text string) (spot, error) {
	if name, ok := strings.CutPrefix(text, customerPlace); ok {
		who, err := o.sales.named(ctx, shop, name)
		return spot{customer: &who}, err
	}
	seen, err := o.seen(ctx, text)
	return spot{voucher: seen.Voucher.ID, unit: seen.Voucher.Currency}, err
}

// unitOf is the currency that a transfer is about: a voucher's, or what was named.
func unitOf(from, to spot, amount *money.Amount) money.Currency {
	switch {
	case from.voucher != "":
		return from.unit
	case to.voucher != "":
		return to.unit
	case amount != nil:
		return amount.Currency
	}
	return ""
}

// ErrNameAmount refuses to move "all" between customers, who may have several currencies.
var ErrNameAmount = errors.New("between two customers the amount must be named, and with it the currency")

// transfer aims a transfer, with the account that receives it made if need be.
func (o *BackOffice) transfer(ctx context.Context, t Transfer, from, to spot) (ledger.Aimed, error) {
	unit := unitOf(from, to, t.Amount)
	if unit == "" {
		return ledger.Aimed{}, ErrNameAmount
	}
	aimed := ledger.Aimed{Voucher: from.voucher}
	if from.customer != nil {
		account, err := o.desk.ledger.AccountOf(ctx, holderOf(*from.customer), unit)
		if err != nil {
			return ledger.Aimed{}, err
		}
		aimed.Voucher, aimed.Account = account.ID, true
	}
	act := voucher.Transfer{To: to.voucher, Amount: t.Amount, Detail: voucher.Detail{Reason: t.Reason}}
	if to.customer != nil {
		account, err := o.accountFor(ctx, *to.customer, unit)
		if err != nil {
			return ledger.Aimed{}, err
		}
		act.To, act.Account = account, true
	}
	aimed.Act = act
	return aimed, nil
}

// accountFor is a customer's account in a currency, made if need be: an empty one says nothing.
func (o *BackOffice) accountFor(ctx context.Context, who Customer, unit money.Currency) (id string, err error) {
	err = o.within(ctx, "open an account", func(tx outbox.Tx) error {
		shop, err := o.sales.orders.Shop(ctx, who.Shop)
		if err != nil && !errors.Is(err, orders.ErrNotFound) {
			return err
		}
		zone, err := o.sales.zone(shop)
		if err != nil {
			return err
		}
		id, err = o.desk.ledger.OpenAccount(ctx, tx, holderOf(who), unit, zone)
		return err
	})
	return id, err
}

// Transferred finds a transfer by its key. Error: voucher.ErrActNotFound.
func (o *BackOffice) Transferred(ctx context.Context, by Actor, key string) (voucher.Record, error) {
	return o.desk.Recover(ctx, by, voucher.Transfers, key)
}

// ReverseTransfer takes a transfer back, or makes sure that it never happens (X02).
func (o *BackOffice) ReverseTransfer(ctx context.Context, by Actor, key string) (voucher.Answer, error) {
	return o.desk.Reverse(ctx, by, voucher.Transfers, key)
}

package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/voucher"
)

// grant gives points by hand (P15), as every act of the office that gives: above the set amount it waits for a second person (X13). An
// account that is opened for it says nothing while it is empty. Error beside the refusals: *AwaitingError.
func (l *Loyalty) grant(ctx context.Context, by Actor, e Earning, shop orders.Shop, login string) (PointsEarned, error) {
	var who Customer
	var account string
	err := l.accounts.desk.ledger.InTx(ctx, func(tx outbox.Tx) (err error) {
		who, account, err = l.accounts.sales.openAccount(ctx, tx, shop, login, money.Point)
		return err
	})
	if explain("open an account of points", &err); err != nil {
		return PointsEarned{}, err
	}
	id, err := l.accounts.desk.ledger.NewID()
	if err != nil {
		return PointsEarned{}, err
	}
	act, err := l.accounts.sales.lasting(ctx, granting(id, by.ref(voucher.Earnings, e.Key), who.ID, e.Points, voucher.Detail{Reason: e.Reason}))
	if err != nil {
		return PointsEarned{}, err
	}
	aimed := ledger.Aimed{Voucher: account, Account: true, Act: act}
	office := NewBackOffice(l.accounts.desk, l.accounts.sales)
	answer, err := l.accounts.desk.settleLed(ctx, by, aimed, office.led)
	if errors.Is(err, voucher.ErrKeyReused) { // it may have been asked for before the customer was merged
		answer, err = office.adjustedBefore(ctx, by, aimed, who)
	}
	if err != nil {
		return PointsEarned{}, err
	}
	return PointsEarned{Record: *answer.Record, Customer: who, Created: answer.Created}, nil
}

// granting is the act that gives a customer points by hand. It is known again by whom it is for, whatever his log-in leads to.
func granting(id string, ref voucher.Ref, customer string, n int64, detail voucher.Detail) voucher.Earn {
	return voucher.Earn{ID: id, Ref: ref, Asked: fmt.Sprint(customer, " ", n), Event: string(loyalty.Manual), Points: n, Detail: detail}
}

// lasting lets the points that an act of the office brings live as long as the programme says today.
func (s *Sales) lasting(ctx context.Context, act voucher.Act) (voucher.Act, error) {
	_, p, err := points.Programme(ctx, s.orders.Pool())
	if err != nil {
		return nil, fmt.Errorf("read how long points live: %w", err)
	}
	switch a := act.(type) {
	case voucher.Adjust:
		a.Days = p.Lifetime
		return a, nil
	case voucher.Earn:
		a.Days = p.Lifetime
		return a, nil
	}
	return act, nil
}

package retail

import (
	"context"
	"errors"
	"slices"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/purchase"
)

// subjects are the names of what of the event there is one of: an order of the shop, the person who signed up, whom somebody referred, or
// what a person reviewed. What is earned is noted under the first. Somebody with several log-ins, which a merge has brought together, is
// one person, whichever of them he uses. What the shop does not name is what its key is for. Error: ErrSelfReferred.
func (e *earning) subjects(ctx context.Context, tx outbox.Tx, order *tally) ([]string, error) {
	switch {
	case e.Event == loyalty.Order:
		return []string{order.order}, nil
	case e.unnamed():
		return []string{keyed + e.act.Ref.Owner + "/" + e.act.Ref.Key}, nil
	case e.Event == loyalty.Referral:
		return e.referred(ctx, tx)
	}
	person, err := orders.Person(ctx, tx, e.shop.ID, e.login)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(person))
	for i, login := range person {
		if names[i] = login.ID; e.Event != loyalty.Signup {
			names[i] += "/" + e.About.SKU
		}
	}
	return names, nil
}

// keyed begins the name of what goes by the key of its act. No log-in has a control character, and what was reviewed follows its
// reviewer's id, so that nothing else is called so.
const keyed = "\n"

// unnamed tells a review that does not say of what it is, and a referral that does not say of whom.
func (e *earning) unnamed() bool {
	switch e.Event {
	case loyalty.ReviewProduct, loyalty.ReviewArticle:
		return e.About.SKU == ""
	case loyalty.Referral:
		return e.Referred == ""
	}
	return false
}

// newcomer makes sure that a referral is of a new customer (P05): of nobody who had anything here the day before, nor of who has referred
// him who refers now. What he has had since may be told before his referral. Error: ErrNotNew.
func (e *earning) newcomer(ctx context.Context, tx outbox.Tx) error {
	if e.Event != loyalty.Referral || e.unnamed() {
		return nil
	}
	referred, err := orders.Person(ctx, tx, e.shop.ID, e.Referred)
	if err != nil || len(referred) == 0 {
		return err
	}
	ids := make([]string, len(referred))
	for i, login := range referred {
		ids[i] = login.ID
	}
	known, err := ledger.KnownBefore(ctx, tx, knownAfter, ids...)
	if err == nil && !known {
		known, err = e.referredBy(ctx, tx, ids)
	}
	if err == nil && known {
		err = ErrNotNew
	}
	return err
}

// knownAfter is for how long somebody is new.
const knownAfter = 24 * time.Hour

// referredBy tells whether one of some customers has referred who refers now.
func (e *earning) referredBy(ctx context.Context, tx outbox.Tx, customers []string) (bool, error) {
	person, err := orders.Person(ctx, tx, e.shop.ID, e.login)
	if err != nil {
		return false, err
	}
	logins := make([]string, len(person))
	for i, login := range person {
		logins[i] = login.Login
	}
	by, err := points.EarnedFor(ctx, tx, e.shop.ID, loyalty.Referral, logins...)
	if errors.Is(err, points.ErrNotEarned) || err == nil && by.Over {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	whose, err := e.counter.accounts.sales.customersOf(ctx, by.Account)
	return slices.Contains(customers, whose[by.Account].ID), err
}

// referred are the log-ins of whom somebody referred.
func (e *earning) referred(ctx context.Context, tx outbox.Tx) ([]string, error) {
	person, err := orders.Person(ctx, tx, e.shop.ID, e.Referred)
	if err != nil || len(person) == 0 { // so far he is nothing but a log-in
		return []string{e.Referred}, err
	}
	names := make([]string, len(person))
	for i, login := range person {
		if login.Login == e.login {
			return nil, ErrSelfReferred
		}
		names[i] = login.Login
	}
	return names, nil
}

// buys refuses an order that its shop has told to be a guest's or another customer's. Whoever has several log-ins has bought with any of
// them. Errors: ErrGuestOrder, ErrOtherBuyer.
func (e *earning) buys(ctx context.Context, tx outbox.Tx, order *tally) error {
	if order == nil || order.known.Buyer.Whose == "" {
		return nil
	}
	if order.known.Buyer.Whose == loyalty.Guest {
		return ErrGuestOrder
	}
	bought, err := order.boughtBy(ctx, tx, e.login)
	if err == nil && !bought {
		err = ErrOtherBuyer
	}
	return err
}

// boughtBy tells whether the order's buyer, who is known, is the person who has a log-in.
func (t *tally) boughtBy(ctx context.Context, tx outbox.Tx, login string) (bool, error) {
	is := func(l orders.Login) bool { return t.known.Buyer.Whose == loyalty.BuyerOf(t.shop, t.order, l.Login) }
	if is(orders.Login{Login: login}) {
		return true, nil
	}
	person, err := orders.Person(ctx, tx, t.shop, login)
	return slices.ContainsFunc(person, is), err
}

// buyerIn is whose order a state tells that it is; the zero Buyer where it names none.
func buyerIn(shop string, o purchase.Order) loyalty.Buyer {
	switch {
	case o.Buyer.ID != "":
		return loyalty.Buyer{ToldAt: o.Modified, Whose: loyalty.BuyerOf(shop, o.ID, o.Buyer.ID)}
	case o.Buyer.Email != "":
		return loyalty.Buyer{ToldAt: o.Modified, Whose: loyalty.Guest}
	}
	return loyalty.Buyer{}
}

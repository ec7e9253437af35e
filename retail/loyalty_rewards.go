package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// didConvert is the audit trail's name for points that the office exchanges for somebody.
const didConvert = "convert_points"

// Conversion is a request to exchange points for a reward (P20).
type Conversion struct {
	Key      string
	Shop     string // of the customer; a shop's own is known
	Customer string // the shop's id of the customer; for the office also our own id or a wallet id
	Points   int64
	Reward   string // as the programme names it
}

// Converted is what points were exchanged for.
type Converted struct {
	Record   voucher.Record
	Customer Customer
	Voucher  *Sale // nil for something of the merchant's own
	Created  bool
}

// Convert exchanges points of a customer for a reward of the programme: a voucher, which is worth its product's price or what the
// points are worth, or something of the merchant's own, which he hands over (P20). Points and voucher change hands in one transaction.
// Errors: ErrChannel, ErrGuest, ErrNoReward, ErrRewardPoints, ErrNotInProgramme, ErrNoCustomer, ErrUnknownProduct, the refusals.
func (l *Loyalty) Convert(ctx context.Context, by Actor, c Conversion) (Converted, error) {
	if by.Channel == Till {
		return Converted{}, fmt.Errorf("convert points: %w", ErrChannel)
	}
	if err := called(c.Customer); err != nil {
		return Converted{}, err
	}
	who, err := l.accounts.known(ctx, by, c.Shop, c.Customer)
	if err != nil {
		return Converted{}, err
	}
	run := &conversion{counter: l, by: by, asked: c, who: who}
	run.act = voucher.Convert{
		Ref: by.ref(voucher.Conversions, c.Key), Asked: fmt.Sprintf("%s %s %d %q", who.Shop, who.Login, c.Points, c.Reward),
		Points: c.Points, Reward: voucher.Reward{Name: c.Reward},
	}
	for try := 0; ; try++ {
		done, err := run.once(ctx)
		switch {
		case ledger.IsTwin(err) && try < twins:
			continue
		case isOffer(err):
			return Converted{}, err
		}
		return done, settled("convert points", err)
	}
}

// conversion is an exchange about to be made.
type conversion struct {
	counter *Loyalty
	by      Actor
	asked   Conversion
	who     Customer
	act     voucher.Convert
}

// once makes one try: a key that was used tells what was done under it.
func (c *conversion) once(ctx context.Context) (Converted, error) {
	desk := c.counter.accounts.desk
	record, err := desk.ledger.Find(ctx, c.act.Ref)
	switch {
	case err == nil && record.Voucher == "":
		return Converted{}, voucher.ErrPrevented
	case err == nil:
		answer, err := desk.ledger.Apply(ctx, ledger.Aimed{Voucher: record.Voucher, Account: true, Act: c.act})
		if err != nil {
			return Converted{}, err
		}
		return c.counter.converted(ctx, c.by, *answer.Record)
	case !errors.Is(err, voucher.ErrActNotFound):
		return Converted{}, err
	}
	account, err := desk.ledger.AccountOf(ctx, holderOf(c.who), money.Point)
	if errors.Is(err, ledger.ErrNoAccount) {
		return Converted{}, &voucher.InsufficientError{Available: money.Of(0, money.Point)}
	}
	if err != nil {
		return Converted{}, err
	}
	reward, rate, err := c.reward(ctx)
	if err != nil {
		return Converted{}, err
	}
	if c.act.ID, err = desk.ledger.NewID(); err != nil {
		return Converted{}, err
	}
	if reward.SKU == "" {
		return c.external(ctx, account)
	}
	return c.voucher(ctx, account, reward, rate)
}

// reward finds what the programme gives for so many points, and at what rate.
func (c *conversion) reward(ctx context.Context) (loyalty.Reward, money.Rate, error) {
	p, err := c.counter.accounts.sales.programmeFor(ctx, c.who)
	if err != nil {
		return loyalty.Reward{}, money.Rate{}, err
	}
	reward, ok := p.Reward(c.asked.Reward)
	switch {
	case p.standing.Excluded:
		return reward, money.Rate{}, ErrNotInProgramme
	case !ok:
		return reward, money.Rate{}, ErrNoReward
	case reward.Points != 0 && reward.Points != c.asked.Points:
		return reward, money.Rate{}, ErrRewardPoints
	}
	rate, err := p.RateAt(p.at)
	if err != nil && reward.Points == 0 {
		return reward, money.Rate{}, fmt.Errorf("%w: %w", ErrNotInProgramme, err)
	}
	return reward, rate.Rate, nil
}

// external takes the points for something that the merchant hands over.
func (c *conversion) external(ctx context.Context, account Account) (Converted, error) {
	applied, err := c.counter.accounts.desk.ledger.ApplyWhole(ctx, func(outbox.Tx) ([]ledger.Aimed, error) {
		return []ledger.Aimed{{Voucher: account.ID, Account: true, Act: c.act}}, nil
	}, func(tx outbox.Tx, applied *ledger.Applied) error {
		if err := noteReward(ctx, tx, applied.Answers[0]); err != nil {
			return err
		}
		return c.note(ctx)(tx, applied)
	})
	if err != nil {
		return Converted{}, err
	}
	return Converted{Record: *applied.Answers[0].Record, Customer: c.who, Created: applied.Answers[0].Created}, nil
}

// voucher takes the points for a voucher that is made for them.
func (c *conversion) voucher(ctx context.Context, account Account, reward loyalty.Reward, rate money.Rate) (Converted, error) {
	sales := c.counter.accounts.sales
	product, err := sales.Product(ctx, reward.SKU)
	if err != nil {
		return Converted{}, err
	}
	price, err := c.price(product, reward, rate)
	if err != nil {
		return Converted{}, err
	}
	fresh, err := c.counter.stock.fresh(ctx, Actor{Channel: c.by.Channel, Shop: c.who.Shop}, product)
	if err != nil {
		return Converted{}, err
	}
	c.act.Reward.Voucher = fresh.Voucher.ID
	sell := voucher.Sell{
		Ref: c.by.ref(voucher.Rewards, c.asked.Key), Product: product.SKU, Price: price, State: voucher.Active, Stock: voucher.Fresh,
		Detail: voucher.Detail{Reason: reward.Name},
	}
	if sell.ID, err = sales.ledger.NewID(); err != nil {
		return Converted{}, err
	}
	_, err = sales.ledger.Fill(ctx, fresh, c.note(ctx),
		ledger.Aimed{Voucher: account.ID, Account: true, Act: c.act}, ledger.Aimed{Voucher: fresh.Voucher.ID, Act: sell})
	if err != nil {
		return Converted{}, err
	}
	record, err := sales.ledger.Find(ctx, c.act.Ref)
	if err != nil {
		return Converted{}, err
	}
	done, err := c.counter.converted(ctx, c.by, record)
	done.Created = true
	return done, err
}

// price is what the voucher will be worth. Of a product that is worth what the points are, no more points are taken than that needs:
// what is less than a point's worth stays with the customer.
func (c *conversion) price(product purchase.Product, reward loyalty.Reward, rate money.Rate) (money.Amount, error) {
	if reward.Points != 0 {
		return product.Price(nil)
	}
	worth := money.Of(rate.Worth(c.asked.Points), rate.Value.Currency)
	c.act.Points = rate.Needed(worth.Minor)
	return product.Price(&worth)
}

// note writes what the office does into the audit trail.
func (c *conversion) note(ctx context.Context) func(outbox.Tx, *ledger.Applied) error {
	return func(tx outbox.Tx, applied *ledger.Applied) error {
		answer := applied.Answers[0]
		if c.by.Channel != Office || !answer.Created {
			return nil
		}
		return c.counter.accounts.desk.audit(ctx, tx, c.by, didConvert, answer.Voucher.ID, map[string]any{
			"customer": c.who.ID, "points": answer.Record.Amount, "reward": c.asked.Reward, "act": answer.Record.ID,
		})
	}
}

// converted tells what a conversion was exchanged for.
func (l *Loyalty) converted(ctx context.Context, by Actor, record voucher.Record) (Converted, error) {
	done := Converted{Record: record}
	if record.Voucher == "" {
		return done, nil
	}
	whose, err := l.accounts.sales.customersOf(ctx, record.Voucher)
	if err != nil {
		return Converted{}, err
	}
	done.Customer = whose[record.Voucher]
	if record.Detail.Reward.Voucher == "" {
		return done, nil
	}
	sale, err := l.stock.named(ctx, by.ref(voucher.Rewards, record.Key))
	done.Voucher = &sale
	return done, err
}

// Converted finds a conversion by its key. Error: voucher.ErrActNotFound.
func (l *Loyalty) Converted(ctx context.Context, by Actor, key string) (Converted, error) {
	record, err := l.accounts.desk.Recover(ctx, by, voucher.Conversions, key)
	if err != nil {
		return Converted{}, err
	}
	done, err := l.converted(ctx, by, record)
	return done, settled("find a conversion", err)
}

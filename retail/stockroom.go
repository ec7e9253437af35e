package retail

import (
	"context"
	"errors"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// Stockroom is where vouchers come from that no webshop sells: a register sells them, as a code that is made on the spot or as a card
// that a printer made (X08). It is safe for concurrent use and keeps no state of its own.
type Stockroom struct {
	desk   *Desk
	sales  *Sales
	office *BackOffice
}

// NewStockroom opens the stockroom on a Desk and the side that knows the products, both on the same stores.
func NewStockroom(desk *Desk, sales *Sales) *Stockroom {
	return &Stockroom{desk: desk, sales: sales, office: NewBackOffice(desk, sales)}
}

// Desk is the counter that the stockroom is behind.
func (s *Stockroom) Desk() *Desk { return s.desk }

// Sell is a request to sell a voucher.
type Sell struct {
	Key     string
	Product string        // SKU
	Amount  *money.Amount // nil for the product's own
	Typed                 // the code of a pre-printed voucher; an empty Code for one that is made now
	Detail  voucher.Detail
}

// Sale is a sale as it was done, with its voucher as it was then.
type Sale struct {
	Record  voucher.Record
	Voucher voucher.Voucher
	Code    voucher.Code // zero when it is told no more
	Created bool         // it happened now
	Notice  string       // what to tell the customer of a voucher that needs a membership; "" for any other
}

// codeTold is how long a sale's code is told to whoever repeats or asks: long enough for every lost answer, too short for a register's
// journal to be a list of codes.
const codeTold = 24 * time.Hour

// Sell sells a voucher at a register, whose act it is. Errors beside the refusals of acts: ErrChannel, ErrUnknownProduct, those of
// purchase.Product.Price.
func (s *Stockroom) Sell(ctx context.Context, by Actor, r Sell) (Sale, error) {
	if by.Channel != Till {
		return Sale{}, settled("sell", ErrChannel)
	}
	answer, err := s.sell(ctx, by, r)
	if err != nil {
		return Sale{}, settled("sell", err)
	}
	sale, err := s.told(ctx, *answer.Record, answer.Voucher, answer.At)
	sale.Created = answer.Created
	return sale, settled("tell of a sale", err)
}

func (s *Stockroom) sell(ctx context.Context, by Actor, r Sell) (voucher.Answer, error) {
	act := voucher.Sell{Ref: by.ref(voucher.Sales, r.Key), Product: r.Product, Stock: voucher.Fresh, Detail: r.Detail}
	product, err := s.sales.Product(ctx, r.Product)
	if err == nil {
		act.State = begins(product)
		act.Price, err = product.Price(r.Amount)
	}
	switch {
	case isOffer(err):
		return voucher.Answer{}, s.desk.unlessTaken(ctx, act.Ref, err)
	case err != nil:
		return voucher.Answer{}, err
	}
	if act.ID, err = s.desk.ledger.NewID(); err != nil {
		return voucher.Answer{}, err
	}
	if r.Code == "" {
		return s.made(ctx, by, product, act, s.selling(act))
	}
	act.Stock = voucher.Printed
	return s.desk.act(ctx, by, r.Typed, act.Ref, act)
}

// isOffer tells that nothing can be sold for what was asked.
func isOffer(err error) bool {
	for _, refusal := range []error{ErrUnknownProduct, purchase.ErrNoPrice, purchase.ErrOtherPrice, purchase.ErrOutOfRange, purchase.ErrOtherCurrency} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// fills gives a voucher that is made for it its value.
type fills func(ctx context.Context, fresh ledger.NewVoucher) (voucher.Answer, error)

// selling fills a voucher by a sale.
func (s *Stockroom) selling(act voucher.Sell) fills {
	return func(ctx context.Context, fresh ledger.NewVoucher) (voucher.Answer, error) {
		return s.desk.ledger.Sell(ctx, fresh, act)
	}
}

// made settles an act on a code that is made for it, unless its key tells of one already: no row could be locked that does not exist,
// so that of twins the key lets one pass, and the others find what it did.
func (s *Stockroom) made(ctx context.Context, by Actor, product purchase.Product, act voucher.Act, fill fills) (voucher.Answer, error) {
	for try := 0; ; try++ {
		record, err := s.desk.ledger.Find(ctx, act.Refs()[0])
		switch {
		case err == nil && record.Voucher == "":
			return voucher.Answer{}, voucher.ErrPrevented
		case err == nil:
			return s.desk.ledger.Apply(ctx, ledger.Aimed{Voucher: record.Voucher, Act: act})
		case !errors.Is(err, voucher.ErrActNotFound):
			return voucher.Answer{}, err
		}
		fresh, err := s.fresh(ctx, by, product)
		if err != nil {
			return voucher.Answer{}, err
		}
		answer, err := fill(ctx, fresh)
		if !ledger.IsTwin(err) && !errors.Is(err, errNoteMade) || try == twins {
			return answer, err
		}
	}
}

// fresh makes a voucher of a product as the register's shop prescribes.
func (s *Stockroom) fresh(ctx context.Context, by Actor, product purchase.Product) (ledger.NewVoucher, error) {
	var shop orders.Shop
	if by.Shop != "" {
		var err error
		if shop, err = s.sales.shop(ctx, by.Shop); err != nil {
			return ledger.NewVoucher{}, err
		}
	}
	id, err := s.desk.ledger.NewID()
	if err != nil {
		return ledger.NewVoucher{}, err
	}
	return s.sales.blank(product, shop, id)
}

// told is a sale as its register may hear of it at an instant of the database. The code of a sale that was taken back is told no more,
// nor is one that the office has given the voucher since.
func (s *Stockroom) told(ctx context.Context, record voucher.Record, v voucher.Voucher, at time.Time) (Sale, error) {
	sale := Sale{Record: record, Voucher: v.AsSold(record)}
	if v.MembersOnly {
		sale.Notice = s.sales.MembershipNotice(ctx, v.Shop)
	}
	if record.State != voucher.Done || at.Sub(record.At) >= codeTold || v.Last4 != sale.Voucher.Last4 {
		return sale, nil
	}
	code, _, err := s.sales.code(ctx, v.ID)
	if err != nil && !errors.Is(err, errNoCode) {
		return Sale{}, err
	}
	sale.Code = code
	return sale, nil
}

// Sale finds a sale of this register by its key; of one that was prevented there is the record alone. Error:
// voucher.ErrActNotFound.
func (s *Stockroom) Sale(ctx context.Context, by Actor, key string) (Sale, error) {
	return s.named(ctx, by.ref(voucher.Sales, key))
}

// named is the act that made a voucher, by its name.
func (s *Stockroom) named(ctx context.Context, ref voucher.Ref) (Sale, error) {
	named, err := s.desk.ledger.ByName(ctx, ref)
	if err != nil || named.Voucher == nil {
		return Sale{Record: named.Record}, settled("find a sale", err)
	}
	sale, err := s.told(ctx, named.Record, *named.Voucher, named.At)
	return sale, settled("tell of a sale", err)
}

// Unsell takes a sale of this register back while all of its value is there, or makes sure that it never happens (X02). A card is in
// the inventory again; a code that was made for the sale has ended.
func (s *Stockroom) Unsell(ctx context.Context, by Actor, key string) (voucher.Answer, error) {
	return s.desk.Reverse(ctx, by, voucher.Sales, key)
}

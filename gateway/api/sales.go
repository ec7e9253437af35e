package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// selling holds what the handlers of sales need.
type selling struct {
	*api
	stock *retail.Stockroom
}

// RegisterSales adds what a register sells. The ceiling is as for [Register].
func RegisterSales(to huma.API, stock *retail.Stockroom, ceiling string) {
	s := &selling{api: &api{desk: stock.Desk(), ceiling: ceiling}, stock: stock}
	const path = "/v1/sales/{key}"
	tills := edge.Require(edge.Till)
	huma.Register(to, put("sell", path, "Sell a voucher at the till", tills), s.sell)
	huma.Register(to, get("recover-sale", path, "What became of a sale", tills), s.recover)
	huma.Register(to, del("reverse-sale", path, "Take an unspent sale back, or prevent it", tills), s.reverse)
	s.credits(to)
	s.refunds(to)
	describeRepeats(to.OpenAPI())
}

// sellIn asks for a voucher to be sold.
type sellIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Product string        `json:"product" minLength:"1" maxLength:"100" doc:"SKU of the product"`
		Amount  *money.Amount `json:"amount,omitempty" doc:"What the voucher shall be worth; needed for a product without a fixed amount"`
		Receipt string        `json:"receipt" minLength:"1" maxLength:"128"`
		Tender  string        `json:"tender" minLength:"1" maxLength:"64" doc:"How the sale was paid"`
		Code    string        `json:"code,omitempty" minLength:"1" maxLength:"128" doc:"Of a pre-printed voucher; without it a code is made"`
		Buyer   *buyerIn      `json:"buyer,omitempty"`
	}
}

// soldOut is what was sold, and the voucher as it was then.
type soldOut struct {
	Sale    actOut       `json:"sale"`
	Voucher voucherOut   `json:"voucher" doc:"As it was when it was sold"`
	Code    *string      `json:"code" doc:"The voucher's code, for 24 hours; then null"`
	Last4   string       `json:"last4" doc:"The last symbols of the code that was sold"`
	Balance money.Amount `json:"balance"`
	Notice  string       `json:"notice,omitempty" doc:"To be told to the customer: the voucher needs a membership"`
}

// showSold renders a sale that was done.
func showSold(s retail.Sale) soldOut {
	out := soldOut{
		Sale: showAct(&s.Record), Voucher: showVoucher(s.Voucher, s.Record.At), Last4: s.Voucher.Last4,
		Balance: money.Of(s.Record.Balance, s.Record.Currency), Notice: s.Notice,
	}
	if !s.Code.Zero() {
		text := s.Code.Reveal()
		out.Code = &text
	}
	return out
}

func (s *selling) sell(ctx context.Context, in *sellIn) (*body[soldOut], error) {
	if err := s.checkMoney(figure{"amount", in.Body.Amount, capped}); err != nil {
		return nil, err
	}
	sale, err := s.stock.Sell(ctx, counter.Caller(ctx), retail.Sell{
		Key: in.Key, Product: in.Body.Product, Amount: in.Body.Amount, Typed: retail.Typed{Code: in.Body.Code, Buyer: in.Body.Buyer.buyer()},
		Detail: voucher.Detail{Receipt: in.Body.Receipt, Tender: in.Body.Tender},
	})
	if err != nil {
		return nil, refuseSale(err)
	}
	return answer(created(sale.Created), showSold(sale)), nil
}

// refuseSale is the problem of a sale that was refused; a fault is passed on as it is.
func refuseSale(err error) error {
	for _, price := range []error{purchase.ErrNoPrice, purchase.ErrOtherPrice, purchase.ErrOutOfRange} {
		if errors.Is(err, price) {
			return counter.Invalid("amount", price.Error())
		}
	}
	switch {
	case errors.Is(err, retail.ErrUnknownProduct):
		return edge.Refuse(edge.NotFound, "No product has this SKU.", edge.With("field", "product"))
	case errors.Is(err, retail.ErrNoCreditNote):
		return counter.Invalid("product", "must be the SKU of a product of kind credit; this one is of another kind")
	case errors.Is(err, purchase.ErrOtherCurrency):
		return edge.Refuse(edge.CurrencyMismatch, "The product is worth an amount in another currency.")
	}
	return counter.Refuse(err)
}

// recoveredSaleOut is what became of a sale; a prevented one has its state alone.
type recoveredSaleOut struct {
	State   string        `json:"state" enum:"done,reversed,prevented"`
	Sale    *actOut       `json:"sale,omitempty"`
	Voucher *voucherOut   `json:"voucher,omitempty" doc:"As it was when it was sold"`
	Code    *string       `json:"code,omitempty" doc:"The voucher's code, for 24 hours"`
	Last4   string        `json:"last4,omitempty" doc:"The last symbols of the code that was sold"`
	Balance *money.Amount `json:"balance,omitempty" doc:"As it was after the sale"`
}

func (s *selling) recover(ctx context.Context, in *keyIn) (*body[recoveredSaleOut], error) {
	sale, err := s.stock.Sale(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, refuseSale(err)
	}
	out := recoveredSaleOut{State: string(sale.Record.State)}
	if sale.Record.Voucher != "" {
		sold := showSold(sale)
		out.Sale, out.Voucher, out.Code, out.Last4, out.Balance = &sold.Sale, &sold.Voucher, sold.Code, sold.Last4, &sold.Balance
	}
	return answer(http.StatusOK, out), nil
}

func (s *selling) reverse(ctx context.Context, in *keyIn) (*body[reversedOut], error) {
	got, err := s.stock.Unsell(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, refuseSale(err)
	}
	return answer(http.StatusOK, reversedOut{string(got.Outcome)}), nil
}

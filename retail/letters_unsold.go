package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/document"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/voucher"
)

// A voucher that no webshop sold has neither buyer nor order: a register sold it, the office gave it, or another system issued it. Where
// its code is mailed or printed, it speaks for the register's shop, or for the house.

// given is the page of a voucher that no webshop sold, and the SKU of its product.
func (s *Sales) given(ctx context.Context, id string, letter mail.Letter, shop orders.Shop, code voucher.Code) (document.Voucher, string, error) {
	found, err := s.ledger.Vouchers(ctx, id)
	if err == nil && len(found) == 0 {
		err = voucher.ErrNotFound
	}
	if err != nil {
		return document.Voucher{}, "", fmt.Errorf("mail voucher %s: %w", id, err)
	}
	page := s.pageUnsold(found[0], letter, shop, code)
	product, err := s.productOf(ctx, found[0].Product)
	page.Title = mail.CleanName(product.Name)
	return page, found[0].Product, err
}

// seller is the shop that a voucher is of; the zero Shop, whose settings are the installation's, for none and for one that is gone.
func (s *Sales) seller(ctx context.Context, id string) (orders.Shop, error) {
	if id == "" {
		return orders.Shop{}, nil
	}
	shop, err := s.shop(ctx, id)
	if errors.Is(err, ErrUnknownShop) {
		return orders.Shop{}, nil
	}
	return shop, err
}

// pageUnsold is the printed voucher that no webshop sold, with what is on it now.
func (s *Sales) pageUnsold(v voucher.Voucher, letter mail.Letter, shop orders.Shop, code voucher.Code) document.Voucher {
	value := money.Of(v.Balance, v.Currency)
	return document.Voucher{
		Kind: v.Kind, Language: letter.Language, Made: letter.Date, Shop: letter.Shop, Sender: letter.Sender, Code: code.Reveal(),
		Value:   letter.Language.Amount(value.Decimal(), string(value.Currency), s.country(shop)),
		Expires: lastDay(v, letter.Language),
	}
}

package retail

import (
	"context"
	"errors"
	"slices"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// SubjectData is everything that is held on a mail address. There are no consents among it: mails go out because somebody bought.
type SubjectData struct {
	Email      string // as it is looked for
	Orders     []SubjectOrder
	Gifts      []SubjectGift
	Deliveries []outbox.Delivery // to the address
	Bodies     []orders.Item     // webhooks that name it, without what is in them
	Customers  []SubjectCustomer
	Standings  []CustomerStanding // of those, as the programme of bonus points treats them
}

// SubjectOrder is an order that the person placed.
type SubjectOrder struct {
	*orders.Purchase
	Customer string // the shop's id of him
	Name     string
	Messages []string // that he wrote to recipients
	Vouchers []voucher.Voucher
}

// SubjectGift is a voucher that was bought for the person.
type SubjectGift struct {
	Purchase *orders.Purchase
	Unit     orders.Unit
	Value    money.Amount
	Name     string
	Message  string
	Voucher  *voucher.Voucher // nil until it is issued
}

// ExportSubject gathers everything that is held on a mail address. Error: ErrNoAddress. The audit trail says that somebody asked, and
// knows the person by a digest alone.
func (o *BackOffice) ExportSubject(ctx context.Context, by Actor, email string) (data SubjectData, err error) {
	defer explain("export what is held on a person", &err)
	found, err := o.sales.subject(ctx, email)
	if err != nil {
		return SubjectData{}, err
	}
	data = SubjectData{Email: found.email, Deliveries: found.deliveries, Bodies: found.bodies}
	for _, h := range found.held {
		if err := o.sales.export(ctx, &data, h); err != nil {
			return SubjectData{}, err
		}
	}
	if err := o.sales.exportCustomers(ctx, &data, found.customers); err != nil {
		return SubjectData{}, err
	}
	return data, o.within(ctx, "export what is held on a person", func(tx outbox.Tx) error {
		return o.desk.audit(ctx, tx, by, didExportSubject, o.sales.subjectName(email), map[string]any{
			"orders": len(data.Orders), "gifts": len(data.Gifts), "deliveries": len(data.Deliveries), "webhooks": len(data.Bodies), "customers": len(data.Customers),
		})
	})
}

// export adds what is in one place.
func (s *Sales) export(ctx context.Context, data *SubjectData, h orders.Held) error {
	p, err := s.orders.PurchaseByID(ctx, h.Purchase)
	if errors.Is(err, orders.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if h.Unit == "" {
		order, err := s.exportOrder(ctx, p)
		data.Orders = append(data.Orders, order)
		return err
	}
	gift, err := s.exportGift(ctx, p, h.Unit)
	data.Gifts = append(data.Gifts, gift)
	return err
}

// exportOrder leaves out whom the person's gifts were for: that is theirs.
func (s *Sales) exportOrder(ctx context.Context, p *orders.Purchase) (SubjectOrder, error) {
	var who buyer
	if err := s.unseal(purposeBuyer, p.ID, p.Buyer, &who); err != nil {
		return SubjectOrder{}, err
	}
	order := SubjectOrder{Purchase: p, Customer: who.ID, Name: who.Name}
	var ids []string
	for _, unit := range p.Decided.Units {
		extra := p.Units[unit.Key()]
		if extra.Voucher != "" {
			ids = append(ids, extra.Voucher)
		}
		var asked wishes
		if err := s.unseal(purposeWishes, extra.ID, extra.Wishes, &asked); err != nil {
			return SubjectOrder{}, err
		}
		if asked.Message != "" && !slices.Contains(order.Messages, asked.Message) {
			order.Messages = append(order.Messages, asked.Message)
		}
	}
	var err error
	if len(ids) > 0 {
		order.Vouchers, err = s.ledger.Vouchers(ctx, ids...)
	}
	return order, err
}

// exportGift leaves out who gave it, beside what he wrote.
func (s *Sales) exportGift(ctx context.Context, p *orders.Purchase, id string) (SubjectGift, error) {
	gift := SubjectGift{Purchase: p}
	for _, unit := range p.Decided.Units {
		if extra := p.Units[unit.Key()]; extra.ID == id {
			gift.Unit, gift.Value = extra, unit.Value
		}
	}
	var asked wishes
	if err := s.unseal(purposeWishes, id, gift.Unit.Wishes, &asked); err != nil {
		return SubjectGift{}, err
	}
	gift.Name, gift.Message = asked.Name, asked.Message
	if gift.Unit.Voucher == "" {
		return gift, nil
	}
	found, err := s.ledger.Vouchers(ctx, gift.Unit.Voucher)
	if err == nil && len(found) == 1 {
		gift.Voucher = &found[0]
	}
	return gift, err
}

// Ordered is when the order was placed, as far as the shop tells, or else when it came to us.
func (s SubjectOrder) Ordered() time.Time {
	if s.Decided.Created.IsZero() {
		return s.StoredAt
	}
	return s.Decided.Created
}

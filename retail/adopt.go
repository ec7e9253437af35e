package retail

import (
	"encoding/json"
	"fmt"

	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
)

// adopt is the purchase as it will be stored.
func (a *application) adopt(stored *orders.Purchase, d purchase.Decision) (*orders.Purchase, error) {
	a.heard = nil
	p := stored
	if p == nil {
		id, err := a.sales.ledger.NewID()
		if err != nil {
			return nil, err
		}
		p = &orders.Purchase{ID: id, Shop: a.shop.ID, Order: a.order.ID, Units: map[purchase.Key]orders.Unit{}}
	}
	p.Decided, p.Tender, p.PaidAt, p.Total, p.Language = d.Purchase, a.order.Tender, a.order.PaidAt, a.order.Total, a.order.Language
	if p.Total.Currency == "" {
		p.Total.Currency = a.order.Currency
	}
	if p.ErasedAt.IsZero() { // else its states are applied, and nothing personal comes back with them
		buyer, err := a.sales.seal(purposeBuyer, p.ID, buyerOf(a.order.Buyer))
		if err != nil {
			return nil, err
		}
		p.Buyer, p.BuyerMAC = buyer, a.sales.subjectMAC(a.order.Buyer.Email)
	}
	for _, unit := range d.Purchase.Units {
		if err := a.adoptUnit(p, unit); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// adoptUnit notes what the order says of a unit beside what the rules look at. What was issued stays as it was, since its mail may be on
// its way: what is told of it now may be a correction.
func (a *application) adoptUnit(p *orders.Purchase, unit purchase.Unit) error {
	known, exists := p.Units[unit.Key()]
	if known.Voucher != "" {
		return a.hear(p, unit.Key())
	}
	if !exists {
		id, err := a.sales.ledger.NewID()
		if err != nil {
			return err
		}
		known.ID = id
	}
	for _, line := range a.order.Lines {
		if line.ID != unit.Line {
			continue
		}
		known.Title, known.ForSelf, known.OneMail = line.Name, a.order.Keeps(line), line.OneMail
		var err error
		if known.DeliverOn, known.DeliverSaid, err = a.sales.deliverOn(a.shop, a.order.Language, line.DeliverOn); err != nil {
			return err
		}
		if known.Told, err = a.sales.remember(known, a.words(known, line)); err != nil {
			return err
		}
		if a.sales.forgotten(p, line.RecipientEmail) {
			known.Wishes, known.WishesMAC = nil, nil
			continue
		}
		known.WishesMAC = a.sales.subjectMAC(line.RecipientEmail)
		sealed, err := a.sales.seal(purposeWishes, known.ID, wishes{
			Email: line.RecipientEmail, Name: line.RecipientName, Message: line.Message,
		})
		if err != nil {
			return err
		}
		known.Wishes = sealed
	}
	p.Units[unit.Key()] = known
	return nil
}

// wishes are what the buyer asked for on a line, as they are sealed.
type wishes struct {
	Email   string `json:"email,omitempty"`
	Name    string `json:"name,omitempty"`
	Message string `json:"message,omitempty"`
}

// buyer is who ordered, as it is sealed.
type buyer struct {
	ID    string `json:"id,omitempty"`
	Email string `json:"email,omitempty"`
	Name  string `json:"name,omitempty"`
}

func buyerOf(b purchase.Buyer) buyer { return buyer{ID: b.ID, Email: b.Email, Name: b.Name} }

// seal encrypts a value as JSON, bound to the row that will hold it.
func (s *Sales) seal(purpose, row string, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("seal a %s: %w", purpose, err)
	}
	sealed, err := s.ring.Seal(purpose, plain, []byte(row))
	if err != nil {
		return nil, fmt.Errorf("seal a %s: %w", purpose, err)
	}
	return sealed, nil
}

// unseal reads what seal wrote; nothing comes of what was erased.
func (s *Sales) unseal(purpose, row string, sealed []byte, into any) error {
	if sealed == nil {
		return nil
	}
	plain, err := s.ring.Open(purpose, sealed, []byte(row))
	if err == nil {
		err = json.Unmarshal(plain, into)
	}
	if err != nil {
		return fmt.Errorf("open a %s: %w", purpose, err)
	}
	return nil
}

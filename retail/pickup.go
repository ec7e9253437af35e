package retail

import (
	"context"
	"errors"
	"strings"

	"vouchsafe/retail/document"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// ErrNoPickup says that no link works under a name.
var ErrNoPickup = staff.ErrNoPickup

// The audit trail's names for links to vouchers.
const (
	didMakePickup   = "make_link"
	didRevokePickup = "revoke_link"
	didViewPickup   = "view_by_link"
)

// PickupViews is how often a link shows its voucher.
const PickupViews = staff.PickupViews

// PickupPath is where the page of a link is, before its token.
const PickupPath = "/pickup/"

// Pickup is a link to a voucher's page.
type Pickup = staff.Pickup

// Pickups makes links to vouchers for customers who lost them (A22), and shows what they lead to. Whoever has a link can spend the
// voucher: it works for thirty days, twenty times, until somebody revokes it or the voucher gets another code or recipient, and the audit
// trail says who made it and when it was used.
type Pickups struct {
	office *BackOffice
	public string
}

// NewPickups makes links that begin with the address by which the world reaches the gateway.
func NewPickups(desk *Desk, sales *Sales, public string) *Pickups {
	return &Pickups{office: NewBackOffice(desk, sales), public: strings.TrimSuffix(public, "/")}
}

// Make makes a link to a voucher, and tells its address, this once. Errors: ErrCodeGone, voucher.ErrInvalidated, voucher.ErrNotActive,
// voucher.ErrNotFound.
func (p *Pickups) Make(ctx context.Context, by Actor, id, reason string) (made Pickup, address string, err error) {
	defer explain("make a link to voucher "+id, &err)
	if _, err := p.page(ctx, id); err != nil {
		return Pickup{}, "", err
	}
	var token staff.Secret
	var locked *ledger.Applied
	err = p.office.within(ctx, "make a link to voucher "+id, func(tx outbox.Tx) (err error) {
		// The lock, since whatever ends the links to a voucher must see this one, or be done before it is made.
		if locked, err = p.office.desk.ledger.ApplyTx(ctx, tx, ledger.Aimed{Voucher: id, Act: voucher.Expire{}}); err != nil {
			return err
		}
		if made, token, err = staff.AddPickup(ctx, tx, p.office.sales.random, id, by.String()); err != nil {
			return err
		}
		detail := map[string]any{"link": made.ID}
		if reason != "" {
			detail["reason"] = reason
		}
		return p.office.desk.audit(ctx, tx, by, didMakePickup, id, detail)
	})
	if err == nil {
		p.office.desk.ledger.Told(ctx, locked)
	}
	return made, p.public + PickupPath + token.Reveal(), err
}

// page is what a link shows of a voucher. Errors as for Make.
func (p *Pickups) page(ctx context.Context, id string) (document.Voucher, error) {
	seen, err := p.office.seen(ctx, id)
	if err != nil {
		return document.Voucher{}, err
	}
	switch seen.Voucher.State {
	case voucher.Invalidated:
		return document.Voucher{}, voucher.ErrInvalidated
	case voucher.Inventory:
		return document.Voucher{}, voucher.ErrNotActive
	}
	code, _, err := p.office.sales.code(ctx, id)
	if err != nil {
		return document.Voucher{}, err
	}
	return p.office.sales.printout(ctx, seen.Voucher, code)
}

// List lists the links to a voucher, the latest first. Error: voucher.ErrNotFound.
func (p *Pickups) List(ctx context.Context, id string) (links []Pickup, err error) {
	defer explain("list the links to voucher "+id, &err)
	if _, err := p.office.seen(ctx, id); err != nil {
		return nil, err
	}
	return staff.Pickups(ctx, p.office.sales.orders.Pool(), id)
}

// Revoke ends a link. Errors: ErrNoPickup, voucher.ErrNotFound.
func (p *Pickups) Revoke(ctx context.Context, by Actor, id, link string) (ended Pickup, err error) {
	defer explainLink("revoke a link to voucher "+id, &err)
	if _, err := p.office.seen(ctx, id); err != nil {
		return Pickup{}, err
	}
	err = p.office.within(ctx, "revoke a link to voucher "+id, func(tx outbox.Tx) (err error) {
		if ended, err = staff.RevokePickup(ctx, tx, id, link); err != nil {
			return err
		}
		return p.office.desk.audit(ctx, tx, by, didRevokePickup, id, map[string]any{"link": link})
	})
	return ended, err
}

// endLinks ends the links to a voucher whose code, or whose recipient, becomes another: who has one of them was to see what was, and
// nobody knows who that is by now. The voucher is locked.
func (s *Sales) endLinks(ctx context.Context, tx outbox.Tx, by, id, because string) error {
	ended, err := staff.EndPickups(ctx, tx, id)
	for _, link := range ended {
		err = errors.Join(err, staff.Record(ctx, tx, staff.Entry{
			Actor: by, Action: didRevokePickup, Object: id, Detail: map[string]any{"link": link.ID, "because": because},
		}))
	}
	return err
}

// explainLink is explain for what a link may be refused for.
func explainLink(doing string, err *error) {
	if !errors.Is(*err, ErrNoPickup) {
		explain(doing, err)
	}
}

// Works tells whether a link leads anywhere, and shows and counts nothing. Error: ErrNoPickup.
func (p *Pickups) Works(ctx context.Context, token string) (err error) {
	defer explainLink("follow a link", &err)
	found, err := staff.FindPickup(ctx, p.office.sales.orders.Pool(), staff.Secret(token))
	if err != nil {
		return err
	}
	_, err = p.page(ctx, found.Voucher)
	return unlessPassing(err)
}

// unlessPassing makes ErrNoPickup of a voucher that a link can't show any more: whoever follows it is not told why.
func unlessPassing(err error) error {
	for _, gone := range []error{voucher.ErrNotFound, voucher.ErrInvalidated, voucher.ErrNotActive, ErrCodeGone} {
		if errors.Is(err, gone) {
			return ErrNoPickup
		}
	}
	return err
}

// PickedUp is a voucher as a link shows it.
type PickedUp = document.Voucher

// View shows the voucher of a link, and counts it. Error: ErrNoPickup.
func (p *Pickups) View(ctx context.Context, token string) (shown PickedUp, err error) {
	defer explainLink("follow a link", &err)
	found, err := staff.FindPickup(ctx, p.office.sales.orders.Pool(), staff.Secret(token))
	if err != nil {
		return PickedUp{}, err
	}
	if shown, err = p.page(ctx, found.Voucher); err != nil {
		return PickedUp{}, unlessPassing(err)
	}
	err = p.office.within(ctx, "follow a link", func(tx outbox.Tx) error {
		viewed, err := staff.ViewPickup(ctx, tx, staff.Secret(token))
		if err != nil {
			return err
		}
		return staff.Record(ctx, tx, staff.Entry{
			Actor: "link " + viewed.ID, Action: didViewPickup, Object: viewed.Voucher, Detail: map[string]any{"views": viewed.Views},
		})
	})
	return shown, err
}

// Print prints the voucher of a link as View shows it.
func (p *Pickups) Print(ctx context.Context, token string) ([]byte, error) {
	shown, err := p.View(ctx, token)
	if err != nil {
		return nil, err
	}
	return document.PDF(shown)
}

// Symbol is the QR code of a voucher, as PNG.
func (p *Pickups) Symbol(shown PickedUp) ([]byte, error) { return document.QR(shown.Code) }

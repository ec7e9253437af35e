package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
)

// pickups hands out links to vouchers.
type pickups struct{ links *retail.Pickups }

// RegisterPickups adds the operations about links to vouchers.
func RegisterPickups(to huma.API, links *retail.Pickups) {
	p := &pickups{links}
	add := making("make-link", "/v1/admin/vouchers/{id}/links", "A link to the voucher's page, for a customer who lost it; it is told this once")
	add.Description = "Whoever has the link can spend the voucher. It works for 30 days, shows the code 20 times, after a click, and can be revoked. " +
		"It ends when the voucher's code is replaced or its recipient becomes another: make a new one for whom it is then. " +
		"The audit trail says who made it, and when it was used."
	huma.Register(to, add, p.make)
	huma.Register(to, get("links", "/v1/admin/vouchers/{id}/links", "The links to a voucher, without their addresses; the latest first"), p.list)
	huma.Register(to, operation(http.MethodDelete, "revoke-link", "/v1/admin/vouchers/{id}/links/{link}", "End a link"), p.revoke)
}

// pickupOut is a link.
type pickupOut struct {
	ID        string     `json:"id" format:"uuid"`
	MadeBy    string     `json:"made_by"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at"`
	Views     int        `json:"views" doc:"How often the voucher was shown or printed"`
	ViewsMost int        `json:"views_most"`
	ViewedAt  *time.Time `json:"viewed_at" doc:"The last time"`
}

func showPickup(p retail.Pickup) pickupOut {
	return pickupOut{
		ID: p.ID, MadeBy: p.MadeBy, CreatedAt: p.CreatedAt.UTC(), ExpiresAt: p.ExpiresAt.UTC(), RevokedAt: utc(p.RevokedAt), Views: p.Views,
		ViewsMost: retail.PickupViews, ViewedAt: utc(p.ViewedAt),
	}
}

// newPickupOut is a link with its address.
type newPickupOut struct {
	Link pickupOut `json:"link"`
	URL  string    `json:"url" format:"uri" doc:"Told this once"`
}

func (p *pickups) make(ctx context.Context, in *mayReasonIn) (*body[newPickupOut], error) {
	link, address, err := p.links.Make(ctx, counter.Caller(ctx), in.ID, in.reason())
	if err != nil {
		return nil, refusePickup(err)
	}
	return made(newPickupOut{showPickup(link), address}), nil
}

// pickupsIn asks for the links to a voucher.
type pickupsIn struct {
	ID string `path:"id" doc:"Id of the voucher"`
	SmallPageIn
}

func (p *pickups) list(ctx context.Context, in *pickupsIn) (*body[pageOut[pickupOut]], error) {
	links, err := p.links.List(ctx, in.ID)
	if err != nil {
		return nil, refusePickup(err)
	}
	return showSmall(in.SmallPageIn, links, func(link retail.Pickup) string { return link.ID }, showPickup)
}

// pickupIn names a link.
type pickupIn struct {
	ID   string `path:"id" doc:"Id of the voucher"`
	Link string `path:"link" doc:"Id of the link"`
}

func (p *pickups) revoke(ctx context.Context, in *pickupIn) (*body[pickupOut], error) {
	link, err := p.links.Revoke(ctx, counter.Caller(ctx), in.ID, in.Link)
	if err != nil {
		return nil, refusePickup(err)
	}
	return ok(showPickup(link)), nil
}

// refusePickup is the problem of a link that can't be made or is not there.
func refusePickup(err error) error {
	if errors.Is(err, retail.ErrNoPickup) {
		return edge.Refuse(edge.NotFound, "No link has this id.")
	}
	return counter.Refuse(err)
}

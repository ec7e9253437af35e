package relay

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/failpoint"
	"vouchsafe/webshop"
)

// Path is where a shop's webhooks go, below the public URL.
const Path = "/v1/shops/:shop/webhooks"

// Routes puts the webhooks' door on a router that asks for no key: the signature is the key.
func (r *Relay) Routes(public gin.IRouter) {
	public.POST(Path, edge.BodyLimit(edge.WebhookBytes), r.webhook)
}

// answer is what a shop is told.
type answer struct {
	Accepted  bool `json:"accepted"`
	Duplicate bool `json:"duplicate"`
}

// webhook stores what a shop sent. Shops switch off a webhook that answers anything but 200, so whatever is authentic gets one, once
// it is durable. Nothing is looked up before the body is there: who sends it slowly would wait with a stack as large as a query needs.
func (r *Relay) webhook(c *gin.Context) {
	ctx := c.Request.Context()
	if c.Request.ContentLength > edge.WebhookBytes {
		_, _ = io.CopyN(io.Discard, c.Request.Body, edge.WebhookBytes) // whoever is still sending hears no refusal
		edge.Fail(c, edge.Refuse(edge.TooLarge, "The body is larger than this address takes."))
		return
	}
	body, done, err := r.intake.read(c.Request.Body)
	defer done()
	if err != nil {
		edge.Fail(c, unread(err))
		return
	}
	shop, err := r.sales.Shopfront(ctx, c.Param("shop"))
	speaks, known := platformOf(shop.Platform)
	switch {
	case errors.Is(err, retail.ErrUnknownShop) || err == nil && !known:
		edge.Fail(c, edge.Refuse(edge.NotFound, "No shop with this id takes webhooks here."))
		return
	case err != nil:
		edge.Fail(c, unavailable(err))
		return
	}
	if speaks.ping != nil && speaks.ping(c.Request.Header, body) {
		c.JSON(http.StatusOK, answer{Accepted: true})
		return
	}
	if err := speaks.verify(c.Request.Header, body, shop.WebhookSecrets, r.now()); err != nil {
		edge.Fail(c, unsigned(err))
		return
	}
	failpoint.Hit(failpoint.WebhookVerified)
	kept := speaks.stored(c.Request.Header, body)
	kept.Order = r.whole(c.Request.Header, body, shop, speaks)
	receipt, err := r.sales.Receive(ctx, shop.Shop, kept)
	if err != nil {
		edge.Fail(c, unavailable(err))
		return
	}
	c.JSON(http.StatusOK, answer{Accepted: true, Duplicate: receipt.Duplicate})
}

// stored is what is kept of a request.
func (p platform) stored(header http.Header, body []byte) retail.Body {
	kept := retail.Body{Bytes: body, Headers: map[string]string{}}
	for _, name := range p.headers {
		if value := header.Get(name); value != "" {
			kept.Headers[name] = value
		}
	}
	if p.message != "" {
		kept.Message = header.Get(p.message)
	}
	return kept
}

// unread explains a body that did not arrive whole. Nothing of it was stored.
func unread(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	if errors.Is(err, errCrowded) {
		return edge.Refuse(edge.Unavailable, "Too many large webhooks are arriving at once.")
	}
	return edge.Refuse(edge.InvalidRequest, "The body did not arrive whole.")
}

// unsigned explains a body that is not known to come from the shop.
func unsigned(err error) error {
	if errors.Is(err, webshop.ErrSignature) {
		return edge.Refuse(edge.BadSignature, "The signature is missing, wrong or too old.")
	}
	return fmt.Errorf("verify a webhook: %w", err)
}

// unavailable asks the shop to come back: nothing was stored, or the repeat will tell that it was.
func unavailable(err error) error {
	return fmt.Errorf("%w: %w", edge.Refuse(edge.Unavailable, "The webhook could not be stored just now."), err)
}

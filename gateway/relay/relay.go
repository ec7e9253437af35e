package relay

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"vouchsafe/retail"
	"vouchsafe/webshop"
	"vouchsafe/webshop/standard"
	"vouchsafe/webshop/woocommerce"
)

// Config is what a Relay needs.
type Config struct {
	Sales  *retail.Sales
	HTTP   *http.Client     // asks shops; its time limits are the contexts'
	Now    func() time.Time // for the tolerance of signatures that bear a time
	Random io.Reader        // for requests that shops want to be unique
	Log    *slog.Logger
}

// Relay speaks with every registered shop in its own words. It is safe for concurrent use.
type Relay struct {
	sales  *retail.Sales
	http   *http.Client
	now    func() time.Time
	random io.Reader
	log    *slog.Logger
	intake intake
}

// New makes a relay. Hand it to [retail.Sales.Register], so that the back office can ask it.
func New(c Config) *Relay {
	return &Relay{sales: c.Sales, http: c.HTTP, now: c.Now, random: c.Random, log: c.Log}
}

// platform is how one kind of shop speaks.
type platform struct {
	verify func(header http.Header, body []byte, secrets []string, now time.Time) error
	parse  func(header http.Header, body []byte, fields webshop.Fields) (webshop.Delivery, error)
	ping   func(header http.Header, body []byte) bool // unsigned, and answered all the same; nil: there is none
	// message names the header with an id that is the same in every repeat of a message; "" where there is none to trust.
	message string
	headers []string // that parse reads
}

// platformOf finds the words of a shop; ok is false for one that this program can't speak.
func platformOf(name string) (p platform, ok bool) {
	switch name {
	case "woocommerce":
		return platform{
			verify: woocommerce.Verify, parse: woocommerce.Parse, ping: woocommerce.IsPing,
			headers: []string{
				"Content-Type", "X-Wc-Webhook-Topic", "X-Wc-Webhook-Resource", "X-Wc-Webhook-Source", "X-Wc-Webhook-Delivery-Id",
				"X-Wc-Webhook-Signature",
			},
		}, true
	case "standard":
		return platform{
			verify: standard.Verify, parse: standard.Parse, message: "Webhook-Id",
			headers: []string{"Content-Type", "Webhook-Id", "Webhook-Timestamp"},
		}, true
	}
	return platform{}, false
}

// client is how to ask a shop. Only WooCommerce can be asked so far.
func (r *Relay) client(shop retail.Shopfront) (*woocommerce.Client, error) {
	if shop.Platform != "woocommerce" || !shop.CanBeAsked() {
		return nil, fmt.Errorf("%w: it needs to be fetched, and the shop has no API key here", retail.ErrUnreadable)
	}
	client, err := woocommerce.New(woocommerce.Config{
		URL: shop.URL, Key: shop.Key, Secret: shop.KeySecret, HTTP: r.http, Now: r.now, Random: r.random, Fields: fieldsOf(shop),
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", retail.ErrUnreadable, err)
	}
	return client, nil
}

func fieldsOf(shop retail.Shopfront) webshop.Fields {
	return webshop.Fields{
		RecipientEmail: shop.Fields.RecipientEmail, RecipientName: shop.Fields.RecipientName,
		Message: shop.Fields.Message, DeliverOn: shop.Fields.DeliverOn, OneMail: shop.Fields.OneMail,
	}
}

// inOurWords makes an error of a shop one that the back office knows. A refused key is passing: a person will set it right, and is
// told by the task of the delivery that is late.
func inOurWords(err error) error {
	if temporary, ok := errors.AsType[*webshop.TemporaryError](err); ok {
		return &retail.PassingError{RetryAfter: temporary.RetryAfter, Err: err}
	}
	if errors.Is(err, webshop.ErrUnreadable) {
		return fmt.Errorf("%w: %w", retail.ErrUnreadable, err)
	}
	return &retail.PassingError{Err: err}
}

package woocommerce

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vouchsafe/webshop"
)

const (
	ordersPerPage = 50
	// pageOverlap is how many orders of a page are asked for again with the next: when an order is thrown into the bin
	// while the pages are read, those behind it move forward.
	pageOverlap    = 5
	refundsPerPage = 100
	maxRefundPages = 20
	polledStatuses = "pending,on-hold,processing,completed,cancelled,refunded,failed"
)

// Order fetches one order as it is now, in the same form as a webhook brings it: with FetchID empty, and with a reason in
// Ignored when the order is in the bin.
func (c *Client) Order(ctx context.Context, id string) (webshop.Delivery, error) {
	delivery, err := c.order(ctx, id)
	if err != nil {
		return webshop.Delivery{}, fmt.Errorf("fetch order %.40s: %w", id, err)
	}
	return delivery, nil
}

func (c *Client) order(ctx context.Context, id string) (webshop.Delivery, error) {
	o, err := c.rawOrder(ctx, id)
	if err != nil {
		return webshop.Delivery{}, err
	}
	return readOrder(o, c.config.Fields, "")
}

func (c *Client) rawOrder(ctx context.Context, id string) (webshop.Object, error) {
	path, err := orderPath(id)
	if err != nil {
		return webshop.Object{}, err
	}
	body, err := c.ask(ctx, question{method: http.MethodGet, path: path, limit: maxOneBytes})
	if err != nil {
		return webshop.Object{}, err
	}
	o, err := object(body)
	if err != nil {
		return webshop.Object{}, err
	}
	if got := serial(o, "id"); got != id {
		return webshop.Object{}, fmt.Errorf("%w: it sent order %s", webshop.ErrRefused, got)
	}
	return o, nil
}

// Page is one page of the orders that changed.
type Page struct {
	Orders     []webshop.Order
	Unreadable []Unreadable
	More       bool // there is a further page
}

// Unreadable is an order of a page that can't be understood; the others are not held up by it.
type Unreadable struct {
	ID  string // "" if not even that can be read
	Raw []byte
	Err error // wraps webshop.ErrUnreadable
}

// ChangedSince returns the orders whose last change is not before since, the latest change first. Pages are counted from
// 1; an order may be on two of them. Read all pages, and begin the next round at the time when this one began, less the
// clocks' difference: an order that changes while the pages are read moves to the front, where it is not looked for
// again, and belongs to the next round.
func (c *Client) ChangedSince(ctx context.Context, since time.Time, page int) (Page, error) {
	body, err := c.ask(ctx, question{
		method: http.MethodGet,
		path:   "orders",
		query:  changedQuery(since, page),
		limit:  maxListBytes,
	})
	if err != nil {
		return Page{}, fmt.Errorf("list orders changed since %s: %w", since.UTC().Format(time.RFC3339), err)
	}
	items, err := list(body)
	if err != nil {
		return Page{}, fmt.Errorf("list changed orders: %w", err)
	}
	answer := Page{More: len(items) >= ordersPerPage}
	for _, item := range items {
		c.addToPage(&answer, item)
	}
	return answer, nil
}

// changedQuery takes a second off, since the shop's modified_after leaves out the second that it names.
func changedQuery(since time.Time, page int) url.Values {
	after := since.UTC().Truncate(time.Second).Add(-time.Second)
	return url.Values{
		"modified_after": {after.Format(wordPressTime)},
		"dates_are_gmt":  {"true"},
		"status":         {polledStatuses},
		"orderby":        {"modified"},
		"order":          {"desc"},
		"per_page":       {strconv.Itoa(ordersPerPage)},
		"offset":         {strconv.Itoa(max(page-1, 0) * (ordersPerPage - pageOverlap))},
	}
}

func (c *Client) addToPage(page *Page, item json.RawMessage) {
	o, err := webshop.ReadObject(item)
	if err != nil {
		page.Unreadable = append(page.Unreadable, Unreadable{Raw: item, Err: err})
		return
	}
	delivery, err := readOrder(o, c.config.Fields, "")
	if err != nil {
		page.Unreadable = append(page.Unreadable, Unreadable{ID: o.Loose("id"), Raw: item, Err: err})
		return
	}
	if delivery.Order != nil {
		page.Orders = append(page.Orders, *delivery.Order)
	}
}

// Refunds fetches what was given back on an order, with the lines and units that its own body leaves out. The currency is
// the order's: a refund does not repeat it.
func (c *Client) Refunds(ctx context.Context, orderID, currency string) ([]webshop.Refund, error) {
	path, err := orderPath(orderID, "refunds")
	if err != nil {
		return nil, err
	}
	var refunds []webshop.Refund
	for page := 1; page <= maxRefundPages; page++ {
		some, err := c.refundPage(ctx, path, page, currency)
		if err != nil {
			return nil, fmt.Errorf("fetch the refunds of order %s: %w", orderID, err)
		}
		refunds = append(refunds, some...)
		if len(some) < refundsPerPage {
			return refunds, nil
		}
	}
	return nil, fmt.Errorf("%w: order %s has more than %d refunds", webshop.ErrUnreadable, orderID, len(refunds))
}

func (c *Client) refundPage(ctx context.Context, path string, page int, currency string) ([]webshop.Refund, error) {
	query := url.Values{"per_page": {strconv.Itoa(refundsPerPage)}, "page": {strconv.Itoa(page)}}
	body, err := c.ask(ctx, question{method: http.MethodGet, path: path, query: query, limit: maxListBytes})
	if err != nil {
		return nil, err
	}
	items, err := list(body)
	if err != nil {
		return nil, err
	}
	refunds := make([]webshop.Refund, len(items))
	for i, item := range items {
		if refunds[i], err = readRefund(item, currency); err != nil {
			return nil, err
		}
	}
	return refunds, nil
}

// readRefund reads one refund. Its lines are negative copies of the order's, which they name in their meta data; a
// quantity of 0 gave money back without taking a unit.
func readRefund(item json.RawMessage, currency string) (webshop.Refund, error) {
	o, err := webshop.ReadObject(item)
	if err != nil {
		return webshop.Refund{}, err
	}
	refund := webshop.Refund{
		ID:     serial(o, "id"),
		Amount: webshop.Decimal(strings.TrimPrefix(o.Decimal("amount"), "-"), currency),
	}
	for _, l := range o.Objects("line_items") {
		line := webshop.RefundLine{ID: refundedLine(l), Quantity: units(l)}
		if l.Loose("total") != "" {
			line.Amount = webshop.Decimal(strings.TrimPrefix(paid(l), "-"), currency)
		}
		refund.Lines = append(refund.Lines, line)
	}
	for _, beside := range [...]struct{ lines, id string }{{"shipping_lines", "freight"}, {"fee_lines", "fee"}} { // no id of WooCommerce is a word
		for _, l := range o.Objects(beside.lines) {
			if given := givenFor(l); given != "" {
				refund.Lines = append(refund.Lines, webshop.RefundLine{ID: beside.id, Amount: webshop.Decimal(given, currency)})
			}
		}
	}
	return refund, o.Err()
}

// givenFor is how much a refund gives back for what is no line of goods; "" for nothing. A fee may have been a discount, which a refund takes
// back: nothing was given for that.
func givenFor(l webshop.Object) string {
	if l.Loose("total") == "" {
		return ""
	}
	given, back := strings.CutPrefix(paid(l), "-")
	if !back || strings.Trim(given, "0.") == "" {
		return ""
	}
	return given
}

func refundedLine(l webshop.Object) string {
	for _, m := range l.Objects("meta_data") {
		if m.Loose("key") == "_refunded_item_id" {
			return serial(m, "value")
		}
	}
	l.Fail("meta_data", "has no _refunded_item_id")
	return ""
}

// units is 0 for part of a line that is sold by weight.
func units(l webshop.Object) int {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(l.Decimal("quantity"), "-"), ".")
	n, err := strconv.Atoi(whole)
	if err != nil || strings.Trim(fraction, "0") != "" {
		return 0
	}
	return n
}

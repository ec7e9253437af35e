package retail_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
)

// numbered is an order of its own.
func numbered(n int, change ...func(*purchase.Order)) purchase.Order {
	return order(0, append(change, func(o *purchase.Order) { o.ID, o.Number = fmt.Sprint(n), fmt.Sprint("B-", n) })...)
}

// hears receives the webhook of an order whose body says all of it; whoever reads the body later reads the same.
func (c *counter) hears(o purchase.Order) retail.Receipt {
	c.t.Helper()
	body, err := json.Marshal(o)
	if err != nil {
		c.t.Fatal(err)
	}
	receipt, err := c.sales.Receive(c.t.Context(), c.shop, retail.Body{Bytes: body, Order: &o})
	if err != nil {
		c.t.Error(err)
	}
	return receipt
}

// readsOrders lets the shop's words be what hears has sent.
func (c *counter) readsOrders() {
	c.front.read = func(body string) (retail.Told, error) {
		var o purchase.Order
		if err := json.Unmarshal([]byte(body), &o); err != nil {
			return retail.Told{}, err
		}
		o.Origin = purchase.Told
		return retail.Told{Order: &o}, nil
	}
}

// together receives the webhooks of orders at the same time, while two groups before them are held up: all of them are one group, or as
// many as can be. It returns how many transactions stored bodies. The points are the process's, so that its tests run alone.
func (c *counter) together(all ...purchase.Order) int32 {
	c.t.Helper()
	var stored atomic.Int32
	entered, free := make(chan struct{}, 2), make(chan struct{})
	c.t.Cleanup(failpoint.Set(failpoint.WebhookStored, func() {
		if stored.Add(1) <= 2 {
			entered <- struct{}{}
			<-free
		}
	}))
	var running sync.WaitGroup
	for n := range 2 {
		running.Go(func() { c.hears(numbered(1000 + n)) })
		<-entered
	}
	for i, o := range all {
		running.Go(func() { c.hears(o) })
		c.until("it waits", func() bool { return c.sales.Waiting() == i+1 })
	}
	free <- struct{}{} // one of the two: when both end at once, both have followers
	c.until("they are taken", func() bool { return c.sales.Waiting() == 0 })
	close(free)
	running.Wait()
	return stored.Load() - 2
}

// bodies counts the stored ones by state.
func (c *counter) bodies() string {
	c.t.Helper()
	var text string
	err := c.pool.QueryRow(c.t.Context(),
		`SELECT coalesce(string_agg(state || ' ' || n, ', ' ORDER BY state), '') FROM (SELECT state, count(*) AS n FROM inbox GROUP BY state) s`).Scan(&text)
	if err != nil {
		c.t.Fatal(err)
	}
	return text
}

func TestWebhooksThatArriveTogetherAreSettledInOneTransaction(t *testing.T) {
	c := open(t)
	var all []purchase.Order
	for n := range 20 {
		all = append(all, numbered(n, units(1+n%2), func(o *purchase.Order) { o.Buyer.ID = fmt.Sprint("login", n%3) }))
	}
	all = append(all, numbered(20, func(o *purchase.Order) { o.Lines[0].SKU = "SOCKS" }))
	if n := c.together(all...); n != 1 {
		t.Errorf("%d transactions, want 1", n)
	}
	if got, want := c.bodies(), "applied 22, ignored 1"; got != want {
		t.Errorf("bodies: got %s, want %s", got, want)
	}
	if got := c.deliveries(retail.KindRelay); len(got) != 0 {
		t.Errorf("%d errands to read what is settled", len(got))
	}
	if n := len(c.vouchers()); n != 32 {
		t.Errorf("%d vouchers, want 32", n)
	}
	var owned, unconfirmed int
	err := c.pool.QueryRow(t.Context(), `SELECT
		(SELECT count(DISTINCT customer) FROM voucher_owner),
		(SELECT count(*) FROM delivery d WHERE kind = 'code'
			AND NOT EXISTS (SELECT FROM delivery f WHERE f.id = d.after AND f.kind = 'confirmation' AND f.parent = d.parent))`).Scan(&owned, &unconfirmed)
	if err != nil || owned != 3 || unconfirmed != 0 {
		t.Errorf("B03 %d customers, want 3; E10 %d code mails that follow no confirmation of their order, want 0; %v", owned, unconfirmed, err)
	}
}

func TestAPoisonedWebhookHurtsNoOtherOfItsGroup(t *testing.T) {
	c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
	c.readsOrders()
	all := []purchase.Order{numbered(0, func(o *purchase.Order) { o.Tender = "quick\x00pay" })} // PostgreSQL refuses it
	for n := 1; n < 10; n++ {
		all = append(all, numbered(n))
	}
	c.together(all...)
	if got, want := c.bodies(), "applied 2, received 10"; got != want {
		t.Errorf("bodies: got %s, want %s: all are accepted, and none is settled with the poisoned one", got, want)
	}
	c.works()
	c.until("the others are settled", func() bool { return c.bodies() == "applied 11, received 1" })
	c.until("the poisoned one is tried again later", func() bool {
		return slices.ContainsFunc(c.deliveries(retail.KindRelay), func(d string) bool { return strings.HasPrefix(d, "pending it failed") })
	})
	if n := len(c.vouchers()); n != 11 {
		t.Errorf("%d vouchers, want 11", n)
	}
}

func TestWhereverAGroupBreaksItsWebhooksAreAcceptedAndIssueOnce(t *testing.T) {
	for _, point := range []string{failpoint.IssueDrawn, failpoint.IssueInserted, failpoint.RelayApplied} {
		t.Run("D1 "+point, func(t *testing.T) {
			c := open(t)
			c.readsOrders()
			c.works()
			breaksOnce(t, point)
			for n := range 3 {
				c.hears(numbered(n))
			}
			c.until("all are settled", func() bool { return c.bodies() == "applied 3" })
			if got, want := c.standing(), "active 50000, active 50000, active 50000"; got != want {
				t.Errorf("I8 got %q, want %q", got, want)
			}
		})
	}
}

func TestTwoStatesOfOneOrderAreSettledOneAfterTheOther(t *testing.T) {
	c := open(t)
	c.readsOrders()
	n := c.together(order(0, status(purchase.Placed)), order(1), numbered(7), order(2, status(purchase.Cancelled)))
	if n < 2 {
		t.Errorf("%d transactions, want one for each state at least", n)
	}
	c.works()
	c.until("all are settled", func() bool { return c.bodies() == "applied 6" })
	if got, want := c.standing(), "active 50000, active 50000, active 50000, blocked active 50000"; !sameParts(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := c.deliveries(retail.KindConfirmation); len(got) != 4 {
		t.Errorf("E07 %d confirmations, want 4", len(got))
	}
}

// sameParts compares lists whatever their order.
func sameParts(a, b string) bool {
	some, others := strings.Split(a, ", "), strings.Split(b, ", ")
	slices.Sort(some)
	slices.Sort(others)
	return slices.Equal(some, others)
}

func TestARepeatIsReadAnewAndChangesNothing(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.readsOrders()
	if first, again := c.hears(order(0)), c.hears(order(0)); first.Duplicate || !again.Duplicate {
		t.Errorf("duplicate: %v and %v, want false and true", first.Duplicate, again.Duplicate)
	}
	c.works()
	c.until("it is read", func() bool { return slices.Equal(c.deliveries(retail.KindRelay), []string{"done"}) })
	if got, want := c.standing(), "active 50000"; got != want {
		t.Errorf("E06 got %q, want %q", got, want)
	}
	if got := c.deliveries(retail.KindConfirmation); len(got) != 1 {
		t.Errorf("E07 %d confirmations, want 1", len(got))
	}
}

func TestWhatIsNotForAGroupIsLeftToTheRelay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before func(c *counter)
		told   purchase.Order
		tasks  []string
	}{
		{"what acts upon vouchers that exist", func(c *counter) { c.tells(order(0)); c.tells(order(1, status(purchase.Cancelled))) }, order(2), nil},
		{"what may take points back", func(*counter) {}, order(0, status(purchase.Cancelled)), nil},
		{
			"what a person has to look at", func(c *counter) { c.tells(order(0, status(purchase.Placed))) },
			order(1, func(o *purchase.Order) { o.Number = "another" }), []string{`set_aside the order's number is "another" and was "B-15"`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			c.readsOrders()
			test.before(c)
			c.hears(test.told)
			if got, want := c.bodies(), "received 1"; got != want {
				t.Errorf("bodies: got %s, want %s", got, want)
			}
			c.works()
			c.until("it is relayed", func() bool { return slices.Equal(c.deliveries(retail.KindRelay), []string{"done"}) })
			if got := c.tasks(); !slices.Equal(got, test.tasks) {
				t.Errorf("tasks: got %q, want %q", got, test.tasks)
			}
		})
	}
}

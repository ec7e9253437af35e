package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/mail/mailtest"
	"vouchsafe/retail/retailtest"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// buysFor is an order of one voucher for somebody else. The buyer is of the same domain.
func (m *merchant) buysFor(recipient string) *woocommercetest.Order {
	_, domain, _ := strings.Cut(recipient, "@")
	order := m.woo.OrderBy(woocommercetest.Buyer{FirstName: "Søren", LastName: "Ørsted", Email: "buyer@" + domain}, woocommercetest.Line{
		SKU: "GAVEKORT-500", Name: "Gavekort 500 kr.", Quantity: 1, Total: "500.00", Meta: map[string]string{"Til e-mail": recipient},
	})
	order.Pay()
	return order
}

// fate is what became of the code mail of an order: its delivery, and the task that asks a person to look.
type fate struct {
	State  string
	Copies int32 // that left or may have left
	Task   string
}

const fateOf = `SELECT d.state, d.copies, COALESCE(t.reason, '') AS task
	FROM delivery d
	JOIN purchase_unit u ON u.voucher::text = d.subject
	JOIN purchase p ON p.id = u.purchase
	LEFT JOIN task t ON t.kind = 'delivery' AND t.subject = d.id::text AND t.closed_at IS NULL
	WHERE d.kind = 'code' AND p.order_id = $1`

// becomes waits until the code mail of an order has this fate.
func becomes(t *testing.T, pool *pgxpool.Pool, order *woocommercetest.Order, want fate) {
	t.Helper()
	var got []fate
	end := time.NewTimer(recoversWithin / 2)
	defer end.Stop()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !slices.Equal(got, []fate{want}) {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("the code mail of order %s became %+v, want %+v", order.ID(), got, want)
		}
		rows, _ := pool.Query(t.Context(), fateOf, order.ID()) // rows carry the error to CollectRows
		var err error
		if got, err = pgx.CollectRows(rows, pgx.RowToStructByName[fate]); err != nil {
			t.Fatal(err)
		}
	}
}

// rudeness is a way of a mail server, and what comes of it: at once, after ten minutes, after an hour.
type rudeness struct {
	name                string
	to                  string
	ways                []mailtest.Behaviour
	first, later, atEnd fate
	copies              int // that the recipient has got in the end
}

func rudenesses() []rudeness {
	const done, pending, bounced, doubt = "done", "pending", "bounced", "in_doubt"
	way := func(b ...mailtest.Behaviour) []mailtest.Behaviour { return b }
	taken, put, refused := fate{done, 1, ""}, fate{pending, 0, ""}, fate{bounced, 0, bounced}
	return []rudeness{
		{"taken", "anna@taken.example", way(mailtest.Accept), taken, taken, taken, 1},
		{"taken late", "anna@late.example", way(mailtest.AnswerLate), taken, taken, taken, 1},
		{"S2 451 at the recipient", "anna@451.example", way(mailtest.Greylist), put, taken, taken, 1},
		{"S2 452 at the dot", "anna@452.example", way(mailtest.FullMailbox), put, taken, taken, 1},
		{"S2 552 mailbox full", "anna@552.example", way(mailtest.OldFullMailbox), put, taken, taken, 1},
		{"S3 550 at the recipient", "anna@550.example", way(mailtest.UnknownRecipient), refused, refused, refused, 0},
		{"S3 552 too large", "anna@large.example", way(mailtest.TooLarge), refused, refused, refused, 0},
		{"S3 554 at the dot", "anna@554.example", way(mailtest.RefuseMessage), refused, refused, refused, 0},
		{"S6 421 at the recipient", "anna@421.example", way(mailtest.Shutdown), put, taken, taken, 1},
		{"S6 421 in the message", "anna@data.example", way(mailtest.ShutdownInData), put, taken, taken, 1},
		{
			"S4 closed after the dot", "anna@closed.example", way(mailtest.CloseAfterDot),
			fate{doubt, 1, ""}, fate{doubt, 1, ""}, fate{done, 2, ""}, 2,
		},
		{
			"S4 lost after the dot", "anna@lost.example", way(mailtest.LoseAfterDot),
			fate{doubt, 1, ""}, fate{doubt, 1, ""}, fate{done, 2, ""}, 1,
		},
		{
			"S4 closed after each dot", "anna@always.example", way(mailtest.CloseAfterDot, mailtest.CloseAfterDot),
			fate{doubt, 1, ""}, fate{doubt, 1, ""}, fate{doubt, 2, doubt}, 2,
		},
		{"S5 dropped after 250", "anna@dropped.example", way(mailtest.DropAfterAccept), taken, taken, taken, 1},
		{"S5 QUIT hangs", "anna@quit.example", way(mailtest.HangAtQuit), taken, taken, taken, 1},
	}
}

// S2-S6, I9, I10: whatever a mail server does, its mail ends as it should, in one, few or no copies that
// are the same to the last octet, with one code, for nobody else. Clocks are moved for all at once. A
// server that hangs after the dot is given ten minutes by the true clock: package mail tests it.
func TestWhateverAMailServerDoesTheCodeArrivesOrTheOfficeKnows(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	pool := m.look()
	rows := rudenesses()
	orders := make([]*woocommercetest.Order, len(rows))
	for i, r := range rows {
		m.sink.For(r.to, r.ways...)
		orders[i] = m.buysFor(r.to)
	}
	m.delivers(d)
	for _, phase := range []struct {
		clock time.Duration
		want  func(rudeness) fate
	}{
		{0, func(r rudeness) fate { return r.first }},
		{10 * time.Minute, func(r rudeness) fate { return r.later }},
		{time.Hour, func(r rudeness) fate { return r.atEnd }},
		{48 * time.Hour, func(r rudeness) fate { return r.atEnd }},
	} {
		eventually(t, recoversWithin, "nothing is under way", func() bool {
			return count(t, pool, `SELECT count(*) FROM delivery WHERE state = 'sending'`) == 0
		})
		retailtest.ShiftClock(t, pool, phase.clock)
		for i, r := range rows {
			becomes(t, pool, orders[i], phase.want(r))
		}
	}
	m.gotOnlyTheirs(rows)
	m.sound()
}

// gotOnlyTheirs looks into every mail that left.
func (m *merchant) gotOnlyTheirs(rows []rudeness) {
	m.t.Helper()
	owner := map[string]string{}
	for _, r := range rows {
		copies := m.sink.To(r.to)
		if len(copies) != r.copies {
			m.t.Errorf("%s: %d copies arrived, want %d (I10)", r.name, len(copies), r.copies)
		}
		for _, c := range copies {
			if !slices.Equal(c.Recipients, []string{r.to}) {
				m.t.Errorf("%s: it went to %v (I9)", r.name, c.Recipients)
			}
			if !bytes.Equal(c.Bytes, copies[0].Bytes) {
				m.t.Errorf("%s: the copies differ (I10)", r.name)
			}
		}
		if len(copies) == 0 {
			continue
		}
		in := codes(m.t, copies[:1])
		if len(in) != 1 || owner[in[0]] != "" {
			m.t.Errorf("%s: %d codes in its mail, the first also in that of %q (I9)", r.name, len(in), owner[in[0]])
		}
		owner[in[0]] = r.to
	}
}

// S1: a mail server that is down delays the mails and nothing else.
func TestMailsWaitForAMailServerThatIsDown(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	pool := m.look()
	m.sink.Down()
	order := m.buysFor("anna@example.dk")
	m.delivers(d)
	const waits = `SELECT count(*) FROM delivery WHERE kind = 'confirmation' AND state = 'pending' AND tries > 0`
	eventually(t, recoversWithin, "the confirmation was tried in vain", func() bool { return count(t, pool, waits) == 1 })
	if sold := count(t, pool, `SELECT count(*) FROM voucher WHERE state = 'active'`); sold != 1 {
		t.Errorf("%d vouchers, want 1: issuing waits for no mail server", sold)
	}
	m.sink.Up(t)
	retailtest.ShiftClock(t, pool, time.Minute)
	becomes(t, pool, order, fate{"done", 1, ""})
	if n := len(m.mails(2)); n != 2 {
		t.Errorf("%d mails, want a confirmation and a code", n)
	}
	m.sound()
}

// S6: a domain whose server drips keeps no other domain's mails.
func TestOneSlowMailServerKeepsNoOther(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	slow := []string{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		to := name + "@slow.example"
		m.sink.For(to, mailtest.Drip)
		m.buysFor(to)
		slow = append(slow, to)
	}
	m.delivers(d)
	pool := m.look()
	eventually(t, recoversWithin, "the slow domain has all the hands that it gets", func() bool {
		return count(t, pool, `SELECT count(*) FROM delivery WHERE kind = 'code' AND state = 'sending'`) == 4
	})
	quick := m.buysFor("quick@example.dk")
	m.delivers(d)
	becomes(t, pool, quick, fate{"done", 1, ""})
	for _, to := range slow {
		if n := len(m.sink.To(to)); n != 0 {
			t.Errorf("%s has got %d mails from a server that never ends", to, n)
		}
	}
}

// A shop sells many vouchers to buyers of one mail provider, whose server takes its time: they wait for
// one another and are not put off.
func TestManyMailsToOneDomainKeepFlowing(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	const many = 60
	for range many + 1 {
		m.sink.Next(mailtest.AnswerLate)
	}
	m.buys(many)
	m.delivers(d)
	m.mails(many + 1)
	if n := count(t, m.look(), `SELECT count(*) FROM delivery WHERE kind = 'code' AND attempt > 1`); n > many/4 {
		t.Errorf("%d of %d mails were put off", n, many)
	}
}

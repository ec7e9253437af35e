package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"vouchsafe/webshop/standard"
)

// Stall is the webshop that sells: an id on the platform "standard", the secret of its webhooks, and an open product in DKK.
type Stall struct{ Shop, Secret, Product string }

// sale is an order and what it promises.
type sale struct {
	Order string
	Lines []gift
	Paid  bool // whether the shop ever told that it is paid
}

// gift is a line of an order: so many vouchers for one recipient.
type gift struct {
	Recipient string
	Units     int
}

// units are all that are to be issued.
func (s sale) units() int {
	total := 0
	for _, line := range s.Lines {
		total += line.Units
	}
	return total
}

// sales are all orders. They are safe for concurrent use.
type sales struct {
	mu   sync.Mutex
	made []sale
	most int // how many there shall be; 0 for as many as there can be
	more int // how many were begun
}

// another tells whether one more order is wanted.
func (s *sales) another() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.more++
	return s.most == 0 || s.more <= s.most
}

func (s *sales) add(made sale) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = append(s.made, made)
}

func (s *sales) all() []sale {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sale(nil), s.made...)
}

// Worth is what every voucher of the torture is sold for, in minor units.
const Worth = 5000

// vendor is the webshop.
type vendor struct {
	*person
	stall Stall
	sales *sales
}

// sells makes one order after the other.
func (v *vendor) sells(ctx context.Context) {
	for pause(ctx, v.mix.Pace/4+time.Duration(v.random.Int64N(int64(3*v.mix.Pace/2)))) {
		if !v.sales.another() {
			return
		}
		v.order(ctx, 1+v.random.IntN(3), !v.chance(10))
	}
}

// order tells of an order: placed, and paid or cancelled. The messages come twice, or in the wrong order, or over connections that
// break; each is repeated until it is accepted, since a webshop that gives up tells its merchant.
func (v *vendor) order(ctx context.Context, units int, paid bool) {
	id := v.name("order")
	made := sale{Order: id, Paid: paid, Lines: []gift{{Recipient: id + "@example.com", Units: units}}}
	if v.chance(40) {
		made.Lines = append(made.Lines, gift{Recipient: id + "-too@example.com", Units: 1 + v.random.IntN(2)})
	}
	v.sales.add(made)
	at := time.Now()
	messages := []message{v.message(made, "placed", at)}
	last := "cancelled"
	if paid {
		last = "paid"
	}
	messages = append(messages, v.message(made, last, at.Add(time.Second)))
	if v.chance(20) {
		messages[0], messages[1] = messages[1], messages[0]
	}
	if v.chance(30) {
		messages = append(messages, messages[v.random.IntN(len(messages))])
	}
	if v.chance(30) {
		again := messages[v.random.IntN(len(messages))]
		again.id += "-again" // shops resend under new ids
		messages = append(messages, again)
	}
	if v.chance(15) {
		for i := range messages {
			messages[i].id = id // shops whose plugin names an order and not a message
		}
	}
	for _, m := range messages {
		for v.send(ctx, m) != http.StatusOK {
			if !pause(context.WithoutCancel(ctx), breath) || v.gaveUp(at) {
				return
			}
		}
	}
}

// gaveUp bounds how long a shop repeats.
func (v *vendor) gaveUp(since time.Time) bool { return time.Since(since) > 2*time.Minute }

// message is a signed body.
type message struct {
	id   string
	body []byte
}

func (v *vendor) message(s sale, status string, at time.Time) message {
	lines := []any{}
	for i, line := range s.Lines {
		lines = append(lines, map[string]any{
			"id": strconv.Itoa(i + 1), "sku": v.stall.Product, "name": "Gift voucher", "quantity": line.Units,
			"total":     map[string]any{"amount": int64(line.Units) * Worth, "currency": "DKK"},
			"recipient": map[string]any{"name": "R", "email": line.Recipient},
		})
	}
	order := map[string]any{
		"id": s.Order, "number": s.Order, "status": status, "updated_at": at.UTC().Format(time.RFC3339), "currency": "DKK", "language": "en",
		"customer": map[string]any{"email": "buyer-" + s.Order + "@example.com", "name": "B"}, "lines": lines,
	}
	if status == "paid" {
		order["payment"] = map[string]any{"method": "card", "paid_at": at.UTC().Format(time.RFC3339)}
	}
	body, err := json.Marshal(map[string]any{"type": "order." + status, "data": map[string]any{"order": order}})
	if err != nil {
		panic("torture: an order has no JSON: " + err.Error())
	}
	return message{id: s.Order + "-" + status, body: body}
}

// send delivers a message once; now and then the connection breaks before the answer is read, or before all is said.
func (v *vendor) send(ctx context.Context, m message) int {
	now := time.Now()
	signature, err := standard.Sign(v.stall.Secret, m.id, now, m.body)
	if err != nil {
		return 0
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	urls := v.door.urls()
	at := urls[v.random.IntN(len(urls))] + "/v1/shops/" + v.stall.Shop + "/webhooks"
	request, err := http.NewRequestWithContext(limited, http.MethodPost, at, bytes.NewReader(m.body))
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("webhook-id", m.id)
	request.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("webhook-signature", signature)
	v.asked.Add(1)
	if v.chance(10) {
		tear(request, v.random)
		return 0
	}
	answer, err := v.door.client.Do(request)
	if err != nil {
		return 0
	}
	return answer.StatusCode + drain(answer)
}

// drain reads an answer to its end, so that its connection can be used again.
func drain(answer *http.Response) int {
	var rest bytes.Buffer
	_, _ = rest.ReadFrom(answer.Body) // the status is what counts
	_ = answer.Body.Close()
	return 0
}

// tear sends a part of a request, or all of it, and hangs up without reading.
func tear(request *http.Request, random *rand.Rand) {
	var raw bytes.Buffer
	if err := request.Write(&raw); err != nil {
		return
	}
	at, err := url.Parse(request.URL.String())
	if err != nil {
		return
	}
	conn, err := net.DialTimeout("tcp", at.Host, time.Second)
	if err != nil {
		return
	}
	part := raw.Bytes()
	if random.IntN(2) == 0 {
		part = part[:random.IntN(len(part))]
	}
	_, _ = conn.Write(part) // whether it arrives is the point
	_ = conn.Close()
}

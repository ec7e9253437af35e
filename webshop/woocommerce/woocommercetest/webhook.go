package woocommercetest

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vouchsafe/webshop/woocommerce"
)

// maxFailures is how many failures in a row a webhook survives: the one after them disables it.
const maxFailures = 6

type webhook struct {
	id       int64
	topic    string
	url      string
	status   string
	failures int
	unpinged bool // no ping to this URL was answered with 200 yet
}

// task is a delivery that waits for WP-Cron.
type task struct {
	hook  *webhook
	order int64
}

// Sent is one request of a webhook and its answer.
type Sent struct {
	Topic  string // "" for a ping
	Header http.Header
	Body   []byte
	Status int // 0: no answer
	Answer []byte
}

// Subscribe adds a webhook. A new shop has those for order.created, .updated, .deleted and .restored; a further one is
// action.woocommerce_payment_complete.
func (s *Shop) Subscribe(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastHook++
	s.webhooks = append(s.webhooks, &webhook{id: s.lastHook, topic: topic, status: "active", unpinged: true})
}

// Deliver does what WP-Cron does: it sends everything that waits, to this URL, and returns what was sent, pings among it.
// Whatever the answer, nothing is sent again.
func (s *Shop) Deliver(ctx context.Context, url string) []Sent {
	s.t.Helper()
	var sent []Sent
	for _, hook := range s.aim(url) {
		sent = append(sent, s.ping(ctx, hook))
	}
	s.mu.Lock()
	tasks := s.pending
	s.pending = nil
	s.mu.Unlock()
	for _, waiting := range tasks {
		sent = append(sent, s.deliver(ctx, waiting))
	}
	return sent
}

// Resend sends the same bytes and headers once more, as no shop does but any network can.
func (s *Shop) Resend(ctx context.Context, url string, sent Sent) Sent {
	s.t.Helper()
	return s.post(ctx, url, sent)
}

// WebhookStatus returns the status of the webhook for a topic.
func (s *Shop) WebhookStatus(topic string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, hook := range s.webhooks {
		if hook.topic == topic {
			return hook.status
		}
	}
	return ""
}

// aim sets where the webhooks deliver to and returns those that have to ping first.
func (s *Shop) aim(url string) []*webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	var unpinged []*webhook
	for _, hook := range s.webhooks {
		if hook.url != url {
			hook.url, hook.unpinged = url, true
		}
		if hook.unpinged && hook.status == "active" {
			unpinged = append(unpinged, hook)
		}
	}
	return unpinged
}

func (s *Shop) ping(ctx context.Context, hook *webhook) Sent {
	header := http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"},
		"User-Agent":   {"WooCommerce/9.4.1 Hookshot (WordPress/6.5.5)"},
	}
	sent := s.post(ctx, hook.url, Sent{Header: header, Body: []byte("webhook_id=" + text(hook.id))})
	s.mu.Lock()
	defer s.mu.Unlock()
	hook.unpinged = sent.Status != http.StatusOK
	return sent
}

func (s *Shop) deliver(ctx context.Context, waiting task) Sent {
	sent := s.post(ctx, waiting.hook.url, s.compose(waiting))
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting.hook.count(sent.Status)
	return sent
}

// count keeps the books as WC_Webhook::log_delivery does: 200 to 302 is success.
func (w *webhook) count(status int) {
	switch {
	case status >= 200 && status < 303:
		w.failures = 0
	case w.failures == maxFailures:
		w.status = "disabled"
	default:
		w.failures++
	}
}

// compose builds and signs the body as the order is now.
func (s *Shop) compose(waiting task) Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	resource, event, _ := strings.Cut(waiting.hook.topic, ".")
	body := s.payload(waiting, resource, event)
	header := http.Header{
		"Content-Type":             {"application/json"},
		"User-Agent":               {"WooCommerce/9.4.1 Hookshot (WordPress/6.5.5)"},
		"X-Wc-Webhook-Source":      {s.source},
		"X-Wc-Webhook-Topic":       {waiting.hook.topic},
		"X-Wc-Webhook-Resource":    {resource},
		"X-Wc-Webhook-Event":       {event},
		"X-Wc-Webhook-Signature":   {woocommerce.Sign(WebhookSecret, body)},
		"X-Wc-Webhook-Id":          {text(waiting.hook.id)},
		"X-Wc-Webhook-Delivery-Id": {s.deliveryID(waiting)},
	}
	return Sent{Topic: waiting.hook.topic, Header: header, Body: body}
}

// deliveryID knows the webhook and the second, nothing of the order.
func (s *Shop) deliveryID(waiting task) string {
	second := time.Time{}
	if order, ok := s.orders[waiting.order]; ok {
		second = order.modified
	}
	sum := md5.Sum([]byte(text(waiting.hook.id) + strconv.FormatInt(second.Unix(), 10)))
	return hex.EncodeToString(sum[:])
}

func (s *Shop) payload(waiting task, resource, event string) []byte {
	switch order, ok := s.orders[waiting.order]; {
	case event == "deleted":
		return encode(map[string]int64{"id": waiting.order})
	case resource == "action":
		return encode(actionBody{Action: event, Arg: waiting.order})
	case !ok:
		return encode(unknownOrder())
	default:
		return encode(s.body(order))
	}
}

func (s *Shop) post(ctx context.Context, url string, sent Sent) Sent {
	s.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(sent.Body))
	if err != nil {
		s.t.Errorf("deliver a webhook: %v", err)
		return sent
	}
	request.Header = sent.Header.Clone()
	request.Close = true
	client := http.Client{
		Transport:     s.Client.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	sent.Status, sent.Answer = 0, nil
	response, err := client.Do(request)
	if err != nil {
		return sent // the shop counts it as a failure and tells nobody
	}
	defer response.Body.Close()
	sent.Status = response.StatusCode
	sent.Answer, _ = io.ReadAll(response.Body)
	return sent
}

// queue notes what a change of an order causes: for a new one the update first, as seen. The caller holds the lock.
func (s *Shop) queue(order *state) {
	s.queueTopic("order.updated", order.id)
	if !order.announced {
		s.queueTopic("order.created", order.id)
		order.announced = true
	}
}

// queueTopic merges with a delivery of the same order that waits already. What happens while a webhook is disabled is lost.
func (s *Shop) queueTopic(topic string, order int64) {
	for _, hook := range s.webhooks {
		waiting := task{hook: hook, order: order}
		if hook.topic == topic && hook.status == "active" && !s.waits(waiting) {
			s.pending = append(s.pending, waiting)
		}
	}
}

func (s *Shop) waits(waiting task) bool {
	for _, other := range s.pending {
		if other == waiting {
			return true
		}
	}
	return false
}

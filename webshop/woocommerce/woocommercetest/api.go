package woocommercetest

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vouchsafe/webshop/woocommerce"
)

const apiRoot = "/wp-json/wc/v3"

// call is one authenticated request to the API. The shop's lock is held while it is answered.
type call struct {
	*http.Request
	order *state // nil where the path names none
}

func (s *Shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+apiRoot+"/orders", s.answer(s.listOrders))
	mux.HandleFunc("GET "+apiRoot+"/orders/{id}", s.answer(s.withOrder(s.showOrder)))
	mux.HandleFunc("PUT "+apiRoot+"/orders/{id}", s.answer(s.withOrder(s.changeOrder)))
	mux.HandleFunc("GET "+apiRoot+"/orders/{id}/refunds", s.answer(s.withOrder(listRefunds)))
	mux.HandleFunc("GET "+apiRoot+"/orders/{id}/notes", s.answer(s.withOrder(listNotes)))
	mux.HandleFunc("POST "+apiRoot+"/orders/{id}/notes", s.answer(s.withOrder(s.addNote)))
	mux.HandleFunc("GET "+apiRoot+"/webhooks", s.answer(s.listWebhooks))
	mux.HandleFunc("PUT "+apiRoot+"/webhooks/{id}", s.answer(s.changeWebhook))
	mux.HandleFunc("GET "+apiRoot+"/products", s.answer(s.listProducts))
	mux.HandleFunc("POST "+apiRoot+"/products", s.answer(s.makeProduct))
	mux.HandleFunc("PUT "+apiRoot+"/products/{id}", s.answer(s.changeProduct))
	mux.HandleFunc("GET "+apiRoot+"/products/categories", s.answer(s.listCategories))
	mux.HandleFunc("POST "+apiRoot+"/products/categories", s.answer(s.makeCategory))
	mux.HandleFunc("GET "+apiRoot+"/payment_gateways", s.answer(s.listGateways))
	mux.HandleFunc("GET "+apiRoot+"/settings/general/woocommerce_currency", s.answer(s.showCurrency))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusNotFound, refusal("rest_no_route", http.StatusNotFound))
	})
	return mux
}

// answer authenticates, lets a failure that a test asked for go first, and sends what the handler returns.
func (s *Shop) answer(handle func(call) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.failures) > 0 {
			next := s.failures[0]
			s.failures = s.failures[1:]
			if next.retryAfter != "" {
				w.Header().Set("Retry-After", next.retryAfter)
			}
			http.Error(w, "broken on purpose", next.status)
			return
		}
		if !s.authenticated(r) {
			send(w, http.StatusUnauthorized, refusal("woocommerce_rest_authentication_error", http.StatusUnauthorized))
			return
		}
		status, body := handle(call{Request: r})
		if s.witness != nil {
			s.witness(r.Method, strings.TrimPrefix(r.URL.Path, apiRoot))
		}
		send(w, status, body)
	}
}

// authenticated asks for key and secret over https and for a signature, never used before, over http.
func (s *Shop) authenticated(r *http.Request) bool {
	if r.TLS != nil {
		key, secret, _ := r.BasicAuth()
		return same(key, ConsumerKey) && same(secret, ConsumerSecret)
	}
	query := r.URL.Query()
	nonce := query.Get("oauth_nonce")
	if nonce == "" || s.nonces[nonce] || query.Get("oauth_timestamp") == "" || query.Get("oauth_signature_method") != "HMAC-SHA256" {
		return false
	}
	s.nonces[nonce] = true
	address := *r.URL
	address.Scheme, address.Host = "http", r.Host
	want := woocommerce.SignRequest(r.Method, &address, query, ConsumerSecret)
	return same(query.Get("oauth_consumer_key"), ConsumerKey) && same(query.Get("oauth_signature"), want)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *Shop) withOrder(handle func(call) (int, any)) func(call) (int, any) {
	return func(c call) (int, any) {
		id, _ := strconv.ParseInt(c.PathValue("id"), 10, 64)
		order, ok := s.orders[id]
		if !ok {
			return http.StatusNotFound, unknownOrder()
		}
		c.order = order
		return handle(c)
	}
}

func (s *Shop) showOrder(c call) (int, any) { return http.StatusOK, s.body(c.order) }

// listOrders knows the filters that a poll uses; like WordPress it leaves out the very second of modified_after.
func (s *Shop) listOrders(c call) (int, any) {
	query := c.URL.Query()
	after, _ := time.Parse("2006-01-02T15:04:05", query.Get("modified_after"))
	statuses := strings.Split(query.Get("status"), ",")
	found := []*state{}
	for _, o := range s.orders {
		if o.modified.After(after) && slices.Contains(statuses, o.status) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b *state) int {
		if order := b.modified.Compare(a.modified); order != 0 {
			return order
		}
		return int(b.id - a.id)
	})
	if query.Get("order") == "asc" {
		slices.Reverse(found)
	}
	bodies := []orderBody{}
	for _, o := range window(found, query.Get("offset"), query.Get("per_page")) {
		bodies = append(bodies, s.body(o))
	}
	return http.StatusOK, bodies
}

func window(orders []*state, offset, perPage string) []*state {
	from, _ := strconv.Atoi(offset)
	size, err := strconv.Atoi(perPage)
	if err != nil {
		size = 10
	}
	from = min(from, len(orders))
	return orders[from:min(from+size, len(orders))]
}

// changeOrder takes meta data and a status, which is all that a test needs.
func (s *Shop) changeOrder(c call) (int, any) {
	var change struct {
		Status   string     `json:"status"`
		MetaData []metaBody `json:"meta_data"`
	}
	if err := json.NewDecoder(c.Body).Decode(&change); err != nil {
		return http.StatusBadRequest, refusal("rest_invalid_json", http.StatusBadRequest)
	}
	for _, m := range change.MetaData {
		c.order.setMeta(s, m.Key, m.Value)
	}
	if change.Status != "" {
		c.order.status = change.Status
	}
	c.order.modified = s.now().UTC().Truncate(time.Second)
	s.queue(c.order)
	return http.StatusOK, s.body(c.order)
}

func (s *state) setMeta(shop *Shop, key string, value any) {
	for i := range s.meta {
		if s.meta[i].key == key {
			s.meta[i].value = value
			return
		}
	}
	s.meta = append(s.meta, meta{id: shop.id(), key: key, value: value})
}

func listRefunds(c call) (int, any) {
	bodies := []fullRefundBody{}
	if c.URL.Query().Get("page") != "1" {
		return http.StatusOK, bodies
	}
	for _, r := range c.order.refunds {
		bodies = append(bodies, r.body())
	}
	return http.StatusOK, bodies
}

type noteBody struct {
	ID           int64  `json:"id"`
	Author       string `json:"author"`
	Note         string `json:"note"`
	CustomerNote bool   `json:"customer_note"`
}

func listNotes(c call) (int, any) {
	bodies := []noteBody{}
	for _, n := range c.order.notes {
		bodies = append(bodies, noteBody{ID: n.id, Author: "WooCommerce", Note: n.text, CustomerNote: n.toCustomer})
	}
	return http.StatusOK, bodies
}

func (s *Shop) addNote(c call) (int, any) {
	var body noteBody
	if err := json.NewDecoder(c.Body).Decode(&body); err != nil || body.Note == "" {
		return http.StatusBadRequest, refusal("rest_missing_callback_param", http.StatusBadRequest)
	}
	body.ID, body.Author = s.id(), "WooCommerce"
	c.order.notes = append(c.order.notes, note{id: body.ID, text: body.Note, toCustomer: body.CustomerNote})
	return http.StatusCreated, body
}

type webhookBody struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Status      string `json:"status"`
	Topic       string `json:"topic"`
	DeliveryURL string `json:"delivery_url"`
}

func (w *webhook) body() webhookBody {
	return webhookBody{ID: w.id, Name: w.topic, Status: w.status, Topic: w.topic, DeliveryURL: w.url}
}

func (s *Shop) listWebhooks(call) (int, any) {
	bodies := []webhookBody{}
	for _, hook := range s.webhooks {
		bodies = append(bodies, hook.body())
	}
	return http.StatusOK, bodies
}

// changeWebhook leaves the count of failures alone, as WooCommerce does: one more disables the webhook again.
func (s *Shop) changeWebhook(c call) (int, any) {
	for _, hook := range s.webhooks {
		if text(hook.id) != c.PathValue("id") {
			continue
		}
		var change webhookBody
		if err := json.NewDecoder(c.Body).Decode(&change); err != nil {
			return http.StatusBadRequest, refusal("rest_invalid_json", http.StatusBadRequest)
		}
		hook.status = change.Status
		return http.StatusOK, hook.body()
	}
	return http.StatusBadRequest, refusal("woocommerce_rest_shop_webhook_invalid_id", http.StatusBadRequest)
}

func refusal(code string, status int) errorBody {
	return errorBody{Code: code, Message: code, Data: map[string]int{"status": status}}
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(encode(body))
}

package woocommercetest

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// What a shop made by New is known by.
const (
	WebhookSecret  = `sekret & "æøå"` // text as a merchant types it, markup and letters included
	ConsumerKey    = "ck_1234567890abcdef"
	ConsumerSecret = "cs_fedcba0987654321"
)

// Shop is a WooCommerce shop that listens on this machine. Its methods may be called at the same time.
type Shop struct {
	URL string // its home, with a slash at the end

	// Client trusts the shop's certificate; without one it is an ordinary client.
	Client *http.Client

	t   testing.TB
	now func() time.Time

	mu       sync.Mutex
	orders   map[int64]*state
	webhooks []*webhook
	pending  []task
	nextID   int64
	nonces   map[string]bool // of signed requests: each is good once
	failures []failure       // what the API answers next instead of the truth
	source   string
	lastHook int64

	products   []*product
	categories []category
	currency   string
	gateways   []string                  // that buyers are offered
	witness    func(method, path string) // of what has taken effect and is not answered yet; nil: nobody looks
}

// Option changes a shop before it opens.
type Option func(*Shop)

// WithClock makes the shop read its time from now. Without it a shop begins at 2026-11-22 01:38:04 UTC and every act takes
// one second.
func WithClock(now func() time.Time) Option {
	return func(s *Shop) { s.now = now }
}

// WithFirstID makes the first order bear this id; the others follow.
func WithFirstID(id int64) Option {
	return func(s *Shop) { s.nextID = id }
}

// New opens a shop over http, where the API wants signed requests. It is closed with the test.
func New(t testing.TB, options ...Option) *Shop {
	t.Helper()
	return open(t, httptest.NewServer, options)
}

// NewTLS opens a shop over https, where the API wants key and secret. Its Client trusts the certificate.
func NewTLS(t testing.TB, options ...Option) *Shop {
	t.Helper()
	return open(t, httptest.NewTLSServer, options)
}

func open(t testing.TB, listen func(http.Handler) *httptest.Server, options []Option) *Shop {
	shop := &Shop{
		t:        t,
		now:      ticking(),
		orders:   map[int64]*state{},
		nextID:   15,
		nonces:   map[string]bool{},
		currency: "DKK",
		gateways: usualGateways(),
	}
	for _, option := range options {
		option(shop)
	}
	server := listen(shop.routes())
	t.Cleanup(server.Close)
	shop.URL = server.URL + "/"
	shop.Client = server.Client()
	shop.source = shop.URL
	for _, topic := range []string{"order.created", "order.updated", "order.deleted", "order.restored"} {
		shop.Subscribe(topic)
	}
	return shop
}

// ticking is a clock that moves one second each time that it is read.
func ticking() func() time.Time {
	at := time.Date(2026, 11, 22, 1, 38, 3, 0, time.UTC)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

// PretendSource makes the shop call itself by another address, as a copy of it on a staging server does.
func (s *Shop) PretendSource(source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source = source
}

// FailNext makes the API answer its next requests, n of them, with this status. A retryAfter that is not empty is sent along.
func (s *Shop) FailNext(n, status int, retryAfter string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.failures = append(s.failures, failure{status: status, retryAfter: retryAfter})
	}
}

type failure struct {
	status     int
	retryAfter string
}

// id gives the next number; orders, lines and refunds share one sequence here. The caller holds the lock.
func (s *Shop) id() int64 {
	id := s.nextID
	s.nextID++
	return id
}

func text(id int64) string { return strconv.FormatInt(id, 10) }

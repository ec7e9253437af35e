package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"vouchsafe/retail/voucher"
)

// unusable are codes that can't be used, by why. The vouchers of the last ones exist.
func (m *merchant) unusable(d *running, admin string) map[string]string {
	m.t.Helper()
	sold := m.sells(d, 6)
	office := func(code, act string) {
		found := d.wants(200, admin, "POST", "/v1/admin/vouchers/find", fmt.Sprintf(`{"code": %q}`, code))
		d.wants(200, admin, "POST", fmt.Sprintf("/v1/admin/vouchers/%v/%s", found.at("id"), act), `{"reason": "because"}`)
	}
	sql := func(code, set string) {
		found := d.wants(200, admin, "POST", "/v1/admin/vouchers/find", fmt.Sprintf(`{"code": %q}`, code))
		m.writes(fmt.Sprintf(`UPDATE voucher SET %s WHERE id = '%v'`, set, found.at("id")))
	}
	office(sold[0], "invalidate")
	office(sold[1], "block")
	sql(sold[2], "quarantined = true")
	sql(sold[3], "expires_on = '2020-01-01', ends_at = '2020-01-02'")
	sql(sold[4], "state = 'issued'")
	sql(sold[5], "blocked_order = true")
	return map[string]string{
		"unknown": strange(m.t), "another unknown": strange(m.t), "a wrong check symbol": mistyped(m.t), "no code at all": "hello",
		"empty but for dashes": "----", "invalidated": sold[0], "blocked": sold[1], "quarantined": sold[2], "expired": sold[3], "not active": sold[4], "blocked with its order": sold[5],
	}
}

// strange is a well-formed code that nobody has.
func strange(t testing.TB) string {
	t.Helper()
	code, err := voucher.NewCode(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return code.Reveal()
}

// mistyped is a code with a wrong last symbol.
func mistyped(t testing.TB) string {
	t.Helper()
	code := strange(t)
	last := "2"
	if strings.HasSuffix(code, last) {
		last = "3"
	}
	return code[:len(code)-1] + last
}

// byShop asks as a buyer of the shop would make it ask, and returns the whole answer but for what differs between any two.
func (m *merchant) byShop(d *running, buyer, method, path, body string) string {
	m.t.Helper()
	body = strings.Replace(body, "{", fmt.Sprintf(`{"buyer": {"session": %q}, `, buyer), 1)
	request, err := http.NewRequestWithContext(m.t.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	request.Header = http.Header{"Authorization": {"Bearer " + m.shop}, "Content-Type": {"application/json"}}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	answer.Header.Del("Date")
	answer.Header.Del("X-Request-Id")
	return fmt.Sprint(answer.StatusCode, answer.Header, requestID.ReplaceAllString(string(text), ""))
}

// G14: whatever is wrong with a code, a shop is told the same, to the byte.
func TestAShopCanNotTellWhyACodeCanNotBeUsed(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	codes := m.unusable(d, m.does("key", "add", "--scope", "admin"))
	buyer := 0
	for _, route := range []struct{ method, path, body string }{
		{"POST", "/v1/balance", `{"code": %q}`},
		{"POST", "/v1/quotes", `{"codes": [%q], "due": {"amount": 100, "currency": "DKK"}}`},
		{"PUT", "/v1/reservations/oracle", `{"code": %q, "holder": "cart-9", "due": {"amount": 100, "currency": "DKK"}}`},
		{"PUT", "/v1/reservations/oracle-2", `{"code": %q, "holder": "cart-9", "due": {"amount": 100, "currency": "EUR"}}`},
	} {
		told := map[string][]string{}
		for why, code := range codes {
			buyer++
			answer := m.byShop(d, fmt.Sprint("buyer-", buyer), route.method, route.path, fmt.Sprintf(route.body, code))
			told[answer] = append(told[answer], why)
			if strings.Contains(answer, code) {
				t.Errorf("%s repeats the code", route.path)
			}
		}
		if len(told) != 1 {
			t.Errorf("%s tells them apart: %v", route.path, told)
		}
		for answer := range told {
			if !strings.HasPrefix(answer, "422 ") || !strings.Contains(answer, `"code":"cannot_be_applied"`) {
				t.Errorf("%s: %s", route.path, answer)
			}
		}
	}
}

// guesses is how many wrong codes are sent at the shop's key while honest buyers go on.
const guesses = 10_000

// G14: several buyers guess through one shop's key. They are stopped, each by himself; a register and the shop's other buyers are not.
func TestGuessersStopThemselvesAndNobodyElse(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	sold := m.sells(d, 2)
	const buyers, hands = 20, 16
	var next, looked, slowed atomic.Int64
	var crowd sync.WaitGroup
	for range hands {
		crowd.Go(func() {
			for n := next.Add(1); n <= guesses && m.t.Context().Err() == nil; n = next.Add(1) {
				r := d.asks(m.shop, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q, "buyer": {"ip": "192.0.2.%d"}}`, strange(t), n%buyers))
				switch r.status {
				case 429:
					slowed.Add(1)
				case 422:
					looked.Add(1)
				default:
					t.Errorf("a guess: %d %s", r.status, r.text)
				}
			}
		})
	}
	over := make(chan struct{})
	go func() {
		crowd.Wait()
		close(over)
	}()
	rounds := m.honest(d, sold, over)
	if most := int64(buyers*5 + hands*buyers); looked.Load() > most {
		t.Errorf("%d of %d guesses were looked up, want at most %d", looked.Load(), guesses, most)
	}
	if rounds < 5 {
		t.Errorf("the honest went %d rounds: they were hindered", rounds)
	}
	t.Logf("%d guesses: %d looked up, %d refused; %d honest rounds", guesses, looked.Load(), slowed.Load(), rounds)
}

// honest lets a till and a buyer go on until the channel is closed; nobody is in their way.
func (m *merchant) honest(d *running, codes []string, over <-chan struct{}) (rounds int) {
	m.t.Helper()
	for ; ; rounds++ {
		select {
		case <-over:
			return rounds
		default:
		}
		key := fmt.Sprint("honest-", rounds)
		if r := d.asks(m.till, "PUT", "/v1/redemptions/"+key, redeeming(codes[0])); r.status != 201 {
			m.t.Errorf("the till: %d %s", r.status, r.text)
			return rounds
		}
		body := fmt.Sprintf(`{"code": %q, "holder": "cart", "due": {"amount": 100, "currency": "DKK"}, "buyer": {"ip": "198.51.100.7"}}`, codes[1])
		if r := d.asks(m.shop, "PUT", "/v1/reservations/cart", body); r.status != 201 && r.status != 200 {
			m.t.Errorf("the buyer: %d %s", r.status, r.text)
			return rounds
		}
		if rounds >= 400 { // what the codes hold
			<-over
			return rounds
		}
	}
}

// BenchmarkWhyACodeCanNotBeUsed compares, by Welch's t, how long a shop waits for the refusal of a code that there is with that of one
// that there is not. Beyond 4.5 the two can be told apart by so many requests from the same machine. Run it alone on an idle one:
//
//	go test ./cmd/vouchsafed -run - -bench WhyACode -benchtime 20000x
func BenchmarkWhyACodeCanNotBeUsed(b *testing.B) {
	m := opens(b)
	d := m.serves()
	known := m.unusable(d, m.does("key", "add", "--scope", "admin"))["blocked"]
	forgets := m.forgiving()
	var took [2]timing
	for n := 0; b.Loop(); n++ {
		class, code := n%2, known
		if class == 1 {
			code = strange(b)
		}
		if n%8 == 0 {
			forgets()
		}
		body := fmt.Sprintf(`{"code": %q, "buyer": {"session": "b%d"}}`, code, n)
		start := time.Now()
		r := d.asks(m.shop, "POST", "/v1/balance", body)
		took[class].add(float64(time.Since(start).Nanoseconds()))
		if r.status != 422 {
			b.Fatalf("answered %d %s", r.status, r.text)
		}
	}
	b.ReportMetric(math.Abs(welch(took[0], took[1])), "t")
	b.ReportMetric(took[0].mean, "ns-known")
	b.ReportMetric(took[1].mean, "ns-unknown")
}

// forgiving gives a way to forget all wrong codes, so that none slows the answers.
func (m *merchant) forgiving() func() {
	m.t.Helper()
	client := m.redis()
	return func() {
		keys, err := client.Keys(m.t.Context(), "vs:*:wrong:*").Result()
		if err == nil && len(keys) > 0 {
			err = client.Del(m.t.Context(), keys...).Err()
		}
		if err != nil {
			m.t.Fatal(err)
		}
	}
}

// redis is the test's own connection to the Redis of the installation.
func (i *installation) redis() *redis.Client {
	i.t.Helper()
	address := ""
	for _, setting := range i.env {
		if value, found := strings.CutPrefix(setting, "VOUCHSAFE_REDIS_URL="); found {
			address = value
		}
	}
	options, err := redis.ParseURL(address)
	if err != nil {
		i.t.Fatal(err)
	}
	client := redis.NewClient(options)
	i.t.Cleanup(func() { _ = client.Close() })
	return client
}

// timing is a running mean and variance.
type timing struct{ n, mean, squares float64 }

func (s *timing) add(x float64) {
	s.n++
	off := x - s.mean
	s.mean += off / s.n
	s.squares += off * (x - s.mean)
}

// welch is the t of two samples that need not have the same variance.
func welch(a, b timing) float64 {
	return (a.mean - b.mean) / math.Sqrt(a.squares/(a.n-1)/a.n+b.squares/(b.n-1)/b.n)
}

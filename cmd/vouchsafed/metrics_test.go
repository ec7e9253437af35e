package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scraped are the families of one look at /metrics, by name.
type scraped map[string]*dto.MetricFamily

// scrapes reads the metrics as Prometheus does.
func (d *running) scrapes() (scraped, string) {
	d.t.Helper()
	text := d.wants(200, "", "GET", "/metrics", "").text
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		d.t.Fatalf("Prometheus can't read the metrics: %v\n%s", err, text)
	}
	return families, text
}

// value is the sum of a family's series that have all the labels: "state=active".
func (s scraped) value(name string, labels ...string) float64 {
	family, total := s[name], 0.0
	for _, m := range family.GetMetric() {
		has := func(label string) bool {
			return slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName()+"="+l.GetValue() == label })
		}
		if slices.ContainsFunc(labels, func(label string) bool { return !has(label) }) {
			continue
		}
		total += m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
	}
	return total
}

// eventually scrapes until a figure is as expected.
func (d *running) eventually(name string, want float64, labels ...string) scraped {
	d.t.Helper()
	var got scraped
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		if got, _ = d.scrapes(); got.value(name, labels...) == want {
			return got
		}
	}
	d.t.Fatalf("%s %v is %v, want %v", name, labels, got.value(name, labels...), want)
	return nil
}

// busy is a merchant of whom every figure has something to tell: vouchers sold, one reserved, one
// refused, a mail that waits for its day, a task, and a proof.
func busy(t *testing.T) (m *merchant, d *running, code string) {
	t.Helper()
	m = opens(t)
	d = m.serves()
	m.buys(3)
	m.delivers(d)
	sold := codes(t, m.mails(4)[1:])
	d.eventually("vouchsafe_delivery_attempts_total", 3, "kind=code", "state=done")
	d.stops()
	m.writes(`INSERT INTO task (kind, subject, reason, opened_at) VALUES ('short_order', 'a', 'b', vouchsafe_now() - interval '2 hours')`)
	m.writes(`INSERT INTO delivery (kind, subject, seq, state, reason, ready_at, created_at) VALUES ('code', 'x', 1, 'waiting', 'needs_address', vouchsafe_now(), vouchsafe_now())`)
	m.does("verify")
	d = m.serves()
	d.eventually("vouchsafe_vouchers", 3, "currency=DKK", "state=active")
	m.buys(1) // after the count, which stays as it is for minutes
	m.delivers(d)
	d.eventually("vouchsafe_delivery_attempts_total", 1, "kind=code", "state=done")
	reserve := fmt.Sprintf(`{"code": %q, "holder": "cart-1", "due": {"amount": 30000, "currency": "DKK"}}`, sold[0])
	d.wants(201, m.shop, "PUT", "/v1/reservations/woo:1", reserve)
	d.wants(200, m.shop, "PUT", "/v1/reservations/woo:1", reserve)
	redeem := `{"code": %q, "amount": {"amount": 10000, "currency": "DKK"}, "receipt": "17"}`
	d.wants(409, m.till, "PUT", "/v1/redemptions/k:1", fmt.Sprintf(redeem, sold[0]))
	d.wants(201, m.till, "PUT", "/v1/redemptions/k:2", fmt.Sprintf(redeem, sold[1]))
	return m, d, sold[0]
}

// TestTheMetricsAnswerWhatAShopkeeperAndAnOperatorAsk looks at the figures of a busy merchant.
func TestTheMetricsAnswerWhatAShopkeeperAndAnOperatorAsk(t *testing.T) {
	t.Parallel()
	_, d, code := busy(t)
	got, text := d.scrapes()
	for _, tt := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"vouchsafe_liability_currency_units", []string{"currency=DKK"}, 1500},
		{"vouchsafe_voucher_balance_currency_units", []string{"currency=DKK", "state=active"}, 1500},
		{"vouchsafe_tasks_open", []string{"kind=short_order"}, 1},
		{"vouchsafe_deliveries_unfinished", []string{"kind=code", "state=waiting"}, 1},
		{"vouchsafe_proof_sound", nil, 1},
		{"vouchsafe_delivery_attempts_total", []string{"kind=code", "state=done"}, 1},
		{"vouchsafe_acts_total", []string{"act=issue", "outcome=done"}, 1},
		{"vouchsafe_acts_total", []string{"act=reserve", "outcome=done"}, 1},
		{"vouchsafe_acts_total", []string{"act=reserve", "outcome=repeated"}, 1},
		{"vouchsafe_acts_total", []string{"act=redeem", "outcome=refused"}, 1},
		{"vouchsafe_acts_total", []string{"act=redeem", "outcome=done"}, 1},
		{"vouchsafe_problems_total", []string{"route=/v1/redemptions/:key", "code=held_elsewhere"}, 1},
		{"vouchsafe_request_seconds", []string{"route=/v1/redemptions/:key", "method=PUT", "status=201"}, 1},
		{"vouchsafe_group_acts", []string{"lane=fast"}, 3},
		{"vouchsafe_redis_away", nil, 0},
		{"vouchsafe_quarantines_total", nil, 0},
		{"vouchsafe_postgres_connections", []string{"state=most"}, 20},
	} {
		if v := got.value(tt.name, tt.labels...); v != tt.want {
			t.Errorf("%s %v is %v, want %v", tt.name, tt.labels, v, tt.want)
		}
	}
	if age := got.value("vouchsafe_task_oldest_seconds", "kind=short_order"); age < 7200 || age > 7300 {
		t.Errorf("the oldest task is %v seconds old, want two hours", age)
	}
	for _, secret := range []string{code, strings.ReplaceAll(code, "-", ""), "woo:1", "cart-1", "k:2"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the metrics (I13)", secret)
		}
	}
}

// unit is how the name of a figure ends, so that nobody has to ask what it counts in.
var unit = regexp.MustCompile(`_(seconds|currency_units|total|acts|vouchers|open|unfinished|sound|findings|away|recovering|connections|blocked|quarantined|reserved)$`)

// seriesMost is far above what a merchant has, and far below what a label with free texts would make.
const seriesMost = 400

func TestEveryMetricSaysWhatItIsAndStaysSmall(t *testing.T) {
	t.Parallel()
	_, d, _ := busy(t)
	for range 50 { // what nobody knows must not become a series each
		d.asks("", "GET", "/nowhere/"+time.Now().Format("150405.000000000"), "")
	}
	got, _ := d.scrapes()
	for name, family := range got {
		if !strings.HasPrefix(name, "vouchsafe_") {
			continue
		}
		if len(family.GetHelp()) < 15 || !strings.HasSuffix(strings.TrimSpace(family.GetHelp()), ".") {
			t.Errorf("%s: the help is %q", name, family.GetHelp())
		}
		if !unit.MatchString(name) {
			t.Errorf("%s names no unit", name)
		}
		if n := len(family.GetMetric()); n > seriesMost/4 {
			t.Errorf("%s has %d series", name, n)
		}
	}
}

var (
	inExpression = regexp.MustCompile(`\b(vouchsafe|process|go)_[a-z_]+\b`)
	ofHistogram  = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// expressions are the queries of a dashboard.
func expressions(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title, Type, Description string
			Targets                  []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, panel := range dashboard.Panels {
		if panel.Type != "row" && (panel.Description == "" || len(panel.Targets) == 0) {
			t.Errorf("the panel %q says or shows nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			found = append(found, target.Expr)
		}
	}
	return found
}

// TestTheDashboardAsksForMetricsThatAreThere scrapes a busy daemon: every metric in the dashboard has a
// series there, and every metric of ours is on the dashboard.
func TestTheDashboardAsksForMetricsThatAreThere(t *testing.T) {
	t.Parallel()
	_, d, _ := busy(t)
	got, _ := d.scrapes()
	asked := map[string]bool{}
	for _, expression := range expressions(t, "../../scripts/deploy/grafana-dashboard.json") {
		for _, name := range inExpression.FindAllString(expression, -1) {
			if got[name] == nil {
				name = ofHistogram.ReplaceAllString(name, "")
			}
			asked[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if len(got[name].GetMetric()) == 0 {
			t.Errorf("the dashboard asks for %s, which is not there", name)
		}
	}
	for name := range got {
		if strings.HasPrefix(name, "vouchsafe_") && !asked[name] {
			t.Errorf("%s is not on the dashboard", name)
		}
	}
}

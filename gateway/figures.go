package gateway

import (
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// figures shows what was last gathered from the stores. Before the first time it shows nothing, which
// is not the same as zero.
type figures struct {
	mu       sync.Mutex
	known    bool
	last     retail.Figures
	gathered time.Time
	of       descriptions
}

// descriptions name the figures.
type descriptions struct {
	vouchers, balance, blocked, quarantined, reserved, setAside, liability, counted *prometheus.Desc
	tasks, oldest, deliveries, lag                                                  *prometheus.Desc
	sound, findings, proven, proofTook, gathered                                    *prometheus.Desc
}

func newFigures() *figures {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &figures{of: descriptions{
		vouchers:    describe("vouchsafe_vouchers", "Vouchers by currency and state, as people are shown it.", "currency", "state"),
		balance:     describe("vouchsafe_voucher_balance_currency_units", "What vouchers hold, by currency and state.", "currency", "state"),
		blocked:     describe("vouchsafe_vouchers_blocked", "Vouchers that the office, a cancelled order or a waiting refund blocks.", "currency"),
		quarantined: describe("vouchsafe_vouchers_quarantined", "Vouchers that can't be spent until a person has looked: the database lost a change of them.", "currency"),
		reserved:    describe("vouchsafe_vouchers_reserved", "Vouchers that a cart, an order or a register has reserved now.", "currency"),
		setAside:    describe("vouchsafe_reserved_currency_units", "What the live reservations hold.", "currency"),
		liability:   describe("vouchsafe_liability_currency_units", "What the merchant owes: the balances of all vouchers that are not expired.", "currency"),
		counted:     describe("vouchsafe_census_timestamp_seconds", "When the vouchers were counted last."),
		tasks:       describe("vouchsafe_tasks_open", "What waits for a person, by kind.", "kind"),
		oldest:      describe("vouchsafe_task_oldest_seconds", "How long the oldest open task of a kind has waited.", "kind"),
		deliveries:  describe("vouchsafe_deliveries_unfinished", "Deliveries that are not finished, by kind and state.", "kind", "state"),
		lag:         describe("vouchsafe_delivery_lag_seconds", "For how long the most overdue delivery has been due."),
		sound:       describe("vouchsafe_proof_sound", "1 when the last verification proved everything, 0 when it did not."),
		findings:    describe("vouchsafe_proof_findings", "What the last verification found broken."),
		proven:      describe("vouchsafe_proof_timestamp_seconds", "When the last verification ended."),
		proofTook:   describe("vouchsafe_proof_seconds", "How long the last verification took."),
		gathered:    describe("vouchsafe_figures_timestamp_seconds", "When this gateway last read the figures of the stores."),
	}}
}

// keep replaces what is shown.
func (f *figures) keep(found retail.Figures, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known, f.last, f.gathered = true, found, at
}

// Describe names every figure, so that the registry knows them before they are known.
func (f *figures) Describe(to chan<- *prometheus.Desc) {
	d := f.of
	for _, one := range []*prometheus.Desc{
		d.vouchers, d.balance, d.blocked, d.quarantined, d.reserved, d.setAside, d.liability, d.counted,
		d.tasks, d.oldest, d.deliveries, d.lag, d.sound, d.findings, d.proven, d.proofTook, d.gathered,
	} {
		to <- one
	}
}

// Collect shows what was gathered last.
func (f *figures) Collect(to chan<- prometheus.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.known {
		return
	}
	show := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	f.collectVouchers(show)
	f.collectWork(show)
	if f.last.Proven {
		proof := f.last.Proof
		show(f.of.sound, oneIf(proof.Sound()))
		show(f.of.findings, float64(proof.Broken))
		show(f.of.proven, seconds(proof.EndedAt))
		show(f.of.proofTook, proof.Took.Seconds())
	}
	show(f.of.gathered, seconds(f.gathered))
}

// shower shows one figure.
type shower func(d *prometheus.Desc, value float64, labels ...string)

// sums are the figures of a currency, whatever the state.
type sums struct{ blocked, quarantined, reserved, setAside, liability int64 }

func (f *figures) collectVouchers(show shower) {
	byCurrency := map[string]sums{}
	for _, c := range f.last.Vouchers {
		show(f.of.vouchers, float64(c.Vouchers), c.Currency, c.State)
		show(f.of.balance, units(c.Balance, c.Currency), c.Currency, c.State)
		s := byCurrency[c.Currency]
		s.blocked, s.quarantined = s.blocked+c.Blocked, s.quarantined+c.Quarantined
		s.reserved, s.setAside = s.reserved+c.Reserved, s.setAside+c.SetAside
		if c.State != string(voucher.Expired) {
			s.liability += c.Balance
		}
		byCurrency[c.Currency] = s
	}
	for currency, s := range byCurrency {
		show(f.of.blocked, float64(s.blocked), currency)
		show(f.of.quarantined, float64(s.quarantined), currency)
		show(f.of.reserved, float64(s.reserved), currency)
		show(f.of.setAside, units(s.setAside, currency), currency)
		show(f.of.liability, units(s.liability, currency), currency)
	}
	if len(f.last.Vouchers) > 0 {
		show(f.of.counted, seconds(f.last.Vouchers[0].CountedAt))
	}
}

func (f *figures) collectWork(show shower) {
	for _, b := range f.last.Tasks {
		show(f.of.tasks, float64(b.Tasks), b.Kind)
		show(f.of.oldest, b.Oldest.Seconds(), b.Kind)
	}
	for _, n := range f.last.Deliveries.Unfinished {
		show(f.of.deliveries, float64(n.N), string(n.Kind), string(n.State))
	}
	show(f.of.lag, f.last.Deliveries.Lag.Seconds())
}

// units is an amount as people say it: 125.5 for 12550 minor units of a currency with two decimals.
// Dashboards may round; nothing is decided on it.
func units(minor int64, currency string) float64 {
	digits, _ := money.Currency(currency).Digits()
	return float64(minor) / math.Pow10(digits)
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func oneIf(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}

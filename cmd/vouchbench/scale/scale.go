package scale

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/cmd/vouchbench/load"
	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/retail/embedded"
)

// Options say what to run.
type Options struct {
	Sizes   []int         // how many vouchers there are, in rising order
	Entries int           // lines of the journal that each of them has
	Live    int           // most codes that carts have reserved; a fifth of all codes at most
	Overdue int           // most reservations that have run out; a twentieth of all codes at most
	Clients int           // of the load
	For     time.Duration // how long each workload is measured
	// Plans, if not zero, lets PostgreSQL log how it answered statements that took longer (needs its contrib modules).
	Plans   time.Duration `json:",omitempty"`
	Program string        `json:"-"` // the vouchsafed to run
	Dir     string        `json:"-"` // of stores and logs; "" removes them
	Log     *slog.Logger  `json:"-"`
}

// Row is what was measured at one size. Durations are in milliseconds.
type Row struct {
	Vouchers int     `json:"vouchers"`
	Entries  int     `json:"entries"`
	Database int64   `json:"database_bytes"`
	Filled   float64 `json:"fill_ms"`

	Redeem  Rate `json:"redeem"`
	Balance Rate `json:"balance"`
	// Idle and Peak are the gateway's memory in bytes: after its start, and the most that it had in use.
	Idle int64 `json:"idle_bytes"`
	Peak int64 `json:"peak_bytes"`
	// Ready is how long it took from the start after a kill -9 until /readyz said 200.
	Ready float64 `json:"ready_ms"`
	Looks []Look  `json:"looks"`

	Verify   float64 `json:"verify_ms"`
	Sound    bool    `json:"sound"`
	Evidence string  `json:"evidence,omitempty"` // of what is broken

	Reserved int     `json:"reserved"`
	Parts    int     `json:"parts"`     // of customers' accounts that are reserved
	Reseed   float64 `json:"reseed_ms"` // from FLUSHALL until Redis knows all reservations again
	Overdue  int     `json:"overdue"`
	Sweep    float64 `json:"sweep_ms"`  // of the overdue ones, batch after batch without a pause
	SumUp    float64 `json:"sum_up_ms"` // of all lines for the turnover, which the gateway does each minute with what is new
}

// Rate is what a workload reached.
type Rate struct {
	PerSecond float64 `json:"per_second"`
	P99       float64 `json:"p99_ms"`
	Errors    int     `json:"errors"`
}

// Run fills an installation to each size and measures it there. The rows that were finished are returned with an error too.
func Run(ctx context.Context, o Options) (rows []Row, err error) {
	settings := map[string]string{"shared_buffers": "512MB", "max_wal_size": "8GB"}
	if o.Plans > 0 {
		settings["shared_preload_libraries"] = "auto_explain"
		settings["auto_explain.log_min_duration"] = fmt.Sprint(o.Plans.Milliseconds())
		settings["auto_explain.log_analyze"] = "on"
		settings["auto_explain.log_timing"] = "off"
	}
	s, err := stack.Open(ctx, stack.Options{
		Dir: o.Dir, Program: o.Program, Gateways: 1, Durability: embedded.Durable, Database: settings, Log: o.Log,
		Gateway: []string{"VOUCHSAFE_DRAIN_FOR=0"},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	pool, err := pgxpool.New(ctx, s.DatabaseURL())
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	site := &site{Options: o, stack: s, gateway: s.Gateways[0], pool: pool}
	for _, size := range o.Sizes {
		row, err := site.measure(ctx, size)
		if err != nil {
			return rows, fmt.Errorf("at %d vouchers: %w", size, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// site is the installation that grows.
type site struct {
	Options
	stack   *stack.Stack
	gateway *stack.Gateway
	pool    *pgxpool.Pool
	codes   []string // free ones
	sample  string   // id of a voucher
	long    string   // id of one with a long past
	there   int      // vouchers
	live    int
	parts   int // of accounts
}

// measure brings the installation to a size and measures it.
func (s *site) measure(ctx context.Context, size int) (Row, error) {
	row := Row{Vouchers: size, Entries: size * s.Entries}
	for _, step := range []struct {
		name string
		do   func(ctx context.Context, row *Row) error
	}{
		{"fill", s.grow}, {"sweep", s.sweep}, {"sum up", s.sumUp}, {"start", s.restart}, {"reserve parts of accounts", s.reserveParts}, {"look", s.look}, {"load", s.load}, {"seed Redis", s.reseed}, {"verify", s.verify},
	} {
		begun := time.Now()
		if err := step.do(ctx, &row); err != nil {
			return row, fmt.Errorf("%s: %w", step.name, err)
		}
		s.Log.Info("scale", "vouchers", size, "did", step.name, "took", time.Since(begun).Round(time.Millisecond))
	}
	return row, nil
}

// grow fills up to the size, while no gateway runs.
func (s *site) grow(ctx context.Context, row *Row) error {
	if err := s.gateway.Stop(); err != nil {
		return err
	}
	a, err := newAuthor(s.stack.Master, time.Now())
	if err != nil {
		return err
	}
	add := Filling{Vouchers: row.Vouchers - s.there, Entries: s.Entries, Overdue: min(s.Overdue, row.Vouchers/20)}
	add.Live = min(s.Live, row.Vouchers/5) - s.live
	begun := time.Now()
	made, err := fill(ctx, s.pool, a, add)
	if err != nil {
		return err
	}
	row.Filled = milliseconds(time.Since(begun))
	s.codes, s.sample, s.long = append(s.codes, made.codes...), made.sample, made.long
	s.there, s.live = row.Vouchers, s.live+add.Live
	row.Reserved, row.Overdue = s.live, add.Overdue
	for _, statement := range []string{`VACUUM ANALYZE`, `CHECKPOINT`} {
		if _, err := s.pool.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return s.pool.QueryRow(ctx, `SELECT pg_database_size(current_database())`).Scan(&row.Database)
}

// load drives the till. Its sample of codes is spread over all sizes that were filled, so that caches see what they would.
func (s *site) load(ctx context.Context, row *Row) error {
	target := load.Target{
		URLs: []string{s.gateway.URL()}, Shop: stack.Shop, Secret: stack.Secret, Product: stack.Product, Currency: string(currency),
		ShopKeys: []string{s.stack.ShopKey}, TillKeys: []string{s.stack.TillKey}, Codes: spread(s.codes, s.Clients),
	}
	figures, err := load.Run(ctx, load.Plan{
		Target: target, Workloads: workloads("redeem", "balance"), Rounds: 1, Prefix: fmt.Sprintf("scale-%x", time.Now().UnixNano()),
		Shapes: []load.Shape{{Clients: s.Clients, WarmUp: s.For / 5, Duration: s.For}}, Meter: &load.Meter{}, Log: s.Log,
		Rest: func(ctx context.Context) error {
			_, err := s.pool.Exec(ctx, `CHECKPOINT`)
			return err
		},
	})
	if err != nil {
		return err
	}
	for _, f := range figures {
		rate := Rate{PerSecond: f.PerSecond, P99: f.Latency.P99}
		for _, n := range f.Errors {
			rate.Errors += n
		}
		switch f.Workload {
		case "redeem":
			row.Redeem = rate
		case "balance":
			row.Balance = rate
		}
	}
	row.Peak, err = memory(s.gateway.PID(), "VmHWM")
	return err
}

// workloads are some of those of package load.
func workloads(names ...string) (found []load.Workload) {
	for _, w := range load.Workloads() {
		for _, name := range names {
			if w.Name == name {
				found = append(found, w)
			}
		}
	}
	return found
}

// spread puts codes into an order in which neighbours are far from each other, as many as a multiple of the clients.
func spread(codes []string, clients int) []string {
	const stride = 1_000_003 // a prime: each code comes up once, unless there are as many
	n := len(codes) / clients * clients
	mixed := make([]string, n)
	for i := range mixed {
		mixed[i] = codes[i*stride%len(codes)]
	}
	return mixed
}

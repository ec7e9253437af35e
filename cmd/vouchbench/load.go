package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"vouchsafe/cmd/vouchbench/anchor"
	"vouchsafe/cmd/vouchbench/load"
	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/retail/embedded"
)

// loadCommand measures.
type loadCommand struct {
	Workloads  []string      `help:"Those to run, by name or id; else all." placeholder:"W,…"`
	Clients    []int         `help:"How many clients at once; each workload runs with each number." default:"16,64"`
	Rate       int           `help:"Operations a second, whatever is answered (open loop); 0 waits for the answers." default:"0"`
	WarmUp     time.Duration `help:"Driven, not counted." default:"3s"`
	Duration   time.Duration `help:"Driven and counted." default:"20s"`
	Rounds     int           `help:"How often; figures are medians." default:"3"`
	Vouchers   int           `help:"How many there are." default:"256000"`
	Registers  int           `help:"How many tills share the work." default:"1"`
	Statements bool          `help:"Print what PostgreSQL spent on each statement (needs its contrib modules; costs a little itself)."`
	Settings   []string      `help:"Further settings of the gateway." placeholder:"NAME=value"`

	URL     string `help:"Measure the installation there instead of a private one (without its anchors and costs)." placeholder:"URL"`
	ShopKey string `help:"API key of scope shop, for --url." env:"VOUCHBENCH_SHOP_KEY"`
	TillKey string `help:"API key of scope till, for --url." env:"VOUCHBENCH_TILL_KEY"`
	Shop    string `help:"Shop on the platform \"standard\", for --url."`
	Secret  string `help:"Secret of its webhooks, for --url." env:"VOUCHBENCH_SECRET"`
	Product string `help:"SKU of an open product, for --url."`
	Codes   string `help:"File with a code on each line, for --url: what is on them is spent." type:"existingfile"`
}

// worth is what every voucher of a private installation has, in minor units: the usual ceiling.
const worth = 1_000_000

func (c loadCommand) run(ctx context.Context, p *program) (err error) {
	workloads, err := c.chosen()
	if err != nil {
		return err
	}
	s := &site{command: c, program: p}
	defer func() { err = errors.Join(err, s.close()) }()
	plan, err := s.plan(ctx)
	if err != nil {
		return err
	}
	plan.Workloads, plan.Rounds, plan.Log = workloads, c.Rounds, p.log
	plan.Prefix = strconv.FormatInt(time.Now().UnixNano(), 36)
	for _, n := range c.Clients {
		plan.Shapes = append(plan.Shapes, load.Shape{Clients: n, WarmUp: c.WarmUp, Duration: c.Duration, Rate: c.Rate})
	}
	figures, err := load.Run(ctx, plan)
	rows := load.Rows(figures)
	if faults := errors.Join(err, load.Print(p.out, rows), p.write("load", c.options(), rows)); faults != nil {
		return faults
	}
	return errors.Join(s.statements(ctx), s.sound(ctx))
}

// options are the command's, without what is secret.
func (c loadCommand) options() loadCommand {
	c.ShopKey, c.TillKey, c.Secret = "", "", ""
	return c
}

// chosen are the workloads that were named.
func (c loadCommand) chosen() ([]load.Workload, error) {
	if len(c.Workloads) == 0 {
		return load.Workloads(), nil
	}
	var found []load.Workload
	for _, name := range c.Workloads {
		before := len(found)
		for _, w := range load.Workloads() {
			if w.ID == name || w.Name == name {
				found = append(found, w)
			}
		}
		if len(found) == before {
			return nil, fmt.Errorf("there is no workload %q", name)
		}
	}
	return found, nil
}

// site is what is measured, with what was started for it.
type site struct {
	command loadCommand
	program *program
	stack   *stack.Stack // nil for an installation that was named
	anchor  *exec.Cmd
	pool    *pgxpool.Pool
	redis   *redis.Client
}

// plan opens a private installation, or takes the one that was named.
func (s *site) plan(ctx context.Context) (load.Plan, error) {
	if s.command.URL != "" {
		return s.named()
	}
	if err := s.open(ctx); err != nil {
		return load.Plan{}, err
	}
	target := load.Target{
		URLs: []string{s.stack.Gateways[0].URL()}, Shop: stack.Shop, Secret: stack.Secret, Product: stack.Product,
		ShopKeys: []string{s.stack.ShopKey}, TillKeys: []string{s.stack.TillKey}, Currency: "DKK",
	}
	for n := 1; n < s.command.Registers; n++ {
		key, err := s.stack.Do(ctx, "key", "add", "--scope", "till", "--register", fmt.Sprintf("till-%d", n+1))
		if err != nil {
			return load.Plan{}, err
		}
		target.TillKeys = append(target.TillKeys, key)
	}
	var err error
	if target.Codes, err = s.stack.Fill(ctx, s.command.Vouchers, worth); err != nil {
		return load.Plan{}, err
	}
	anchorURL, err := s.startAnchor(ctx)
	if err != nil {
		return load.Plan{}, err
	}
	meter, err := s.meter(ctx)
	return load.Plan{Target: target, AnchorURL: anchorURL, Meter: meter, Rest: s.rest, Issued: s.issued}, err
}

// named takes the installation of --url.
func (s *site) named() (load.Plan, error) {
	c := s.command
	text, err := os.ReadFile(c.Codes)
	if err != nil {
		return load.Plan{}, fmt.Errorf("read the codes: %w", err)
	}
	return load.Plan{
		Target: load.Target{
			URLs: []string{strings.TrimSuffix(c.URL, "/")}, Shop: c.Shop, Secret: c.Secret, Product: c.Product, Currency: "DKK",
			ShopKeys: []string{c.ShopKey}, TillKeys: []string{c.TillKey}, Codes: strings.Fields(string(text)),
		},
		Meter: &load.Meter{}, Rest: func(context.Context) error { return nil },
		Issued: func(context.Context) (int, error) {
			return 0, errors.New("whether vouchers exist can only be seen in a private installation: leave the workload \"issue\" out")
		},
	}, nil
}

// open starts a private installation.
func (s *site) open(ctx context.Context) (err error) {
	dir := s.program.Dir
	if dir == "" {
		dir = os.TempDir()
	}
	daemon, err := stack.FindProgram(ctx, s.program.Vouchsafed, dir)
	if err != nil {
		return err
	}
	s.stack, err = stack.Open(ctx, stack.Options{
		Dir: s.program.Dir, Program: daemon, Gateways: 1, Durability: embedded.Durable, Gateway: s.command.Settings, Log: s.program.log,
		Database: s.command.database(),
	})
	if err != nil {
		return err
	}
	if s.pool, err = pgxpool.New(ctx, s.stack.DatabaseURL()); err != nil {
		return err
	}
	if s.command.Statements {
		if err := watchStatements(ctx, s.pool); err != nil {
			return err
		}
	}
	options, err := redis.ParseURL(s.stack.RedisURL())
	if err != nil {
		return err
	}
	s.redis = redis.NewClient(options)
	return nil
}

// database are the settings of PostgreSQL: those of a small server, and what --statements needs.
func (c loadCommand) database() map[string]string {
	settings := map[string]string{"shared_buffers": "512MB", "max_wal_size": "4GB"}
	if c.Statements {
		settings["shared_preload_libraries"] = "pg_stat_statements"
		settings["pg_stat_statements.track_planning"] = "on"
	}
	return settings
}

// startAnchor runs the anchors in a process of their own, on the same PostgreSQL and Redis.
func (s *site) startAnchor(ctx context.Context) (string, error) {
	if _, err := s.pool.Exec(ctx, `CREATE DATABASE anchor`); err != nil && !strings.Contains(err.Error(), "already exists") {
		return "", fmt.Errorf("make the database of the anchors: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	at, err := url.Parse(s.stack.DatabaseURL())
	if err != nil {
		return "", err
	}
	at.Path = "/anchor"
	s.anchor = exec.CommandContext(ctx, self, "anchor", "--database", at.String(), "--redis", s.stack.RedisURL())
	s.anchor.Stderr = os.Stderr
	said, err := s.anchor.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := s.anchor.Start(); err != nil {
		return "", fmt.Errorf("start the anchors: %w", err)
	}
	address, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("start the anchors: %w", err)
	}
	return strings.TrimSpace(address), nil
}

// meter finds the processes.
func (s *site) meter(ctx context.Context) (*load.Meter, error) {
	var data string
	if err := s.pool.QueryRow(ctx, `SHOW data_directory`).Scan(&data); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return nil, err
	}
	postmaster, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(text), "\n", 2)[0]))
	if err != nil {
		return nil, fmt.Errorf("find PostgreSQL: %w", err)
	}
	info, err := s.redis.Info(ctx, "server").Result()
	if err != nil {
		return nil, fmt.Errorf("find Redis: %w", err)
	}
	_, after, _ := strings.Cut(info, "process_id:")
	server, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(after, "\n", 2)[0]))
	if err != nil {
		return nil, fmt.Errorf("find Redis: %w", err)
	}
	return &load.Meter{Database: s.pool, Redis: s.redis, Metrics: s.stack.Gateways[0].URL() + "/metrics", Processes: map[string][]int{
		"bare": {s.anchor.Process.Pid}, "gateway": {s.stack.Gateways[0].PID()}, "postgres": {postmaster}, "redis": {server},
	}, Alone: map[string]int{"load": os.Getpid()}}, nil
}

// rest writes out what the last workload left in memory, so that the next one does not pay for it.
func (s *site) rest(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `CHECKPOINT; ANALYZE`)
	return err
}

func (s *site) issued(ctx context.Context) (n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM act WHERE kind = 'issue' AND owner = $1`, "shop:"+stack.Shop).Scan(&n)
	return n, err
}

// sound lets the books of a private installation prove themselves.
func (s *site) sound(ctx context.Context) error {
	if s.stack == nil {
		return nil
	}
	said, err := s.stack.Do(ctx, "verify")
	fmt.Fprintln(s.program.out, said)
	if err != nil {
		return fmt.Errorf("%w: %w", errViolated, err)
	}
	return nil
}

func (s *site) close() error {
	if s.anchor != nil && s.anchor.Process != nil {
		_ = s.anchor.Process.Kill() // it keeps nothing
		_ = s.anchor.Wait()
	}
	if s.pool != nil {
		s.pool.Close()
	}
	var faults []error
	if s.redis != nil {
		faults = append(faults, s.redis.Close())
	}
	if s.stack != nil {
		faults = append(faults, s.stack.Close())
	}
	return errors.Join(faults...)
}

// anchorCommand serves the anchors until it is killed, and says where.
type anchorCommand struct {
	Database string `required:"" help:"Database of their own."`
	Redis    string `required:"" help:"Redis."`
}

func (c anchorCommand) run(ctx context.Context, p *program) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "http://%s\n", listener.Addr())
	return anchor.Serve(ctx, listener, c.Database, c.Redis)
}

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail"
	"vouchsafe/retail/connect"
	"vouchsafe/retail/embedded"
	"vouchsafe/retail/keyring"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/schema"
	"vouchsafe/retail/staff"
)

// stores are the databases that a command works on: the configured ones, or the embedded ones.
type stores struct {
	databaseURL string
	migrateURL  string // without a pooler between
	redisURL    string
	dir         string           // of the embedded stores; "" if both are configured
	running     *embedded.Stores // nil unless this process started them
	ownDatabase bool             // whether PostgreSQL is the embedded one
}

// besides says what to do when an instance already runs on the embedded stores.
type besides int

const (
	alone  besides = iota // refuse: a daemon has them for itself
	beside                // a command of the same machine uses them too
)

// openStores takes the configured stores, and starts the embedded ones in place of those that are not.
func (p *program) openStores(ctx context.Context, how besides) (*stores, error) {
	s := &stores{
		databaseURL: p.config.DatabaseURL.Reveal(), migrateURL: p.config.MigrateDatabaseURL.Reveal(),
		redisURL: p.config.RedisURL.Reveal(),
	}
	options := embedded.Options{
		Dir: p.dir, PostgresBin: p.getenv("VOUCHSAFE_PG_BIN"), SearchPath: p.getenv("PATH"),
		Now: time.Now, Random: rand.Reader, Log: p.log,
	}
	s.ownDatabase = s.databaseURL == ""
	if !s.ownDatabase {
		options.Without = append(options.Without, embedded.Postgres)
	}
	if s.redisURL != "" {
		options.Without = append(options.Without, embedded.Redis)
	}
	if len(options.Without) == 2 {
		return s, nil
	}
	return s, s.embed(ctx, options, how)
}

// embed starts the embedded stores, or finds those that a daemon of this machine runs.
func (s *stores) embed(ctx context.Context, options embedded.Options, how besides) error {
	running, err := embedded.Start(ctx, options)
	if errors.Is(err, embedded.ErrInUse) && (how == beside || !s.ownDatabase) { // daemons of one database may share a Redis
		found, err := embedded.Attach(options)
		if err != nil {
			return fmt.Errorf("use the stores of the running instance: %w", err)
		}
		s.use(found.DatabaseURL, found.RedisURL, found.Dir)
		return nil
	}
	if err != nil {
		return err
	}
	s.running = running
	s.use(running.DatabaseURL, running.RedisURL, running.Dir)
	return nil
}

// own says which stores are the embedded ones.
func (s *stores) own() string {
	if s.ownDatabase {
		return "the daemon runs on its embedded stores"
	}
	return "no Redis is configured, so the daemon runs one of its own"
}

// use fills in what was not configured.
func (s *stores) use(databaseURL, redisURL, dir string) {
	s.dir = dir
	if s.databaseURL == "" {
		s.databaseURL, s.migrateURL = databaseURL, databaseURL
	}
	if s.redisURL == "" {
		s.redisURL = redisURL
	}
}

// stopWithin is how long the embedded stores may take to stop.
const stopWithin = 10 * time.Second

// close stops what this process started.
func (s *stores) close() error {
	if s.running == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	return s.running.Stop(ctx)
}

// migrate brings the schema up to date: ours, and the queue's.
func (s *stores) migrate(ctx context.Context) error {
	if err := schema.Migrate(ctx, s.migrateURL); err != nil {
		return err
	}
	return outbox.Migrate(ctx, s.migrateURL)
}

// poolSize is how many connections a process uses unless its URL says otherwise (pool_max_conns):
// few groups with many acts each need few connections.
const poolSize = 20

// openPool connects to PostgreSQL and makes sure that the schema is the one this program knows. The
// embedded database follows the program by itself. The tracer hears of every statement; nil: nobody does.
func (s *stores) openPool(ctx context.Context, tracer pgx.QueryTracer) (*pgxpool.Pool, error) {
	if s.ownDatabase {
		if err := s.migrate(ctx); err != nil {
			return nil, err
		}
	}
	cfg, err := pgxpool.ParseConfig(s.databaseURL)
	if err != nil {
		return nil, errors.New("read VOUCHSAFE_DATABASE_URL: it is no PostgreSQL address")
	}
	cfg.MaxConns = max(cfg.MaxConns, poolSize)
	cfg.ConnConfig.Tracer = tracer
	pool, err := connect.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := schema.Check(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// masterFile is where the embedded default keeps the master key that it made.
const masterFile = "master.key"

// openRing makes the keyring of the configured master keys, or of the embedded default's own, and
// refuses keys that this database was not written with.
func (p *program) openRing(ctx context.Context, s *stores, pool *pgxpool.Pool) (*keyring.Ring, error) {
	ring, err := p.readRing(s)
	if err != nil {
		return nil, err
	}
	if err := staff.CheckKeys(ctx, pool, ring.Checks()); err != nil {
		return nil, err
	}
	return ring, retail.Rekeying{Orders: orders.NewStore(pool), Ring: ring}.Complete(ctx, commandLine)
}

// readRing makes the keyring, whatever the database says of it.
func (p *program) readRing(s *stores) (*keyring.Ring, error) {
	list := p.config.MasterKey.Reveal()
	if list == "" && !s.ownDatabase {
		return nil, errors.New("VOUCHSAFE_MASTER_KEY is not set: with a database configured the key that codes are sealed with must " +
			"come from outside of it. Make one with: echo \"1:$(openssl rand -base64 32)\"")
	}
	if list == "" {
		var err error
		if list, err = p.ownMaster(filepath.Join(s.dir, masterFile)); err != nil {
			return nil, err
		}
	}
	masters, err := keyring.ParseMasters(list)
	if err != nil {
		return nil, fmt.Errorf("read VOUCHSAFE_MASTER_KEY: %w", err)
	}
	return keyring.New(rand.Reader, masters...)
}

// ownMaster reads the embedded default's master key, or makes it: the file is complete and on disk
// before its name exists.
func (p *program) ownMaster(name string) (string, error) {
	text, err := os.ReadFile(name)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return string(text), err
	}
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return "", fmt.Errorf("draw a master key: %w", err)
	}
	made := "1:" + base64.StdEncoding.EncodeToString(key[:])
	if err := writeDurably(name, made); err != nil {
		return "", fmt.Errorf("keep the master key: %w", err)
	}
	p.log.Warn("a master key was made for the embedded stores: without it no code can be read again, so back it up with the data", "file", name)
	return made, nil
}

// writeDurably writes a file for its owner alone, which is there whole or not at all.
func writeDurably(name, text string) error {
	file, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

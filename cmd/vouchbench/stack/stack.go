package stack

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"vouchsafe/retail/embedded"
)

// What the installation is called by.
const (
	Shop    = "bench"
	Product = "GIFT"
	// Secret signs the webhooks of Shop.
	Secret = "whsec_YmVuY2hiZW5jaGJlbmNoYmVuY2hiZW5jaGJlbmNo"
)

// Options say what to run.
type Options struct {
	// Dir keeps the stores and the logs; empty means a directory of its own that Close removes.
	Dir string
	// Program is the vouchsafed to run; see [FindProgram].
	Program string
	// Gateways is how many there are; at least one.
	Gateways int
	// Durability of the stores: figures are measured on Durable ones.
	Durability embedded.Durability
	// Database are further settings of PostgreSQL, name to value.
	Database map[string]string
	// Gateway are further settings of every gateway, "NAME=value".
	Gateway []string
	// Between is told the address of Redis and returns the one that the gateways get: a faulty wire. Nil leaves it.
	Between func(redisURL string) (string, error)
	// MailURL is the mail server that the gateways send by.
	MailURL string
	// Furnish registers what there shall be beside the usual, and returns a key that is kept as FurtherKey; nil for nothing.
	Furnish func(ctx context.Context, s *Stack) (key string, err error)
	// Mould is a directory that keeps a furnished database for further stacks, which then need not make their own; the first one fills
	// it. Empty for none.
	Mould string
	// Log hears of the stack's own doings.
	Log *slog.Logger
}

// keys are what a furnished database is used with.
type keys struct {
	// ShopKey, TillKey and AdminKey are API keys of the three scopes, FurtherKey is what Furnish returned.
	ShopKey, TillKey, AdminKey, FurtherKey string
	// Master is the master key, in the form of VOUCHSAFE_MASTER_KEY.
	Master string
}

// Stack is a running installation. Its methods are not for concurrent use, but those of its gateways are.
type Stack struct {
	// Gateways are running unless they were stopped.
	Gateways []*Gateway
	keys

	options  Options
	ownDir   bool
	database *embedded.Stores
	redis    *embedded.Stores
	env      []string
}

// closeWithin bounds the end of a stack.
const closeWithin = 30 * time.Second

// Open starts everything and returns when every gateway serves. Close ends it.
func Open(ctx context.Context, o Options) (*Stack, error) {
	s := &Stack{options: o}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("open the stack: %w", errors.Join(err, s.Close()))
	}
	return s, nil
}

func (s *Stack) open(ctx context.Context) error {
	if err := s.makeDir(); err != nil {
		return err
	}
	moulded, err := s.takeMould(ctx)
	if err != nil {
		return err
	}
	if err := s.StartDatabase(ctx); err != nil {
		return err
	}
	if err := s.StartRedis(ctx); err != nil {
		return err
	}
	if err := s.settle(); err != nil {
		return err
	}
	if !moulded {
		if err := s.furnish(ctx); err != nil {
			return err
		}
		if err := s.fillMould(ctx); err != nil {
			return err
		}
	}
	for n := range max(1, s.options.Gateways) {
		g := &Gateway{program: s.options.Program, env: s.env, log: filepath.Join(s.options.Dir, fmt.Sprintf("gateway-%d.log", n+1))}
		s.Gateways = append(s.Gateways, g)
		if err := g.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// makeDir makes the directory, through which the unprivileged user of PostgreSQL must be able to pass.
func (s *Stack) makeDir() (err error) {
	if s.options.Dir != "" {
		return os.MkdirAll(s.options.Dir, 0o711)
	}
	s.ownDir = true
	if s.options.Dir, err = os.MkdirTemp("", "vouchbench-"); err != nil {
		return err
	}
	return os.Chmod(s.options.Dir, 0o711)
}

// StartDatabase starts PostgreSQL, or starts it again. Its address stays the same.
func (s *Stack) StartDatabase(ctx context.Context) (err error) {
	s.database, err = embedded.Start(ctx, s.storeOptions("database", embedded.Redis))
	return err
}

// StartRedis starts Redis, or starts it again. Its address stays the same.
func (s *Stack) StartRedis(ctx context.Context) (err error) {
	s.redis, err = embedded.Start(ctx, s.storeOptions("redis", embedded.Postgres))
	return err
}

func (s *Stack) storeOptions(name string, without embedded.Store) embedded.Options {
	return embedded.Options{
		Dir: filepath.Join(s.options.Dir, name), Without: []embedded.Store{without}, Settings: s.options.Database,
		Durability: s.options.Durability, Now: time.Now, Random: rand.Reader, Log: s.options.Log,
	}
}

// Keep leaves the directory when the stack is closed, for whoever wants to see what happened.
func (s *Stack) Keep(evidence bool) { s.ownDir = s.ownDir && !evidence }

// DatabaseURL leads to the database as its superuser.
func (s *Stack) DatabaseURL() string { return s.database.DatabaseURL }

// RedisURL leads to Redis.
func (s *Stack) RedisURL() string { return s.redis.RedisURL }

// Dir keeps the stores and the logs.
func (s *Stack) Dir() string { return s.options.Dir }

// settle draws the master key and writes down what every process of the program is told.
func (s *Stack) settle() error {
	if s.Master == "" {
		var key [32]byte
		if _, err := rand.Read(key[:]); err != nil {
			return fmt.Errorf("draw a master key: %w", err)
		}
		s.Master = "1:" + base64.StdEncoding.EncodeToString(key[:])
	}
	redisURL := s.RedisURL()
	if s.options.Between != nil {
		var err error
		if redisURL, err = s.options.Between(redisURL); err != nil {
			return err
		}
	}
	s.env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.options.Dir, "VOUCHSAFE_LISTEN=127.0.0.1:0",
		"VOUCHSAFE_DATABASE_URL=" + s.DatabaseURL(), "VOUCHSAFE_REDIS_URL=" + redisURL,
		"VOUCHSAFE_MASTER_KEY=" + s.Master, "VOUCHSAFE_SMTP_URL=" + s.options.MailURL,
		"VOUCHSAFE_MAIL_FROM=Bench <bench@example.com>",
	}, s.options.Gateway...)
	return nil
}

// furnish registers a shop, a product and keys.
func (s *Stack) furnish(ctx context.Context) error {
	for _, args := range [][]string{
		{"migrate"},
		{"shop", "add", "--id", Shop, "--platform", "standard", "--secret", Secret, "--lang", "en"},
		{"product", "add", "--sku", Product, "--name", "Gift voucher", "--open", "--min", "1.00", "--max", "10000.00", "--currency", "DKK"},
	} {
		if _, err := s.Do(ctx, args...); err != nil {
			return err
		}
	}
	return s.addKeys(ctx)
}

func (s *Stack) addKeys(ctx context.Context) (err error) {
	if s.ShopKey, err = s.Do(ctx, "key", "add", "--scope", "shop", "--shop", Shop); err != nil {
		return err
	}
	if s.TillKey, err = s.Do(ctx, "key", "add", "--scope", "till", "--register", "till-1", "--may-release"); err != nil {
		return err
	}
	if s.AdminKey, err = s.Do(ctx, "key", "add", "--scope", "admin"); err != nil || s.options.Furnish == nil {
		return err
	}
	s.FurtherKey, err = s.options.Furnish(ctx, s)
	return err
}

// Close ends the gateways and the stores, and removes what was only for this run.
func (s *Stack) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	var faults []error
	for _, g := range s.Gateways {
		faults = append(faults, g.Kill())
	}
	for _, stores := range []*embedded.Stores{s.redis, s.database} {
		if stores != nil {
			faults = append(faults, stores.Stop(ctx))
		}
	}
	if s.ownDir {
		faults = append(faults, os.RemoveAll(s.options.Dir))
	}
	return errors.Join(faults...)
}

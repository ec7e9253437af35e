package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// elsewhere is where a system keeps what its services own.
	elsewhere = "/var/lib/vouchsafe"

	// stopFor is how long a half-done start may take to clean up behind itself.
	stopFor = 10 * time.Second
)

// Options says what to run and where.
type Options struct {
	// Dir is where the stores keep what must survive; it is made if missing. As root, its parents must let an unprivileged user
	// pass, else the data goes to a directory of its own below Elsewhere and Stores.Moved says so.
	Dir string

	// Elsewhere is the parent of last resort; empty means /var/lib/vouchsafe.
	Elsewhere string

	// Without leaves out the stores that the installation has configured for itself.
	Without []Store

	// PostgresBin is the directory of PostgreSQL's programs (VOUCHSAFE_PG_BIN); empty means search.
	PostgresBin string

	// SearchPath is where programs are looked for, in the form of PATH; empty means the PATH of this process.
	SearchPath string

	// Settings are further PostgreSQL settings, name to value; they win over those of this package.
	Settings map[string]string

	// Durability says whether the data must survive a power cut; the zero value says yes.
	Durability Durability

	// Now is the clock by which keys age in miniredis. Required unless Redis is left out.
	Now func() time.Time

	// Random makes the password of miniredis, as crypto/rand.Reader does. Required unless Redis is left out.
	Random io.Reader

	// Log hears what is started and stopped; nil means silence.
	Log *slog.Logger
}

// Store names one of the two stores.
type Store string

const (
	// Postgres is the database, where the money lies.
	Postgres Store = "postgres"

	// Redis holds derived state.
	Redis Store = "redis"
)

// Durability is what a power cut may take.
type Durability int

const (
	// Durable loses nothing that was acknowledged.
	Durable Durability = iota

	// Volatile may lose everything and is fast: for tests.
	Volatile
)

// Stores are running stores.
type Stores struct {
	// DatabaseURL leads to the database vouchsafe, empty at the first start, as its superuser. Empty if Postgres was left out.
	DatabaseURL string

	// RedisURL is unix:///path/redis.sock or redis://:password@127.0.0.1:port, both as go-redis reads them. Empty if left out.
	RedisURL string

	// Dir is where the data lies: Options.Dir made absolute, or the place it had to move to.
	Dir string

	// Moved says in a sentence why Dir isn't the directory asked for; empty when it is.
	Moved string

	// Postgres and Redis describe what runs, for the log and the person who reads it: program, version, where. Empty if left out.
	Postgres, Redis string

	log     *slog.Logger
	lock    *lock
	sockets *sockets
	parts   []part // in the order of their start
	watched sync.WaitGroup
	done    chan struct{}

	mu      sync.Mutex
	stopped bool
	err     error
}

// part is one running store.
type part struct {
	name  string
	ended <-chan struct{} // closed when it ended, asked or not
	fault func() error    // how it ended; to be asked afterwards
	stop  func(context.Context) error
}

// Start runs the stores that weren't left out and returns when they answer: in well under a second, or some three seconds when the
// database is made for the first time. The context limits the start alone. Errors are sentences for the person at the terminal;
// ErrInUse, ErrVersion and ErrMissing can be told apart. After an error nothing is left running.
func Start(ctx context.Context, o Options) (*Stores, error) {
	s := &Stores{log: o.Log, done: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.start(ctx, o); err != nil {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopFor)
		defer cancel()
		return nil, fmt.Errorf("start the embedded stores: %w", errors.Join(err, s.Stop(stopping)))
	}
	return s, nil
}

func (s *Stores) start(ctx context.Context, o Options) error {
	if err := s.settle(o); err != nil {
		return err
	}
	if !slices.Contains(o.Without, Postgres) {
		if err := s.startPostgres(ctx, o); err != nil {
			return err
		}
	}
	if !slices.Contains(o.Without, Redis) {
		if err := s.startRedis(ctx, o); err != nil {
			return err
		}
	}
	return s.announce()
}

// settle decides where the data lies and takes possession of it.
func (s *Stores) settle(o Options) error {
	as, err := unprivileged()
	if err != nil {
		return err
	}
	s.Dir, s.Moved, err = place(o, as)
	if err != nil {
		return err
	}
	if s.Moved != "" {
		s.log.Warn("the data of the embedded stores lies elsewhere", "reason", s.Moved, "dir", s.Dir)
	}
	if s.lock, err = acquire(filepath.Join(s.Dir, "lock")); err != nil {
		return err
	}
	s.sockets, err = makeSockets(s.Dir, as)
	return err
}

func (s *Stores) startPostgres(ctx context.Context, o Options) error {
	server, err := startServer(ctx, s.home(), o)
	if err != nil {
		return err
	}
	s.DatabaseURL = server.url
	s.Postgres = server.describe()
	s.watch(server.part())
	s.log.Info("the embedded PostgreSQL runs", "what", s.Postgres, "data", server.data)
	return nil
}

func (s *Stores) startRedis(ctx context.Context, o Options) error {
	cache, err := startCache(ctx, s.home(), o)
	if err != nil {
		return err
	}
	s.RedisURL = cache.url
	s.Redis = cache.what
	s.watch(cache.part)
	s.log.Info("the embedded Redis runs", "what", s.Redis)
	return nil
}

// home is what every store of this directory shares.
func (s *Stores) home() home {
	return home{dir: s.Dir, sockets: s.sockets.dir, as: s.sockets.as}
}

// watch notices when a part ends without having been asked to.
func (s *Stores) watch(p part) {
	s.parts = append(s.parts, p)
	s.watched.Go(func() {
		<-p.ended
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.stopped || s.err != nil {
			return
		}
		s.err = fmt.Errorf("the embedded %s ended by itself: %w", p.name, p.fault())
		close(s.done)
	})
}

// Done is closed when a store ended without having been asked to, and by Stop. Without its stores the program can only stop too.
func (s *Stores) Done() <-chan struct{} { return s.done }

// Err says why Done is closed: which store ended by itself and what it last said, or nil when Stop was called first.
func (s *Stores) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Stop ends Redis, then PostgreSQL, and gives the directory free. Whoever uses the stores should have stopped before. When the
// context ends first they are ended at once, which PostgreSQL repairs at its next start, and the error says so. Stop may be repeated.
func (s *Stores) Stop(ctx context.Context) error {
	if !s.markStopped() {
		return nil
	}
	var faults []error
	for _, p := range slices.Backward(s.parts) {
		faults = append(faults, p.stop(ctx))
	}
	s.watched.Wait()
	faults = append(faults, s.sockets.remove(), s.lock.release())
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("stop the embedded stores: %w", err)
	}
	if len(s.parts) > 0 {
		s.log.Info("the embedded stores have stopped")
	}
	return nil
}

// markStopped reports whether this call is the first.
func (s *Stores) markStopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.stopped = true
	if s.err == nil {
		close(s.done)
	}
	return true
}

// home is what the stores of one directory share.
type home struct {
	dir     string // of the data
	sockets string // short, private
	as      account
}

// logFile opens the log of a store for appending; what it said before the previous start is let go.
func (h home) logFile(name string) (*os.File, error) {
	path := filepath.Join(h.dir, name+".log")
	if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("put the old log aside: %w", err)
	}
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	reseedCodes  = 10_000           // that are reserved, unless it is said how many
	reseedHands  = 32               // who reserve them at once
	reseedWithin = 10 * time.Second // for each hundred thousand that are begun; some of it passes until the loss is noticed
	reseedMany   = 100_000
)

// Reseed lets Redis come back empty while many codes are reserved, and measures how long it takes until it knows all of them again (G6).
func Reseed(ctx context.Context, o Options) (Report, error) {
	t := newTorture(o)
	err := t.reseed(ctx)
	t.report.Dir = t.dir()
	return t.report, errors.Join(err, t.close())
}

func (t *torture) reseed(ctx context.Context) error {
	t.options.Mix = Mix{Name: "reseed", InPlay: 1}
	if err := t.open(ctx); err != nil {
		return err
	}
	count := reseedCodes
	if t.options.Codes > 0 {
		count = t.options.Codes
	}
	codes, err := t.stack.Fill(ctx, count, Worth)
	if err != nil {
		return err
	}
	if err := t.reserveAll(ctx, codes); err != nil {
		return err
	}
	var back time.Time
	err = t.stack.RestartRedis(ctx, func(dir string) error {
		entries, err := os.ReadDir(dir)
		for _, e := range entries {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
		return err
	})
	if err != nil {
		return err
	}
	back = time.Now()
	t.report.Faults["redis came back empty"]++
	if err := t.awaitSeed(ctx, count); err != nil {
		return err
	}
	t.report.Recovered = time.Since(back)
	t.figures()
	t.report.Vouchers = count
	if allowed := time.Duration((count+reseedMany-1)/reseedMany) * reseedWithin; t.report.Recovered > allowed {
		t.violated(Violation{"Redis knows all reservations again in time", fmt.Sprintf("%d after %s, want %s", count, t.report.Recovered, allowed)})
	}
	conn, err := pgx.Connect(ctx, t.stack.DatabaseURL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return t.testify(ctx, conn)
}

// reserveAll reserves every code.
func (t *torture) reserveAll(ctx context.Context, codes []string) error {
	var hands sync.WaitGroup
	faults := make([]error, reseedHands)
	for h := range reseedHands {
		hands.Go(func() {
			p := t.crowd.person(h)
			for i := h; i < len(codes) && faults[h] == nil; i += reseedHands {
				cart := p.name("cart")
				faults[h] = p.obtains(ctx, p.reserve(codes[i], cart, cart))
			}
		})
	}
	hands.Wait()
	return errors.Join(faults...)
}

// awaitSeed waits until Redis has a key for every reservation.
func (t *torture) awaitSeed(ctx context.Context, count int) error {
	client, err := t.stack.Redis()
	if err != nil {
		return err
	}
	defer client.Close()
	for until := time.Now().Add(recoverWithin); ; {
		known, err := client.DBSize(ctx).Result()
		if err == nil && known >= int64(2*count) { // each has its key and its witness
			return nil
		}
		if time.Now().After(until) || !pause(ctx, breath) {
			return fmt.Errorf("redis has %d keys after %s, want %d: %w", known, recoverWithin, 2*count, err)
		}
	}
}

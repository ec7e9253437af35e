package embedded

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const (
	ageEvery      = time.Second // a pass over 100,000 keys takes 46 ms
	passwordBytes = 16
)

// startMiniredis runs a Redis inside the process. It listens on a loopback port with a password, since any user of the machine may
// connect there; over an in-memory connection long pipelines would deadlock.
func startMiniredis(o Options) (*cache, error) {
	password := make([]byte, passwordBytes)
	if _, err := io.ReadFull(o.Random, password); err != nil {
		return nil, fmt.Errorf("make a password for miniredis: %w", err)
	}
	secret := hex.EncodeToString(password)
	server := miniredis.NewMiniRedis()
	server.RequireAuth(secret)
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start miniredis: %w", err)
	}
	address := url.URL{Scheme: "redis", User: url.UserPassword("", secret), Host: server.Addr()}
	return &cache{
		url:  address.String(),
		what: "miniredis in this process: nothing in it survives a restart; install redis-server for more",
		part: miniredisPart(server, o.Now),
	}, nil
}

func miniredisPart(server *miniredis.Miniredis, now func() time.Time) part {
	aging, stopAging := context.WithCancel(context.Background())
	ended := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		ticks := time.NewTicker(ageEvery)
		defer ticks.Stop()
		age(aging, ticks.C, now, server.FastForward)
	})
	stop := func(context.Context) error {
		stopAging()
		running.Wait()
		server.Close()
		close(ended)
		return nil
	}
	return part{
		name:  "miniredis",
		ended: ended,
		fault: func() error { return errors.New("closed") },
		stop:  stop,
	}
}

// age lets the keys grow older by the time that has passed, which miniredis does not do by itself. Its own remedy looks at every key
// in every command.
func age(ctx context.Context, ticks <-chan time.Time, now func() time.Time, forward func(time.Duration)) {
	last := now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		at := now()
		if passed := at.Sub(last); passed > 0 {
			forward(passed)
		}
		last = at
	}
}

package hold_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"vouchsafe/retail/hold"
)

// facts are what a URL decides and what it must not.
type facts struct {
	Kind, Addrs, User, Password string
	DB                          int
	TLS                         bool
}

func TestAURLNamesTheKindOfRedis(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, url string
		want      facts
	}{
		{"plain", "redis://localhost:6380/2", facts{Kind: "one", Addrs: "localhost:6380", DB: 2}},
		{"with a password", "redis://me:p%40ss@localhost", facts{Kind: "one", Addrs: "localhost:6379", User: "me", Password: "p@ss"}},
		{"TLS", "rediss://localhost:6380", facts{Kind: "one", Addrs: "localhost:6380", TLS: true}},
		{"unix socket", "unix:///run/redis.sock?db=1", facts{Kind: "one", Addrs: "/run/redis.sock", DB: 1}},
		{"cluster", "redis+cluster://me:pw@a:7000,b:7001,c", facts{Kind: "cluster", Addrs: "a:7000 b:7001 c:6379", User: "me", Password: "pw"}},
		{"cluster of one address", "redis+cluster://a:7000", facts{Kind: "cluster", Addrs: "a:7000"}},
		{"cluster with TLS", "rediss+cluster://a:7000,[::1]:7001", facts{Kind: "cluster", Addrs: "a:7000 [::1]:7001", TLS: true}},
		{"sentinel", "redis+sentinel://me:pw@a:1,b:2/main/3?sentinel_password=x", facts{Kind: "sentinel", Addrs: "FailoverClient", User: "me", Password: "pw", DB: 3}},
		{"sentinel with TLS", "rediss+sentinel://a,b/main?pool_size=7", facts{Kind: "sentinel", Addrs: "FailoverClient", TLS: true}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := factsOf(t, open(t, tc.url))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// factsOf also checks what no URL may choose.
func factsOf(t *testing.T, client redis.UniversalClient) facts {
	t.Helper()
	switch c := client.(type) {
	case *redis.ClusterClient:
		o := c.Options()
		bound(t, o.MaxRetries, o.ContextTimeoutEnabled, o.ReadTimeout, o.PoolTimeout)
		if o.ReadOnly || o.RouteByLatency || o.RouteRandomly || o.MaxRedirects <= 0 {
			t.Errorf("a cluster client must read masters and follow moved slots: %+v", o)
		}
		return facts{"cluster", strings.Join(o.Addrs, " "), o.Username, o.Password, 0, o.TLSConfig != nil}
	case *redis.Client:
		o := c.Options()
		bound(t, o.MaxRetries, o.ContextTimeoutEnabled, o.ReadTimeout, o.PoolTimeout)
		kind := "one"
		if o.Addr == "FailoverClient" {
			kind = "sentinel"
		}
		return facts{kind, o.Addr, o.Username, o.Password, o.DB, o.TLSConfig != nil}
	}
	t.Fatalf("an unexpected client %T", client)
	return facts{}
}

func bound(t *testing.T, retries int, deadlines bool, reply, wait time.Duration) {
	t.Helper()
	if retries > 0 || !deadlines || reply > time.Second || wait > time.Second {
		t.Errorf("retries %d, deadlines kept %v, reply %v, wait %v", retries, deadlines, reply, wait)
	}
}

func TestAURLThatCannotBeMeantIsRefusedWithoutRepeatingIt(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"no scheme":                  "localhost:6379",
		"another scheme":             "http://:hunter2@localhost",
		"another kind":               "redis+magic://:hunter2@localhost",
		"a unix cluster":             "unix+cluster:///hunter2",
		"sentinel without a master":  "redis+sentinel://:hunter2@a:1,b:2",
		"a cluster with a database":  "redis+cluster://:hunter2@a:1/3",
		"an empty host":              "redis+cluster://:hunter2@a:1,,b:2",
		"an unknown option":          "redis://:hunter2@a:1?retries=3",
		"a bad port":                 "redis://:hunter2@a:port",
		"a slash in the password":    "redis://:12/hunter2@a:1",
		"a percent sign in it":       "redis://:hunter2%@a:1",
		"a question mark in it":      "redis+cluster://:hunter2?x@a:1",
		"unreadable parameters":      "redis+sentinel://:hunter2@a:1/main?a=%zz",
		"a database that is no name": "redis+sentinel://:hunter2@a:1/main/x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := hold.Open(url)
			if err == nil {
				_ = client.Close()
				t.Fatalf("%s was accepted", url)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error gives the password away: %v", err)
			}
		})
	}
}

func TestAnInstallationIdMustFitAKey(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "a{b", "a*", "a:b"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("installation id %q was accepted", id)
				}
			}()
			hold.New(nil, hold.Config{Installation: id})
		}()
	}
}

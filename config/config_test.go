package config

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// key is a well-formed master key, all of one letter.
func key(letter string) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(letter), 32))
}

// write makes a file of the test's own and gives its path.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// env makes a getenv of keys without their prefix.
func env(keys map[string]string) func(string) string {
	return func(name string) string {
		return keys[strings.TrimPrefix(name, prefix)]
	}
}

// load reads keys of the environment alone.
func load(t *testing.T, keys map[string]string) Config {
	t.Helper()
	c, err := Load(env(keys), "")
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c
}

func diff(want, got Config) string {
	return cmp.Diff(want, got, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }))
}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func TestWithoutAnythingTheDefaultsHold(t *testing.T) {
	t.Parallel()
	want := Config{
		Listen: "127.0.0.1:8080", PublicURL: "http://127.0.0.1:8080", LogLevel: slog.LevelInfo, DrainFor: 2 * time.Second,
		TimeZone: zoneOf(t, "Europe/Copenhagen"), Country: Denmark, BalanceHolder: HolderCard, Ceiling: "10000.00",
		ReserveFor: 24 * time.Hour, LateCapture: 72 * time.Hour, ReverseFor: 24 * time.Hour, VouchersPerOrder: 1,
		EraseWebhooksAfter: 720 * time.Hour, EraseMailsAfter: 2160 * time.Hour, EraseOrdersAfter: 2160 * time.Hour, ShredCodesAfter: 2160 * time.Hour,
		BalancePage:           BalanceOfOwnCodes,
		LateAfter:             15 * time.Minute,
		ConnectionsPerAddress: 256, RequestsInFlight: 1024,
		AllowPrivateShops: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
	}
	if d := diff(want, load(t, nil)); d != "" {
		t.Errorf("defaults (-want +got):\n%s", d)
	}
}

func TestEveryKeyIsReadFromTheEnvironment(t *testing.T) {
	t.Parallel()
	got := load(t, map[string]string{
		"LISTEN": "0.0.0.0:80", "PUBLIC_URL": "https://codes.example/vs/", "TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.7,::1",
		"LOG_LEVEL": "WARN", "DATABASE_URL": "postgres://a:b@one:5432,two:5432/c", "MIGRATE_DATABASE_URL": "postgresql:///d?host=/run",
		"REDIS_URL": "redis+sentinel://:pw@a:26379,b:26379/main", "MASTER_KEY": "n:" + key("n") + ",o:" + key("o"),
		"SMTP_URL": "smtp://u:p@mail.example:587", "MAIL_FROM": "Butik Æ <butik@example.dk>", "TIME_ZONE": "Europe/Vienna",
		"COUNTRY": "AT", "BALANCE_HOLDER": "customer", "CEILING": "250", "RESERVE_FOR": "90m", "LATE_CAPTURE": "0",
		"REVERSE_FOR": "48h", "VOUCHERS_PER_ORDER": "5", "DEFAULT_FACILITY": "Badehus Øst", "APPROVAL_ABOVE": "0",
		"CASH_OUT_LIMIT": "EUR:7.00, DKK:50", "CASH_OUT_FEE": "25.00", "BALANCE_PAGE": "all",
		"REMIND_DAYS": "30", "LATE_AFTER": "5m",
		"ERASE_WEBHOOKS_AFTER": "24h", "ERASE_MAILS_AFTER": "25h", "ERASE_ORDERS_AFTER": "26h", "SHRED_CODES_AFTER": "27h",
		"DRAIN_FOR": "30s", "CONNECTIONS_PER_ADDRESS": "0", "REQUESTS_IN_FLIGHT": "8", "ALLOW_PRIVATE_SHOPS": "127.0.0.0/8",
	})
	want := Config{
		Listen: "0.0.0.0:80", PublicURL: "https://codes.example/vs", LogLevel: slog.LevelWarn, DrainFor: 30 * time.Second,
		TrustedProxies: []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("::1/128"),
		},
		DatabaseURL: NewSecret("postgres://a:b@one:5432,two:5432/c"), MigrateDatabaseURL: NewSecret("postgresql:///d?host=/run"),
		RedisURL:  NewSecret("redis+sentinel://:pw@a:26379,b:26379/main"),
		MasterKey: NewSecret("n:" + key("n") + ",o:" + key("o")), SMTPURL: NewSecret("smtp://u:p@mail.example:587"), MailFrom: "Butik Æ <butik@example.dk>",
		TimeZone: zoneOf(t, "Europe/Vienna"), Country: Austria, BalanceHolder: HolderCustomer, Ceiling: "250",
		ReserveFor: 90 * time.Minute, ReverseFor: 48 * time.Hour, VouchersPerOrder: 5, DefaultFacility: "Badehus Øst", ApprovalAbove: "0",
		CashOutLimit: "EUR:7.00,DKK:50", CashOutFee: "25.00", BalancePage: BalanceOfAllCodes,
		RemindDays: 30, LateAfter: 5 * time.Minute,
		EraseWebhooksAfter: 24 * time.Hour, EraseMailsAfter: 25 * time.Hour, EraseOrdersAfter: 26 * time.Hour, ShredCodesAfter: 27 * time.Hour,
		RequestsInFlight: 8, AllowPrivateShops: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
	if d := diff(want, got); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
}

func TestWhatIsNotSetFollowsAnotherKey(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":9000": "http://localhost:9000", "[::]:9000": "http://localhost:9000", "codes.lan:80": "http://codes.lan:80",
	} {
		c := load(t, map[string]string{"LISTEN": listen, "DATABASE_URL": "postgres://h/d"})
		if c.PublicURL != want || c.MigrateDatabaseURL.Reveal() != "postgres://h/d" {
			t.Errorf("%s: public URL %s, want %s; migrations at %s", listen, c.PublicURL, want, c.MigrateDatabaseURL.Reveal())
		}
	}
}

// Only an installation that is on loopback itself calls shops there, unless it was told.
func TestShopsOnLoopbackAreForTryingOut(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		keys    map[string]string
		allowed int
	}{
		"nobody else reaches it":          {map[string]string{"LISTEN": "localhost:80"}, 2},
		"it listens to the world":         {map[string]string{"LISTEN": ":80"}, 0},
		"it was told not to":              {map[string]string{"ALLOW_PRIVATE_SHOPS": "none"}, 0},
		"it was told to, and is reached":  {map[string]string{"ALLOW_PRIVATE_SHOPS": "127.0.0.1", "LISTEN": ":80"}, 1},
		"it was told of one network only": {map[string]string{"ALLOW_PRIVATE_SHOPS": "10.0.0.0/8"}, 1},
	} {
		if got := len(load(t, tt.keys).AllowPrivateShops); got != tt.allowed {
			t.Errorf("%s: %d networks, want %d", name, got, tt.allowed)
		}
	}
}

func TestFaultyValuesAreToldByKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key, value string
		fault      string
	}{
		{"LISTEN", "8080", "want host:port"},
		{"LISTEN", "localhost:http", `"http" is not a port`},
		{"PUBLIC_URL", "codes.example", "want https://host"},
		{"PUBLIC_URL", "https://me:hidden@codes.example", "without user"},
		{"TRUSTED_PROXIES", "10.0.0.0/33", `"10.0.0.0/33" is neither`},
		{"TRUSTED_PROXIES", "10.1.2.3/8", "the network is 10.0.0.0/8"},
		{"TRUSTED_PROXIES", "10.0.0.0/8,", `"" is neither`},
		{"CONNECTIONS_PER_ADDRESS", "-1", "is not a number from 0 to"},
		{"REQUESTS_IN_FLIGHT", "0", "is not a number from 1 to"},
		{"ALLOW_PRIVATE_SHOPS", "localhost", `"localhost" is neither`},
		{"LOG_LEVEL", "loud", `"loud" is none of debug`},
		{"DATABASE_URL", "mysql://u:hidden@h/d", "want postgres://"},
		{"MIGRATE_DATABASE_URL", "host=h password=hidden", "want postgres://"},
		{"REDIS_URL", "http://u:hidden@h", "want redis://"},
		{"REDIS_URL", "redis://:hidden@", "want redis://"},
		{"REDIS_URL", "redis://:hidden@a:1,b:1", "want redis://"},
		{"REDIS_URL", "redis+sentinel://:hidden@a:1", "want redis://"},
		{"REDIS_URL", "redis+cluster://:hidden@a:1,,b:1", "want redis://"},
		{"MASTER_KEY", "n:aGlkZGVu", "the key has 6 bytes, not 32"},
		{"MASTER_KEY", key("hidden"), "want id:base64"},
		{"SMTP_URL", "smtp://u:hidden@mail.example:587?tls=none", "loopback alone"},
		{"SMTP_URL", "smtp://u:hidden@mail.example:587?tls=never", "the only option is ?tls=none"},
		{"SMTP_URL", "smtp://u:hidden@mail.example:x", "want smtp://"},
		{"SMTP_URL", "http://u:hidden@mail.example", "want smtp://"},
		{"MAIL_FROM", "nobody", `"nobody" is not a mail address`},
		{"TIME_ZONE", "Europe/Kopenhagen", "is not a time zone"},
		{"TIME_ZONE", "Local", "is not a time zone"},
		{"COUNTRY", "FI", `"FI" is none of`},
		{"BALANCE_HOLDER", "nobody", `"nobody" is none of ["card" "customer"]`},
		{"CEILING", "0.00", "is not an amount above 0"},
		{"CEILING", "-5", "is not an amount above 0"},
		{"CEILING", "1e4", "is not an amount above 0"},
		{"CEILING", "10.000,00", "is not an amount above 0"},
		{"CEILING", "10.000", "write 10000 or 10000.00"},
		{"APPROVAL_ABOVE", "5.000", "write 5000 or 5000.00"},
		{"CASH_OUT_LIMIT", "1.000", "write 1000 or 1000.00"},
		{"CASH_OUT_FEE", "DKK:25.000", "write 25000 or 25000.00"},
		{"APPROVAL_ABOVE", "-1", "is not an amount"},
		{"APPROVAL_ABOVE", "1.000,00", "is not an amount"},
		{"RESERVE_FOR", "24", `"24" is not a duration`},
		{"RESERVE_FOR", "0", "is not between 1s and"},
		{"LATE_CAPTURE", "-1h", "is not between 0s and"},
		{"REVERSE_FOR", "99999h", "is not between 0s and"},
		{"ERASE_ORDERS_AFTER", "1h", "is not between 24h0m0s and"},
		{"VOUCHERS_PER_ORDER", "0", "is not a number from 1 to 100"},
		{"VOUCHERS_PER_ORDER", "two", "is not a number from 1 to 100"},
		{"DEFAULT_FACILITY", "a\nb", "want one line"},
	}
	for _, tt := range tests {
		t.Run(tt.key+" "+tt.value, func(t *testing.T) {
			t.Parallel()
			c, err := Load(env(map[string]string{tt.key: tt.value}), "")
			if err == nil || !strings.Contains(err.Error(), prefix+tt.key+": ") || !strings.Contains(err.Error(), tt.fault) {
				t.Fatalf("fault %v, want %s: %s", err, tt.key, tt.fault)
			}
			if strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "aGlkZGVu") {
				t.Errorf("the fault shows a secret: %v", err)
			}
			if d := diff(Config{}, c); d != "" {
				t.Errorf("a faulty configuration is given all the same:\n%s", d)
			}
		})
	}
}

func TestPlainMailIsForLoopback(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost:1025", "127.0.0.1:1025", "[::1]:1025", "127.8.8.8"} {
		load(t, map[string]string{"SMTP_URL": "smtp://" + host + "?tls=none"})
	}
}

func TestAllFaultsAreToldTogether(t *testing.T) {
	t.Parallel()
	file := write(t, "contry: DK\nlisten: nowhere\nlisten: 127.0.0.1:1\nceiling: {a: b}\n")
	_, err := Load(env(map[string]string{"COUNTRY": "FI", "LISTEN": "x", "LOG_LEVEL": "info", "LOG_LEVEL_FILE": "y"}), file)
	if err == nil {
		t.Fatal("no fault")
	}
	want := []string{
		"the configuration is faulty:",
		file + `: line 1: there is no key "contry"`,
		file + `: line 3: "listen" is there twice`,
		file + `: ceiling: line 4: want a text or a list of texts`,
		`VOUCHSAFE_LISTEN: want host:port: address x: missing port in address`,
		`VOUCHSAFE_LOG_LEVEL and VOUCHSAFE_LOG_LEVEL_FILE are both set`,
		`VOUCHSAFE_COUNTRY: "FI" is none of ["AT" "DE" "DK" "NO" "SE"]`,
	}
	if d := cmp.Diff(want, strings.Split(err.Error(), "\n")); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
}

func TestKeysComeFromFilesToo(t *testing.T) {
	t.Parallel()
	secret := write(t, "redis://:from-file@h\r\n")
	tests := []struct {
		name string
		env  map[string]string
		yaml string
		want string
	}{
		{"a file named by the environment", map[string]string{"REDIS_URL_FILE": secret}, "", "redis://:from-file@h"},
		{"the YAML file", nil, "redis_url: redis://:yaml@h", "redis://:yaml@h"},
		{"a file named by the YAML file", nil, "redis_url_file: " + secret, "redis://:from-file@h"},
		{"the environment before the YAML file", map[string]string{"REDIS_URL": "redis://env"}, "redis_url: redis://yaml", "redis://env"},
		{"the environment's file before the YAML file", map[string]string{"REDIS_URL_FILE": secret}, "redis_url: redis://yaml", "redis://:from-file@h"},
		{"an empty variable is not set", map[string]string{"REDIS_URL": ""}, "redis_url: redis://yaml", "redis://yaml"},
		{"a null is not set", nil, "redis_url: ~", ""},
		{"an empty YAML file", nil, "# nothing yet\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Load(env(tt.env), write(t, tt.yaml))
			if err != nil || c.RedisURL.Reveal() != tt.want {
				t.Errorf("Redis at %q, %v; want %q", c.RedisURL.Reveal(), err, tt.want)
			}
		})
	}
}

func TestYAMLKeepsTextsAndJoinsLists(t *testing.T) {
	t.Parallel()
	c, err := Load(env(nil), write(t, "ceiling: 10000.50\nvouchers_per_order: 3\nlate_capture: 0\ntrusted_proxies:\n  - 10.0.0.0/8\n  - ::1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := load(t, map[string]string{
		"CEILING": "10000.50", "VOUCHERS_PER_ORDER": "3", "LATE_CAPTURE": "0s", "TRUSTED_PROXIES": "10.0.0.0/8,::1",
	})
	if d := diff(want, c); d != "" {
		t.Errorf("YAML (-want +got):\n%s", d)
	}
}

func TestFaultyFilesAreTold(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, yaml, fault string }{
		{"not YAML", "listen: [hidden", "this is not YAML: line 1"},
		{"an anchor that looks like a secret", "redis_url: *hidden", "this is not YAML"},
		{"a list", "- listen", "want keys and values"},
		{"a text", "hidden", "want keys and values"},
		{"two documents", "listen: ':1'\n---\nlisten: ':2'\n", "want one YAML document"},
		{"a list of lists", "trusted_proxies: [[a]]", "want a list of texts"},
		{"a key in the environment's spelling", "LISTEN: ':1'", `there is no key "LISTEN"`},
		{"a file that is not there", "redis_url_file: /nonexistent/secret", "redis_url_file: open /nonexistent/secret"},
		{"a file that is empty", "redis_url_file: /dev/null", "redis_url_file: /dev/null is empty"},
		{"a file without an end", "redis_url_file: /dev/zero", "/dev/zero is longer than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(env(nil), write(t, tt.yaml))
			if err == nil || !strings.Contains(err.Error(), tt.fault) || strings.Contains(err.Error(), "hidden") {
				t.Errorf("fault %v, want %q and nothing hidden", err, tt.fault)
			}
		})
	}
	if _, err := Load(env(nil), "/nonexistent/config.yaml"); err == nil {
		t.Error("a configuration file that is not there is no fault")
	}
}

// TestNothingPrintsASecret goes through the formats that end in logs and reports (S4).
func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	c := load(t, map[string]string{
		"DATABASE_URL": "postgres://u:hidden@h/d", "REDIS_URL": "redis://:hidden@h", "SMTP_URL": "smtp://u:hidden@h:587",
		"MASTER_KEY": "n:" + key("K"),
	})
	nested := struct{ inner Config }{c}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", c, &c, c.DatabaseURL)
	}
	fmt.Fprintf(&out, "%v %+v\n", nested, struct{ inner Secret }{c.RedisURL})
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewTextHandler(&out, nil)).Info("started", "config", c, "database", c.DatabaseURL)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("started", "config", c, "database", c.DatabaseURL)

	for _, shown := range []string{"hidden", "68696464656e", "KKKK", "75 75", "75,75", "4b4b", key("K")[:8]} {
		if strings.Contains(out.String(), shown) {
			t.Errorf("a secret shows as %q in\n%s", shown, out.String())
		}
	}
	if !strings.Contains(out.String(), "(secret)") {
		t.Error("nothing was printed")
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range Keys() {
		if k.Meaning == "" || k.Name != strings.ToUpper(k.Name) || seen[k.Name] {
			t.Errorf("key %+v", k)
		}
		seen[k.Name] = true
	}
	if len(seen) != 33 {
		t.Errorf("%d keys", len(seen))
	}
}

func TestASecretThatIsNotSet(t *testing.T) {
	t.Parallel()
	none := NewSecret("")
	if none.IsSet() || none.Reveal() != "" || none.String() != "(none)" || !none.Equal(Secret{}) {
		t.Errorf("NewSecret of nothing: set %t, %q, %s", none.IsSet(), none.Reveal(), none)
	}
}

// X12: a fee is one decimal whatever the currency, or one for each of those that are named.
func TestAFeeIsStatedPerCurrency(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"25.00": "25.00", "0": "0", "DKK:25.00": "DKK:25.00", "KWD:1.000": "KWD:1.000", "DKK:1.000": "!", "DKK:25.00, EUR:3,SEK:40.00,JPY:300": "DKK:25.00,EUR:3,SEK:40.00,JPY:300",
		"": "!", "-1": "!", "DKK": "!", "DKK:": "!", "DKK:-1": "!", "XXQ:1": "!", "dkk:1": "!", "JPY:1.5": "!", "DKK:1,DKK:2": "!", "25,EUR:3": "!", "DKK:1,": "!",
	} {
		got := ""
		if err := amounts(&got)(text); err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

package throttle

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// ago lists instants before noon, newest first: each so many times.
func ago(parts ...any) []time.Time {
	var wrong []time.Time
	for i := 0; i < len(parts); i += 2 {
		for range parts[i].(int) {
			wrong = append(wrong, noon.Add(-parts[i+1].(time.Duration)))
		}
	}
	return wrong
}

func TestTheVerdictFollowsFromTheWrongCodes(t *testing.T) {
	t.Parallel()
	refused := func(d time.Duration) Verdict { return Verdict{RetryAfter: d} }
	slowed := func(d time.Duration) Verdict { return Verdict{OK: true, Delay: d} }
	allowed := Verdict{OK: true}
	const s, m = time.Second, time.Minute
	cases := []struct {
		name  string
		kind  Kind
		wrong []time.Time
		of    share
		want  Verdict
	}{
		{"a buyer with a clean record", Buyer, nil, whole, allowed},
		{"a buyer mistypes four times", Buyer, ago(4, s), whole, allowed},
		{"the fifth within five minutes costs thirty seconds", Buyer, ago(5, 0*s), whole, refused(30 * s)},
		{"of which ten are left", Buyer, ago(1, 20*s, 4, 4*m), whole, refused(10 * s)},
		{"and then he may try again", Buyer, ago(1, 30*s, 4, 4*m), whole, allowed},
		{"five in more than five minutes are nothing", Buyer, ago(4, s, 1, 5*m), whole, allowed},
		{"twenty in an hour cost fifteen minutes", Buyer, ago(1, m, 19, 50*m), whole, refused(14 * m)},
		{"nineteen don't", Buyer, ago(1, m, 18, 50*m), whole, allowed},
		{"a twentieth from before the hour doesn't count", Buyer, ago(1, m, 18, 50*m, 1, 60*m), whole, allowed},
		{"the longer pause decides", Buyer, ago(20, s), whole, refused(15*m - s)},
		{"pauses that are over leave nothing behind", Buyer, ago(20, 16*m), whole, allowed},
		{"half of the buyer's limit is two", Buyer, ago(2, 0*s), half, refused(30 * s)},
		{"and one is still a mistake", Buyer, ago(1, 0*s), half, allowed},
		{"half of twenty is ten", Buyer, ago(1, m, 9, 50*m), half, refused(14 * m)},
		{"another gateway's clock is ahead", Buyer, ago(5, -10*m), whole, refused(30 * s)},
		{"a register with nineteen goes on", Register, ago(19, s), whole, allowed},
		{"with twenty it waits for thirty seconds", Register, ago(20, 10*s), whole, refused(20 * s)},
		{"and serves the next customer", Register, ago(1, 30*s, 19, 20*m), whole, allowed},
		{"with forty it waits for a quarter of an hour", Register, ago(40, 5*m), whole, refused(10 * m)},
		{"at half the limits with twenty", Register, ago(20, 5*m), half, refused(10 * m)},
		{"an account where four sign-ins failed", SignIn, ago(4, s), whole, allowed},
		{"the fifth within a quarter of an hour locks it there", SignIn, ago(1, m, 4, 14*m), whole, refused(14 * m)},
		{"a fifth from before that doesn't", SignIn, ago(4, s, 1, 15*m), whole, allowed},
		{"an address that tries many accounts", Source, ago(50, 0*s), whole, refused(15 * m)},
		{"ten wrong codes after the right password", SecondFactor, ago(10, 0*s), whole, refused(15 * m)},
		{"a shop is never refused", Shop, ago(1000, 0*s), whole, slowed(2 * s)},
		{"a busy shop has twenty a minute", Shop, ago(20, s), whole, allowed},
		{"each further one slows its answers", Shop, ago(23, s), whole, slowed(150 * time.Millisecond)},
		{"at half the limits from eleven on", Shop, ago(12, s), half, slowed(100 * time.Millisecond)},
		{"what was a minute ago is forgotten", Shop, ago(20, s, 40, m), whole, allowed},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := judge(tc.kind, tc.wrong, noon, tc.of); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestTheStrictestVerdictDecidesForAllWhoAsk(t *testing.T) {
	t.Parallel()
	paused, slow := Verdict{RetryAfter: time.Minute}, Verdict{OK: true, Delay: time.Second}
	want := Verdict{RetryAfter: time.Minute, Delay: time.Second}
	for _, got := range []Verdict{strictest(paused, slow), strictest(slow, paused)} {
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestEnoughIsRememberedForEveryRule(t *testing.T) {
	t.Parallel()
	for kind, want := range map[Kind]int64{Buyer: 20, Register: 40, Shop: 60, SignIn: 5, Source: 50, SecondFactor: 10} {
		if got := keep(kind); got != want {
			t.Errorf("%s: got %d, want %d", kind, got, want)
		}
	}
	if got := judge(Shop, ago(int(keep(Shop)), time.Second), noon, whole); got.Delay != slowAtMost {
		t.Errorf("a shop's longest delay is out of reach: %v", got.Delay)
	}
}

func TestABuyerIsKnownBySessionAndByAddress(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		ip, same string
		want     bool
	}{
		{"the same address", "192.0.2.1", "192.0.2.1", true},
		{"another address", "192.0.2.1", "192.0.2.2", false},
		{"IPv4 written as IPv6", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"the same /64", "2001:db8::1", "2001:db8::ffff:1", true},
		{"another /64", "2001:db8::1", "2001:db8:0:1::1", false},
		{"no address at all", "proxy", "proxy", true},
	}
	for _, tc := range cases {
		a, b := Buyers("shop", tc.ip, ""), Buyers("shop", tc.same, "")
		if got := a[0] == b[0]; got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
	if got := Buyers("shop", "", ""); len(got) != 0 {
		t.Errorf("nothing known: got %v", got)
	}
	both := Buyers("shop", "a", "a")
	if len(both) != 2 || both[0] == both[1] || both[1] == Buyers("other", "a", "a")[1] {
		t.Errorf("address, session and shop must not be mixed up: %v", both)
	}
}

func TestASignInIsCountedForTheAccountWhereItIsTried(t *testing.T) {
	t.Parallel()
	here, knowing := SigningIn("anna@example.dk", "192.0.2.1")
	there, same := SigningIn("anna@example.dk", "192.0.2.2")
	other, _ := SigningIn("bo@example.dk", "192.0.2.1")
	if here[0] == there[0] || here[0] == other[0] || here[1] == there[1] || here[1] != other[1] || knowing != same {
		t.Errorf("here %v, there %v, another account %v", here, there, other)
	}
}

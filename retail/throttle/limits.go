package throttle

import (
	"net/netip"
	"time"
)

// Kind says whose wrong codes are counted.
type Kind string

// The kinds, from the narrowest.
const (
	Buyer    Kind = "buyer"    // one address or one session in one shop
	Register Kind = "register" // one till
	Shop     Kind = "shop"     // all of a shop's buyers together
	Token    Kind = "token"    // what one till reads that is no code, and may be the number of a token

	SignIn       Kind = "signin"        // sign-ins to one account from one address
	Source       Kind = "source"        // sign-ins to whatever account from one address
	SecondFactor Kind = "second_factor" // sign-ins to one account with the right password, from wherever
)

// Who asks for a code. ID is unique within its kind; it never leaves the
// process but as a keyed hash.
type Who struct {
	Kind Kind
	ID   string
}

// Buyers are the ways to know one buyer of a shop again: by session and by
// address. Either may be empty. An IPv6 address counts as its /64, which is
// what one customer of a provider has to choose from.
func Buyers(shop, ip, session string) []Who {
	var who []Who
	if ip != "" {
		who = append(who, Who{Buyer, shop + "\x00ip\x00" + network(ip)})
	}
	if session != "" {
		who = append(who, Who{Buyer, shop + "\x00session\x00" + session})
	}
	return who
}

// SigningIn is somebody who signs in to an account from an address. A stranger is kept from the account where he is,
// and its owner elsewhere is not: only wrong codes after the right password, which knowing counts, are
// counted for the account as a whole.
func SigningIn(account, ip string) (who []Who, knowing Who) {
	from := network(ip)
	return []Who{{SignIn, account + "\x00" + from}, {Source, from}}, Who{SecondFactor, account}
}

// network takes what isn't an address as it is: shops send what they have.
func network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return ip
	}
	return prefix.String()
}

// Verdict is what to do with a request that names a code.
type Verdict struct {
	// OK: look the code up. Otherwise refuse, before any work is done.
	OK bool
	// RetryAfter is when a request that isn't OK may come again.
	RetryAfter time.Duration
	// Delay is how long to keep back an answer that says the code can't be
	// used, whatever the reason; a code that can is answered at once.
	Delay time.Duration
}

// rule: after so many wrong codes within a time, each further one costs a
// pause, counted from that wrong code.
type rule struct {
	wrong  int
	within time.Duration
	pause  time.Duration
}

// remember is how long a wrong code counts: no rule looks back further.
const remember = time.Hour

// rulesOf a kind. A person with a voucher in hand mistypes a few times, and our
// own codes' check symbol catches those before they count; what gets here is
// a stranger's code or a guess. A register must go on serving the next customer,
// so it is first slowed and only stopped at twice the count.
func rulesOf(kind Kind) []rule {
	switch kind {
	case Buyer:
		return []rule{
			{wrong: 5, within: 5 * time.Minute, pause: 30 * time.Second},
			{wrong: 20, within: remember, pause: 15 * time.Minute},
		}
	case Register:
		return []rule{
			{wrong: 20, within: remember, pause: 30 * time.Second},
			{wrong: 40, within: remember, pause: 15 * time.Minute},
		}
	case Token: // a card's number is easily guessed from another's
		return []rule{
			{wrong: 5, within: 5 * time.Minute, pause: time.Minute},
			{wrong: 10, within: remember, pause: 15 * time.Minute},
		}
	case SignIn:
		return []rule{{wrong: 5, within: 15 * time.Minute, pause: 15 * time.Minute}}
	case Source:
		return []rule{{wrong: 50, within: 15 * time.Minute, pause: 15 * time.Minute}}
	case SecondFactor:
		return []rule{{wrong: 10, within: remember, pause: 15 * time.Minute}}
	default:
		return nil
	}
}

// A shop's answers slow down with the wrong codes of the last minute.
const (
	slowAfter  = 20                    // wrong codes a minute that a busy shop may have
	slowStep   = 50 * time.Millisecond // added by each further one
	slowAtMost = 2 * time.Second       // more would look like a fault of ours
	slowWithin = time.Minute
)

// keep is how many instants must be remembered to judge a kind.
func keep(kind Kind) int64 {
	most := 0
	for _, r := range rulesOf(kind) {
		most = max(most, r.wrong)
	}
	if kind == Shop {
		most = slowAfter + int(slowAtMost/slowStep)
	}
	return int64(most)
}

// share of the limits that applies: 1 is all of it, 2 the half.
type share int

const (
	whole share = 1
	half  share = 2
)

// judge is the policy. The instants of wrong codes come newest first; the
// pauses of several rules overlap, so the longest decides. An instant that
// another gateway's clock put into the future pauses no longer than one of now.
func judge(kind Kind, wrong []time.Time, now time.Time, of share) Verdict {
	v := Verdict{OK: true}
	for _, r := range rulesOf(kind) {
		limit := max(1, r.wrong/int(of))
		if len(wrong) < limit || now.Sub(wrong[limit-1]) >= r.within {
			continue
		}
		left := min(r.pause, wrong[0].Add(r.pause).Sub(now))
		v.RetryAfter = max(v.RetryAfter, left)
	}
	v.OK = v.RetryAfter <= 0
	if kind == Shop {
		v.Delay = delay(wrong, now, of)
	}
	return v
}

func delay(wrong []time.Time, now time.Time, of share) time.Duration {
	recent := 0
	for _, at := range wrong {
		if now.Sub(at) < slowWithin {
			recent++
		}
	}
	over := max(0, recent-slowAfter/int(of))
	return min(slowAtMost, time.Duration(over)*slowStep)
}

// strictest of two verdicts.
func strictest(a, b Verdict) Verdict {
	return Verdict{
		OK:         a.OK && b.OK,
		RetryAfter: max(a.RetryAfter, b.RetryAfter),
		Delay:      max(a.Delay, b.Delay),
	}
}

package torture

import (
	"fmt"
	"slices"
	"time"

	"vouchsafe/retail/mail/mailtest"
)

// Mix says who uses the installation and what goes wrong. One engine serves all of them.
type Mix struct {
	Name      string        `json:"name"`
	About     string        `json:"-"`
	Faults    []string      `json:"faults"`    // by name
	Carts     int           `json:"carts"`     // online customers of the first shop at once
	Strangers int           `json:"strangers"` // those of a second shop, which names its carts as the first one does
	Tills     int           `json:"tills"`
	Members   int           `json:"members"`  // customers with accounts, a tab each
	Vendors   int           `json:"vendors"`  // who sell vouchers through the first shop
	Pace      time.Duration `json:"pace"`     // of a vendor, between two orders, on average
	Clerk     bool          `json:"clerk"`    // whether the office blocks and ends vouchers
	InPlay    int           `json:"in_play"`  // codes that the crowd fights for at a time
	Dawdle    int           `json:"dawdle"`   // carts of a hundred that think it over before they pay
	Several   int           `json:"several"`  // carts of a hundred that pay with two codes
	Rest      time.Duration `json:"rest"`     // longest between two faults; 0 for the usual
	Overhear  bool          `json:"overhear"` // whether all that PostgreSQL and Redis are told is looked through
	Poison    bool          `json:"poison"`   // whether the database refuses some acts, by a fault of its own
	Points    []string      `json:"points"`   // failpoints to die at; none means all of them
	rude      []mailtest.Behaviour
}

// hasty are the ways of misbehaving that a mail server is done with at once.
func hasty() []mailtest.Behaviour {
	return []mailtest.Behaviour{
		mailtest.Greylist, mailtest.FullMailbox, mailtest.OldFullMailbox, mailtest.Shutdown, mailtest.ShutdownInData, mailtest.AnswerLate,
		mailtest.CloseAfterDot, mailtest.LoseAfterDot, mailtest.DropAfterAccept,
	}
}

// hanging are those that a client waits for. What is refused for good is not among them: it would never arrive.
func hanging() []mailtest.Behaviour {
	return []mailtest.Behaviour{mailtest.HangAfterDot, mailtest.HangAtQuit, mailtest.Drip, mailtest.Talk}
}

// Mixes are all that there are, the usual one first.
func Mixes() []Mix {
	redis := []string{"redis emptied", "redis killed", "redis rewound", "redis stalled", "redis replies swallowed", "redis connections cut"}
	base := Mix{Carts: 16, Strangers: 4, Tills: 8, Clerk: true, InPlay: 24, Dawdle: 10, Several: 15}
	with := func(name, about string, change func(*Mix)) Mix {
		m := base
		m.Name, m.About = name, about
		change(&m)
		return m
	}
	return []Mix{
		with("all", "everything at once", func(m *Mix) {
			m.Members, m.Vendors, m.Pace, m.rude = 6, 1, 200*time.Millisecond, hasty()
			for _, f := range Faults() {
				if f.Name != "an hour passes" { // after some of them reservations run out unnoticed
					m.Faults = append(m.Faults, f.Name)
				}
			}
		}),
		with("hot", "a few codes, and nothing goes wrong", func(m *Mix) { m.InPlay, m.Several = 3, 30 }),
		with("pairs", "everybody pays with two codes at once, and nothing goes wrong", func(m *Mix) { m.Carts, m.Tills, m.Several = 24, 2, 100 }),
		with("days", "reservations run out while their carts dawdle", func(m *Mix) {
			m.InPlay, m.Dawdle, m.Several, m.Rest, m.Faults = 6, 60, 5, time.Second, []string{"a day passes"}
		}),
		with("clock", "the clock steps back", func(m *Mix) { m.InPlay, m.Faults = 4, []string{"the clock steps back"} }),
		with("cuts", "gateways and database lose their power at once", func(m *Mix) {
			m.InPlay, m.Rest, m.Faults = 4, time.Second, []string{"a power cut", "locks, and a power cut"}
		}),
		with("wallets", "customers spend their accounts while gateways and database die", func(m *Mix) {
			m.Carts, m.Strangers, m.Tills, m.Members, m.Clerk = 2, 0, 1, 24, false
			m.Faults = []string{"gateway killed", "database connections cut", "redis killed"}
		}),
		with("poison", "the database refuses single acts by a fault of its own", func(m *Mix) { m.InPlay, m.Poison = 8, true }),
		with("redis", "Redis is lost, rewound, stalled (G6)", func(m *Mix) { m.InPlay, m.Faults = 8, redis }),
		with("stale", "Redis is put back to what it was, again and again", func(m *Mix) {
			m.InPlay, m.Dawdle, m.Faults = 40, 50, []string{"redis rewound"} // what is held when it is copied is free when it comes back
		}),
		with("puts", "Redis answers late, and loses nothing", func(m *Mix) {
			m.InPlay, m.Faults = 4, []string{"redis stalled", "redis replies swallowed", "redis connections cut", "gateway stopped for a while"}
		}),
		with("crash", "gateways die at every failpoint in turn (G2)", func(m *Mix) {
			m.Vendors, m.Pace, m.rude, m.Dawdle = 2, 100*time.Millisecond, hasty(), 20
			m.Faults = []string{"gateway killed at a failpoint"}
		}),
		with("webhook", "shops repeat, reorder and tear their webhooks (G4)", func(m *Mix) {
			m.Carts, m.Strangers, m.Tills, m.Clerk, m.Several = 0, 0, 0, false, 0
			m.Vendors, m.Pace, m.Faults = 12, 20*time.Millisecond, []string{"gateway killed", "database connections cut"}
		}),
		with("mail", "the mail server misbehaves in every way it can (G5)", func(m *Mix) {
			m.Carts, m.Strangers, m.Tills, m.Clerk, m.Several = 0, 0, 0, false, 0
			m.Vendors, m.Pace, m.rude = 4, 100*time.Millisecond, append(hasty(), hanging()...)
			m.Faults = []string{"an hour passes", "gateway killed"}
		}),
		with("post", "the mail server misbehaves, and nothing else does", func(m *Mix) {
			m.Carts, m.Strangers, m.Tills, m.Clerk, m.Several = 0, 0, 0, false, 0
			m.Vendors, m.Pace, m.rude = 4, 100*time.Millisecond, []mailtest.Behaviour{mailtest.CloseAfterDot, mailtest.DropAfterAccept}
		}),
		with("canary", "everything is used once and again, and no code may be seen anywhere (G13)", func(m *Mix) {
			m.Vendors, m.Pace, m.rude, m.InPlay, m.Overhear = 2, 50*time.Millisecond, hasty(), 200, true
			m.Faults = []string{"gateway killed", "database connections cut", "redis killed"}
		}),
	}
}

// MixNamed finds a mix.
func MixNamed(name string) (Mix, error) {
	all := Mixes()
	at := slices.IndexFunc(all, func(m Mix) bool { return m.Name == name })
	if at < 0 {
		return Mix{}, fmt.Errorf("no torture is called %q", name)
	}
	return all[at], nil
}

// losesRedis tells whether what Redis knew may be gone, so that nothing can be asked of it but that it is filled again.
func (m Mix) losesRedis() bool {
	for _, name := range []string{"redis emptied", "redis killed", "redis rewound"} {
		if slices.Contains(m.Faults, name) {
			return true
		}
	}
	return false
}

// database are the settings of PostgreSQL.
func (m Mix) database() map[string]string {
	settings := map[string]string{"fsync": "off", "max_connections": "200"}
	if m.Overhear {
		settings["log_statement"] = "all"
	}
	return settings
}

// sells tells whether vouchers are sold; otherwise they are there from the start.
func (m Mix) sells() bool { return m.Vendors > 0 }

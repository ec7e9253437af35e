package purchase

// Wait says whether refunds wait for a unit's voucher, until it is free and whole.
type Wait string

// The waits.
const (
	NoWait   Wait = ""
	ForIt    Wait = "for_it"     // whichever units they take, it is one of them
	ForOneOf Wait = "for_one_of" // for it or for another one: nobody can tell yet
)

// AwaitsUse tells whether a refund waits for vouchers that are in use.
func (p *Purchase) AwaitsUse() bool {
	for _, r := range p.Refunds {
		if r.Problem == InUse {
			return true
		}
	}
	return false
}

// Awaited tells which issued units refunds wait for: those whose matter is open. What a person has closed waits for nothing.
func (p *Purchase) Awaited(open func(refund string) bool) map[Key]Wait {
	wanted, meant := map[string]int{}, map[Key]bool{}
	for _, r := range p.Refunds {
		if r.Problem != InUse || p.explains(r) || !open(r.ID) {
			continue
		}
		for _, named := range r.Lines {
			if named.left() == 0 {
				continue
			}
			wanted[named.Line] += named.left()
			for i := range p.Units {
				if u := &p.Units[i]; named.means(u) && u.State == Issued && !u.Voucher.Ended {
					meant[u.Key()] = true
				}
			}
		}
	}
	units := map[string]int{}
	for key := range meant {
		units[key.Line]++
	}
	waits := make(map[Key]Wait, len(meant))
	for key := range meant {
		waits[key] = ForOneOf
		if wanted[key.Line] >= units[key.Line] {
			waits[key] = ForIt
		}
	}
	return waits
}

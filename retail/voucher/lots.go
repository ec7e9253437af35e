package voucher

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"vouchsafe/retail/money"
)

// Points are what an account may hold besides money, and differ from it in two things: they end, and they are exchanged at a rate
// when they pay an order (see [Exchange]). What ends together is a [Lot]. Every entry of an account of points says of which lots it
// took and to which it brought, so that the lots of an account always add up to its balance.

// pointed tells an account of points from every other place of value.
func (v *Voucher) pointed() bool { return v.Shared() && v.Currency == money.Point }

// Lot are the points of an account that came together and end together (P18).
type Lot struct {
	ID     string
	Act    string // the act that brought them here
	Origin string // the act that brought them first, wherever they were moved since
	BornAt time.Time
	EndsAt time.Time // zero for never
	Left   int64     // neither spent nor ended; those set aside included
	Aside  int64     // set aside by live reservations
	Ended  int64     // how many have ended here

	fresh, dirty bool
}

// Fresh tells whether the lot was made by an act of this group; Changed, whether an older one was changed by it.
func (l *Lot) Fresh() bool { return l.fresh }

// Changed tells whether a lot that existed before has changed.
func (l *Lot) Changed() bool { return l.dirty && !l.fresh }

// Parted tells whether the points that the reservation sets aside have changed.
func (r *Reservation) Parted() bool { return r.parted }

// free are the points of the lot that nobody has set aside.
func (l *Lot) free() int64 { return l.Left - l.Aside }

func (l *Lot) endedAt(at time.Time) bool { return !l.EndsAt.IsZero() && !at.Before(l.EndsAt) }

// Part are points of one lot.
type Part struct {
	Lot    string
	Points int64
}

// lot finds a lot of the account; nil if there is none, such as one of another account.
func (c *Case) lot(id string) *Lot {
	for _, l := range c.Lots {
		if l.ID == id {
			return l
		}
	}
	return nil
}

// oldestFirst orders the account's lots by when they came: in that order they are spent (P18).
func (c *Case) oldestFirst() []*Lot {
	ordered := slices.Clone(c.Lots)
	slices.SortFunc(ordered, func(a, b *Lot) int {
		return cmp.Or(a.BornAt.Compare(b.BornAt), cmp.Compare(a.ID, b.ID))
	})
	return ordered
}

// setAside makes a live reservation hold as many points as its amount: it keeps what it has, takes the oldest free ones for what it
// lacks, and lets go of the youngest of what is too much.
func (c *Case) setAside(r *Reservation) {
	if !c.Voucher.pointed() {
		return
	}
	lacking := r.Amount
	for i, part := range r.Parts {
		keep := min(part.Points, lacking)
		c.lot(part.Lot).hold(keep - part.Points)
		r.Parts[i].Points, lacking = keep, lacking-keep
	}
	r.Parts = slices.DeleteFunc(r.Parts, func(p Part) bool { return p.Points == 0 })
	for _, l := range c.oldestFirst() {
		if take := min(l.free(), lacking); take > 0 {
			l.hold(take)
			r.Parts, lacking = addPart(r.Parts, l.ID, take), lacking-take
		}
	}
	r.parted = true
}

// hold sets points of the lot aside, or lets them go.
func (l *Lot) hold(points int64) { l.Aside, l.dirty = l.Aside+points, true }

// addPart adds points of a lot to parts.
func addPart(parts []Part, lot string, points int64) []Part {
	for i := range parts {
		if parts[i].Lot == lot {
			parts[i].Points += points
			return parts
		}
	}
	return append(parts, Part{lot, points})
}

// letGo frees what a reservation that has ended had set aside.
func (c *Case) letGo(r *Reservation) {
	if len(r.Parts) == 0 {
		return
	}
	for _, part := range r.Parts {
		c.lot(part.Lot).hold(-part.Points)
	}
	r.Parts, r.parted = nil, true
}

// entryLots says of which lots an entry takes and to which it brings.
func (c *Case) entryLots(record *Record, minor int64) []Part {
	given, kept := record, int64(0)
	if record.undoes != nil {
		given, kept = record.undoes, record.undoes.left()
	}
	switch {
	case minor < 0 && record.from != nil:
		return c.takeLots(-minor, record.from)
	case minor < 0:
		return c.takeLots(-minor, record.Moves)
	case record.again != nil:
		return c.giveAgain(record, minor)
	case len(record.gave) > 0:
		return c.receiveLots(record)
	case slices.ContainsFunc(given.Moves, func(p Part) bool { return p.Points < 0 && c.lot(p.Lot) != nil }):
		return c.giveBack(minor, kept, given)
	}
	return c.bring(record, minor)
}

// takeLots takes points out of lots: of those that are named first, as far as they hold them, then of the others, the oldest first.
// What is set aside is never taken. The caller has made sure that there are so many.
func (c *Case) takeLots(points int64, first []Part) (moved []Part) {
	take := func(l *Lot, most int64) {
		if some := min(l.free(), most, points); some > 0 {
			l.Left, l.dirty = l.Left-some, true
			moved, points = addPart(moved, l.ID, -some), points-some
		}
	}
	for _, part := range first {
		if l := c.lot(part.Lot); l != nil {
			take(l, part.Points)
		}
	}
	for _, l := range c.oldestFirst() {
		take(l, points)
	}
	return moved
}

// giveBack returns points to the lots that an act took them from, those that end last first: what is left taken is what a smaller act
// would have taken. A lot that has ended meanwhile lives for some days more, as a voucher does. kept is how many points of the act are
// still out afterwards.
func (c *Case) giveBack(points, kept int64, act *Record) (moved []Part) {
	for _, part := range act.Moves {
		out := max(0, -part.Points)
		l := c.lot(part.Lot)
		if l == nil {
			continue
		}
		stays := min(out, kept)
		kept -= stays
		if back := min(out-stays, points); back > 0 {
			c.revive(l, back)
			moved, points = addPart(moved, l.ID, back), points-back
		}
	}
	return moved
}

// revive brings points back into a lot.
func (c *Case) revive(l *Lot, points int64) {
	l.Left, l.dirty = l.Left+points, true
	if l.endedAt(c.At) {
		l.EndsAt = c.daysAfter(c.At, refundedFor)
	}
}

// bring makes a lot of points that an act brings. They live through as many days after this one as the act says.
func (c *Case) bring(record *Record, points int64) []Part {
	return []Part{c.newLot(record, Lot{BornAt: c.At, EndsAt: c.daysAfter(c.At, record.days), Left: points})}
}

// daysAfter is the end of the day so many days after an instant; zero for 0, which is for ever.
func (c *Case) daysAfter(at time.Time, days int) time.Time {
	if days == 0 {
		return time.Time{}
	}
	return DateOf(at.In(c.Voucher.Zone).AddDate(0, 0, days), c.Voucher.Zone).End(c.Voucher.Zone)
}

// giveAgain returns points to the lots that an earning's recalls took them from, what was taken last first. What it brings beyond them
// is as old as what the earning brought.
func (c *Case) giveAgain(record *Record, points int64) []Part {
	out := &Record{Moves: slices.Clone(record.again.Settled)}
	slices.Reverse(out.Moves)
	moved := c.giveBack(points, 0, out)
	for _, part := range moved {
		points -= part.Points
	}
	if points == 0 {
		return moved
	}
	born := record.again.At
	l := Lot{Origin: record.again.ID, BornAt: born, EndsAt: c.daysAfter(born, record.days)}
	c.revive(&l, points)
	return append(moved, c.newLot(record, l))
}

// ownOf are the lots of what an act brought, wherever they were moved since.
func (c *Case) ownOf(record *Record) (parts []Part) {
	for _, l := range c.Lots {
		if l.Origin == record.ID {
			parts = append(parts, Part{l.ID, l.Left})
		}
	}
	return parts
}

// newLot adds a lot that an act brings.
func (c *Case) newLot(record *Record, l Lot) Part {
	l.Act, l.Origin, l.fresh = record.ID, cmp.Or(l.Origin, record.ID), true
	l.ID = c.derivedID("lot", c.Voucher.ID, record.ID, fmt.Sprint(len(c.Lots)))
	c.Lots = append(c.Lots, &l)
	return Part{l.ID, l.Left}
}

// gone are the points that an act let go, as lots for whoever receives them.
func (c *Case) gone(record *Record) (gave []Lot) {
	for _, part := range record.Moves {
		l := c.lot(part.Lot)
		gave = append(gave, Lot{Origin: l.Origin, BornAt: l.BornAt, EndsAt: l.EndsAt, Left: -part.Points})
	}
	return gave
}

// receiveLots takes over what another account has let go: each part is as old here as it was there, and ends when it would have.
func (c *Case) receiveLots(record *Record) (moved []Part) {
	for _, l := range record.gave {
		moved = append(moved, c.newLot(record, l))
	}
	record.gave = nil
	return moved
}

// clock owns what time alone has done.
const clock = "clock"

// lapse takes points out of the books that have ended: all of a lot past its end but what is set aside, whose end waits for the order
// (P18). It needs nobody who asks for it, and its act is named by what ended, so that it happens once.
func (c *Case) lapse() {
	if !c.Voucher.pointed() || c.Voucher.Quarantined {
		return
	}
	for _, l := range c.oldestFirst() {
		ended := l.free()
		if !l.endedAt(c.At) || ended <= 0 {
			continue
		}
		ref := Ref{Owner: clock, Kind: Lapses, Key: fmt.Sprintf("%s:%d", l.ID, c.Voucher.Entries+1)}
		record := &Record{ID: c.derivedID("lapse", ref.Key), Ref: ref, Amount: ended, from: []Part{{l.ID, ended}}}
		c.raiseFence()
		c.post(record, "expire", contraOf("expired", ref.Owner), -ended)
		l.Ended += ended
		c.settle()
		c.write(record)
		for _, r := range c.Reservations {
			if r.State == ReservationExpired {
				r.Lapsed += ended
			}
		}
	}
}

// derivedID is a UUID (version 8) that follows from what it names and from the instant: as with other ids of acts, whose highest is that of
// the newest, it begins with the milliseconds since 1970.
func (c *Case) derivedID(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	sum := hash.Sum(nil)
	var instant [8]byte
	binary.BigEndian.PutUint64(instant[:], uint64(c.At.UnixMilli()))
	copy(sum[:6], instant[2:])
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	text := hex.EncodeToString(sum[:16])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

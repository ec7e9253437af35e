package voucher

import "slices"

// Stored is the reservation as a store would give it back: no longer new, no longer changed.
func (r *Reservation) Stored() *Reservation {
	stored := *r
	stored.fresh, stored.dirty, stored.parted = false, false, false
	stored.Parts = slices.Clone(r.Parts)
	return &stored
}

// Stored is the lot as a store would give it back.
func (l *Lot) Stored() *Lot {
	stored := *l
	stored.fresh, stored.dirty = false, false
	return &stored
}

// Stored is the record as a store would give it back.
func (r *Record) Stored() *Record {
	stored := *r
	stored.fresh, stored.dirty = false, false
	stored.Moves = slices.Clone(r.Moves)
	stored.Settled = slices.Clone(r.Settled)
	stored.gave, stored.undoes, stored.again, stored.from, stored.days = nil, nil, nil, nil, 0
	return &stored
}

// Alphabet is the symbols of a code of ours, in the order of their values.
const Alphabet = alphabet

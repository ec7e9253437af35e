package voucher

// Stored is the reservation as a store would give it back: no longer new, no longer changed.
func (r *Reservation) Stored() *Reservation {
	stored := *r
	stored.fresh, stored.dirty = false, false
	return &stored
}

// Stored is the record as a store would give it back.
func (r *Record) Stored() *Record {
	stored := *r
	stored.fresh, stored.dirty = false, false
	return &stored
}

// Alphabet is the symbols of a code of ours, in the order of their values.
const Alphabet = alphabet

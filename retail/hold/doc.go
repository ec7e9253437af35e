// Package hold is the fast witness: it keeps in Redis what PostgreSQL has
// already decided, so that a till and a webshop see at once that a code is
// reserved, and so that a database which lost its tail is caught.
//
// For each voucher there are two keys, tied to one Redis Cluster slot by the
// voucher's public id:
//
//	vs:<installation>:{<voucher>}:h   "<fence>:<holder>", expires with the reservation
//	vs:<installation>:{<voucher>}:w   the version of the last act that is known here
//
// Beside them there is one key that tells whose this Redis is, and
//
//	vs:<installation>:pulse   which database it speaks for, which act was seen newest, and when
//
// that the gateways renew every second, so that a database which went back in
// time, or was copied, is found out: see [Pulse].
//
// The holder is a hash that the caller made. Neither a code nor a holder's own
// words ever come here.
//
// What it promises. Every call ends within its budget (tens of milliseconds)
// or says [ErrAway]. Writes are ordered by the version that PostgreSQL issued
// under the voucher's row lock: an older one changes nothing, the same one
// again changes nothing, so a write may be lost, delayed, repeated or replayed
// from the database without harm. That is also the answer to go-redis, whose
// cluster client repeats a command after a broken connection however it is
// configured: a repeat is the same version.
//
// What it refuses. It grants nothing, and a hold that it shows refuses nobody
// until PostgreSQL has confirmed it: Redis may have kept a key too long. It
// reads no replica. It takes no lock. It keeps no list of what still has to be
// written: [Holds.Epoch] tells that Redis lost its keys, and the caller then
// writes the live reservations again with [Holds.Put].
//
// The witness is only as good as its discipline, which is the caller's: written
// after the commit is known, read before the row, and believed to be ahead only
// if it still is when the row has been read under its lock.
//
// Read next: package ledger, which issues fence and version, and package
// retail, which brings the two together.
package hold

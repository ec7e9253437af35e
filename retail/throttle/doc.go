// Package throttle makes guessing codes slow. It counts wrong codes, that is
// well-formed ones that don't exist, for whoever asked: first the buyer, then
// the register; a shop's key as a whole is only ever slowed down, so that one
// guesser locks nobody else out.
//
// Failed sign-ins to the office are counted by the same means: per account and
// address, so that nobody locks an account for its owner elsewhere.
//
// Ask [Throttle.Allow] before a code is looked up and tell [Throttle.Wrong]
// when it turned out to be unknown. Whoever names an act by its key is not
// asked: an order that is paid is captured however many typos went before.
//
// What it promises: an answer at all times, within its budget. The instants of
// the last wrong codes lie in Redis, shared by all gateways, and in the process
// as well; when Redis is away the process decides by its own at half the
// limits, so that an outage makes guessing harder, not easier.
//
// What it refuses: to be exact. Codes that are asked for at the same moment are
// all let through before the first is counted wrong; the number of requests
// under way bounds that. It keeps no address and no session: identifiers are
// stored as keyed hashes and forgotten after an hour.
//
// Read next: limits.go, which is the whole of the policy.
package throttle

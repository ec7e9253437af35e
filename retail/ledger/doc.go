// Package ledger keeps vouchers, reservations, acts and the journal in PostgreSQL, and is the only
// way in which any of them changes.
//
// Every change locks the voucher's row, lets package voucher decide, and writes in the same
// transaction. [Ledger.Apply] does so in groups: acts that arrive while a transaction is in flight
// are locked, decided and written together by the next one, so that one commit serves many tills.
// There is no timer; a lone act waits for nobody. An act is routed to a lane by its voucher, so
// that lanes never wait for each other and the acts of one voucher keep their order. A row that
// can't be locked at once sends its acts to a slow lane of its own, so that one locked voucher
// stalls no other.
//
// The rules of a group:
//
//   - Net effects. A voucher and a reservation are written once however many acts touched them;
//     what begins and ends inside the group is inserted already ended.
//   - Self-checking. COMMIT travels with the writes, so each of them raises by itself unless it
//     wrote as many rows as it was given.
//   - No answer before the commit is known, refusals included: they may rest on acts of the same
//     group. After a commit in doubt the whole group runs again under the same keys and locks.
//   - Poison. Another SQL error runs the acts one by one; only the one that fails alone fails.
//
// Acts on several vouchers at once ([Ledger.ApplyAll]) and acts that are part of a larger
// transaction ([Ledger.ApplyTx]) take the same locks in the same order and ask the same rules.
//
// PostgreSQL decides alone. Redis is told of what was committed, and asked for its witness before
// the rows are locked, through the two hooks of [Config]; see package hold.
package ledger

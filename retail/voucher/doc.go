// Package voucher is the rule book of a code: who may reserve it, capture, redeem, reload and
// refund it, what a repeat is answered, and what is refused and why.
//
// It is pure. An [Act] is decided on a [Case]: the voucher's row as it stands under its lock, the
// reservations and records that the act names, and the instant, all read by the caller. The
// decision changes the Case in memory and nothing else; package ledger reads Cases, lets acts be
// decided on them one after the other, and writes what changed in one transaction. Till, webshop
// and office share these rules, so that they are written once.
//
// Three promises hold at every decision, whatever the act:
//
//   - a code is reserved by one holder at a time, as a whole;
//   - a balance is never negative, and changes only together with a journal [Entry];
//   - a key names one act for ever: its repeat gets the same answer, another act under it is
//     refused, and an act whose cancellation came first never happens.
package voucher

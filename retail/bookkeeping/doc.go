// Package bookkeeping makes bookings of what vouchers move, and writes tables that a bookkeeper's program reads.
//
// What is owed on vouchers is one account; each move (see package turnover) is booked between it and the account that the merchant has
// named for that move. The merchant names the accounts: which they are is a matter of his chart and of his adviser. A table is plain CSV,
// or DATEV's Buchungsstapel.
//
// The package is pure.
package bookkeeping

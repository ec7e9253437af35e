// Package scale finds out what grows with the size of an installation. It fills a private one step by step, to ten thousand vouchers,
// a hundred thousand, a million, each with a past of its own (acts, reservations, a chained journal), and measures the same things at
// every size: how fast codes are redeemed and looked up, memory, the start after a power cut, the lists of the office, the proof of
// the books, Redis filled anew, overdue reservations swept.
//
// A voucher's past is decided by the rule book, act by act, and goes into the tables by COPY: the books prove themselves afterwards as
// they would after years of business.
package scale

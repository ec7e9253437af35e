// Package retail is the back office: vouchers, what is owed on them, and the mails that carry their
// codes. Its [Desk] has one method for each thing that a shop, a till or the office may ask; each
// is one transaction. The rules are in the pure packages below it (voucher, purchase), the stores
// in the packages that wrap them (ledger, orders, outbox on PostgreSQL; hold, throttle on Redis),
// and only the Desk knows them all: it hands what one of them gives to the next.
//
// PostgreSQL decides. Redis holds the 24-hour key of each reserved code and a witness of every
// version that was acknowledged; it can refuse, and prove that PostgreSQL has forgotten something,
// but never grant. What must happen later (a mail, an order to fetch) is a row of the outbox, in
// the transaction that made it necessary.
package retail

package retail

import (
	"cmp"
	"context"
	"time"

	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
)

// Where personal data is, and when it goes. Everything personal is sealed under a key outside the database; what finds it is a keyed
// digest, which stays for a dispute. A person who asks is gone from all of it at once (BackOffice.EraseSubject).
//
//	webhook bodies          what the shop says of buyer and recipients      Keeping.Bodies after they were settled
//	purchases               the buyer's id at the shop, name, address       Keeping.Orders after the last delivery
//	units of purchases      a recipient's name, address and message         with their purchase
//	deliveries              the recipient's address, the rendered mail      outbox.Config.EraseAfter after the end
//	vouchers                the sealed code, which opens a stored value     Ledger.Shred, after it could be used for the last time
//	tasks, acts, approvals  what somebody wrote as a reason                 when the person asks: nobody else knows
//	audit trail             the same                                        when the person asks; the chain holds a digest
//	people of the office    name and address                                package staff
//
// The journal, reservations and Redis hold none: opaque ids, digests, amounts, and the last symbols of a shop's cart id. What waits
// for a person, or is still to be delivered, is never erased by date.

// Keeping says how long personal data is kept; zero is the default.
type Keeping struct {
	Bodies time.Duration // webhook bodies, since they were settled; default 30 days
	Orders time.Duration // who bought and who was to get it, since the last delivery of the order; default 90 days
}

const ordersKept = 90 * 24 * time.Hour // default of Keeping.Orders

// EraseBodies forgets the webhook bodies that are settled and old. It runs on a schedule.
func (s *Sales) EraseBodies(ctx context.Context) error {
	return outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		_, err := orders.EraseBodies(ctx, tx, cmp.Or(s.keep.Bodies, bodiesKept))
		return err
	})
}

// EraseOrders forgets whom orders were from and for, when all that they delivered is old. It runs on a schedule.
func (s *Sales) EraseOrders(ctx context.Context) error {
	_, err := s.orders.EraseOld(ctx, cmp.Or(s.keep.Orders, ordersKept))
	return err
}

// KeptThat is something that stays when a person is erased, and why.
type KeptThat struct{ What, Why string }

// KeptOfSubject is what stays of a person who is erased.
func KeptOfSubject() []KeptThat {
	return []KeptThat{
		{"amounts, dates, products and the numbers of orders", "the merchant's books, which the law has kept for years"},
		{"vouchers with their balance, and the last symbols of their codes", "they are money of whoever holds the code"},
		{"sealed codes, until they can't be spent any more and some time longer", "the merchant owes what is on them"},
		{"the log-in of a customer who still has something in his account, and its number", "the merchant owes it to whoever logs in so"},
		{"opaque ids and the journal", "they name nobody"},
		{"keyed digests of the address and of the mails", "to settle a dispute, and to keep a shop's repeats from bringing the data back"},
		{"lines of the audit trail, without what they said", "that something was done is proven; whom it was about is gone"},
	}
}

// Package report asks questions that span the stores: it reads what ledger, orders and outbox have
// written, in one snapshot, and changes nothing. Today it proves that purchases, vouchers and their
// deliveries fit together; package ledger proves its own part.
package report

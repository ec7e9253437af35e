// Package purchase is the rule book of what a webshop sold: which line of an order is a voucher, whether it issues, what a
// refund takes back, and what waits for the office and why.
//
// It is pure. A shop tells states, not events: [Decide] compares the state of an order that was just told with what is
// stored of it, both read under the order's row lock, and answers with a [Decision]: what the stored purchase becomes, which
// units issue, which vouchers are invalidated, and whether those that are left are blocked. The caller writes all of that in
// one transaction. Applying a state once more changes nothing, so no delivery needs to be counted.
//
// Promises, whatever the order in which the states of one order arrive, and however often:
//
//   - a unit issues at most once, and only when it was paid with money, online;
//   - the units of an order are fixed when it first issues; what appears later waits for a person;
//   - a refund is counted once; it is the only thing that ends a voucher, and it never ends one that is spent or reserved;
//   - the same states end in the same usable vouchers.
//
// It knows no codes and no balances; those are package voucher's.
package purchase

// Package loyalty is the rule book of bonus points: what earns them, what they are worth, where they may be spent, when they end, and
// what goes back when an order is refunded.
//
// It is pure. Points are a unit of an account like any currency (money.Point); the account, its reservations and its journal are the
// rule book's and the ledger's. This package says how many.
//
// Promises, whatever the programme says and in whatever order things happen:
//
//   - nothing earns on a stored value, nor on the part of an order that points have paid (X17): points never make points;
//   - what was earned stands under the rule and the standing of then: what an order deserves later is reckoned by them, from the order as
//     it was bought and what has become of it, so that it is the same in whatever order and however often that is told, and refunds in
//     parts take back together what one refund of the whole would;
//   - a refund that names lines takes what these earned and nothing else ([Returns]): freight, and what the rule left out, earned nothing
//     that it could take, and when all goods are back nothing is left. One that names none takes its part of everything.
//
// Rounding: points for an amount are rounded down, once, at the end. What points are worth is the business of money.Rate.
package loyalty

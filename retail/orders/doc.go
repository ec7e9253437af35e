// Package orders keeps, in PostgreSQL, what webshops are and what they tell: shops, voucher products, the inbox of webhook
// bodies as they came, and the purchases with their units.
//
// It stores and locks; it decides nothing. What a state of an order means is package purchase's, which is asked between
// [Lock] and [Save] in one transaction of the Desk: the purchase's row is the lock of all that happens to its order. Functions
// take the caller's transaction; a [Store] reads outside of one.
//
// The database itself holds what must never be: one purchase for an order of a shop, one unit for a line and number, one voucher
// for a unit. Everything personal and everything secret arrives here sealed and leaves sealed.
package orders

// Package api is the HTTP API of checkout and till: balances, quotes, reservations, captures,
// redemptions, reloads and refunds. A handler takes a typed request, builds what the Desk is asked,
// and renders the answer; it decides nothing. What was asked wrongly is refused before the Desk
// hears of it, naming the field; what the Desk refuses becomes a problem in package counter, and
// refuse.go keeps back what a shop must not be told.
//
// An act is named by its caller in the path: PUT makes it so, GET recovers what became of it after
// an answer was lost, DELETE takes it back or makes sure that it never happens.
package api

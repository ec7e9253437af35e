// Package points keeps what the merchant decides about bonus points: his programme in numbered versions, how it treats single
// customers, and what he says of it to whoever asks.
//
// Promises: no version is ever changed or lost, and of two people who change the same one at the same time one is told so. What the
// decisions mean is package loyalty's to know; the points themselves are in the ledger, like any other value.
package points

// Package turnover says what became of what was sold. It reads the lines of the journal and follows each amount that was sold through
// all that happens to it: so much of it was redeemed, so much refunded, so much has expired or was adjusted away, and the rest is
// outstanding. These five are what was sold, always, whatever was reloaded, reversed, claimed or moved in between.
//
// An account (a voucher, or a customer's) is a pile of layers, one for each amount that came in. Value goes out of the oldest layer
// first, and what comes back (a refund, a reversal) goes to where it was taken from last. A layer that moves to another account takes
// its origin along: a gift voucher that was claimed is outstanding until the customer's account has spent it.
//
// The package is pure. Package report feeds it.
package turnover

// Package keyring turns one or more master keys into everything that must be kept secret or recognised.
//
// A purpose ("code look-up", "code", "recipient") is a constant of its caller and names a key that nothing else
// uses: HKDF-SHA-256 derives it from a master key, for fingerprints (MAC) and for sealing apart. What one
// purpose made, no other can open.
//
// Masters rotate: the first writes, all of them read. So a look-up asks with every fingerprint (MACs), and sealed
// bytes carry the id of the master that sealed them. A master is dropped once nothing is left that bears its id.
//
// Sealing is AES-256-GCM with a random nonce of 96 bits, which is safe for four thousand million seals of one
// purpose under one master. Sealed bytes are bound to what the caller names (a voucher's id): moved to another
// row they don't open.
//
// The check values (Checks) let a database recognise a wrong master key without learning anything about the
// right one; package staff keeps them. No type here prints a key, whatever the format.
package keyring

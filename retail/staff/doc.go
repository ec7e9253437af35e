// Package staff knows who acts: the API keys of shops, registers and offices, the audit trail of what they changed
// outside the journal, and which installation this database belongs to.
//
// A key is a bearer secret of 256 bits, shown once when it is made; the database keeps its SHA-256, which for so much
// randomness is as good as a slow hash. Its scope decides the channel, and the shop or register that it is bound to
// owns what is done with it, so that a rotated key still finds its acts. A register's name belongs to one shop for
// ever.
//
// Authenticate costs no round trip in the common case. The price is written beside keepFor: a revoked key works for
// at most so long in other processes.
//
// The installation's id ties Redis to this database, and the check values of the master keys (package keyring)
// refuse a wrong one before it writes a single code.
package staff

// Package staff knows who acts: the API keys of shops, registers and offices, the people who sign in to the office, the
// audit trail of what they changed outside the journal, what of it waits for a second person, and which installation
// this database belongs to.
//
// A key is a bearer secret of 256 bits, shown once when it is made; the database keeps its SHA-256, which for so much
// randomness is as good as a slow hash. Its scope decides the channel, and the shop or register that it is bound to
// owns what is done with it, so that a rotated key still finds its acts. A register's name belongs to one shop for
// ever.
//
// Authenticate costs no round trip in the common case. The price is written beside keepFor: a revoked key works for
// at most so long in other processes.
//
// People sign in with a password (Argon2id, a few at a time) and a one-time code, each used once. Who they are is
// sealed; the trail names them by opaque ids. A session is a bearer secret like a key, idle for a quarter of an hour
// or eight hours old at most, and asked for at every request, so that a disabled person is out at once. An act above
// the set amount waits as an approval: the row of what was asked, decided by a person whom the asker can't be.
//
// The installation's id ties Redis to this database, and the check values of the master keys (package keyring)
// refuse a wrong one before it writes a single code.
package staff

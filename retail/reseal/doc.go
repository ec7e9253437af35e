// Package reseal moves what is stored from one master key to the next, while gateways serve.
//
// What is sealed bears the id of the master key that sealed it (package keyring), so the database itself knows what is left to do: Left
// counts rows by key, and Run seals anew, table after table and batch after batch, all that the first key did not seal. A batch is one
// short transaction; whoever is killed between two of them starts again and finds less to do. Rows stay locked for a batch, so a gateway
// that changes one at the same moment waits for milliseconds, and neither overwrites what the other did.
//
// Fingerprints can't be made anew from themselves, only from what they are the fingerprint of. Where that stands sealed beside them they
// are Marks of its column, and change in the same statement.
//
// The package knows no table: its caller says which columns there are.
package reseal

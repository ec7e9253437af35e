// Package embedded runs the stores of a vouchsafed that was given none: a private PostgreSQL, and a private Redis.
//
// Where money lies nothing is emulated: PostgreSQL is the real one, found on this machine, started as a child and watched. Redis
// holds derived state only, so where neither redis-server nor valkey-server is installed miniredis takes its place inside
// the process. Good for trying out and, with backups, for one small shop; never for more than one replica.
//
// It promises that
//   - nothing listens outside this machine: unix sockets in a directory of their own, one loopback port with a password for miniredis;
//   - the children end with the program, within a second even when it is killed (on Linux; elsewhere the next start ends them);
//   - Ctrl-C reaches the program first, which stops its pools before it stops PostgreSQL;
//   - a data directory is never deleted, never upgraded and never shared by two instances.
//
// It refuses to start on data of another PostgreSQL version, on a directory that is in use, and without PostgreSQL; each time it says
// what to do. The schema is none of its business: package schema fills the empty database.
package embedded

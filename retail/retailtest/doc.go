// Package retailtest gives tests the real stores: a PostgreSQL and a Redis of their own, private to the test binary.
//
// A test package that needs them says so once:
//
//	func TestMain(m *testing.M) { retailtest.Main(m) }
//
// and then asks for what it needs: Database, DatabaseURL, RedisURL. Each store starts when the first test asks for it and ends with the
// binary, even when that is killed; what a killed binary left on disk is cleared away by the next one. Every test gets
// a database of its own, copied from one that was migrated once, so tests run side by side without seeing each other.
//
// A missing program fails the test and names the package to install; nothing is ever skipped or replaced by an imitation.
package retailtest

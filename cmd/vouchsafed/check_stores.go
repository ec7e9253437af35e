package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"vouchsafe/retail"
	"vouchsafe/retail/connect"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/schema"
	"vouchsafe/retail/staff"
)

const (
	oldestPostgres = 14              // what the schema and its statements need
	testedPostgres = 15              // the oldest that the tests run on
	skewMost       = 5 * time.Second // how far two clocks may differ; signatures bear times
)

// stores looks at PostgreSQL, its schema and keys, and Redis.
func (i *inspection) stores(ctx context.Context) {
	i.house = &house{stores: &stores{}}
	s, err := i.openStores(ctx, beside)
	if err != nil {
		i.fail("stores", "the embedded ones can't be started: %v", err)
		return
	}
	i.house.stores = s
	i.embedded()
	pool, err := i.connect(ctx)
	if err != nil {
		i.fail("postgresql", "it can't be reached: %v; check VOUCHSAFE_DATABASE_URL, the server and its pg_hba.conf", err)
	} else {
		i.house.pool = pool
		i.postgres(ctx)
		if i.schema(ctx) {
			i.keys(ctx)
		} else {
			pool.Close()
			i.house.pool = nil // what follows needs the tables
		}
	}
	i.redis(ctx)
}

// embedded warns of stores that are for trying out.
func (i *inspection) embedded() {
	s := i.house.stores
	switch {
	case s.dir == "":
		return
	case i.embeddedMeant:
		i.ok("embedded", "the embedded stores in %s are meant", s.dir)
	case !s.ownDatabase:
		i.warn("embedded", "Redis is the embedded one in %s: good for one daemon; set VOUCHSAFE_REDIS_URL for more", s.dir)
	default:
		i.warn("embedded", "the stores are the embedded ones in %s: good for trying out, and with backups for one small shop; "+
			"set VOUCHSAFE_DATABASE_URL and VOUCHSAFE_REDIS_URL, or say --embedded if that is meant", s.dir)
	}
}

// connect opens the database, whatever its schema.
func (i *inspection) connect(ctx context.Context) (*pgxpool.Pool, error) {
	s := i.house.stores
	if s.ownDatabase {
		return s.openPool(ctx, nil)
	}
	cfg, err := pgxpool.ParseConfig(s.databaseURL)
	if err != nil {
		return nil, errors.New("it is no PostgreSQL address")
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	return connect.Open(ctx, cfg)
}

const readSettings = `
SELECT
	name,
	setting
FROM
	pg_settings
WHERE
	name IN ('server_version_num', 'server_version', 'fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names',
		'data_checksums', 'server_encoding', 'transaction_read_only')
UNION ALL
SELECT
	'clock',
	extract(epoch FROM clock_timestamp())::text`

// postgres looks at what the server promises about a commit.
func (i *inspection) postgres(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	rows, _ := i.house.pool.Query(ctx, readSettings) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct{ Name, Setting string }])
	if err != nil {
		i.fail("postgresql", "its settings can't be read: %v", err)
		return
	}
	set := map[string]string{}
	for _, f := range found {
		set[f.Name] = f.Setting
	}
	if faults := unsafe(set); len(faults) > 0 {
		i.fail("postgresql", "%s: %s", set["server_version"], strings.Join(faults, "; "))
		return
	}
	if doubts := doubtful(set, time.Now()); len(doubts) > 0 {
		i.warn("postgresql", "%s: %s", set["server_version"], strings.Join(doubts, "; "))
		return
	}
	i.ok("postgresql", "%s; what was answered survives a crash (fsync, full_page_writes on, synchronous_commit %s)",
		set["server_version"], set["synchronous_commit"])
}

// unsafe says which settings lose acknowledged acts or are beyond this program.
func unsafe(set map[string]string) (faults []string) {
	add := func(bad bool, fault string) {
		if bad {
			faults = append(faults, fault)
		}
	}
	version, _ := strconv.Atoi(set["server_version_num"])
	add(version < oldestPostgres*10_000, fmt.Sprintf("PostgreSQL %d is the oldest that works; upgrade it", oldestPostgres))
	add(set["fsync"] == "off", "fsync is off: a power cut can destroy everything; switch it on")
	add(set["full_page_writes"] == "off", "full_page_writes is off: a power cut can tear pages; switch it on")
	add(set["synchronous_commit"] == "off", "synchronous_commit is off: a crash loses acts that were answered; set it to on")
	add(set["transaction_read_only"] == "on", "it only reads, as a replica does; name the primary")
	add(set["server_encoding"] != "UTF8", "its encoding is "+set["server_encoding"]+"; make the database with UTF8")
	return faults
}

// doubtful says which settings a person should know of.
func doubtful(set map[string]string, now time.Time) (doubts []string) {
	version, _ := strconv.Atoi(set["server_version_num"])
	if version < testedPostgres*10_000 {
		doubts = append(doubts, fmt.Sprintf("nothing older than PostgreSQL %d is tested; plan its upgrade", testedPostgres))
	}
	if set["synchronous_commit"] == "local" && set["synchronous_standby_names"] != "" {
		doubts = append(doubts, "synchronous_commit is local though there are synchronous standbys: a fail-over can lose acts that were answered; set it to on")
	}
	if set["data_checksums"] == "off" {
		doubts = append(doubts, "data_checksums is off: a disk that lies goes unnoticed; pg_checksums --enable switches it on while the server is stopped")
	}
	seconds, _, _ := strings.Cut(set["clock"], ".")
	if at, err := strconv.ParseInt(seconds, 10, 64); err == nil {
		if skew := now.Sub(time.Unix(at, 0)).Abs(); skew > skewMost {
			doubts = append(doubts, fmt.Sprintf("its clock and this machine's differ by %s: signatures of webhooks bear a time; let NTP set both", skew.Round(time.Second)))
		}
	}
	return doubts
}

// schema tells whether the tables are those that this program knows.
func (i *inspection) schema(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	if err := schema.Check(ctx, i.house.pool); err != nil {
		i.fail("schema", "%v", err)
		return false
	}
	if !i.sameDatabase(ctx) {
		return true
	}
	i.ok("schema", "version %d, which this program knows", schema.Version())
	return true
}

// sameDatabase looks whether the address for migrations leads to the database that is served.
func (i *inspection) sameDatabase(ctx context.Context) bool {
	s := i.house.stores
	if s.migrateURL == s.databaseURL {
		return true
	}
	const whose = `SELECT coalesce((SELECT id::text FROM installation), '') || ' ' || current_database()`
	var here, there string
	err := i.house.pool.QueryRow(ctx, whose).Scan(&here)
	conn, dial := pgx.Connect(ctx, s.migrateURL)
	if dial == nil {
		dial = conn.QueryRow(ctx, whose).Scan(&there)
		_ = conn.Close(ctx)
	}
	if err != nil || dial != nil || here != there {
		i.fail("schema", "VOUCHSAFE_MIGRATE_DATABASE_URL does not lead to the database of VOUCHSAFE_DATABASE_URL; both must name the same one")
		return false
	}
	return true
}

// keys compares the master keys with what the database was written with.
func (i *inspection) keys(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	var err error
	if i.installation, err = staff.KnownInstallation(ctx, i.house.pool); err != nil {
		i.fail("installation", "its id can't be read: %v", err)
		return
	}
	if i.house.ring, err = i.readRing(i.house.stores); err != nil {
		return // the line of the master key has said so
	}
	unknown, err := staff.CompareKeys(ctx, i.house.pool, i.house.ring.Checks())
	switch {
	case errors.Is(err, staff.ErrWrongKey):
		i.fail("master key", "%v; take the one that was used before, from its safe place", err)
		i.house.ring = nil
	case err != nil:
		i.fail("master key", "it can't be compared: %v", err)
	case len(unknown) == len(i.house.ring.Checks()):
		i.ok("master key", "the database has seen none yet and will take note of %q", unknown)
	default:
		i.sealed(ctx)
	}
}

// sealed looks whether every master key is at hand that something needs, and whether older ones are needed still.
func (i *inspection) sealed(ctx context.Context) {
	left, err := retail.Rekeying{Orders: orders.NewStore(i.house.pool), Ring: i.house.ring}.Left(ctx)
	if err != nil {
		i.fail("master key", "what is sealed can't be counted: %v", err)
		return
	}
	for _, master := range slices.Sorted(maps.Keys(left)) {
		if _, there := i.house.ring.Checks()[master]; !there {
			i.fail("master key", "%v", &retail.MissingKeyError{Master: master, Rows: left[master]})
			return
		}
	}
	if len(left) > 0 {
		i.warn("master key", "a rotation is under way: older keys are needed until vouchsafed rekey has moved what they sealed (%v rows by key)", left)
		return
	}
	i.ok("master key", "it is the one that the database was written with")
}

// redis looks whether it is there, keeps what it is told, and is ours.
func (i *inspection) redis(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	client, err := hold.Open(i.house.stores.redisURL)
	if err != nil {
		i.fail("redis", "%v", err)
		return
	}
	i.house.redis = client
	holds := hold.New(client, hold.Config{Installation: "check"}) // its keys are not looked at
	if err := holds.Ping(ctx); err != nil {
		i.fail("redis", "it does not answer: %v; the gateway works without it, slower and without its witness: check VOUCHSAFE_REDIS_URL and the server", err)
		return
	}
	policy, err := holds.Policy(ctx)
	switch {
	case err != nil:
		i.fail("redis", "its settings can't be read: %v", err)
	case policy == "":
		i.warn("redis", "it does not tell what it does when its memory is full; make sure that its maxmemory-policy is noeviction")
	case policy != "noeviction":
		i.fail("redis", "its maxmemory-policy is %s: it would forget witnesses without a word; set it to noeviction", policy)
	default:
		i.claim(ctx, client)
	}
}

// claim tells whose this Redis is.
func (i *inspection) claim(ctx context.Context, client redis.UniversalClient) {
	owner, err := hold.Owner(ctx, client)
	switch {
	case err != nil:
		i.fail("redis", "it can't be asked whose it is: %v", err)
	case owner != "" && owner != i.installation && i.installation != "":
		i.fail("redis", "it belongs to another installation (%s): this database is a copy, or VOUCHSAFE_REDIS_URL names the wrong server", owner)
	case owner != "" && i.house.pool != nil && i.installation == "":
		i.fail("redis", "it belongs to the installation %s, and this database is a new one; give it a Redis of its own", owner)
	case owner == "":
		i.ok("redis", "it answers and evicts nothing; the first daemon claims it")
	default:
		i.bond(ctx, client)
	}
}

// bond tells whether this Redis speaks for this very database, or for another of the installation.
func (i *inspection) bond(ctx context.Context, client redis.UniversalClient) {
	cfg := hold.Config{Installation: i.installation}
	var err error
	if i.house.pool != nil {
		cfg.Database, err = staff.Database(ctx, i.house.pool)
	}
	if err == nil && cfg.Installation != "" {
		_, err = hold.New(client, cfg).Pulse(ctx)
	}
	switch {
	case errors.Is(err, hold.ErrCopied):
		i.fail("redis", "%v: this one is a copy, and needs a Redis of its own; or it took the place of the original, and then say so: vouchsafed adopt", err)
	case err != nil:
		i.fail("redis", "it can't be told which database it speaks for: %v", err)
	default:
		i.ok("redis", "it answers, evicts nothing and is this installation's")
	}
}

const countModes = `
SELECT
	mode,
	count(*) AS vouchers
FROM
	voucher
WHERE
	state IN ('inventory', 'issued', 'active')
	AND mode <> @mode
GROUP BY
	mode`

// otherModes tells of vouchers that were issued in another mode than new ones: they keep it (D02).
func (i *inspection) otherModes(ctx context.Context, mode string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	rows, _ := i.house.pool.Query(ctx, countModes, pgx.NamedArgs{"mode": mode}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct {
		Mode     string
		Vouchers int64
	}])
	if err != nil || len(found) == 0 {
		return "", err
	}
	return fmt.Sprintf("; %d issued vouchers are in %s mode and stay so", found[0].Vouchers, found[0].Mode), nil
}

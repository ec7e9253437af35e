package ledger

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"vouchsafe/retail/voucher"
)

// The statements of a group are prepared with positional parameters: they are the hot path, and
// pgx parses named ones anew at every call.
const (
	// Planned once: planning costs more than the statements themselves. A plan that is kept must be right whatever the tables held
	// when it was made, so none of the statements leaves a choice: each finds its rows by one index, which LATERAL with OFFSET 0 makes
	// it do for every row of unnest. Local to the transaction, so that a pooler in between does no harm.
	setLocals = `SELECT
		set_config('plan_cache_mode', 'force_generic_plan', true),
		set_config('enable_seqscan', 'off', true),
		set_config('enable_bitmapscan', 'off', true),
		set_config('statement_timeout', '2000', true),
		set_config('lock_timeout', '1500', true),
		set_config('idle_in_transaction_session_timeout', '5000', true)`

	voucherColumns = `
		id::text,
		code_mac,
		last4,
		product,
		kind,
		mode,
		currency,
		state,
		blocked_order,
		blocked_office,
		quarantined,
		balance,
		fence,
		version,
		term,
		zone,
		expires_on,
		ends_at,
		country,
		term_from,
		owed_for,
		vat,
		vat_rate,
		members_only,
		coalesce(token_mac, '') AS token_mac,
		coalesce(token_by::text, '') AS token_by,
		code_retired,
		coalesce(shop, '') AS shop,
		coalesce(unit::text, '') AS unit,
		issued_at,
		last_at,
		entries,
		head`

	lockVouchers = `SELECT` + voucherColumns + `
		FROM voucher
		WHERE id = ANY($1::uuid[])
		ORDER BY id
		FOR NO KEY UPDATE `

	knownVouchers = `SELECT id::text FROM voucher WHERE id = ANY($1::uuid[])`

	lockHolders = `SELECT pg_advisory_xact_lock(h) FROM unnest($1::bigint[]) h`

	readHoldings = `SELECT
			r.owner,
			r.holder,
			r.voucher::text
		FROM unnest($1::text[], $2::bytea[]) AS q (owner, holder)
		CROSS JOIN LATERAL (
			SELECT
				owner,
				holder,
				voucher,
				expires_at
			FROM reservation
			WHERE owner = q.owner AND holder = q.holder AND ended_at IS NULL
			OFFSET 0
		) r
		WHERE r.expires_at > vouchsafe_now()`

	recordColumns = `
		a.id::text,
		a.owner,
		a.kind,
		a.key,
		a.state,
		a.fingerprint,
		coalesce(a.voucher::text, '') AS voucher,
		coalesce(a.reservation::text, '') AS reservation,
		coalesce(a.source::text, '') AS source,
		coalesce(a.currency, '') AS currency,
		a.amount,
		a.taken_back,
		a.balance,
		a.rest,
		a.released,
		a.late,
		a.detail,
		a.at,
		a.reversed_at`

	// The second part finds the redemption that a named reservation became, or that another act of
	// the owner has made under the reservation's first key.
	readRecords = `SELECT` + recordColumns + `
		FROM unnest($1::text[], $2::text[], $3::text[]) AS q (owner, kind, key)
		CROSS JOIN LATERAL (
			SELECT *
			FROM act
			WHERE owner = q.owner AND kind = q.kind AND key = q.key
			OFFSET 0
		) n
		CROSS JOIN LATERAL (
			SELECT n.*
			UNION ALL
			SELECT c.*
			FROM reservation r
			JOIN act c ON c.owner = r.owner AND c.kind = 'redemption' AND c.key = r.key
			WHERE r.id = n.reservation AND n.kind = 'reservation'
			OFFSET 0
		) a`

	reservationColumns = `
		r.id::text,
		r.voucher::text,
		r.fence,
		r.owner,
		r.key,
		r.holder,
		r.holder_hint,
		r.amount,
		r.due,
		r.revision,
		r.state,
		r.granted_at,
		r.expires_at,
		r.ended_at`

	readReservations = `SELECT` + reservationColumns + `
		FROM reservation r
		WHERE r.voucher = ANY($1::uuid[]) AND r.state = 'active'
		UNION ALL
		SELECT` + reservationColumns + `
		FROM unnest($2::text[], $3::text[], $4::text[]) AS q (owner, kind, key)
		CROSS JOIN LATERAL (
			SELECT named.*
			FROM act n
			JOIN reservation named ON named.id = n.reservation
			WHERE n.owner = q.owner AND n.kind = q.kind AND n.key = q.key
			OFFSET 0
		) r
		WHERE q.kind = 'reservation'`

	readInstant = `SELECT vouchsafe_now()`

	// The life is read by the transaction itself: no pooler in between can lead it to another server.
	readMoment = `SELECT
		vouchsafe_now(),
		vouchsafe_life()`
)

// load says what to read.
type load struct {
	acts    []Aimed
	how     locking
	witness map[string]int64
	begin   bool // whether the transaction begins with it
}

// sender sends a pipeline of statements: a connection or a transaction.
type sender interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// load locks the rows of the acts and reads what they are decided on, in one round trip. The rows
// are locked by a statement of their own, and everything else is read by later ones: a statement
// that waited for a lock still sees the snapshot from before the wait.
func (l *Ledger) load(ctx context.Context, conn sender, what load) (*state, error) {
	ids, accounts := placesOf(what.acts)
	keys := uuidsOf(ids)
	refs := refsOf(what.acts)
	holdings := holdingsOf(what.acts)
	batch := &pgx.Batch{}
	if what.begin {
		batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
		batch.Queue(setLocals)
	}
	s := &state{
		acts: what.acts, cases: make(map[string]*voucher.Case), missing: make(map[string]bool),
		macs: make(map[string][][]byte), before: make(map[string]voucher.Voucher),
		was: make(map[string]voucher.ReservationState), records: make(map[voucher.Ref]*voucher.Record),
	}
	held := make(voucher.Holdings)
	var rows []voucherRow
	var reservations []*voucher.Reservation
	collect(batch.Queue(lockVouchers+string(what.how), keys), &rows)
	kept := queueAccounts(batch, what.how, accounts)
	queueHoldings(batch, holdings, held)
	queueRecords(batch, readRecords, refs, s.records)
	queueReservations(batch, readReservations, keys, refs, &reservations)
	if len(accounts) > 0 {
		queueRecords(batch, readAccountRecords, refs, s.records)
		queueReservations(batch, readAccountReservations, uuidsOf(accounts), refs, &reservations)
	}
	var life string
	batch.Queue(readMoment).QueryRow(func(row pgx.Row) error { return row.Scan(&s.at, &life) })
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("lock %d vouchers: %w", len(ids), err)
	}
	s.heard, s.doubted = what.witness, !l.trusts(life)
	if err := l.assemble(s, loaded{rows, *kept, reservations, held, what}); err != nil {
		return nil, err
	}
	return s, s.tellMissing(ctx, conn, what.how, ids, accounts)
}

// loaded is what the statements brought.
type loaded struct {
	rows         []voucherRow
	accounts     []accountRow
	reservations []*voucher.Reservation
	holdings     voucher.Holdings
	what         load
}

// assemble makes the cases.
func (l *Ledger) assemble(s *state, from loaded) error {
	for _, row := range from.rows {
		v, err := l.voucher(row)
		if err != nil {
			return err
		}
		l.open(s, v, from)
		s.macs[v.ID] = row.macs()
	}
	for _, row := range from.accounts {
		v, err := l.account(row)
		if err != nil {
			return err
		}
		l.open(s, v, from)
	}
	for _, r := range from.reservations {
		if _, seen := s.was[r.ID]; seen || s.cases[r.Voucher] == nil {
			continue
		}
		s.was[r.ID] = r.State
		s.cases[r.Voucher].Reservations = append(s.cases[r.Voucher].Reservations, r)
	}
	return nil
}

// open makes the case of a row that was locked.
func (l *Ledger) open(s *state, v voucher.Voucher, from loaded) {
	c := &voucher.Case{
		At: s.at, Rules: l.rules, Voucher: v, Witness: from.what.witness[v.ID],
		Records: s.records, Holdings: from.holdings,
	}
	if v.LastAt.After(c.At) {
		c.At = v.LastAt
	}
	s.cases[v.ID], s.before[v.ID] = c, v
}

// tellMissing tells rows that don't exist from rows that are locked elsewhere, which costs a round trip if there are any; a
// statement that waits for its locks needs no telling.
func (s *state) tellMissing(ctx context.Context, conn sender, how locking, vouchers, accounts []string) error {
	for _, id := range slices.Concat(vouchers, accounts) {
		if s.cases[id] == nil {
			s.missing[id] = true
		}
	}
	if how != skipLocked || len(s.missing) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for sql, ids := range map[string][]string{knownVouchers: vouchers, knownAccounts: accounts} {
		batch.Queue(sql, uuidsOf(ids)).Query(func(rows pgx.Rows) error {
			known, err := pgx.CollectRows(rows, pgx.RowTo[string])
			for _, id := range known {
				delete(s.missing, id)
			}
			return err
		})
	}
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("tell missing vouchers from locked ones: %w", err)
	}
	return nil
}

// queueHoldings counts the codes of each holder under an advisory lock of that holder, so that two
// codes can't be reserved for it at the same moment by two gateways.
func queueHoldings(batch *pgx.Batch, holdings []voucher.Holding, held voucher.Holdings) {
	if len(holdings) == 0 {
		return
	}
	owners, holders, locks := make([]string, len(holdings)), make([][]byte, len(holdings)), make([]int64, len(holdings))
	for i, h := range holdings {
		owners[i], holders[i], locks[i] = h.Owner, h.Holder[:], lockOf(h)
	}
	slices.Sort(locks)
	batch.Queue(lockHolders, locks)
	batch.Queue(readHoldings, owners, holders).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[holdingRow])
		for _, row := range found {
			holding := voucher.Holding{Owner: row.Owner, Holder: voucher.Holder(row.Holder)}
			if held[holding] == nil {
				held[holding] = make(map[string]bool)
			}
			held[holding][row.Voucher] = true
		}
		return err
	})
}

// queueRecords reads the records that the acts name.
func queueRecords(batch *pgx.Batch, sql string, refs refColumns, records map[voucher.Ref]*voucher.Record) {
	if len(refs.keys) == 0 {
		return
	}
	batch.Queue(sql, refs.owners, refs.kinds, refs.keys).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[recordRow])
		if err != nil {
			return err
		}
		for _, row := range found {
			record, err := row.record()
			if err != nil {
				return err
			}
			records[record.Ref] = record
		}
		return nil
	})
}

func queueReservations(batch *pgx.Batch, sql string, ids []pgtype.UUID, refs refColumns, into *[]*voucher.Reservation) {
	batch.Queue(sql, ids, refs.owners, refs.kinds, refs.keys).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[reservationRow])
		for _, row := range found {
			*into = append(*into, row.reservation())
		}
		return err
	})
}

// collect gathers the rows of a statement.
func collect[T any](q *pgx.QueuedQuery, into *[]T) {
	q.Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByPos[T])
		return err
	})
}

// refColumns are names of acts, column by column.
type refColumns struct{ owners, kinds, keys []string }

func (c *refColumns) add(ref voucher.Ref) {
	c.owners = append(c.owners, ref.Owner)
	c.kinds = append(c.kinds, string(ref.Kind))
	c.keys = append(c.keys, ref.Key)
}

// refsOf are the names that the acts are decided on, each once.
func refsOf(acts []Aimed) refColumns {
	seen := make(map[voucher.Ref]bool)
	columns := refColumns{[]string{}, []string{}, []string{}}
	for _, aimed := range acts {
		for _, ref := range aimed.Act.Refs() {
			if seen[ref] {
				continue
			}
			seen[ref] = true
			columns.add(ref)
		}
	}
	return columns
}

// holdingsOf are the holders whose codes must be counted.
func holdingsOf(acts []Aimed) []voucher.Holding {
	var holdings []voucher.Holding
	for _, aimed := range acts {
		if r, ok := aimed.Act.(voucher.Reserve); ok && r.Counted {
			holding := voucher.Holding{Owner: r.Ref.Owner, Holder: r.Holder}
			if !slices.Contains(holdings, holding) {
				holdings = append(holdings, holding)
			}
		}
	}
	return holdings
}

// lockOf is the advisory lock of a holder.
func lockOf(h voucher.Holding) int64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(h.Owner))
	_, _ = sum.Write(h.Holder[:])
	return int64(sum.Sum64())
}

// sortedUnique sorts and removes repetitions, in place.
func sortedUnique(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// holdingRow is a code that a holder has.
type holdingRow struct {
	Owner   string
	Holder  []byte
	Voucher string
}

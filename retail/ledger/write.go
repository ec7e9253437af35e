package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/voucher"
)

// Each of these statements raises unless it wrote as many rows as it was given: COMMIT follows in
// the same round trip, so there is no other moment to look. Every UPDATE names what it expects to
// find. Acts are inserted in the order of their names, the one lock order for keys.
const (
	// A reservation is of a voucher or of a customer's account: two tables, alike but for that.
	updateReservations        = `WITH done AS (UPDATE reservation` + changedReservations
	updateAccountReservations = `WITH done AS (UPDATE account_reservation` + changedReservations
	insertReservations        = `WITH done AS (INSERT INTO reservation (id, voucher` + freshReservations
	insertAccountReservations = `WITH done AS (INSERT INTO account_reservation (id, account` + freshReservations

	changedReservations = ` r
			SET
				state = n.state,
				holder = n.holder,
				holder_hint = n.holder_hint,
				amount = n.amount,
				due = n.due,
				revision = n.revision,
				ended_at = n.ended_at,
				ended_in = CASE WHEN n.ended_at IS NOT NULL THEN pg_current_xact_id()::text::bigint END
			FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::timestamptz[])
				AS n (id, was, state, holder, holder_hint, amount, due, revision, ended_at)
			WHERE r.id = ANY($1::uuid[]) AND r.id = n.id AND r.state = n.was
			RETURNING 1
		)
		SELECT expect_rows('reservation', (SELECT count(*) FROM done), $10)`

	freshReservations = `, fence, owner, key, holder, holder_hint, amount, due, revision, state, granted_at, expires_at, ended_at)
			SELECT *
			FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[])
			RETURNING 1
		)
		SELECT expect_rows('reservation', (SELECT count(*) FROM done), $15)`

	insertRecords = `WITH done AS (
			INSERT INTO act (id, owner, kind, key, state, fingerprint, voucher, reservation, source, currency, amount, taken_back, balance, rest, released, late, detail, at, reversed_at)
			SELECT *
			FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::uuid[], $8::uuid[], $9::uuid[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::boolean[], $17::jsonb[], $18::timestamptz[], $19::timestamptz[])
				AS n (id, owner, kind, key)
			ORDER BY n.owner, n.kind, n.key
			RETURNING 1
		)
		SELECT expect_rows('act', (SELECT count(*) FROM done), $20)`

	updateRecords = `WITH done AS (
			UPDATE act a
			SET
				state = n.state,
				voucher = n.voucher,
				reservation = n.reservation,
				taken_back = n.taken_back,
				rest = n.rest,
				reversed_at = n.reversed_at
			FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::timestamptz[])
				AS n (id, state, voucher, reservation, taken_back, rest, reversed_at)
			WHERE a.id = ANY($1::uuid[]) AND a.id = n.id AND a.state = 'done'
			RETURNING 1
		)
		SELECT expect_rows('act', (SELECT count(*) FROM done), $8)`

	insertEntries = `WITH done AS (
			INSERT INTO entry (account, seq, act, kind, contra, amount, currency, balance, at, hash)
			SELECT *
			FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::timestamptz[], $10::bytea[])
			RETURNING 1
		)
		SELECT expect_rows('entry', (SELECT count(*) FROM done), $11)`

	updateVouchers = `WITH done AS (
			UPDATE voucher v
			SET
				state = n.state,
				blocked_order = n.blocked_order,
				blocked_office = n.blocked_office,
				quarantined = n.quarantined,
				refund_waits = n.refund_waits,
				balance = n.balance,
				fence = n.fence,
				version = n.version,
				expires_on = n.expires_on,
				ends_at = n.ends_at,
				last_at = n.last_at,
				entries = n.entries,
				head = n.head
			FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::boolean[], $5::boolean[], $6::boolean[], $7::bigint[], $8::bigint[], $9::bigint[], $10::date[], $11::timestamptz[], $12::timestamptz[], $13::bigint[], $14::bytea[], $15::bigint[])
				AS n (id, was, state, blocked_order, blocked_office, quarantined, balance, fence, version, expires_on, ends_at, last_at, entries, head, refund_waits)
			WHERE v.id = ANY($1::uuid[]) AND v.id = n.id AND v.version = n.was
			RETURNING 1
		)
		SELECT expect_rows('voucher', (SELECT count(*) FROM done), $16)`
)

// write queues what changed, and COMMIT if the transaction ends with it, and sends it in one round
// trip. Reservations that end are updated before new ones are inserted, so that the index which
// allows one live reservation per voucher is never crossed on the way.
func (l *Ledger) write(ctx context.Context, conn sender, s *state, commit bool) error {
	batch := &pgx.Batch{}
	vouchers, accounts := s.split()
	s.queueReservations(batch, vouchers, updateReservations, insertReservations)
	s.queueReservations(batch, accounts, updateAccountReservations, insertAccountReservations)
	s.queueRecords(batch)
	s.queueVouchers(batch, vouchers)
	s.queueAccounts(batch, accounts)
	s.queueLots(batch)
	s.queueTokens(batch, vouchers)
	for _, c := range slices.Concat(vouchers, accounts) {
		queueSold(batch, c, s.before[c.Voucher.ID])
		s.queueTasks(batch, c)
	}
	var ended pgconn.CommandTag
	if commit {
		batch.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error { ended = tag; return nil })
	}
	sent := conn.SendBatch(ctx, batch)
	if commit {
		failpoint.Hit(failpoint.GroupWritten)
	}
	if err := sent.Close(); err != nil {
		return fmt.Errorf("write %d acts: %w", len(s.acts), err)
	}
	if commit && ended.String() != "COMMIT" {
		return fmt.Errorf("write %d acts: %w: %w", len(s.acts), errUnreadable, errRolledBack)
	}
	return nil
}

// ordered are the cases in the order of their ids.
func (s *state) ordered() []*voucher.Case {
	cases := make([]*voucher.Case, 0, len(s.cases))
	for _, c := range s.cases {
		cases = append(cases, c)
	}
	slices.SortFunc(cases, func(a, b *voucher.Case) int { return strings.Compare(a.Voucher.ID, b.Voucher.ID) })
	return cases
}

// split are the ordered cases of vouchers and those of accounts.
func (s *state) split() (vouchers, accounts []*voucher.Case) {
	for _, c := range s.ordered() {
		if c.Voucher.Shared() {
			accounts = append(accounts, c)
		} else {
			vouchers = append(vouchers, c)
		}
	}
	return vouchers, accounts
}

// queueReservations writes the reservations that changed and those that are new.
func (s *state) queueReservations(batch *pgx.Batch, cases []*voucher.Case, update, insert string) {
	var changed, fresh reservationColumnsOf
	for _, c := range cases {
		for _, r := range c.ChangedReservations() {
			changed.add(r, s.was[r.ID])
		}
		for _, r := range c.FreshReservations() {
			fresh.add(r, "")
		}
	}
	if n := len(changed.id); n > 0 {
		batch.Queue(update, changed.id, changed.was, changed.state, changed.holder, changed.hint,
			changed.amount, changed.due, changed.revision, changed.ended, n)
	}
	if n := len(fresh.id); n > 0 {
		batch.Queue(insert, fresh.id, fresh.voucher, fresh.fence, fresh.owner, fresh.key, fresh.holder,
			fresh.hint, fresh.amount, fresh.due, fresh.revision, fresh.state, fresh.granted, fresh.expires, fresh.ended, n)
	}
}

// reservationColumnsOf are reservations column by column, as unnest takes them.
type reservationColumnsOf struct {
	id, voucher                  []pgtype.UUID
	owner, key, hint, state, was []string
	holder                       [][]byte
	fence, amount, due, revision []int64
	granted, expires             []time.Time
	ended                        []*time.Time
}

func (l *reservationColumnsOf) add(r *voucher.Reservation, was voucher.ReservationState) {
	l.id, l.voucher = append(l.id, uuidOf(r.ID)), append(l.voucher, uuidOf(r.Voucher))
	l.owner, l.key = append(l.owner, r.Owner), append(l.key, r.Key)
	l.hint, l.holder = append(l.hint, r.HolderHint), append(l.holder, r.Holder[:])
	l.state, l.was = append(l.state, string(r.State)), append(l.was, string(was))
	l.fence, l.amount = append(l.fence, r.Fence), append(l.amount, r.Amount)
	l.due, l.revision = append(l.due, r.Due), append(l.revision, r.Revision)
	l.granted, l.expires = append(l.granted, r.GrantedAt), append(l.expires, r.ExpiresAt)
	l.ended = append(l.ended, orNull(r.EndedAt))
}

// queueRecords writes the acts: those that are new, and those that were given back or taken back.
func (s *state) queueRecords(batch *pgx.Batch) {
	var fresh, changed recordColumnsOf
	for _, r := range s.records {
		switch {
		case r.Fresh():
			fresh.add(r)
		case r.Changed():
			changed.add(r)
		}
	}
	if n := len(changed.id); n > 0 {
		batch.Queue(updateRecords, changed.id, changed.state, changed.voucher, changed.reservation, changed.takenBack, changed.rest, changed.reversed, n)
	}
	fresh.queueInsert(batch)
}

// queueInsert writes new acts.
func (fresh *recordColumnsOf) queueInsert(batch *pgx.Batch) {
	if n := len(fresh.id); n > 0 {
		batch.Queue(insertRecords, fresh.id, fresh.owner, fresh.kind, fresh.key, fresh.state, fresh.print, fresh.voucher,
			fresh.reservation, fresh.source, fresh.currency, fresh.amount, fresh.takenBack, fresh.balance, fresh.rest,
			fresh.released, fresh.late, fresh.detail, fresh.at, fresh.reversed, n)
	}
}

// recordColumnsOf are acts column by column.
type recordColumnsOf struct {
	id, voucher, reservation, source           []pgtype.UUID
	owner, kind, key, state                    []string
	currency                                   []*string
	print                                      [][]byte
	amount, takenBack, balance, rest, released []int64
	late                                       []bool
	detail                                     []*string
	at                                         []time.Time
	reversed                                   []*time.Time
}

func (l *recordColumnsOf) add(r *voucher.Record) {
	l.id, l.owner = append(l.id, uuidOf(r.ID)), append(l.owner, r.Owner)
	l.kind, l.key = append(l.kind, string(r.Kind)), append(l.key, r.Key)
	l.state, l.print = append(l.state, string(r.State)), append(l.print, r.Fingerprint[:])
	l.voucher, l.reservation = append(l.voucher, uuidOf(r.Voucher)), append(l.reservation, uuidOf(r.Reservation))
	l.source, l.currency = append(l.source, uuidOf(r.Source)), append(l.currency, textOrNull(string(r.Currency)))
	l.amount, l.takenBack = append(l.amount, r.Amount), append(l.takenBack, r.TakenBack)
	l.balance, l.rest = append(l.balance, r.Balance), append(l.rest, r.Rest)
	l.released, l.late = append(l.released, r.Released), append(l.late, r.Late)
	l.detail = append(l.detail, detailOrNull(r.Detail))
	l.at, l.reversed = append(l.at, r.At), append(l.reversed, orNull(r.ReversedAt))
}

// detailOrNull is the JSON of what the caller said, NULL if that is nothing.
func detailOrNull(d voucher.Detail) *string {
	if d.Zero() {
		return nil
	}
	encoded, err := json.Marshal(d)
	if err != nil {
		panic("ledger: the details of an act have no JSON: " + err.Error())
	}
	text := string(encoded)
	return &text
}

// queueVouchers writes the journal and, with the new head of its chain, each voucher's row.
func (s *state) queueVouchers(batch *pgx.Batch, cases []*voucher.Case) {
	var entries entryColumns
	var rows voucherColumnsOf
	for _, c := range cases {
		for _, e := range chain(c) {
			entries.add(e)
		}
		if c.Changed() {
			rows.add(c.Voucher, s.before[c.Voucher.ID].Version)
		}
	}
	entries.queueInsert(batch)
	if n := len(rows.id); n > 0 {
		batch.Queue(updateVouchers, rows.id, rows.was, rows.state, rows.byOrder, rows.byOffice, rows.quarantined, rows.balance,
			rows.fence, rows.version, rows.expires, rows.ends, rows.last, rows.entries, rows.head, rows.awaited, n)
	}
}

// queueInsert writes new lines of the journal.
func (entries *entryColumns) queueInsert(batch *pgx.Batch) {
	if n := len(entries.account); n > 0 {
		batch.Queue(insertEntries, entries.account, entries.seq, entries.act, entries.kind, entries.contra,
			entries.amount, entries.currency, entries.balance, entries.at, entries.hash, n)
	}
}

// entryColumns are journal entries column by column.
type entryColumns struct {
	account, act           []pgtype.UUID
	kind, contra, currency []string
	seq, amount, balance   []int64
	at                     []time.Time
	hash                   [][]byte
}

func (l *entryColumns) add(e chained) {
	l.account, l.act, l.kind = append(l.account, uuidOf(e.Account)), append(l.act, uuidOf(e.Act)), append(l.kind, e.Kind)
	l.contra, l.currency = append(l.contra, e.Contra), append(l.currency, string(e.Currency))
	l.seq, l.amount, l.balance = append(l.seq, e.Seq), append(l.amount, e.Amount), append(l.balance, e.Balance)
	l.at, l.hash = append(l.at, e.At), append(l.hash, e.hash[:])
}

// voucherColumnsOf are vouchers column by column.
type voucherColumnsOf struct {
	id                                    []pgtype.UUID
	state                                 []string
	was, balance, fence, version, entries []int64
	byOrder, byOffice, quarantined        []bool
	awaited                               []*int64
	expires, ends                         []*time.Time
	last                                  []time.Time
	head                                  [][]byte
}

func (l *voucherColumnsOf) add(v voucher.Voucher, was int64) {
	l.id, l.was, l.state = append(l.id, uuidOf(v.ID)), append(l.was, was), append(l.state, string(v.State))
	l.byOrder, l.byOffice = append(l.byOrder, v.BlockedByOrder), append(l.byOffice, v.BlockedByOffice)
	l.quarantined, l.balance = append(l.quarantined, v.Quarantined), append(l.balance, v.Balance)
	l.fence, l.version = append(l.fence, v.Fence), append(l.version, v.Version)
	l.expires, l.ends = append(l.expires, dayOrNull(v.ExpiresOn)), append(l.ends, orNull(v.EndsAt))
	l.last, l.entries, l.head = append(l.last, v.LastAt), append(l.entries, v.Entries), append(l.head, v.Head[:])
	l.awaited = append(l.awaited, waitOrNull(v.Refund))
}

// waitOrNull is NULL for a voucher that no refund waits for.
func waitOrNull(w voucher.RefundWait) *int64 {
	if !w.Waits {
		return nil
	}
	return &w.Whole
}

// dayOrNull is NULL for no day.
func dayOrNull(d voucher.Date) *time.Time {
	if d.Zero() {
		return nil
	}
	day := d.Start(time.UTC)
	return &day
}

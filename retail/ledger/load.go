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
		acts: what.acts, cases: make(map[string]*voucher.Case, len(ids)), missing: make(map[string]bool),
		macs: make(map[string][][]byte, len(ids)), before: make(map[string]voucher.Voucher, len(ids)), whose: make(map[string]string, len(accounts)),
		was: make(map[string]voucher.ReservationState), records: make(map[voucher.Ref]*voucher.Record),
	}
	held := make(voucher.Holdings)
	rows := make([]voucherRow, 0, len(ids))
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
	if err := s.loadLots(ctx, conn); err != nil {
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
		s.whose[v.ID] = row.Customer
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
		found, err := appendRows[recordRow](nil, rows)
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
		found, err := appendRows[reservationRow](nil, rows)
		for _, row := range found {
			*into = append(*into, row.reservation())
		}
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

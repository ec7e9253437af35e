package ledger

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// voucherRow is a voucher as it is stored, in the order of voucherColumns.
type voucherRow struct {
	ID            string
	CodeMAC       []byte
	Last4         string
	Product       string
	Kind          string
	Mode          string
	Currency      string
	State         string
	BlockedOrder  bool
	BlockedOffice bool
	Quarantined   bool
	RefundWaits   int64 // -1 for no
	Balance       int64
	Fence         int64
	Version       int64
	Term          string
	Zone          string
	ExpiresOn     *time.Time
	EndsAt        *time.Time
	Country       string
	TermFrom      string
	OwedFor       int16
	VAT           string
	VATRate       string
	MembersOnly   bool
	TokenMAC      []byte
	TokenBy       string
	CodeRetired   bool
	Shop          string
	Unit          string
	IssuedAt      time.Time
	LastAt        time.Time
	Entries       int64
	Head          []byte
}

// voucher reads the row. It fails if the zone is unknown on this machine.
func (l *Ledger) voucher(r voucherRow) (voucher.Voucher, error) {
	zone, err := l.zones.load(r.Zone)
	if err != nil {
		return voucher.Voucher{}, fmt.Errorf("%w: voucher %s: %w", errUnreadable, r.ID, err)
	}
	v := voucher.Voucher{
		ID: r.ID, Last4: r.Last4, Product: r.Product, Kind: voucher.Kind(r.Kind), Mode: voucher.Mode(r.Mode),
		Currency: money.Currency(r.Currency), State: voucher.State(r.State),
		BlockedByOrder: r.BlockedOrder, BlockedByOffice: r.BlockedOffice, Quarantined: r.Quarantined,
		Balance: r.Balance, Fence: r.Fence, Version: r.Version, Term: voucher.Term(r.Term), Zone: zone,
		Country: r.Country, TermFrom: voucher.TermFrom(r.TermFrom), OwedFor: int(r.OwedFor), VAT: voucher.VAT(r.VAT), VATRate: r.VATRate,
		MembersOnly: r.MembersOnly, Token: voucher.Token{MAC: string(r.TokenMAC), By: r.TokenBy}, CodeRetired: r.CodeRetired,
		Shop: r.Shop, Unit: r.Unit, IssuedAt: r.IssuedAt, LastAt: r.LastAt,
		Entries: r.Entries, Head: [32]byte(r.Head),
	}
	if r.RefundWaits >= 0 {
		v.Refund = voucher.RefundWait{Waits: true, Whole: r.RefundWaits}
	}
	if r.ExpiresOn != nil {
		v.ExpiresOn, v.EndsAt = voucher.DateOf(*r.ExpiresOn, time.UTC), *r.EndsAt
	}
	return v, nil
}

// macs are what the voucher may be found by: its code unless that is retired, and its token.
func (r voucherRow) macs() [][]byte {
	var macs [][]byte
	if !r.CodeRetired {
		macs = append(macs, r.CodeMAC)
	}
	if len(r.TokenMAC) > 0 {
		macs = append(macs, r.TokenMAC)
	}
	return macs
}

// reservationRow is a reservation as it is stored, in the order of reservationColumns.
type reservationRow struct {
	ID         string
	Voucher    string
	Fence      int64
	Owner      string
	Key        string
	Holder     []byte
	HolderHint string
	Amount     int64
	Due        int64
	Revision   int64
	State      string
	GrantedAt  time.Time
	ExpiresAt  time.Time
	EndedAt    *time.Time
}

// reservation reads the row.
func (r reservationRow) reservation() *voucher.Reservation {
	return &voucher.Reservation{
		ID: r.ID, Voucher: r.Voucher, Fence: r.Fence, Owner: r.Owner, Key: r.Key,
		Holder: voucher.Holder(r.Holder), HolderHint: r.HolderHint, Amount: r.Amount, Due: r.Due,
		Revision: r.Revision, State: voucher.ReservationState(r.State),
		GrantedAt: r.GrantedAt, ExpiresAt: r.ExpiresAt, EndedAt: instant(r.EndedAt),
	}
}

// recordRow is an act as it is stored, in the order of recordColumns.
type recordRow struct {
	ID          string
	Owner       string
	Kind        string
	Key         string
	State       string
	Fingerprint []byte
	Voucher     string
	Reservation string
	Source      string
	Currency    string
	Amount      int64
	TakenBack   int64
	Balance     int64
	Rest        int64
	Released    int64
	Late        bool
	Detail      []byte
	At          time.Time
	ReversedAt  *time.Time
}

// record reads the row. It fails if the details are no JSON of ours.
func (r recordRow) record() (*voucher.Record, error) {
	record := &voucher.Record{
		ID: r.ID, Ref: voucher.Ref{Owner: r.Owner, Kind: voucher.ActKind(r.Kind), Key: r.Key},
		State: voucher.RecordState(r.State), Fingerprint: [32]byte(r.Fingerprint), Voucher: r.Voucher,
		Reservation: r.Reservation, Source: r.Source, Currency: money.Currency(r.Currency),
		Amount: r.Amount, TakenBack: r.TakenBack, Balance: r.Balance, Rest: r.Rest, Released: r.Released,
		Late: r.Late, At: r.At, ReversedAt: instant(r.ReversedAt),
	}
	if r.Detail == nil {
		return record, nil
	}
	if err := json.Unmarshal(r.Detail, &record.Detail); err != nil {
		return nil, fmt.Errorf("%w: act %s: %w", errUnreadable, r.ID, err)
	}
	return record, nil
}

// collect gathers the rows of a statement, appended to what into has.
func collect[T any](q *pgx.QueuedQuery, into *[]T) {
	q.Query(func(rows pgx.Rows) (err error) {
		*into, err = appendRows(*into, rows)
		return err
	})
}

// appendRows reads rows into structs whose fields, those of embedded structs among them, take the columns in their order. It looks at
// the struct once, where pgx.CollectRows does so for every row.
func appendRows[T any](found []T, rows pgx.Rows) ([]T, error) {
	var row, blank T
	_, err := pgx.ForEachRow(rows, placesIn(nil, reflect.ValueOf(&row).Elem()), func() error {
		found = append(found, row)
		row = blank
		return nil
	})
	return found, err
}

// placesIn are where the columns of a row go.
func placesIn(places []any, row reflect.Value) []any {
	for i := range row.NumField() {
		if row.Type().Field(i).Anonymous {
			places = placesIn(places, row.Field(i))
			continue
		}
		places = append(places, row.Field(i).Addr().Interface())
	}
	return places
}

// instant is the zero time for NULL.
func instant(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

// orNull is NULL for the zero time.
func orNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// uuidOf is an id as PostgreSQL stores it, which neither side has to write or read as text; NULL for a text that is no id.
func uuidOf(text string) pgtype.UUID {
	id, err := uuid.Parse(text)
	return pgtype.UUID{Bytes: id, Valid: err == nil}
}

// uuidsOf are ids as PostgreSQL stores them.
func uuidsOf(texts []string) []pgtype.UUID {
	ids := make([]pgtype.UUID, len(texts))
	for i, text := range texts {
		ids[i] = uuidOf(text)
	}
	return ids
}

// textOrNull is NULL for the empty text.
func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
)

// VerifyIn is Verify inside of a transaction that the test takes back.
func VerifyIn(ctx context.Context, tx pgx.Tx) ([]Finding, error) { return verify(ctx, tx) }

// SetPlans goes before each of KeptPlans.
const SetPlans = setPlans

// KeptPlans are the statements whose plans are kept, whatever the tables held when they were made.
func KeptPlans() map[string]string {
	return map[string]string{
		"lock vouchers": lockVouchers, "lock accounts": lockAccounts, "read holdings": readHoldings,
		"read records": readRecords, "read account records": readAccountRecords,
		"read reservations": readReservations, "read account reservations": readAccountReservations,
		"look up vouchers": lookVouchers, "look up names": lookNames, "find acts": findActs,
		"update reservations": updateReservations, "update account reservations": updateAccountReservations,
		"update records": updateRecords, "update vouchers": updateVouchers, "update accounts": updateAccounts,
		"read lots": readLots, "read moves of lots": readMoves, "read exchanges": readExchanges, "read what is aside": readAside,
		"read what was settled": readSettled, "read what has ended": readEndedOfEarnings, "read what is open": readOpen,
		"update lots": updateLots, "clear what is aside": clearAside,
	}
}

// PageOf is the statement that reads a page of a list at an instant.
func PageOf(f Listing, at time.Time) (sql string, args pgx.NamedArgs, err error) {
	turn, err := voucherList().Turn(f.Page)
	if err != nil {
		return "", nil, err
	}
	_, _, err = keyset.Read(f.asked(turn, at), func(choice string, of map[string]any) ([]listedRow, error) {
		sql, args = listed(choice), of
		return nil, nil
	}, func(listedRow) (key, id string) { return "", "" })
	return sql, args, err
}

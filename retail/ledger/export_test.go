package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
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

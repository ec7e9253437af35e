package retail_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail"
	"vouchsafe/retail/keyring"
	"vouchsafe/retail/reseal"
	"vouchsafe/retail/retailtest"
)

// unsealed are the columns of bytes that are not sealed, and why.
func unsealed() map[string]string {
	return map[string]string{
		"act.fingerprint":            "SHA-256 of a request",
		"api_key.secret_hash":        "SHA-256 of random bits",
		"approval.digest":            "SHA-256 of a request",
		"audit.salt":                 "random",
		"batch.fingerprint":          "SHA-256 of a request",
		"audit_chain.hash":           "SHA-256, chained",
		"audit_link.digest":          "SHA-256, salted",
		"audit_link.hash":            "SHA-256, chained",
		"delivery.body_hash":         "SHA-256 of a mail with a random boundary",
		"delivery.recipient_hash":    "made anew with delivery.recipient",
		"entry.hash":                 "SHA-256, chained",
		"inbox.digest":               "SHA-256 of a body, which a repeat is known by",
		"master_key.check_value":     "what keys are told apart by",
		"person.email_mac":           "made anew with person.profile",
		"purchase.buyer_mac":         "made when somebody asks",
		"purchase.digest":            "SHA-256 of an order's identity",
		"purchase.erased":            "of addresses that are kept nowhere",
		"purchase_unit.wishes_mac":   "made when somebody asks",
		"reservation.holder":         "SHA-256 of owner and holder",
		"seal.audit_hash":            "SHA-256, chained",
		"seal.hash":                  "SHA-256, chained",
		"seal.heads":                 "SHA-256 of heads",
		"seal.mac":                   "names its key, and the next seal covers it",
		"sealed_head.head":           "SHA-256, chained",
		"session.secret_hash":        "SHA-256 of random bits",
		"account.head":               "SHA-256, chained",
		"account_reservation.holder": "SHA-256 of what the shop named",
		"customer.email_mac":         "made anew with customer.email",
		"import.digest":              "SHA-256 of the file",
		"voucher.code_mac":           "made anew with voucher.code_sealed",
		"voucher.token_mac":          "made anew with voucher.token_sealed",
		"voucher.head":               "SHA-256, chained",
		"voucher_link.token_hash":    "SHA-256 of random bits",
	}
}

const bytesColumns = `
SELECT table_name || '.' || column_name
FROM information_schema.columns
WHERE table_schema = 'public' AND table_name NOT LIKE 'river%' AND udt_name IN ('bytea', '_bytea')`

// TestEveryColumnOfBytesIsSealedAnewOrNeedNotBe: whoever adds one must say which. A column that is forgotten here is lost when its key
// is dropped.
func TestEveryColumnOfBytesIsSealedAnewOrNeedNotBe(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	ring, err := keyring.New(rand.Reader, keyring.Master{ID: "k1", Key: [32]byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := pool.Query(t.Context(), bytesColumns) // rows carry the error to CollectRows
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	known := unsealed()
	for _, column := range retail.Sealed(ring) {
		name, _, _ := strings.Cut(column.String(), "[")
		known[name] = "sealed"
	}
	for _, name := range there {
		if known[name] == "" {
			t.Errorf("%s: put it into retail.Sealed, or say here what it is", name)
		}
	}
	for name := range known {
		if !slices.Contains(there, name) {
			t.Errorf("there is no column %s", name)
		}
	}
	held, err := reseal.Left(t.Context(), pool, retail.Sealed(ring))
	if err != nil || len(held) != 0 {
		t.Errorf("an empty database holds %v, %v", held, err)
	}
}

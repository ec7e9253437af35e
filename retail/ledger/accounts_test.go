package ledger_test

import (
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// opensAccount makes a customer with an account in DKK.
func (h *house) opensAccount() (id string) { return h.opensAccountIn("DKK") }

func (h *house) opensAccountIn(unit money.Currency) (id string) {
	h.t.Helper()
	customer := h.newID()
	err := outbox.InTx(h.t.Context(), h.pool, func(tx outbox.Tx) (err error) {
		const known = `INSERT INTO customer (id, shop, login, wallet_id, created_at) VALUES ($1, 'demo', '7', 'W-7', vouchsafe_now())`
		if _, err = tx.Exec(h.t.Context(), known, customer); err != nil {
			return err
		}
		id, err = h.OpenAccount(h.t.Context(), tx, customer, unit, time.UTC)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// Whatever is edited of an account, of what is set aside of it or of a claim, the proof of the books finds it.
func TestVerifyFindsWhatIsWrongWithAccountsAndClaims(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ invariant, edit string }{
		{"the balance of an account is the sum of its journal, which it counts", `UPDATE account SET balance = balance + 1`},
		{"the balance of an account is the sum of its journal, which it counts", `UPDATE account SET entries = entries + 1`},
		{"an account has set aside what its live reservations say, and no more than it has", `UPDATE account SET reserved = reserved - 1`},
		{"an account has set aside what its live reservations say, and no more than it has", `UPDATE account_reservation SET amount = amount + 1`},
		{"no fence is above its account's", `UPDATE account_reservation SET fence = 99`},
		{"a captured part of an account has one redemption, no larger than itself", `UPDATE account_reservation SET state = 'captured', ended_at = granted_at`},
		{"a claimed voucher is empty, and its claim stands", `UPDATE act SET state = 'reversed' WHERE kind = 'claim'`},
		{"what a claim or transfer took in one place it brought to another", `UPDATE act SET amount = amount + 1 WHERE kind = 'claim'`},
		{"the journal of an account is an unbroken chain", `UPDATE account SET head = decode(repeat('00', 32), 'hex')`},
	} {
		t.Run(tt.edit, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			account := h.opensAccount()
			id, _ := h.issues(10000)
			if _, err := h.pool.Exec(t.Context(), `UPDATE voucher SET mode = 'customer'`); err != nil {
				t.Fatal(err)
			}
			ref := voucher.Ref{Owner: "shop:demo", Kind: voucher.Claims, Key: "c"}
			_, err := h.ApplyAll(t.Context(), ledger.Aimed{
				Voucher: id, Act: voucher.Claim{ID: h.newID(), Ref: ref, To: account, Customer: "7"},
				Then: &ledger.Aimed{Voucher: account, Account: true, Act: voucher.Receive{Ref: ref}},
			})
			if err != nil {
				t.Fatal(err)
			}
			amount := dkk(5000)
			if _, err := h.Apply(t.Context(), ledger.Aimed{Voucher: account, Account: true, Act: voucher.Reserve{
				ID: h.newID(), Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Reservations, Key: "r"}, Due: amount, Amount: &amount,
			}}); err != nil {
				t.Fatal(err)
			}
			h.sound()
			h.finds(tt.edit, tt.invariant)
		})
	}
}

// The comparison with what Redis testifies to finds an account that lost something, as it finds a voucher.
func TestTheComparisonFindsAnAccountThatIsBehind(t *testing.T) {
	t.Parallel()
	h := open(t)
	account := h.opensAccount()
	id, _ := h.issues(10000)
	loss, err := h.Compare(t.Context(), map[string]int64{account: 99, id: 1, h.newID(): 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(loss.Quarantined) != 1 || loss.Quarantined[0] != account || len(loss.Missing) != 1 {
		t.Errorf("lost %+v", loss)
	}
	amount := dkk(1)
	_, err = h.Apply(t.Context(), ledger.Aimed{Voucher: account, Account: true, Act: voucher.Reserve{
		ID: h.newID(), Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Reservations, Key: "r"}, Due: amount, Amount: &amount,
	}})
	if !errors.Is(err, voucher.ErrQuarantined) {
		t.Errorf("reserved: %v", err)
	}
}

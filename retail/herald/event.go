package herald

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"vouchsafe/retail/money"
)

// Type is what a message tells: whether of a voucher or of a customer's account, and what has happened to it.
type Type string

const (
	ofVoucher = "voucher."
	ofAccount = "account."

	changed = "changed" // what has no name of its own yet
)

// byKind names what a line of a voucher's journal tells.
func byKind() map[string]string {
	return map[string]string{
		"issue": "issued", "redeem": "redeemed", "refund": "refunded", "reload": "reloaded", "adjust": "adjusted", "claim": "claimed",
		"transfer": "transferred", "cash_out": "cashed_out", "cash_out_fee": "fee_kept", "expire": "expired", "invalidate": "invalidated",
		"reversal": "reversed",
	}
}

// byKindOfAccount names what a line of an account's journal tells.
func byKindOfAccount() map[string]string {
	return map[string]string{
		"redeem": "redeemed", "refund": "refunded", "adjust": "adjusted", "claim": "claimed", "transfer": "transferred", "reversal": "reversed",
		"earn": "earned", "recall": "recalled", "regain": "regained", "convert": "converted", "expire": "expired",
	}
}

// byState names what a reservation tells: that it was granted, or how it ended. What is voided has been released by somebody else.
func byState() map[string]string {
	return map[string]string{
		granted: "reserved", "captured": "captured", "released": "released", "voided": "released", "expired": "reservation_expired",
	}
}

// byAction names what a line of the audit trail tells that has no line of the journal beside it.
func byAction() map[string]string {
	return map[string]string{"activate": "activated", "block": "blocked", "unblock": "unblocked", "extend": "extended", "replace": "replaced"}
}

// actions are those of byAction.
func actions() []string { return slices.Sorted(maps.Keys(byAction())) }

// Types lists the types of message.
func Types() []Type {
	types := []Type{ofVoucher + changed, ofAccount + changed}
	for _, table := range []map[string]string{byKind(), byAction(), byState()} {
		for _, name := range table {
			types = append(types, Type(ofVoucher+name))
		}
	}
	for _, table := range []map[string]string{byKindOfAccount(), byState()} {
		for _, name := range table {
			types = append(types, Type(ofAccount+name))
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// told is a line as the stores have it. What is about a customer's account has a customer.
type told struct {
	Number      int64
	ID          string
	Account     string // the voucher, or the customer's account
	Attempts    int
	Entry       *int64
	Kind        string // of the line of the journal, the action of the audit trail, or the state of the reservation
	Act         *string
	ActKind     *string
	Owner       *string
	Order       *string
	Receipt     *string
	Spent       *string // the reservation that the act captured
	Amount      int64
	Currency    string
	Balance     int64
	At          time.Time
	Last4       *string
	Worth       *string // the voucher's kind
	Product     *string
	Shop        *string
	Customer    *string
	Wallet      *string
	Reservation *string
	Said        []byte
}

// Type is the type of the message.
func (t told) Type() Type {
	prefix, kinds := Type(ofVoucher), byKind()
	if t.Customer != nil {
		prefix, kinds = ofAccount, byKindOfAccount()
	}
	switch {
	case t.Reservation != nil:
		kinds = byState()
	case t.Entry == nil:
		kinds = byAction()
	}
	if name, known := kinds[t.Kind]; known {
		return prefix + Type(name)
	}
	return prefix + changed
}

// Message is what a subscriber is told.
type Message struct {
	Type      Type      `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      Data      `json:"data"`
}

// Data is what happened, and to which voucher or account. Number counts the lines of its journal; what has none in it has no number, no
// act and no amount. Balance is what it held afterwards.
type Data struct {
	Voucher     *Voucher      `json:"voucher,omitempty"`
	Account     *Account      `json:"account,omitempty"`
	Number      *int64        `json:"number,omitempty"`
	Act         *Act          `json:"act,omitempty"`
	Reservation *Reservation  `json:"reservation,omitempty"`
	Amount      *money.Amount `json:"amount,omitempty"`
	Balance     money.Amount  `json:"balance"`
}

// Voucher is the voucher; never its code.
type Voucher struct {
	ID      string `json:"id"`
	Last4   string `json:"last4"`
	Kind    string `json:"kind"`
	Product string `json:"product"`
	Shop    string `json:"shop,omitempty"`
}

// Account is what a customer of a shop has of one currency or unit.
type Account struct {
	ID       string `json:"id"`
	Shop     string `json:"shop"`
	Customer string `json:"customer"` // the shop's own id of him
	WalletID string `json:"wallet_id"`
}

// Act is the act that wrote the line.
type Act struct {
	ID          string `json:"id"`
	Kind        string `json:"kind,omitempty"`
	Owner       string `json:"owner,omitempty"`
	Order       string `json:"order,omitempty"`
	Receipt     string `json:"receipt,omitempty"`
	Reservation string `json:"reservation,omitempty"`
}

// Reservation is what is set aside, or was, for a holder of the owner: a whole voucher, or the amount of an account.
type Reservation struct {
	ID        string       `json:"id"`
	Owner     string       `json:"owner"`
	State     string       `json:"state"`
	Amount    money.Amount `json:"amount"`
	ExpiresAt time.Time    `json:"expires_at"`
}

// said is what is kept of a reservation as it was.
type said struct {
	Owner   string    `json:"owner"`
	State   string    `json:"state"`
	Amount  int64     `json:"amount"`
	Expires time.Time `json:"expires_at"`
}

// body is the message as it is sent: the same bytes whenever it is.
func (t told) body() ([]byte, error) {
	currency := money.Currency(t.Currency)
	data := Data{Balance: money.Of(t.Balance, currency)}
	if t.Customer != nil {
		data.Account = &Account{ID: t.Account, Shop: orEmpty(t.Shop), Customer: *t.Customer, WalletID: orEmpty(t.Wallet)}
	} else {
		data.Voucher = &Voucher{ID: t.Account, Last4: orEmpty(t.Last4), Kind: orEmpty(t.Worth), Product: orEmpty(t.Product), Shop: orEmpty(t.Shop)}
	}
	if t.Entry != nil {
		moved := money.Of(t.Amount, currency)
		data.Number, data.Amount = t.Entry, &moved
		data.Act = &Act{
			ID: orEmpty(t.Act), Kind: orEmpty(t.ActKind), Owner: orEmpty(t.Owner), Order: orEmpty(t.Order), Receipt: orEmpty(t.Receipt),
			Reservation: orEmpty(t.Spent),
		}
	}
	if t.Reservation != nil {
		var was said
		if err := json.Unmarshal(t.Said, &was); err != nil {
			return nil, fmt.Errorf("read what reservation %s was: %w", *t.Reservation, err)
		}
		data.Reservation = &Reservation{
			ID: *t.Reservation, Owner: was.Owner, State: was.State, Amount: money.Of(was.Amount, currency), ExpiresAt: was.Expires.UTC(),
		}
	}
	return json.Marshal(Message{Type: t.Type(), Timestamp: t.At.UTC(), Data: data})
}

// orEmpty is the empty text for NULL.
func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

package herald

import (
	"encoding/json"
	"slices"
	"time"

	"vouchsafe/retail/money"
)

// Type is what a message tells.
type Type string

// The types of message. Changed is for what has no type of its own yet.
const (
	Issued      Type = "voucher.issued"
	Activated   Type = "voucher.activated"
	Redeemed    Type = "voucher.redeemed"
	Refunded    Type = "voucher.refunded"
	Reloaded    Type = "voucher.reloaded"
	Adjusted    Type = "voucher.adjusted"
	Claimed     Type = "voucher.claimed"
	Transferred Type = "voucher.transferred"
	CashedOut   Type = "voucher.cashed_out"
	FeeKept     Type = "voucher.fee_kept"
	Expired     Type = "voucher.expired"
	Invalidated Type = "voucher.invalidated"
	Reversed    Type = "voucher.reversed"
	Blocked     Type = "voucher.blocked"
	Unblocked   Type = "voucher.unblocked"
	Extended    Type = "voucher.extended"
	Replaced    Type = "voucher.replaced"
	Changed     Type = "voucher.changed"
)

// byKind says what a line of the journal tells.
func byKind() map[string]Type {
	return map[string]Type{
		"issue": Issued, "redeem": Redeemed, "refund": Refunded, "reload": Reloaded, "adjust": Adjusted, "claim": Claimed,
		"transfer": Transferred, "cash_out": CashedOut, "cash_out_fee": FeeKept, "expire": Expired, "invalidate": Invalidated, "reversal": Reversed,
	}
}

// byAction says what a line of the audit trail tells that has no line of the journal beside it.
func byAction() map[string]Type {
	return map[string]Type{"activate": Activated, "block": Blocked, "unblock": Unblocked, "extend": Extended, "replace": Replaced}
}

// actions are those of byAction.
func actions() (names []string) {
	for name := range byAction() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Types lists the types of message.
func Types() []Type {
	types := []Type{Changed}
	for _, table := range []map[string]Type{byKind(), byAction()} {
		for _, t := range table {
			types = append(types, t)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// told is a line as the stores have it.
type told struct {
	Number   int64
	ID       string
	Voucher  string
	Attempts int
	Entry    *int64
	Kind     string // of the line of the journal, or the action of the audit trail
	Act      *string
	ActKind  *string
	Owner    *string
	Order    *string
	Receipt  *string
	Amount   int64
	Currency string
	Balance  int64
	At       time.Time
	Last4    string
	Worth    string // the voucher's kind
	Product  string
	Shop     *string
}

// Type is the type of the message.
func (t told) Type() Type {
	table := byKind()
	if t.Entry == nil {
		table = byAction()
	}
	if found, known := table[t.Kind]; known {
		return found
	}
	return Changed
}

// Message is what a subscriber is told.
type Message struct {
	Type      Type      `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      Data      `json:"data"`
}

// Data is what happened, and to which voucher. Number counts the lines of the voucher's journal; what has none in it has no number, no
// act and no amount. Balance is what the voucher held afterwards.
type Data struct {
	Voucher Voucher       `json:"voucher"`
	Number  *int64        `json:"number,omitempty"`
	Act     *Act          `json:"act,omitempty"`
	Amount  *money.Amount `json:"amount,omitempty"`
	Balance money.Amount  `json:"balance"`
}

// Voucher is the voucher; never its code.
type Voucher struct {
	ID      string `json:"id"`
	Last4   string `json:"last4"`
	Kind    string `json:"kind"`
	Product string `json:"product"`
	Shop    string `json:"shop,omitempty"`
}

// Act is the act that wrote the line.
type Act struct {
	ID      string `json:"id"`
	Kind    string `json:"kind,omitempty"`
	Owner   string `json:"owner,omitempty"`
	Order   string `json:"order,omitempty"`
	Receipt string `json:"receipt,omitempty"`
}

// body is the message as it is sent: the same bytes whenever it is.
func (t told) body() ([]byte, error) {
	currency := money.Currency(t.Currency)
	data := Data{
		Voucher: Voucher{ID: t.Voucher, Last4: t.Last4, Kind: t.Worth, Product: t.Product, Shop: orEmpty(t.Shop)},
		Balance: money.Of(t.Balance, currency),
	}
	if t.Entry != nil {
		moved := money.Of(t.Amount, currency)
		data.Number, data.Amount = t.Entry, &moved
		data.Act = &Act{ID: orEmpty(t.Act), Kind: orEmpty(t.ActKind), Owner: orEmpty(t.Owner), Order: orEmpty(t.Order), Receipt: orEmpty(t.Receipt)}
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

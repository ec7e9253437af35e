package counter

import (
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// WalletOut is what a customer has.
type WalletOut struct {
	Customer    string       `json:"customer" doc:"The shop's id"`
	WalletID    string       `json:"wallet_id" doc:"What the accounts are filed under, apart from the log-in"`
	MemberUntil *string      `json:"member_until" format:"date" doc:"Last day of the membership; null for no member"`
	Balances    []HoldingOut `json:"balances" nullable:"false" doc:"One of each currency, points among them"`
	Points      *HoldingOut  `json:"points,omitempty" doc:"The account of points, if there is one"`
	History     []SpentOut   `json:"history" nullable:"false" doc:"The latest first, at most the latest 500 of each account"`
}

// HoldingOut is an account.
type HoldingOut struct {
	Balance   money.Amount `json:"balance"`
	Reserved  money.Amount `json:"reserved" doc:"Set aside for carts"`
	Available money.Amount `json:"available"`
}

// SpentOut is what happened to an account: what was claimed, and which orders it was used on (D22), with what else paid for them.
type SpentOut struct {
	At           time.Time        `json:"at"`
	Kind         string           `json:"kind" doc:"claim, redeem, refund, adjust, transfer, reversal; of points also earn, recall, regain, convert, expire"`
	Amount       money.Amount     `json:"amount" doc:"Positive raises the balance"`
	Balance      money.Amount     `json:"balance" doc:"Afterwards"`
	Act          string           `json:"act" format:"uuid"`
	Voucher      *FromOut         `json:"voucher,omitempty" doc:"Which was claimed, or moved"`
	Order        string           `json:"order,omitempty"`
	OrderTotal   *money.Amount    `json:"order_total,omitempty" doc:"What the whole order cost"`
	OtherTenders []voucher.Tender `json:"other_tenders,omitempty" nullable:"false" doc:"How the rest was paid"`
	Reason       string           `json:"reason,omitempty"`
	Event        string           `json:"event,omitempty" doc:"What earned points"`
	Covers       *money.Amount    `json:"covers,omitempty" doc:"What points paid of the order"`
	Reward       string           `json:"reward,omitempty" doc:"What points were exchanged for"`
}

// FromOut names a voucher.
type FromOut struct {
	ID    string `json:"id" format:"uuid"`
	Last4 string `json:"last4"`
}

// ShowWallet renders what a customer has.
func ShowWallet(s retail.CustomerSheet) WalletOut {
	out := WalletOut{Customer: s.Login, WalletID: s.WalletID, Balances: ShowHoldings(s.Accounts), History: []SpentOut{}}
	if s.MemberUntil != nil {
		day := s.MemberUntil.Format(time.DateOnly)
		out.MemberUntil = &day
	}
	for i, holding := range out.Balances {
		if holding.Balance.Currency == money.Point {
			out.Points = &out.Balances[i]
		}
	}
	for _, e := range s.History {
		out.History = append(out.History, showSpent(e))
	}
	return out
}

// ShowHoldings renders accounts.
func ShowHoldings(accounts []retail.Account) []HoldingOut {
	out := []HoldingOut{}
	for _, account := range accounts {
		free := money.Of(account.Balance.Minor-account.Reserved.Minor, account.Balance.Currency)
		out = append(out, HoldingOut{account.Balance, account.Reserved, free})
	}
	return out
}

// showSpent renders a line of an account's journal.
func showSpent(e retail.CustomerEntry) SpentOut {
	out := SpentOut{
		At: e.At.UTC(), Kind: e.Kind, Amount: money.Of(e.Amount, e.Currency), Balance: money.Of(e.Balance, e.Currency), Act: e.Act,
		Order: e.Record.Detail.Order, OrderTotal: e.Record.Detail.OrderTotal, OtherTenders: e.Record.Detail.OtherTenders, Reason: e.Record.Detail.Reason,
	}
	out.Event, out.Covers = e.Record.Detail.Earned, e.Record.Detail.Covers
	if e.Record.Detail.Reward != nil {
		out.Reward = e.Record.Detail.Reward.Name
	}
	if e.Voucher != nil {
		out.Voucher = &FromOut{e.Voucher.ID, e.Voucher.Last4}
	}
	return out
}

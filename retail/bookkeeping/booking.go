package bookkeeping

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/turnover"
)

// Sum is what lines of one kind moved on one day, of vouchers of one VAT kind.
type Sum struct {
	Day      time.Time // the day's midnight, in UTC
	Move     turnover.Move
	VAT      string
	VATRate  string
	Amount   money.Amount // positive raises what is owed
	Quantity int64        // of lines
}

// Booking is an amount, always positive, from the credit to the debit account. The accounts are empty where nobody has named them.
type Booking struct {
	Sum
	Debit, Credit string
	Moved         money.Amount
}

// Liability is the name of the account of what is owed.
const Liability = "liability"

// Settings are what the merchant's bookkeeper has named: accounts by what is booked on them, and what DATEV wants to know.
type Settings struct {
	// Accounts by name: liability, and the moves sold, reloaded, granted, redeemed, refunded, paid_out, fees, expired, adjusted; a move may
	// have an account of its own for vouchers that were taxed when they were sold: "sold/single_purpose". What is paid out in cash, and the
	// fees that are kept of it, are booked as refunded as long as they have no accounts of their own.
	Accounts map[string]string `json:"accounts"`
	Datev    *Datev            `json:"datev,omitempty"`
}

// moves are those that are booked. A move between accounts leaves what is owed as it was.
func moves() []turnover.Move {
	return []turnover.Move{
		turnover.Sold, turnover.Reloaded, turnover.Granted, turnover.Redeemed, turnover.Refunded, turnover.PaidOut, turnover.Fees,
		turnover.Expired, turnover.Adjusted,
	}
}

var number = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$`)

// Check tells everything that is wrong, each fault with the name of its field before it.
func (s Settings) Check() error {
	var faults []error
	for name, account := range s.Accounts {
		move, vat, split := strings.Cut(name, "/")
		known := name == Liability || slices.Contains(moves(), turnover.Move(move)) && (!split || vat == "single_purpose" || vat == "multi_purpose")
		if !known {
			faults = append(faults, fmt.Errorf("accounts: %.40q is no account that is booked on", name))
		}
		if !number.MatchString(account) {
			faults = append(faults, fmt.Errorf("accounts: the number of %.40s has 1 to 20 letters and digits", name))
		} else if s.Datev != nil && !s.Datev.takes(account) {
			faults = append(faults, fmt.Errorf("accounts: the number of %.40s has as many digits as datev.account_length, or one more", name))
		}
	}
	if s.Datev != nil {
		faults = append(faults, s.Datev.check())
	}
	return errors.Join(faults...)
}

// account is the number of a move's account.
func (s Settings) account(move turnover.Move, vat string) string {
	own := cmp.Or(s.Accounts[string(move)+"/"+vat], s.Accounts[string(move)])
	if own == "" && (move == turnover.PaidOut || move == turnover.Fees) {
		return s.account(turnover.Refunded, vat)
	}
	return own
}

// Book makes a booking of a sum; booked is false for what leaves what is owed as it was.
func (s Settings) Book(sum Sum) (b Booking, booked bool) {
	if sum.Move == turnover.Moved || sum.Amount.Minor == 0 {
		return Booking{}, false
	}
	other, owed := s.account(sum.Move, sum.VAT), s.Accounts[Liability]
	b = Booking{Sum: sum, Debit: other, Credit: owed, Moved: sum.Amount}
	if sum.Amount.Minor < 0 {
		b.Debit, b.Credit = owed, other
		b.Moved.Minor = -sum.Amount.Minor
	}
	return b, true
}

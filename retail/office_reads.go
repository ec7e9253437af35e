package retail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/keyset"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// Errors of the office's lists.
var (
	// ErrCursor says that a cursor is none of the list it was given to.
	ErrCursor = keyset.ErrCursor
	// ErrSort says that a list has no such sort.
	ErrSort = keyset.ErrSort
	// ErrIsCode refuses to look for a code where codes have no business: in an address.
	ErrIsCode = errors.New("a code is looked for by its own call, never in an address")
)

// The office's lists, as they are asked for and answered.
type (
	Page        = ledger.Page
	Listing     = ledger.Listing
	Listed      = ledger.Listed
	Holding     = ledger.Holding
	Binding     = ledger.Binding
	Sold        = orders.Sold
	TrailFilter = staff.TrailFilter
	TrailLine   = staff.Line
)

// VoucherLine is a voucher in the office's list, with the order that it was bought in.
type VoucherLine struct {
	Listed
	Sold *Sold // nil when no webshop sold it
}

// last4Symbols is how long a text may be to be the end of a code.
const last4Symbols = 4

// Vouchers lists vouchers (A06, A07). What is sought may be the end of a code, an order's number, a
// product, or a voucher's id; never a whole code. Errors: ErrCursor, ErrIsCode.
func (o *BackOffice) Vouchers(ctx context.Context, sought string, f Listing) (page []VoucherLine, next string, err error) {
	defer explain("list vouchers", &err)
	if sought != "" {
		if f.Text, err = o.meant(ctx, sought); err != nil {
			return nil, "", err
		}
	}
	listed, next, err := o.desk.ledger.List(ctx, f)
	if err != nil {
		return nil, "", err
	}
	page, err = o.lines(ctx, listed)
	return page, next, err
}

// lines adds the orders that vouchers were bought in.
func (o *BackOffice) lines(ctx context.Context, listed []Listed) ([]VoucherLine, error) {
	ids := make([]string, len(listed))
	for i, l := range listed {
		ids[i] = l.Voucher.ID
	}
	sold, err := o.sales.orders.Sold(ctx, ids...)
	if err != nil {
		return nil, err
	}
	lines := make([]VoucherLine, len(listed))
	for i, l := range listed {
		lines[i] = VoucherLine{Listed: l}
		if s, ok := sold[l.Voucher.ID]; ok {
			lines[i].Sold = &s
		}
	}
	return lines, nil
}

// meant is what a text may stand for.
func (o *BackOffice) meant(ctx context.Context, text string) (*ledger.Sought, error) {
	sought := &ledger.Sought{}
	if typed, err := voucher.Read(text); err == nil {
		if err := o.sales.isNoCode(ctx, typed); err != nil {
			return nil, err
		}
		if plain := typed.Foreign.Canonical(); len(plain) <= last4Symbols {
			sought.Last4 = plain
		}
	}
	var err error
	if sought.IDs, err = o.sales.orders.VouchersByOrder(ctx, text); err != nil {
		return nil, err
	}
	if isID(text) {
		sought.IDs = append(sought.IDs, text)
	}
	sought.Products, err = o.sales.orders.ProductsNamed(ctx, text)
	return sought, err
}

// isNoCode refuses a text that is a code: one of ours by its check symbol, a foreign one or a token because
// a voucher has it.
func (s *Sales) isNoCode(ctx context.Context, typed voucher.Typed) error {
	if !typed.Ours.Zero() && !typed.Prefixed() {
		return ErrIsCode
	}
	code, token, err := s.ledger.KnownAs(ctx, macs(s.ring, typed))
	if err != nil || code == "" && token == "" {
		return err
	}
	return ErrIsCode
}

// Sheet is all that the office sees of one voucher at a glance.
type Sheet struct {
	Seen
	Issued   int64     // minor units that it was issued for
	Witness  int64     // the highest version that was testified to, for one in quarantine
	Sold     *Sold     // nil when no webshop sold it
	Customer string    // the shop's id of who bought it; "" for a guest
	Owner    *Customer // who bought it for himself; nil for nobody (B03, B04)
	Token    *Binding  // the token that works as its code at tills; nil for none
}

// Voucher reads a voucher by its id. Error: voucher.ErrNotFound.
func (o *BackOffice) Voucher(ctx context.Context, id string) (sheet Sheet, err error) {
	defer explain("read a voucher", &err)
	seen, err := o.seen(ctx, id)
	if err != nil {
		return Sheet{}, err
	}
	return o.sheet(ctx, seen)
}

// Find finds the voucher of a code (A10). Error: voucher.ErrNotFound.
func (o *BackOffice) Find(ctx context.Context, by Actor, typed Typed) (sheet Sheet, err error) {
	defer explain("find a voucher", &err)
	found, err := o.desk.find(ctx, by, typed, voucher.Ref{})
	if err != nil {
		return Sheet{}, err
	}
	return o.sheet(ctx, found.Seen)
}

// seen looks a voucher up by its id.
func (o *BackOffice) seen(ctx context.Context, id string) (Seen, error) {
	if !isID(id) {
		return Seen{}, voucher.ErrNotFound
	}
	return o.desk.ledger.LookByID(ctx, id)
}

// sheet adds what other stores know of a voucher.
func (o *BackOffice) sheet(ctx context.Context, seen Seen) (Sheet, error) {
	id := seen.Voucher.ID
	s := Sheet{Seen: seen}
	var err error
	if s.Issued, err = o.desk.ledger.IssuedFor(ctx, id); err != nil {
		return Sheet{}, err
	}
	if seen.Voucher.Quarantined {
		if s.Witness, err = o.quarantineOf(ctx, id); err != nil {
			return Sheet{}, err
		}
	}
	if s.Owner, err = o.sales.orders.OwnerOf(ctx, id); err != nil {
		return Sheet{}, err
	}
	if bound := seen.Voucher.Token; bound.Bound() {
		token, err := o.desk.ledger.BindingOf(ctx, bound.By)
		if err != nil {
			return Sheet{}, err
		}
		s.Token = &token
	}
	sold, err := o.sales.orders.Sold(ctx, id)
	if err != nil {
		return Sheet{}, err
	}
	if found, ok := sold[id]; ok {
		var who buyer
		if err := o.sales.unseal(purposeBuyer, found.Purchase, found.Buyer, &who); err != nil {
			return Sheet{}, fmt.Errorf("read who bought voucher %s: %w", id, err)
		}
		s.Sold, s.Customer = &found, who.ID
	}
	return s, nil
}

// History is what has happened to a voucher: its books, the mails with its code, and what the office did.
type History struct {
	ledger.History
	Deliveries []SentLetter
	Changes    []TrailLine         // the latest first
	Customers  map[string]Customer // who has claimed it or got of it, by the account that it went to (A19)
}

// SentLetter is a delivery with its recipient, as long as that is kept.
type SentLetter struct {
	outbox.Delivery
	To string // "" once erased, and for a code that the shop sends
}

// changesMost is how many lines of the audit trail a history holds.
const changesMost = 500

// History reads what has happened to a voucher (A17, A18, A19). Error: voucher.ErrNotFound.
func (o *BackOffice) History(ctx context.Context, id string) (h History, seen Seen, err error) {
	defer explain("read the history of a voucher", &err)
	if seen, err = o.seen(ctx, id); err != nil {
		return History{}, Seen{}, err
	}
	if h.History, err = o.desk.ledger.History(ctx, id); err != nil {
		return History{}, Seen{}, err
	}
	if h.Customers, err = o.claimants(ctx, h.Acts, h.Entries); err != nil {
		return History{}, Seen{}, err
	}
	sent, err := o.deliveries(ctx, id)
	if err != nil {
		return History{}, Seen{}, err
	}
	for _, d := range sent {
		letter := SentLetter{Delivery: d}
		if d.Recipient != nil {
			to, err := o.sales.ring.Open(purposeRecipient, d.Recipient, []byte(d.ID))
			if err != nil {
				return History{}, Seen{}, fmt.Errorf("read the recipient of delivery %s: %w", d.ID, err)
			}
			letter.To = string(to)
		}
		h.Deliveries = append(h.Deliveries, letter)
	}
	h.Changes, _, err = staff.Trail(ctx, o.sales.orders.Pool(), staff.TrailFilter{Object: id, Limit: changesMost})
	return h, seen, err
}

// deliveries are those of a voucher's code, the newest first.
func (o *BackOffice) deliveries(ctx context.Context, id string) ([]outbox.Delivery, error) {
	found, _, err := o.sales.outbox.Deliveries(ctx, outbox.Filter{Subject: id, Kinds: append(lettersOf(id).Kinds, KindCodes)})
	return found, err
}

// HeldLine is a voucher in the list of reserved codes, or a part of a customer's account, with its live reservation.
type HeldLine struct {
	VoucherLine                      // zero for a part of an account
	Account     *AccountLine         // nil for a voucher
	Reservation *voucher.Reservation // nil for a voucher that is free
}

// Reservations lists the codes that are held now and the parts of accounts that are (E16, E18), those that are free first at the head
// unless asked otherwise. What is sought may be the end of a code, the reservation's key, its owner or its holder, a customer's log-in or
// wallet id, or a voucher's or an account's id. Errors: ErrCursor, ErrIsCode.
func (o *BackOffice) Reservations(ctx context.Context, f Holding) (page []HeldLine, next string, err error) {
	defer explain("list reservations", &err)
	if err := o.noCode(ctx, f.Text); err != nil {
		return nil, "", err
	}
	held, next, err := o.desk.ledger.Held(ctx, f)
	if err != nil || len(held) == 0 {
		return nil, "", err
	}
	var vouchers, accounts []string
	for _, r := range held {
		if r.Account {
			accounts = append(accounts, r.Voucher)
		} else {
			vouchers = append(vouchers, r.Voucher)
		}
	}
	codes, err := o.heldCodes(ctx, vouchers)
	if err != nil {
		return nil, "", err
	}
	parts, err := o.heldAccounts(ctx, accounts)
	if err != nil {
		return nil, "", err
	}
	page = make([]HeldLine, len(held))
	for i, r := range held {
		page[i] = HeldLine{VoucherLine: codes[r.Voucher], Account: parts[r.Voucher], Reservation: &r.Reservation}
	}
	return page, next, nil
}

// heldCodes are the lines of vouchers, by their ids.
func (o *BackOffice) heldCodes(ctx context.Context, ids []string) (map[string]VoucherLine, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	listed, _, err := o.desk.ledger.List(ctx, Listing{Text: &ledger.Sought{IDs: ids}})
	if err != nil {
		return nil, err
	}
	lines, err := o.lines(ctx, listed)
	of := make(map[string]VoucherLine, len(lines))
	for _, l := range lines {
		of[l.Voucher.ID] = l
	}
	return of, err
}

// heldAccounts are the lines of accounts, by their ids.
func (o *BackOffice) heldAccounts(ctx context.Context, ids []string) (map[string]*AccountLine, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	accounts, err := o.desk.ledger.Accounts(ctx, ids...)
	if err != nil {
		return nil, err
	}
	customers, err := o.sales.customersOf(ctx, ids...)
	of := make(map[string]*AccountLine, len(accounts))
	for _, account := range accounts {
		of[account.ID] = &AccountLine{Account: account, Customer: customers[account.ID]}
	}
	return of, err
}

// Rest lists the vouchers that are used in part and have a rest (E17), reserved or not. What is sought is as for Vouchers. Errors:
// ErrCursor, ErrIsCode.
func (o *BackOffice) Rest(ctx context.Context, sought string, f Listing) (page []HeldLine, next string, err error) {
	defer explain("list vouchers with a rest", &err)
	f.State = ledger.StateRest
	lines, next, err := o.Vouchers(ctx, sought, f)
	if err != nil {
		return nil, "", err
	}
	ids := make([]string, len(lines))
	for i, l := range lines {
		ids[i] = l.Voucher.ID
	}
	live, err := o.desk.ledger.LiveOf(ctx, ids...)
	if err != nil {
		return nil, "", err
	}
	page = make([]HeldLine, len(lines))
	for i, l := range lines {
		page[i] = HeldLine{VoucherLine: l}
		if r, held := live[l.Voucher.ID]; held {
			page[i].Reservation = &r
		}
	}
	return page, next, nil
}

// Trail lists the audit trail, the latest line first. Error: ErrCursor.
func (o *BackOffice) Trail(ctx context.Context, f TrailFilter) (page []TrailLine, next string, err error) {
	defer explain("list the audit trail", &err)
	if err := o.noCode(ctx, f.Text); err != nil {
		return nil, "", err
	}
	return staff.Trail(ctx, o.sales.orders.Pool(), f)
}

// Zone is the merchant's time zone, whose days a list is asked by.
func (o *BackOffice) Zone() *time.Location { return o.sales.defaults.Zone }

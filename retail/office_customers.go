package retail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// The audit trail's names for what the office does about customers.
const (
	didSetCustomer   = "set_customer"
	didMergeCustomer = "merge_customers"
	didLiftAccount   = "lift_account"
)

// purposeCustomer seals the mail address of a customer.
const purposeCustomer = "customer address"

// CustomerSheet is all that is known of a customer: what he has, and what happened to it (A28).
type CustomerSheet struct {
	Customer
	Address  string // his mail address; "" when it is not known, or was not asked for
	Accounts []Account
	History  []CustomerEntry // the latest first
	Merged   []string        // ids of those who were merged into him
}

// CustomerEntry is a line of an account's journal with the act that wrote it (D22), and for a claim or transfer the other place.
type CustomerEntry struct {
	voucher.Entry
	Record  voucher.Record
	Voucher *voucher.Voucher // where the value came from or went to; nil for an account, and for anything else
	Other   *Customer        // likewise
}

// Customer reads a shop's own customer by the shop's id. Errors: ErrNoCustomer, ErrChannel for a register.
func (a *Accounts) Customer(ctx context.Context, by Actor, login string) (CustomerSheet, error) {
	switch by.Channel {
	case Office:
		who, err := a.sales.named(ctx, "", login)
		if err != nil {
			return CustomerSheet{}, err
		}
		return a.sales.customerSheet(ctx, who)
	case Webshop:
		who, err := a.sales.orders.Customer(ctx, by.Name, login)
		if errors.Is(err, orders.ErrNotFound) {
			err = ErrNoCustomer
		}
		if explain("read a customer", &err); err != nil {
			return CustomerSheet{}, err
		}
		return a.sales.customerSheet(ctx, who)
	}
	return CustomerSheet{}, fmt.Errorf("read a customer: %w", ErrChannel)
}

// customerSheet gathers what a customer has. One who was merged into another has what that one has.
func (s *Sales) customerSheet(ctx context.Context, who Customer) (sheet CustomerSheet, err error) {
	defer explain("read what a customer has", &err)
	holder := holderOf(who)
	sheet = CustomerSheet{Customer: who}
	if sheet.Merged, err = s.orders.MergedInto(ctx, holder); err != nil {
		return CustomerSheet{}, err
	}
	accounts, err := s.ledger.AccountsOf(ctx, append([]string{holder}, sheet.Merged...)...)
	if err != nil {
		return CustomerSheet{}, err
	}
	for _, account := range accounts {
		if account.Customer == holder {
			if account, err = s.inPurse(ctx, account); err != nil {
				return CustomerSheet{}, err
			}
			sheet.Accounts = append(sheet.Accounts, account)
		}
		history, err := s.ledger.AccountHistory(ctx, account.ID)
		if err != nil {
			return CustomerSheet{}, err
		}
		sheet.History = append(sheet.History, entriesOf(history)...)
	}
	slices.SortStableFunc(sheet.History, func(x, y CustomerEntry) int { return y.At.Compare(x.At) })
	return sheet, s.otherPlaces(ctx, sheet.History)
}

// inPurse is an account as its customer is told of it: points that have ended are none, whether or not they are out of the books already.
func (s *Sales) inPurse(ctx context.Context, account Account) (Account, error) {
	if account.Balance.Currency != money.Point {
		return account, nil
	}
	purse, err := s.ledger.PurseOf(ctx, account.Customer)
	account.Balance.Minor, account.Reserved.Minor = purse.Balance, purse.Reserved
	return account, err
}

// inPurses are accounts as inPurse shows each.
func (s *Sales) inPurses(ctx context.Context, accounts []Account) ([]Account, error) {
	var pointed []string
	for _, account := range accounts {
		if account.Balance.Currency == money.Point {
			pointed = append(pointed, account.ID)
		}
	}
	if len(pointed) == 0 {
		return accounts, nil
	}
	ended, err := s.ledger.EndedIn(ctx, pointed...)
	for i := range accounts {
		accounts[i].Balance.Minor -= ended[accounts[i].ID]
	}
	return accounts, err
}

// entriesOf joins the journal with its acts.
func entriesOf(h ledger.History) []CustomerEntry {
	acts := make(map[string]voucher.Record, len(h.Acts))
	for _, r := range h.Acts {
		acts[r.ID] = r
	}
	entries := make([]CustomerEntry, len(h.Entries))
	for i, e := range h.Entries {
		entries[len(entries)-1-i] = CustomerEntry{Entry: e, Record: acts[e.Act]}
	}
	return entries
}

// otherPlaces reads where the value of claims and transfers came from and went to.
func (s *Sales) otherPlaces(ctx context.Context, entries []CustomerEntry) error {
	var vouchers, accounts []string
	for _, e := range entries {
		switch id, account := e.OtherPlace(); {
		case account:
			accounts = append(accounts, id)
		case id != "":
			vouchers = append(vouchers, id)
		}
	}
	if len(vouchers)+len(accounts) == 0 {
		return nil
	}
	found, err := s.ledger.Vouchers(ctx, vouchers...)
	if err != nil {
		return err
	}
	whose, err := s.customersOf(ctx, accounts...)
	if err != nil {
		return err
	}
	for i, e := range entries {
		id, _ := e.OtherPlace()
		if at := slices.IndexFunc(found, func(v voucher.Voucher) bool { return v.ID == id }); at >= 0 {
			entries[i].Voucher = &found[at]
		}
		if who, known := whose[id]; known {
			entries[i].Other = &who
		}
	}
	return nil
}

// CustomerFilter narrows a list of customers; what is left empty doesn't narrow.
type CustomerFilter = orders.CustomerSearch

// CustomerLine is a customer in a list, with his accounts.
type CustomerLine struct {
	Customer
	Accounts []Account
}

// Customers lists customers, by when they became known. Errors: ErrCursor, ErrSort, ErrIsCode.
func (o *BackOffice) Customers(ctx context.Context, f CustomerFilter) (page []CustomerLine, next string, err error) {
	defer explain("list customers", &err)
	if err := o.noCode(ctx, f.Text); err != nil {
		return nil, "", err
	}
	found, next, err := o.sales.orders.CustomerPage(ctx, f)
	if err != nil {
		return nil, "", err
	}
	page, err = o.sales.withAccounts(ctx, found)
	return page, next, err
}

// withAccounts adds to customers what they have.
func (s *Sales) withAccounts(ctx context.Context, found []Customer) ([]CustomerLine, error) {
	ids := make([]string, len(found))
	for i, who := range found {
		ids[i] = who.ID
	}
	accounts, err := s.ledger.AccountsOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	if accounts, err = s.inPurses(ctx, accounts); err != nil {
		return nil, err
	}
	lines := make([]CustomerLine, len(found))
	for i, who := range found {
		lines[i].Customer = who
		for _, account := range accounts {
			if account.Customer == who.ID {
				lines[i].Accounts = append(lines[i].Accounts, account)
			}
		}
	}
	return lines, nil
}

// AccountLine is an account in a list, and whose it is.
type AccountLine struct {
	Account  Account
	Customer Customer
}

// dormantMost is the longest page of dormant accounts.
const dormantMost = 500

// Dormant lists accounts that hold something and were left alone for a while (D17), by their ids. Error: ErrCursor.
func (o *BackOffice) Dormant(ctx context.Context, quiet time.Duration, p Page) (page []AccountLine, next string, err error) {
	defer explain("list dormant accounts", &err)
	after := "00000000-0000-0000-0000-000000000000"
	if p.Cursor != "" {
		if after = p.Cursor; !isID(after) {
			return nil, "", ErrCursor
		}
	}
	limit := min(max(p.Limit, 1), dormantMost)
	found, err := o.desk.ledger.Dormant(ctx, quiet, after, limit)
	if err != nil {
		return nil, "", err
	}
	ids := make([]string, len(found))
	for i, account := range found {
		ids[i] = account.ID
	}
	whose, err := o.sales.customersOf(ctx, ids...)
	if err != nil {
		return nil, "", err
	}
	for _, account := range found {
		page = append(page, AccountLine{account, whose[account.ID]})
	}
	if len(found) == limit {
		next = found[limit-1].ID
	}
	return page, next, nil
}

// OneCustomer reads a customer with his address. Errors: ErrNoCustomer, ErrWhichCustomer.
func (o *BackOffice) OneCustomer(ctx context.Context, shop, name string) (CustomerSheet, error) {
	who, err := o.sales.named(ctx, shop, name)
	if err != nil {
		return CustomerSheet{}, err
	}
	sheet, err := o.sales.customerSheet(ctx, who)
	if err != nil {
		return CustomerSheet{}, err
	}
	sheet.Address, err = o.sales.addressOf(who)
	return sheet, err
}

// addressOf opens the mail address of a customer.
func (s *Sales) addressOf(who Customer) (address string, err error) {
	err = s.unseal(purposeCustomer, who.ID, who.Email, &address)
	return address, err
}

// CustomerChange is what the office sets of a customer; what is nil stays.
type CustomerChange struct {
	Shop        string        // whose customer is meant; without it nobody is registered who is not known
	Name        string        // our own id, the wallet id or the shop's id
	MemberUntil *voucher.Date // the zero Date ends the membership
	Email       *string       // "" forgets it
	WalletID    *string
}

// SetCustomer sets what the office keeps of a customer, and registers one of a named shop who is not known. Errors: ErrNoCustomer,
// ErrWhichCustomer, ErrUnknownShop, ErrNobody, ErrNoAddress, ErrExists for a wallet id that another has.
func (o *BackOffice) SetCustomer(ctx context.Context, by Actor, c CustomerChange) (CustomerSheet, error) {
	who, err := o.sales.named(ctx, c.Shop, c.Name)
	if errors.Is(err, ErrNoCustomer) && c.Shop != "" {
		who, err = o.register(ctx, c.Shop, c.Name)
	}
	if err != nil {
		return CustomerSheet{}, err
	}
	if c.Email != nil && *c.Email != "" {
		if _, err := mail.ParseAddress(*c.Email); err != nil {
			return CustomerSheet{}, ErrNoAddress
		}
	}
	err = o.within(ctx, "set a customer", func(tx outbox.Tx) error {
		locked, err := orders.LockCustomers(ctx, tx, who.ID)
		if err != nil {
			return err
		}
		changed, fields, err := o.sales.changed(locked[0], c)
		if err != nil || len(fields) == 0 {
			return err
		}
		if err := orders.UpdateCustomer(ctx, tx, changed); err != nil {
			if errors.Is(err, orders.ErrExists) {
				return ErrExists
			}
			return err
		}
		return o.desk.audit(ctx, tx, by, didSetCustomer, who.ID, fields)
	})
	if err != nil {
		return CustomerSheet{}, err
	}
	return o.OneCustomer(ctx, "", who.ID)
}

// register makes a customer of a shop known.
func (o *BackOffice) register(ctx context.Context, shop, login string) (who Customer, err error) {
	if err := isSomebody(login); err != nil {
		return Customer{}, err
	}
	if _, err := o.sales.orders.Shop(ctx, shop); err != nil {
		if errors.Is(err, orders.ErrNotFound) {
			return Customer{}, ErrUnknownShop
		}
		return Customer{}, settled("register a customer", err)
	}
	err = o.within(ctx, "register a customer", func(tx outbox.Tx) (err error) {
		who, err = o.sales.enroll(ctx, tx, shop, login)
		return err
	})
	return who, err
}

// changed is a customer as he shall be, and what the audit trail says of it: never the address.
func (s *Sales) changed(who Customer, c CustomerChange) (Customer, map[string]any, error) {
	fields := map[string]any{}
	if c.WalletID != nil && *c.WalletID != who.WalletID {
		who.WalletID, fields["wallet_id"] = *c.WalletID, *c.WalletID
	}
	if c.MemberUntil != nil {
		var until *time.Time
		if !c.MemberUntil.Zero() {
			day := c.MemberUntil.Start(time.UTC)
			until = &day
		}
		if (until == nil) != (who.MemberUntil == nil) || until != nil && !until.Equal(*who.MemberUntil) {
			who.MemberUntil, fields["member_until"] = until, c.MemberUntil.String()
		}
	}
	if c.Email == nil {
		return who, fields, nil
	}
	was, err := s.addressOf(who)
	if err != nil || was == *c.Email {
		return who, fields, err
	}
	who.Email, who.EmailMAC, fields["email"] = nil, nil, "forgotten"
	if *c.Email != "" {
		who.EmailMAC, fields["email"] = s.subjectMAC(*c.Email), "set"
		who.Email, err = s.seal(purposeCustomer, who.ID, *c.Email)
	}
	return who, fields, err
}

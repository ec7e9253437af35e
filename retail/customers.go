package retail

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"strings"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// Errors about customers.
var (
	// ErrNoCustomer says that nobody is known by this id.
	ErrNoCustomer = errors.New("no customer is known by this id")
	// ErrWhichCustomer says that customers of several shops are meant by one name.
	ErrWhichCustomer = errors.New("several shops have a customer of this name: name the shop too, or give our own id")
	// ErrNobody refuses an account to the id that shops write for a guest (P23): everybody's would be in it.
	ErrNobody = errors.New("a guest has no account: name a customer who is logged in")
	// ErrLogin says that a text can't be a shop's id of a customer.
	ErrLogin = errors.New("a customer's id has 1 to 128 characters, none of them a control character, and no white space at its ends")
	// ErrSharedLogins refuses accounts at a shop whose customers may share a log-in: nobody could tell whose they are (D07).
	ErrSharedLogins = errors.New("customers of this shop may share a log-in: they have no accounts here")
)

// Customer is somebody who buys at a shop under a log-in, and Account what he has of a currency.
type (
	Customer = orders.Customer
	Account  = ledger.Account
)

// Accounts is the counter for what customers have: codes are claimed into an account here, and it is spent by whoever is logged in
// at the shop, without a code (D10, D14). It is safe for concurrent use and keeps no state of its own.
type Accounts struct {
	desk  *Desk
	sales *Sales
}

// NewAccounts opens the counter on a Desk and the side towards webshops, both on the same stores.
func NewAccounts(desk *Desk, sales *Sales) *Accounts { return &Accounts{desk: desk, sales: sales} }

// Claim is a request to move all of a voucher to a customer's account.
type Claim struct {
	Key string
	Typed
	Shop     string // of the customer; a shop's own is known
	Customer string // the shop's id of the customer; for the office also our own id or a wallet id
}

// Claimed is what a claim moved, and to whom.
type Claimed struct {
	Record   voucher.Record
	Customer Customer
	Created  bool
}

// Claim moves all of a voucher in customer mode to a customer's account (D10), for the shop where he is logged in or, on his
// behalf, the office (A32). The code is finished (D12). No register can: it knows no log-in (D16). Errors: voucher.ErrMode for a
// voucher whose balance belongs to its code; ErrSharedLogins, ErrWhichCustomer, ErrLogin, ErrNobody, ErrUnknownShop; the refusals.
func (a *Accounts) Claim(ctx context.Context, by Actor, c Claim) (Claimed, error) {
	if by.Channel == Till {
		return Claimed{}, fmt.Errorf("claim: %w", ErrChannel)
	}
	if by.Channel == Webshop { // before anything is told of the code
		if _, err := a.sales.accountShop(ctx, by.Name); err != nil {
			return Claimed{}, err
		}
	}
	ref := by.ref(voucher.Claims, c.Key)
	found, err := a.desk.find(ctx, by, c.Typed, ref)
	if err != nil {
		a.desk.ledger.Refused(voucher.Claim{}, err)
		return Claimed{}, err
	}
	shop, login, err := a.claimant(ctx, by, c, found.Voucher.Shop)
	if err != nil {
		return Claimed{}, err
	}
	act := voucher.Claim{Ref: ref}
	if act.ID, err = a.desk.ledger.NewID(); err != nil {
		return Claimed{}, err
	}
	if act.Member.Until, err = a.sales.MemberUntil(ctx, shop.ID, login); err != nil {
		return Claimed{}, err
	}
	if err := found.Refuse(act); err != nil {
		a.desk.ledger.Refused(act, err)
		a.desk.turnAway(ctx, by, found)
		return Claimed{}, err
	}
	return a.claim(ctx, by, claiming{shop: shop, login: login, found: found, act: act})
}

// claimant is at which shop who claims a voucher that was sold at another, or the same.
func (a *Accounts) claimant(ctx context.Context, by Actor, c Claim, sold string) (shop orders.Shop, login string, err error) {
	at := by.Name
	login = c.Customer
	if by.Channel == Office {
		who, err := a.sales.named(ctx, c.Shop, c.Customer)
		switch {
		case err == nil:
			at, login = who.Shop, who.Login
		case !errors.Is(err, ErrNoCustomer):
			return shop, "", err
		case c.Shop != "":
			at = c.Shop
		default:
			at = sold
		}
	}
	if err := isSomebody(login); err != nil {
		return shop, "", err
	}
	shop, err = a.sales.accountShop(ctx, at)
	return shop, login, err
}

// accountShop reads the shop that customers are of. Errors: ErrUnknownShop, ErrSharedLogins.
func (s *Sales) accountShop(ctx context.Context, id string) (orders.Shop, error) {
	shop, err := s.orders.Shop(ctx, id)
	switch {
	case errors.Is(err, orders.ErrNotFound):
		return shop, ErrUnknownShop
	case err != nil:
		explain("read the shop of a customer", &err)
		return shop, err
	case shop.DuplicateLogins:
		return shop, ErrSharedLogins
	}
	return shop, nil
}

// claiming is a claim about to be made.
type claiming struct {
	shop  orders.Shop
	login string
	found found
	act   voucher.Claim
}

// claim moves the value, with the customer and the account made if need be, in one transaction.
func (a *Accounts) claim(ctx context.Context, by Actor, c claiming) (Claimed, error) {
	var who Customer
	prepare := func(tx outbox.Tx) ([]ledger.Aimed, error) {
		named, account, err := a.sales.openAccount(ctx, tx, c.shop, c.login, c.found.Voucher.Currency)
		if err != nil {
			return nil, err
		}
		who = named
		act := c.act
		act.To, act.Customer = account, named.ID
		return []ledger.Aimed{{
			Voucher: c.found.Voucher.ID, MACs: c.found.macs, Act: act,
			Then: &ledger.Aimed{Voucher: account, Account: true, Act: voucher.Receive{Ref: act.Ref}},
		}}, nil
	}
	applied, err := a.desk.ledger.ApplyWhole(ctx, prepare, func(tx outbox.Tx, applied *ledger.Applied) error {
		if by.Channel != Office || idle(applied.Answers[0]) {
			return nil
		}
		return a.desk.audit(ctx, tx, by, didClaim, c.found.Voucher.ID, map[string]any{"customer": who.ID, "claim": c.act.ID})
	})
	if explain("claim a voucher", &err); err != nil {
		return Claimed{}, err
	}
	return Claimed{Record: *applied.Answers[0].Record, Customer: who, Created: applied.Answers[0].Created}, nil
}

// openAccount makes sure of a customer and of his account in a currency, in the caller's transaction, and locks him against being merged
// away meanwhile. Of somebody who was merged into another the account is the other's.
func (s *Sales) openAccount(ctx context.Context, tx outbox.Tx, shop orders.Shop, login string, unit money.Currency) (named Customer, account string, err error) {
	if named, err = s.enroll(ctx, tx, shop.ID, login); err != nil {
		return Customer{}, "", err
	}
	zone, err := s.zone(shop)
	if err != nil {
		return Customer{}, "", err
	}
	account, err = s.ledger.OpenAccount(ctx, tx, holderOf(named), unit, zone)
	return named, account, err
}

// enroll registers a customer of a shop unless he is known.
func (s *Sales) enroll(ctx context.Context, tx outbox.Tx, shop, login string) (Customer, error) {
	id, err := s.ledger.NewID()
	if err != nil {
		return Customer{}, err
	}
	wallet, err := newWalletID(s.random)
	if err != nil {
		return Customer{}, err
	}
	return orders.EnsureCustomer(ctx, tx, orders.NewCustomer{ID: id, Shop: shop, Login: login, WalletID: wallet})
}

// holderOf is the id of the customer whose accounts somebody has: his own, or those of whom he was merged into.
func holderOf(c Customer) string {
	if c.MergedInto != "" {
		return c.MergedInto
	}
	return c.ID
}

// walletBytes make a number that nobody else has: 80 bits.
const walletBytes = 10

// newWalletID draws the number that a customer's accounts are filed under (D21).
func newWalletID(random io.Reader) (string, error) {
	drawn := make([]byte, walletBytes)
	if _, err := io.ReadFull(random, drawn); err != nil {
		return "", fmt.Errorf("draw a wallet id: %w", err)
	}
	return "W-" + base32.StdEncoding.EncodeToString(drawn), nil
}

// loginSymbols is how long a shop's id of a customer may be.
const loginSymbols = 128

// isSomebody makes sure that a customer's id at his shop can have an account. Errors: ErrLogin, ErrNobody.
func isSomebody(login string) error {
	switch {
	case login == guestLogin:
		return ErrNobody
	case !isLogin(login):
		return ErrLogin
	}
	return nil
}

// isLogin tells whether a text can be a shop's id of a customer.
func isLogin(text string) bool {
	symbols := []rune(text)
	if len(symbols) == 0 || len(symbols) > loginSymbols || strings.TrimSpace(text) != text {
		return false
	}
	for _, r := range symbols {
		if r < ' ' || r == 0x7f {
			return false
		}
	}
	return true
}

// named finds whom the office means. Errors: ErrNoCustomer, ErrWhichCustomer.
func (s *Sales) named(ctx context.Context, shop, name string) (Customer, error) {
	found, err := s.orders.NamedCustomers(ctx, shop, name)
	switch {
	case err != nil:
		explain("find a customer", &err)
		return Customer{}, err
	case len(found) == 0:
		return Customer{}, ErrNoCustomer
	case found[0].ID != name && len(found) > 1:
		return Customer{}, ErrWhichCustomer
	}
	return found[0], nil
}

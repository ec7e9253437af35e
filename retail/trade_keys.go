package retail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/staff"
)

// Keys is the back office's rack of API keys: it knows the shops that they are bound to.
type Keys struct {
	staff *staff.Keys
	sales *Sales
}

// NewKeys opens the rack.
func NewKeys(keys *staff.Keys, sales *Sales) *Keys { return &Keys{staff: keys, sales: sales} }

// Key is what is known of an API key; never its text.
type Key = staff.Key

// KeyFilter narrows a list of keys; what is left empty doesn't narrow.
type KeyFilter struct {
	Page
	Scope, Shop string
	State       string    // "live" or "revoked"
	Text        string    // within id, name, shop or register, whatever its case
	From, To    time.Time // made at or after, and before
}

// List lists keys, the oldest first unless asked otherwise. Errors: ErrCursor, ErrIsCode.
func (k *Keys) List(ctx context.Context, f KeyFilter) (page []Key, next string, err error) {
	if err := k.sales.noCode(ctx, f.Text); err != nil {
		return nil, "", settled("list keys", err)
	}
	wanted := staff.KeyFilter{
		Scope: staff.Scope(f.Scope), Shop: f.Shop, Text: f.Text, From: f.From, To: f.To, Sort: f.Sort, Cursor: f.Cursor, Limit: f.Limit,
	}
	if f.State != "" {
		live := f.State == "live"
		wanted.Live = &live
	}
	page, next, err = k.staff.Page(ctx, wanted)
	return page, next, settled("list keys", err)
}

// NewKey is what an API key is made for.
type NewKey struct {
	Scope      string // "shop", "till" or "admin"
	Shop       string // the shop's id: needed for a shop's key, possible for a till's
	Register   string // the register's name: for a till's key alone
	MayRelease bool   // for a till's key alone
	Name       string // how people tell keys apart
}

// Add makes a key, and tells its text this once. Error: ErrInvalid, with the name of the field.
func (k *Keys) Add(ctx context.Context, by Actor, n NewKey) (key Key, text string, err error) {
	key, text, err = k.add(ctx, by, n)
	return key, text, settled("add a key", err)
}

func (k *Keys) add(ctx context.Context, by Actor, n NewKey) (Key, string, error) {
	if err := n.validate(); err != nil {
		return Key{}, "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if n.Shop != "" {
		if _, err := k.sales.shop(ctx, n.Shop); errors.Is(err, ErrUnknownShop) {
			return Key{}, "", fmt.Errorf("%w: %w", ErrInvalid, errors.New("shop: "+ErrUnknownShop.Error()))
		} else if err != nil {
			return Key{}, "", err
		}
	}
	id, text, err := k.staff.Add(ctx, staff.Grant{
		Scope: staff.Scope(n.Scope), Shop: n.Shop, Register: n.Register, MayRelease: staff.Release(n.MayRelease), Name: n.Name,
	}, by.String())
	if errors.Is(err, staff.ErrGrant) { // what is left after validate is about the register's name
		return Key{}, "", fmt.Errorf("%w: %w", ErrInvalid, errors.New("register: belongs to another shop, or exists in another spelling"))
	}
	if err != nil {
		return Key{}, "", err
	}
	key, err := k.staff.Key(ctx, id)
	return key, text, err
}

// validate tells everything that is wrong with what a key shall be bound to.
func (n NewKey) validate() error {
	till := n.Scope == string(staff.Till)
	return errors.Join(
		ensure(till || n.Scope == string(staff.Shop) || n.Scope == string(staff.Admin), "scope: shop, till or admin"),
		ensure(n.Scope != string(staff.Shop) || n.Shop != "", "shop: a webshop's key needs the shop's id"),
		ensure(n.Scope != string(staff.Admin) || n.Shop == "", "shop: the office's key belongs to no shop"),
		ensure(!till || n.Register != "", "register: a till's key needs the register's name"),
		ensure(till || n.Register == "", "register: for a till's key alone"),
		ensure(till || !n.MayRelease, "may_release: for a till's key alone"),
		ensure(staff.ValidName(n.Register), "register: one line of at most 64 bytes, without spaces around it"),
		ensure(staff.ValidName(n.Name), "name: one line of at most 64 bytes, without spaces around it"),
	)
}

// Revoke ends a key: here at once, in other processes within seconds. One that was revoked before is left as it is, and changed is
// false. Error: ErrNoKey.
func (k *Keys) Revoke(ctx context.Context, by Actor, id string) (key Key, changed bool, err error) {
	err = k.staff.Revoke(ctx, id, by.String())
	if err != nil && !errors.Is(err, staff.ErrNoKey) {
		return Key{}, false, settled("revoke a key", err)
	}
	changed = err == nil
	key, err = k.staff.Key(ctx, id)
	if errors.Is(err, staff.ErrNoKey) {
		err = ErrNoKey
	}
	return key, changed, settled("revoke a key", err)
}

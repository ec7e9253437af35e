package retail

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/voucher"
)

// Member is what somebody who uses a voucher says of a membership, for products that need one (B08).
type Member struct {
	Seen     bool   // the cashier has seen it; of a register alone
	Customer string // the shop's id of the customer; "" for nobody
}

// MembershipError refuses somebody who is not known to be a member. It wraps voucher.ErrMembership.
type MembershipError struct {
	Notice string // what to tell him, in the language of the shop
}

// Error says what the rule is.
func (e *MembershipError) Error() string { return voucher.ErrMembership.Error() }

// Unwrap returns voucher.ErrMembership.
func (e *MembershipError) Unwrap() error { return voucher.ErrMembership }

// Memberships is what the Desk must be told of members: package retail's Sales tells it.
type Memberships interface {
	// MemberUntil is the last day of a customer's membership at a shop; the zero Date for somebody who is no member, or unknown.
	MemberUntil(ctx context.Context, shop, customer string) (voucher.Date, error)
	// MembershipNotice is what people are told of a product that needs a membership, in the language of a shop; "" is none in
	// particular.
	MembershipNotice(ctx context.Context, shop string) string
}

// MemberUntil is the last day of a customer's membership at a shop.
func (s *Sales) MemberUntil(ctx context.Context, shop, customer string) (voucher.Date, error) {
	last, err := s.orders.MemberUntil(ctx, shop, customer)
	if err != nil || last == nil {
		return voucher.Date{}, settled("look for a membership", err)
	}
	return voucher.DateOf(*last, time.UTC), nil
}

// MembershipNotice is what people are told of a product that needs a membership (B09), in the language of a shop.
func (s *Sales) MembershipNotice(ctx context.Context, shop string) string {
	front, err := s.shop(ctx, shop)
	if err != nil && !errors.Is(err, ErrUnknownShop) {
		s.log.WarnContext(ctx, "the notice of a membership is the installation's: its shop can't be read", "shop", shop, "err", err)
	}
	return s.noticeTo(ctx, front, s.tongue(front, ""))
}

// noticeTo is the notice in a language: the catalogue's sentence unless the merchant has one of his own (B10), or while his can't be
// read.
func (s *Sales) noticeTo(ctx context.Context, shop orders.Shop, tongue language.Tag) string {
	name, from, _ := senderOf(cmp.Or(shop.Sender, s.defaults.From)) // without a sender the shop has a name all the same
	shown := cmp.Or(shopName(shop, name), name)
	letter := mail.Letter{Language: tongue, Shop: shown, Sender: strings.Trim(shown+", "+from, ", "), PrivacyURL: shop.PrivacyURL}
	notice, err := s.membershipText(ctx, shop.ID, letter)
	if err != nil {
		s.log.WarnContext(ctx, "the notice of a membership is the built-in one: the merchant's can't be read", "shop", shop.ID, "err", err)
		return mail.MembershipText(nil, letter)
	}
	return notice
}

// membership is what is known of it. A webshop can't have seen any: it names its customer.
func (d *Desk) membership(ctx context.Context, by Actor, m Member) (voucher.Membership, error) {
	known := voucher.Membership{Seen: m.Seen && by.Channel == Till}
	if m.Customer == "" || known.Seen || d.members == nil {
		return known, nil
	}
	var err error
	known.Until, err = d.members.MemberUntil(ctx, by.homeShop(), m.Customer)
	return known, err
}

// homeShop is the shop whose customers an actor means.
func (a Actor) homeShop() string {
	if a.Channel == Webshop {
		return a.Name
	}
	return a.Shop
}

// notMember says to whoever is refused for want of a membership what there is to say.
func (d *Desk) notMember(ctx context.Context, by Actor, err error) error {
	if !errors.Is(err, voucher.ErrMembership) {
		return err
	}
	return &MembershipError{Notice: d.MembershipNotice(ctx, by)}
}

// MembershipNotice is what an actor tells people of a voucher that needs a membership (B09).
func (d *Desk) MembershipNotice(ctx context.Context, by Actor) string {
	if d.members == nil {
		return language.English.Say(language.Membership, language.Values{"shop": by.homeShop()})
	}
	return d.members.MembershipNotice(ctx, by.homeShop())
}

package admin

import (
	"context"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
)

// shopsIn asks for shops.
type shopsIn struct {
	PageIn
	Q    string `query:"q" maxLength:"200" doc:"Within id or name. Never a code"`
	Sort string `query:"sort" enum:"id,-id,created_at,-created_at" default:"id" doc:"created_at: when it was registered, which from and to go by too. A minus turns it around"`
}

// ShopBody is what a shop and its registration have in common.
type ShopBody struct {
	ID              string      `json:"id" pattern:"^[a-z0-9][a-z0-9_-]{0,62}$" doc:"Part of its webhook's address"`
	Platform        string      `json:"platform" maxLength:"40" doc:"woocommerce, or standard for any shop that signs Standard Webhooks"`
	Name            string      `json:"name,omitempty" maxLength:"200" doc:"As buyers know it"`
	URL             string      `json:"url,omitempty" maxLength:"500" doc:"Its address, for fetching orders"`
	Lang            string      `json:"lang,omitempty" maxLength:"35" doc:"Of its mails: da, sv, nb, de or en"`
	From            string      `json:"from,omitempty" maxLength:"320" doc:"Sender of its mails"`
	Confirmation    string      `json:"confirmation,omitempty" enum:"vouchsafe,shop" doc:"Who sends the order confirmation; default vouchsafe"`
	CodesBy         string      `json:"codes_by,omitempty" enum:"vouchsafe,shop" doc:"Who sends the codes; default vouchsafe"`
	OnlineTenders   []string    `json:"online_tenders,omitempty" maxItems:"100" nullable:"false" minLength:"1" maxLength:"100" doc:"That count as paid online; default: all but the known offline ones"`
	Fields          *fieldsBody `json:"fields,omitempty" doc:"Where its order lines keep what the buyer asked for"`
	DuplicateLogins bool        `json:"duplicate_logins,omitempty" doc:"Its customers may share a log-in: never customer mode (D07)"`
	Zone            string      `json:"zone,omitempty" maxLength:"64" doc:"Its time zone; default: the installation's"`
	Country         string      `json:"country,omitempty" maxLength:"2" doc:"ISO 3166; default: the installation's"`
	BalanceHolder   string      `json:"balance_holder,omitempty" enum:"card,customer" doc:"Mode of its new vouchers; default: the installation's"`
	PrivacyURL      string      `json:"privacy_url,omitempty" maxLength:"500" doc:"Its privacy notice, for the mails"`
	OneMail         bool        `json:"one_mail,omitempty" doc:"A buyer gets all codes of an order that are for him in one mail (X05)"`
	RemindDays      *int        `json:"remind_days,omitempty" minimum:"0" maximum:"365" doc:"Days before the last one of a voucher on which its buyer is reminded; 0 is never; absent: the installation's (X09)"`
	CartLink        string      `json:"cart_link,omitempty" maxLength:"500" doc:"Form of links into its cart, where {sku} or {id} stands for the product; default: its platform's"`
}

// fieldsBody are keys of a line's meta data.
type fieldsBody struct {
	RecipientEmail string `json:"recipient_email,omitempty" maxLength:"200"`
	RecipientName  string `json:"recipient_name,omitempty" maxLength:"200"`
	Message        string `json:"message,omitempty" maxLength:"200"`
	DeliverOn      string `json:"deliver_on,omitempty" maxLength:"200"`
	OneMail        string `json:"one_mail,omitempty" maxLength:"200"`
}

// shopOut is a registered shop; never what opens it.
type shopOut struct {
	ShopBody
	Webhooks    string     `json:"webhooks" doc:"Path that its webhooks go to"`
	Secrets     int        `json:"secrets" doc:"Webhook secrets that work now: two while one replaces the other"`
	CanBeAsked  bool       `json:"can_be_asked" doc:"Whether its orders can be fetched"`
	PolledUntil *time.Time `json:"polled_until" doc:"Changes before this instant were asked for; null when it was never polled"`
	CreatedAt   time.Time  `json:"created_at"`
}

func (t *trade) shops(ctx context.Context, in *shopsIn) (*body[pageOut[shopOut]], error) {
	from, to, err := t.span(in.PageIn)
	if err != nil {
		return nil, err
	}
	page, next, err := t.office.Shops(ctx, retail.Search{Page: in.stretch(in.Sort), Text: in.Q, From: from, To: to})
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showPage(page, next, showShop), nil
}

// showShop renders a shop.
func showShop(s retail.Shop) shopOut {
	out := shopOut{
		ShopBody: ShopBody{
			ID: s.ID, Platform: s.Platform, Name: s.Name, URL: s.URL, Lang: s.Language, From: s.Sender, Confirmation: string(s.Confirmation),
			CodesBy: string(s.CodesBy), OnlineTenders: s.OnlineTenders, DuplicateLogins: s.DuplicateLogins, Zone: s.Zone,
			Country: s.Country, BalanceHolder: s.Holder, PrivacyURL: s.PrivacyURL, OneMail: s.OneMail, RemindDays: s.RemindDays, CartLink: s.CartLink,
		},
		Webhooks: "/v1/shops/" + s.ID + "/webhooks", Secrets: len(s.Secrets), CanBeAsked: s.CanBeAsked(),
		PolledUntil: utc(s.PolledUntil), CreatedAt: s.CreatedAt.UTC(),
	}
	if s.Fields != (retail.ShopFields{}) {
		out.Fields = &fieldsBody{s.Fields.RecipientEmail, s.Fields.RecipientName, s.Fields.Message, s.Fields.DeliverOn, s.Fields.OneMail}
	}
	return out
}

// addShopIn asks for a shop to be registered.
type addShopIn struct {
	Body struct {
		ShopBody
		Secret    string `json:"secret" minLength:"1" maxLength:"1024" doc:"Of its webhooks. Of standard: whsec_ and at least 24 random bytes in base64; of others the text that the shop signs with, at least 8 bytes"`
		APIKey    string `json:"api_key,omitempty" maxLength:"1024" doc:"Of its API, for fetching orders"`
		APISecret string `json:"api_secret,omitempty" maxLength:"1024"`
	}
}

func (t *trade) addShop(ctx context.Context, in *addShopIn) (*body[shopOut], error) {
	b := in.Body
	n := retail.NewShop{
		ID: b.ID, Platform: b.Platform, Name: b.Name, Secret: b.Secret, URL: b.URL, APIKey: b.APIKey, APISecret: b.APISecret,
		Language: b.Lang, From: b.From, Confirmation: retail.Party(b.Confirmation), CodesBy: retail.Party(b.CodesBy),
		OnlineTenders: b.OnlineTenders, DuplicateLogins: b.DuplicateLogins, Zone: b.Zone, Country: b.Country, Holder: b.BalanceHolder,
		PrivacyURL: b.PrivacyURL, OneMail: b.OneMail, RemindDays: b.RemindDays, CartLink: b.CartLink,
	}
	if b.Fields != nil {
		n.Fields = retail.ShopFields(*b.Fields)
	}
	shop, err := t.office.AddShop(ctx, counter.Caller(ctx), n)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return made(showShop(shop)), nil
}

// shopMailsIn says how a shop's buyers get their mails.
type shopMailsIn struct {
	ID   string `path:"id" doc:"Id of the shop"`
	Body struct {
		OneMail    bool `json:"one_mail" doc:"A buyer gets all codes of an order that are for him in one mail"`
		RemindDays *int `json:"remind_days,omitempty" minimum:"0" maximum:"365" doc:"Days before the last one of a voucher on which its buyer is reminded; 0 is never; absent: the installation's"`
	}
}

func (t *trade) shopMails(ctx context.Context, in *shopMailsIn) (*body[shopOut], error) {
	shop, err := t.office.SetShopMails(ctx, counter.Caller(ctx), in.ID, in.Body.OneMail, in.Body.RemindDays)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showShop(shop)), nil
}

// rotateSecretIn asks for a new secret.
type rotateSecretIn struct {
	ID   string `path:"id" doc:"Id of the shop"`
	Body struct {
		Secret string `json:"secret" minLength:"1" maxLength:"1024" doc:"As for a new shop. The one before works until the next rotation"`
	}
}

func (t *trade) rotateSecret(ctx context.Context, in *rotateSecretIn) (*body[shopOut], error) {
	shop, err := t.office.RotateSecret(ctx, counter.Caller(ctx), in.ID, in.Body.Secret)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showShop(shop)), nil
}

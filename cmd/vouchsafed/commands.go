package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/staff"
)

// commandLine is whom the audit trail names for what a command did.
const commandLine = "command line"

// migrateCommand applies the schema.
type migrateCommand struct{}

func (migrateCommand) run(ctx context.Context, p *program) error {
	s, err := p.openStores(ctx, beside)
	if err != nil {
		return err
	}
	if err := errors.Join(s.migrate(ctx), s.close()); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "The schema is up to date.")
	return nil
}

// keyAddCommand makes an API key.
type keyAddCommand struct {
	Scope      string `help:"What the key may do: shop, till or admin." enum:"shop,till,admin" required:""`
	Shop       string `help:"The shop it belongs to (scope shop, or a shop's register)." placeholder:"ID"`
	Register   string `help:"The register it belongs to (scope till)." placeholder:"NAME"`
	MayRelease bool   `help:"The register may free a webshop's reservation while the customer stands there."`
	Name       string `help:"What people call the key." placeholder:"N"`
}

func (c keyAddCommand) run(ctx context.Context, p *program) error {
	return p.with(ctx, func(h *house) error {
		if c.Shop != "" {
			if _, err := h.sales.Shopfront(ctx, c.Shop); err != nil {
				return err
			}
		}
		grant := staff.Grant{Scope: staff.Scope(c.Scope), Shop: c.Shop, Register: c.Register, Name: c.Name}
		if c.MayRelease {
			grant.MayRelease = staff.MayRelease
		}
		_, text, err := h.keys.Add(ctx, grant, commandLine)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.out, text)
		return nil
	})
}

// shopAddCommand registers a webshop.
type shopAddCommand struct {
	ID              string            `help:"Its id, which is part of its webhook's address." required:""`
	Platform        string            `help:"woocommerce, or standard for any shop that signs Standard Webhooks." required:""`
	Name            string            `help:"As buyers know it."`
	Secret          string            `help:"Secret of its webhooks." xor:"secret" placeholder:"S"`
	SecretFile      string            `help:"File that holds the secret; - is standard input." xor:"secret" placeholder:"F"`
	Lang            string            `help:"Language of its mails: da, sv, nb, de or en."`
	From            string            `help:"Sender of its mails, an address or \"Name <address>\"." placeholder:"ADDR"`
	Confirmation    string            `help:"Who sends the order confirmation: vouchsafe or shop." placeholder:"PARTY"`
	CodesBy         string            `help:"Who sends the codes: vouchsafe or shop." placeholder:"PARTY"`
	OnlineTenders   []string          `help:"Payment methods that count as paid online." placeholder:"A,B"`
	Fields          map[string]string `help:"Where its order lines keep recipient_email, recipient_name, message, deliver_on and one_mail." mapsep:"," placeholder:"FIELD=KEY,…"`
	DuplicateLogins bool              `help:"Its customers may share a log-in: never customer mode."`
	URL             string            `help:"Its address, for fetching orders." placeholder:"U"`
	APIKey          string            `help:"Key of its API." name:"api-key" placeholder:"K"`
	APISecret       string            `help:"Secret of its API." name:"api-secret" placeholder:"S"`
	TimeZone        string            `help:"Its time zone, if not the installation's."`
	Country         string            `help:"Its country, if not the installation's."`
	BalanceHolder   string            `help:"Mode of its new vouchers, if not the installation's: card or customer."`
	OneMail         bool              `help:"A buyer gets all codes of an order that are for him in one mail."`
	RemindDays      *int              `help:"Days before the last one of a voucher on which its buyer is reminded; 0 is never." placeholder:"N"`
	PrivacyURL      string            `help:"Where its privacy notice is, for the mails." name:"privacy-url"`
	CartLink        string            `help:"Form of links into its cart, such as https://shop.example/cart/add/{sku}; {id} is the shop's own id of a product." placeholder:"FORM"`
}

func (c shopAddCommand) run(ctx context.Context, p *program) error {
	secret, err := c.secret(p)
	if err != nil {
		return err
	}
	fields, err := fieldsOf(c.Fields)
	if err != nil {
		return err
	}
	return p.with(ctx, func(h *house) error {
		shop, err := retail.NewBackOffice(h.desk, h.sales).AddShop(ctx, retail.CommandLine(), retail.NewShop{
			ID: c.ID, Platform: c.Platform, Name: c.Name, Secret: secret, URL: c.URL, APIKey: c.APIKey, APISecret: c.APISecret,
			Language: c.Lang, From: c.From, Confirmation: orders.Party(c.Confirmation), CodesBy: orders.Party(c.CodesBy),
			OnlineTenders: c.OnlineTenders, Fields: fields, DuplicateLogins: c.DuplicateLogins, Zone: c.TimeZone,
			Country: c.Country, Holder: c.BalanceHolder, PrivacyURL: c.PrivacyURL, OneMail: c.OneMail, RemindDays: c.RemindDays, CartLink: c.CartLink,
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.out, "Shop %s is registered. Its webhooks go to %s/v1/shops/%s/webhooks\n", shop.ID, p.config.PublicURL, shop.ID)
		return nil
	})
}

// secret reads the webhook secret from where it was said to be. A line end after it is not part of it.
func (c shopAddCommand) secret(p *program) (string, error) {
	if c.SecretFile == "" {
		return c.Secret, nil
	}
	var text []byte
	var err error
	if c.SecretFile == "-" {
		text, err = io.ReadAll(io.LimitReader(p.in, 4096))
	} else {
		text, err = os.ReadFile(c.SecretFile)
	}
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// fieldsOf reads --fields.
func fieldsOf(given map[string]string) (orders.Fields, error) {
	var fields orders.Fields
	for name, key := range given {
		switch name {
		case "recipient_email":
			fields.RecipientEmail = key
		case "recipient_name":
			fields.RecipientName = key
		case "message":
			fields.Message = key
		case "deliver_on":
			fields.DeliverOn = key
		case "one_mail":
			fields.OneMail = key
		default:
			return orders.Fields{}, fmt.Errorf("--fields: %q is none of recipient_email, recipient_name, message, deliver_on, one_mail", name)
		}
	}
	return fields, nil
}

// productAddCommand registers a voucher product.
type productAddCommand struct {
	SKU                string   `help:"The SKU under which the shop sells it." required:"" name:"sku"`
	Name               string   `help:"As buyers know it." required:""`
	Amount             string   `help:"Face value, a decimal such as 500.00; 1000 or 1000.00 for a thousand." xor:"value"`
	Open               bool     `help:"The buyer chooses the value." xor:"value"`
	Punches            int64    `help:"A punch card with so many punches." xor:"value"`
	Currency           string   `help:"ISO 4217 code of the face value."`
	Min                string   `help:"Smallest value of an open product." `
	Max                string   `help:"Largest value of an open product."`
	MinPaid            int      `help:"Percent of the face value that must have been paid." default:"100"`
	Mode               string   `help:"card or customer, if not the shop's."`
	Category           string   `help:"Web category, for direct links."`
	Facilities         []string `help:"Facilities it belongs to, for direct links."`
	RequiresMembership bool     `help:"Only members may use it."`
	VAT                string   `help:"multi_purpose or single_purpose; a punch card must say." name:"vat"`
	VATRate            string   `help:"Percent of VAT of a single-purpose voucher." name:"vat-rate"`
	Expires            string   `help:"never, P3Y, P3Y/year-end, or country for the customary term." default:"country"`
	Activation         string   `help:"automatic or manual."`
	Prefix             string   `help:"Prefix of its codes: capital letters and digits, at most 8."`
	CodeLength         string   `help:"standard (16 symbols) or high (20), where codes must be harder to guess."`
	Template           string   `help:"Mail template."`
}

func (c productAddCommand) run(ctx context.Context, p *program) error {
	product, err := c.product()
	if err != nil {
		return err
	}
	return p.with(ctx, func(h *house) error {
		made, err := retail.NewBackOffice(h.desk, h.sales).AddProduct(ctx, retail.CommandLine(), product)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.out, "Product %s is registered.\n", made.SKU)
		return nil
	})
}

// product reads the flags.
func (c productAddCommand) product() (purchase.Product, error) {
	product := purchase.Product{
		SKU: c.SKU, Name: c.Name, Kind: purchase.Money, Currency: money.Currency(c.Currency), MinPaid: c.MinPaid, Mode: c.Mode,
		Category: c.Category, Facilities: c.Facilities, RequiresMembership: c.RequiresMembership, VAT: purchase.VAT(c.VAT),
		VATRate: c.VATRate, Expires: c.Expires, Activation: purchase.Activation(c.Activation), Prefix: c.Prefix, CodeLength: purchase.CodeLength(c.CodeLength),
		Template: c.Template,
	}
	var err error
	switch {
	case c.Punches > 0:
		product.Kind, product.Currency, product.Amount = purchase.Punches, "PUNCH", c.Punches
	case c.Open:
		product.Open = &purchase.Range{}
		if product.Open.Min, err = minor("min", c.Min, product.Currency); err == nil {
			product.Open.Max, err = minor("max", c.Max, product.Currency)
		}
	case c.Amount != "":
		product.Amount, err = minor("amount", c.Amount, product.Currency)
	default:
		err = errors.New("say what it is worth: --amount 500.00, --open or --punches 10")
	}
	return product, err
}

// minor reads a decimal of a currency in minor units; an empty one is 0.
func minor(flag, text string, currency money.Currency) (int64, error) {
	if text == "" {
		return 0, nil
	}
	amount, err := money.Read(text, currency)
	if err != nil {
		return 0, fmt.Errorf("--%s: %w", flag, err)
	}
	return amount.Minor, nil
}

package retail

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"vouchsafe/retail/language"
	"vouchsafe/retail/link"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/reach"
	"vouchsafe/retail/voucher"
)

// Errors of registering.
var (
	// ErrInvalid says what is wrong with what was to be registered, each fault with the name of its field.
	ErrInvalid = errors.New("invalid")
	// ErrExists says that there is one of that name already.
	ErrExists = orders.ErrExists
	// ErrUnknownShop says that no shop has this id.
	ErrUnknownShop = errors.New("no shop has this id")
	// ErrUnknownProduct says that no product has this SKU.
	ErrUnknownProduct = errors.New("no product has this SKU")
)

// NewShop is a webshop to be registered. Only ID, Platform and Secret are needed, and the API key where the platform's webhooks
// carry no more than an id. The rest, left empty, is the installation's.
type NewShop struct {
	ID              string
	Platform        string // "woocommerce", "standard"
	Name            string // as buyers know it
	Secret          string // of its webhooks; for "standard" whsec_ and 24 bytes in base64, else at least 8 bytes
	URL             string
	APIKey          string
	APISecret       string
	Language        string
	From            string
	Confirmation    orders.Party // Vouchsafe unless stated
	CodesBy         orders.Party // likewise
	OnlineTenders   []string
	Fields          orders.Fields
	DuplicateLogins bool
	Zone            string
	Country         string
	Holder          string
	PrivacyURL      string
	OneMail         bool   // a buyer gets all codes of an order that are for him in one mail
	RemindDays      *int   // before the last day of a voucher its buyer is reminded; 0 is never, nil the installation's
	CartLink        string // form of links into its cart, with {sku} or {id}
}

// platforms lists those that can be served, and whether their API can be asked.
func platforms() map[string]bool {
	return map[string]bool{"woocommerce": true, "standard": false}
}

var shopID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// AddShop registers a webshop. Errors: ErrInvalid, ErrExists.
func (s *Sales) AddShop(ctx context.Context, n NewShop) (orders.Shop, error) {
	return s.addShop(ctx, n, alone)
}

// addShop registers a webshop with what else belongs to it.
func (s *Sales) addShop(ctx context.Context, n NewShop, also alongside) (orders.Shop, error) {
	n.Confirmation, n.CodesBy = cmp.Or(n.Confirmation, orders.Vouchsafe), cmp.Or(n.CodesBy, orders.Vouchsafe)
	if err := n.validate(s.reach); err != nil {
		return orders.Shop{}, fmt.Errorf("register shop %.64q: %w: %w", n.ID, ErrInvalid, err)
	}
	shop := orders.Shop{
		ID: n.ID, Platform: n.Platform, Name: strings.TrimSpace(n.Name), URL: n.URL, Language: n.Language, Sender: n.From,
		Confirmation: n.Confirmation, CodesBy: n.CodesBy, OnlineTenders: n.OnlineTenders, Fields: n.Fields,
		DuplicateLogins: n.DuplicateLogins, Zone: n.Zone, Country: n.Country, Holder: n.Holder, PrivacyURL: n.PrivacyURL, OneMail: n.OneMail, RemindDays: n.RemindDays, CartLink: n.CartLink,
	}
	if err := s.sealShop(&shop, n); err != nil {
		return orders.Shop{}, err
	}
	err := outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		if err := orders.AddShop(ctx, tx, shop); err != nil {
			return err
		}
		return also(tx)
	})
	return shop, err
}

// sealShop seals what opens the shop.
func (s *Sales) sealShop(shop *orders.Shop, n NewShop) error {
	secret, err := s.ring.Seal(purposeShop, []byte(n.Secret), []byte("secret "+n.ID))
	if err != nil {
		return fmt.Errorf("seal the secret of shop %s: %w", n.ID, err)
	}
	shop.Secrets = [][]byte{secret}
	if n.APIKey == "" {
		return nil
	}
	if shop.APIKey, err = s.ring.Seal(purposeShop, []byte(n.APIKey), []byte("key "+n.ID)); err == nil {
		shop.APISecret, err = s.ring.Seal(purposeShop, []byte(n.APISecret), []byte("api secret "+n.ID))
	}
	if err != nil {
		return fmt.Errorf("seal the API key of shop %s: %w", n.ID, err)
	}
	return nil
}

// validate tells everything that is wrong.
func (n NewShop) validate(shops reach.Guard) error {
	asks, known := platforms()[n.Platform]
	return errors.Join(
		ensure(shopID.MatchString(n.ID), "id: small letters, digits, - and _, at most 63"),
		ensure(known, "platform: woocommerce or standard"),
		secretFault(n.Platform, n.Secret),
		ensure((n.APIKey == "") == (n.APISecret == ""), "api_key, api_secret: both or neither"),
		ensure(n.APIKey == "" || asks && n.URL != "", "api_key: needs a platform with an API, and its url"),
		callable(n.URL, shops),
		validDays(n.RemindDays),
		ensure(n.PrivacyURL == "" || isWebAddress(n.PrivacyURL), "privacy_url: an address that begins with https:// or http://"),
		ensure(n.CartLink == "" || link.CheckForm(n.CartLink) == nil, "cart_link: "+link.ErrForm.Error()),
		ensure(n.Language == "" || spoken(n.Language), "lang: da, sv, nb, de or en"),
		ensure(n.From == "" || isSender(n.From), `from: an address, or "Name <address>"`),
		ensure(isParty(n.Confirmation), "confirmation: vouchsafe or shop"),
		ensure(isParty(n.CodesBy), "codes_by: vouchsafe or shop"),
		ensure(n.CodesBy != orders.TheShop || n.APIKey != "", "codes_by: a shop that sends the codes needs url, api_key and api_secret"),
		ensure(!slices.Contains(n.OnlineTenders, ""), "online_tenders: a name is empty"),
		ensure(n.Zone == "" || isZone(n.Zone), "zone: an IANA time zone such as Europe/Copenhagen"),
		ensure(n.Country == "" || isCountry(n.Country), "country: AT, DE, DK, NO or SE"),
		ensure(n.Holder == "" || n.Holder == purchase.CardMode || n.Holder == purchase.CustomerMode, "balance_holder: card or customer"),
		ensure(n.Holder != purchase.CustomerMode || !n.DuplicateLogins, "balance_holder: a shop with duplicate log-ins sells bearer cards only (D07)"),
	)
}

// callable refuses a URL that this program would never call.
func callable(address string, shops reach.Guard) error {
	if address == "" {
		return nil
	}
	if err := shops.CheckURL(address); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	return nil
}

func ensure(ok bool, fault string) error {
	if ok {
		return nil
	}
	return errors.New(fault)
}

func isParty(p orders.Party) bool { return p == orders.Vouchsafe || p == orders.TheShop }

func isWebAddress(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Host != ""
}

func spoken(text string) bool {
	_, err := language.Parse(text)
	return err == nil
}

func isZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil
}

func isCountry(code string) bool {
	_, err := voucher.CountryTerm(code)
	return err == nil
}

func isSender(text string) bool {
	_, _, err := senderOf(text)
	return err == nil
}

// senderOf splits "Name <address>", or a bare address.
func senderOf(text string) (name, address string, err error) {
	parsed, err := netmail.ParseAddress(text)
	if err != nil {
		return "", "", fmt.Errorf("read a sender: %w", mail.ErrAddress)
	}
	address, err = mail.ParseAddress(parsed.Address)
	return parsed.Name, address, err
}

// RotateSecret gives a shop's webhooks a new secret. The one before stays good until the next rotation. The same secret again
// changes nothing. Errors: ErrInvalid, ErrUnknownShop.
func (s *Sales) RotateSecret(ctx context.Context, id, secret string) error {
	return s.rotateSecret(ctx, id, secret, alone)
}

// rotateSecret gives a shop a new secret with what else belongs to it.
func (s *Sales) rotateSecret(ctx context.Context, id, secret string, also alongside) error {
	sealed, err := s.ring.Seal(purposeShop, []byte(secret), []byte("secret "+id))
	if err != nil {
		return fmt.Errorf("seal the secret of shop %s: %w", id, err)
	}
	return outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		shop, err := orders.LockShop(ctx, tx, id)
		if errors.Is(err, orders.ErrNotFound) {
			return fmt.Errorf("rotate the secret of shop %.64q: %w", id, ErrUnknownShop)
		}
		if err != nil {
			return err
		}
		front, err := s.open(shop)
		if err != nil || subtle.ConstantTimeCompare([]byte(front.WebhookSecrets[0]), []byte(secret)) == 1 {
			return err // a repeat must not push out the secret that is still in use
		}
		if err := secretFault(shop.Platform, secret); err != nil {
			return fmt.Errorf("rotate the secret of shop %.64q: %w: %w", id, ErrInvalid, err)
		}
		if err := orders.ReplaceSecrets(ctx, tx, id, [][]byte{sealed, shop.Secrets[0]}); err != nil {
			return err
		}
		return also(tx)
	})
}

// Shops lists the registered shops by id, their secrets sealed.
func (s *Sales) Shops(ctx context.Context) ([]orders.Shop, error) { return s.orders.Shops(ctx) }

func (s *Sales) shop(ctx context.Context, id string) (orders.Shop, error) {
	shop, err := s.orders.Shop(ctx, id)
	if errors.Is(err, orders.ErrNotFound) {
		return orders.Shop{}, fmt.Errorf("shop %.64q: %w", id, ErrUnknownShop)
	}
	return shop, err
}

// Shopfront is a shop with what opens it in the clear, for whoever speaks with it. It prints none of that.
type Shopfront struct {
	orders.Shop
	WebhookSecrets []string
	Key, KeySecret string // of its API; "" when it can't be asked
}

// String is the shop's id: nothing of a Shopfront belongs in a log.
func (f Shopfront) String() string { return f.ID }

// GoString is the shop's id.
func (f Shopfront) GoString() string { return f.ID }

// LogValue is the shop's id.
func (f Shopfront) LogValue() slog.Value { return slog.StringValue(f.ID) }

// Shopfront opens a shop as it is now. Those who ask for one at the same time share the answer, and must not change it. Error:
// ErrUnknownShop.
func (s *Sales) Shopfront(ctx context.Context, id string) (Shopfront, error) {
	ctx = context.WithoutCancel(ctx) // reading ends by its own limit
	return s.fronts.share(id, func() (Shopfront, error) {
		shop, err := s.shop(ctx, id)
		if err != nil {
			return Shopfront{}, err
		}
		return s.open(shop)
	})
}

// open unseals what opens a shop.
func (s *Sales) open(shop orders.Shop) (Shopfront, error) {
	front := Shopfront{Shop: shop}
	for _, sealed := range shop.Secrets {
		secret, err := s.ring.Open(purposeShop, sealed, []byte("secret "+shop.ID))
		if err != nil {
			return Shopfront{}, fmt.Errorf("open the secret of shop %s: %w", shop.ID, err)
		}
		front.WebhookSecrets = append(front.WebhookSecrets, string(secret))
	}
	if !shop.CanBeAsked() {
		return front, nil
	}
	key, err := s.ring.Open(purposeShop, shop.APIKey, []byte("key "+shop.ID))
	if err != nil {
		return Shopfront{}, fmt.Errorf("open the API key of shop %s: %w", shop.ID, err)
	}
	secret, err := s.ring.Open(purposeShop, shop.APISecret, []byte("api secret "+shop.ID))
	if err != nil {
		return Shopfront{}, fmt.Errorf("open the API secret of shop %s: %w", shop.ID, err)
	}
	front.Key, front.KeySecret = string(key), string(secret)
	return front, nil
}

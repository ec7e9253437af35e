package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

// Party says who of the two does something: this program or the shop.
type Party string

// The parties.
const (
	Vouchsafe Party = "vouchsafe"
	TheShop   Party = "shop"
)

// Shop is a registered webshop. Empty settings are the installation's.
type Shop struct {
	ID              string
	Platform        string
	Name            string   // as buyers know it
	Secrets         [][]byte // of its webhooks, sealed; one, or two while one replaces the other
	URL             string   // "" when it can't be asked
	APIKey          []byte   // sealed; nil when it can't be asked
	APISecret       []byte   // likewise
	Language        string   // of mails to buyers whose order names none
	Sender          string   // of mails: an address, or "Name <address>"
	Confirmation    Party    // who confirms orders
	CodesBy         Party    // who sends the second message
	OnlineTenders   []string
	Fields          Fields
	DuplicateLogins bool // customers may share a log-in
	Zone            string
	Country         string
	Holder          string // "card", "customer" or ""
	PrivacyURL      string
	OneMail         bool       // a buyer gets all codes of an order that are for him in one mail
	RemindDays      *int       // before the last day of a voucher its buyer is reminded; 0 is never, nil the installation's
	CartLink        string     // form of links into its cart, with {sku} or {id}; "" for its platform's
	PolledUntil     *time.Time // changes before this instant were asked for; nil: never polled
	CreatedAt       time.Time
}

// CanBeAsked tells whether the shop's API can be used.
func (s Shop) CanBeAsked() bool { return s.URL != "" && s.APIKey != nil }

// Fields are the keys under which the shop keeps, on a line of an order, what the buyer asked for.
type Fields struct {
	RecipientEmail string `json:"recipient_email,omitempty"`
	RecipientName  string `json:"recipient_name,omitempty"`
	Message        string `json:"message,omitempty"`
	DeliverOn      string `json:"deliver_on,omitempty"`
	OneMail        string `json:"one_mail,omitempty"`
}

const shopColumns = `
	id,
	platform,
	name,
	secrets,
	url,
	api_key,
	api_secret,
	language,
	sender,
	confirmation,
	codes_by,
	online_tenders,
	fields,
	duplicate_logins,
	zone,
	country,
	holder,
	privacy_url,
	one_mail,
	remind_days,
	cart_link,
	polled_until,
	created_at`

const insertShop = `
INSERT INTO shop (
	id,
	platform,
	name,
	secrets,
	url,
	api_key,
	api_secret,
	language,
	sender,
	confirmation,
	codes_by,
	online_tenders,
	fields,
	duplicate_logins,
	zone,
	country,
	holder,
	privacy_url,
	one_mail,
	remind_days,
	cart_link
)
VALUES (
	@id,
	@platform,
	@name,
	@secrets,
	@url,
	@api_key,
	@api_secret,
	@language,
	@sender,
	@confirmation,
	@codes_by,
	@online_tenders,
	@fields,
	@duplicate_logins,
	@zone,
	@country,
	@holder,
	@privacy_url,
	@one_mail,
	@remind_days,
	@cart_link
)`

// AddShop registers a webshop. Error: ErrExists.
func AddShop(ctx context.Context, tx outbox.Tx, s Shop) error {
	tenders := s.OnlineTenders
	if tenders == nil {
		tenders = []string{}
	}
	_, err := tx.Exec(ctx, insertShop, pgx.NamedArgs{
		"id":               s.ID,
		"platform":         s.Platform,
		"name":             s.Name,
		"secrets":          s.Secrets,
		"url":              s.URL,
		"api_key":          s.APIKey,
		"api_secret":       s.APISecret,
		"language":         s.Language,
		"sender":           s.Sender,
		"confirmation":     string(s.Confirmation),
		"codes_by":         string(s.CodesBy),
		"online_tenders":   tenders,
		"fields":           s.Fields,
		"duplicate_logins": s.DuplicateLogins,
		"zone":             s.Zone,
		"country":          s.Country,
		"holder":           s.Holder,
		"privacy_url":      s.PrivacyURL,
		"one_mail":         s.OneMail,
		"remind_days":      s.RemindDays,
		"cart_link":        s.CartLink,
	})
	if err != nil {
		return fmt.Errorf("register shop %s: %w", s.ID, exists(err))
	}
	return nil
}

const updateSecrets = `
UPDATE
	shop
SET
	secrets = @secrets
WHERE
	id = @id`

// ReplaceSecrets sets the webhook secrets of a shop: the new one first, and the old one while it may still be in use. Error:
// ErrNotFound.
func ReplaceSecrets(ctx context.Context, tx outbox.Tx, id string, secrets [][]byte) error {
	tag, err := tx.Exec(ctx, updateSecrets, pgx.NamedArgs{"id": id, "secrets": secrets})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("replace the secrets of shop %s: %w", id, err)
	}
	return nil
}

const updateMails = `
UPDATE
	shop
SET
	one_mail = @one_mail,
	remind_days = @remind_days
WHERE
	id = @id`

// SetMails sets how a shop's buyers get their codes and whether they are reminded; nil days are the installation's. Error: ErrNotFound.
func SetMails(ctx context.Context, tx outbox.Tx, id string, oneMail bool, remindDays *int) error {
	tag, err := tx.Exec(ctx, updateMails, pgx.NamedArgs{"id": id, "one_mail": oneMail, "remind_days": remindDays})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set the mails of shop %s: %w", id, err)
	}
	return nil
}

const movePoll = `
UPDATE
	shop
SET
	polled_until = @until
WHERE
	id = @id
	AND polled_until IS NOT DISTINCT FROM @was::timestamptz`

// MovePoll notes up to when a shop's changes were asked for, if nobody else has polled it meanwhile. Error: ErrOvertaken.
func MovePoll(ctx context.Context, tx outbox.Tx, s Shop, until time.Time) error {
	tag, err := tx.Exec(ctx, movePoll, pgx.NamedArgs{"id": s.ID, "was": s.PolledUntil, "until": until})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrOvertaken
	}
	if err != nil {
		return fmt.Errorf("note the poll of shop %s: %w", s.ID, err)
	}
	return nil
}

const readShop = `
SELECT` + shopColumns + `
FROM
	shop
WHERE
	id = @id`

// Shop reads a shop. Error: ErrNotFound.
func (s *Store) Shop(ctx context.Context, id string) (Shop, error) {
	shop, err := one[Shop](ctx, s, readShop, pgx.NamedArgs{"id": id})
	if err != nil {
		return Shop{}, fmt.Errorf("read shop %.64q: %w", id, err)
	}
	return shop, nil
}

const listShops = `
SELECT` + shopColumns + `
FROM
	shop
ORDER BY
	id`

// Shops lists every shop by id.
func (s *Store) Shops(ctx context.Context) ([]Shop, error) {
	shops, err := many[Shop](ctx, s, listShops, nil)
	if err != nil {
		return nil, fmt.Errorf("list shops: %w", err)
	}
	return shops, nil
}

const readNow = `SELECT vouchsafe_now()`

// Now is the database's instant, the one that everything is stamped with.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var at time.Time
	if err := s.pool.QueryRow(ctx, readNow).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("read the instant: %w", err)
	}
	return at, nil
}

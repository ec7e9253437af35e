package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vouchsafe/gateway/relay"
	"vouchsafe/retail"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/report"
	"vouchsafe/retail/staff"
	"vouchsafe/webshop"
	"vouchsafe/webshop/standard"
)

const (
	secretBytes   = 24 // a webhook's secret that is shorter can be guessed by somebody who has one signed body
	secretSymbols = 8  // so few different ones were typed by somebody's finger on one key
)

// mail connects to the mail server and signs in.
func (i *inspection) mail(ctx context.Context) {
	if !i.config.SMTPURL.IsSet() {
		i.warn("mail", "VOUCHSAFE_SMTP_URL is not set: every mail waits until it is, unless the shops send the codes themselves")
		return
	}
	sender, err := mail.New(mail.Config{URL: i.config.SMTPURL.Reveal()})
	if err != nil {
		i.fail("mail", "%v", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	if err := sender.Check(ctx); err != nil {
		i.fail("mail", "%v; check host, port, user and password of VOUCHSAFE_SMTP_URL", err)
		return
	}
	i.ok("mail", "%s takes our mails", sender.Server())
}

// trade looks at what is sold and where.
func (i *inspection) trade(ctx context.Context) {
	i.mode(ctx)
	if i.house.ring == nil {
		i.fail("shops", "they can't be opened without the master key")
		return
	}
	if err := i.house.openSales(i.program); err != nil {
		return // the mail's line has said so
	}
	shops, err := i.house.sales.Shops(ctx)
	if err != nil {
		i.fail("shops", "they can't be read: %v", err)
		return
	}
	if len(shops) == 0 {
		i.warn("shops", "none is registered: vouchsafed shop add")
	}
	asks := relay.New(relay.Config{Sales: i.house.sales, HTTP: i.reach().Client(), Now: time.Now, Random: rand.Reader, Log: i.log})
	for _, shop := range shops {
		i.shop(ctx, asks, shop)
	}
	i.apiKeys(ctx, shops)
	i.products(ctx, retail.NewShowroom(i.house.desk, i.house.sales, asks))
	i.batches(ctx)
	i.tasks(ctx)
	i.proof(ctx)
}

// shop looks at one webshop: its secret, its sender, and what its API answers.
func (i *inspection) shop(ctx context.Context, asks *relay.Relay, shop orders.Shop) {
	subject := "shop " + shop.ID
	front, err := i.house.sales.Shopfront(ctx, shop.ID)
	if err != nil {
		i.fail(subject, "it can't be opened: %v", err)
		return
	}
	i.secret(subject, front)
	i.sender(subject, shop)
	if !shop.CanBeAsked() {
		i.unasked(subject, shop)
		i.unaskedPayment(subject, shop)
		return
	}
	i.hooks(ctx, asks, subject, front)
	i.payment(ctx, asks, subject, front)
}

// secret judges the newest secret of a shop's webhooks, and says nothing of it.
func (i *inspection) secret(subject string, front retail.Shopfront) {
	secret := front.WebhookSecrets[0]
	symbols := slices.Compact(slices.Sorted(slices.Values([]byte(secret))))
	switch {
	case front.Platform == "standard" && standard.CheckSecret(secret) != nil:
		i.fail(subject, "no webhook of it can be verified: %v; make one with echo \"whsec_$(openssl rand -base64 32)\"", standard.CheckSecret(secret))
	case len(secret) < secretBytes || len(symbols) < secretSymbols:
		i.warn(subject, "the secret of its webhooks is easy to guess: use at least %d random characters, as openssl rand -base64 32 makes, here and in the shop", secretBytes)
	default:
		i.ok(subject, "%s; its webhooks are signed with a strong secret", front.Platform)
	}
}

// sender looks whom its mails come from.
func (i *inspection) sender(subject string, shop orders.Shop) {
	sends := shop.Confirmation == orders.Vouchsafe || shop.CodesBy == orders.Vouchsafe
	if sends && shop.Sender == "" && i.config.MailFrom == "" {
		i.fail(subject, "its mails have no sender: set VOUCHSAFE_MAIL_FROM, or --from of the shop")
	}
	if sends && !i.config.SMTPURL.IsSet() {
		i.fail(subject, "its buyers wait for mails that nobody can send: set VOUCHSAFE_SMTP_URL")
	}
}

// unasked tells what is lost where a shop can't be asked.
func (i *inspection) unasked(subject string, shop orders.Shop) {
	if shop.Platform == "woocommerce" {
		i.warn(subject, "it has no API key here: webhooks that get lost are never found, since WooCommerce repeats none; add --url, --api-key and --api-secret")
	}
}

// wanted are the webhooks without which orders are only found by asking.
func wanted() []string { return []string{"order.created", "order.updated"} }

// hooks asks the shop for its webhooks: that shows the key to be good, and where they lead.
func (i *inspection) hooks(ctx context.Context, asks *relay.Relay, subject string, front retail.Shopfront) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	found, err := asks.Hooks(ctx, front)
	switch {
	case errors.Is(err, webshop.ErrUnauthorized):
		i.fail(subject, "it refuses the API key: make a new one in the shop, with the right to read and write, and register it")
		return
	case err != nil:
		i.fail(subject, "%s can't be asked: %v; check the address, and that its API is switched on", front.URL, err)
		return
	}
	here := i.config.PublicURL + relay.WebhookPath(front.ID)
	var missing []string
	for _, topic := range wanted() {
		if fault := hookFault(found, topic, here); fault != "" {
			missing = append(missing, fault)
		}
	}
	if len(missing) > 0 {
		i.warn(subject, "it answers, but %s: until that is mended, orders are only found by asking every five minutes", strings.Join(missing, "; "))
		return
	}
	i.ok(subject, "it answers, and its webhooks lead here")
}

// hookFault says what is wrong with the webhook of a topic, or nothing.
func hookFault(found []relay.Hook, topic, here string) string {
	fault := fmt.Sprintf("no webhook for %s leads to %s", topic, here)
	for _, hook := range found {
		switch {
		case hook.Topic != topic:
		case hook.URL != here:
			fault = fmt.Sprintf("its webhook for %s leads to %s and not to %s", topic, hook.URL, here)
		case hook.Status == "active":
			return ""
		default:
			fault = fmt.Sprintf("its webhook for %s is %s: switch it on in the shop", topic, hook.Status)
		}
	}
	return fault
}

// apiKeys looks whether every shop and any till can come in.
func (i *inspection) apiKeys(ctx context.Context, shops []orders.Shop) {
	keys, err := staff.NewKeys(i.house.pool, rand.Reader, time.Now).List(ctx)
	if err != nil {
		i.fail("API keys", "they can't be read: %v", err)
		return
	}
	has := func(scope staff.Scope, shop string) bool {
		return slices.ContainsFunc(keys, func(k staff.Key) bool {
			return k.RevokedAt.IsZero() && k.Scope == scope && (shop == "" || k.Shop == shop)
		})
	}
	var missing []string
	for _, shop := range shops {
		if !has(staff.Shop, shop.ID) {
			missing = append(missing, fmt.Sprintf("shop %s has none for its checkout (key add --scope shop --shop %s)", shop.ID, shop.ID))
		}
	}
	if !has(staff.Till, "") {
		missing = append(missing, "no register has one (key add --scope till --register NAME)")
	}
	if len(missing) > 0 {
		i.warn("API keys", "%s", strings.Join(missing, "; "))
		return
	}
	i.ok("API keys", "every shop and at least one register has one")
}

// products goes through the checklist that the office has for each.
func (i *inspection) products(ctx context.Context, room *retail.Showroom) {
	products, err := i.house.sales.Products(ctx)
	if err != nil {
		i.fail("products", "they can't be read: %v", err)
		return
	}
	if len(products) == 0 {
		i.warn("products", "none is registered: no line of any order is a voucher; vouchsafed product add")
		return
	}
	for _, p := range products {
		_, points, err := room.Check(ctx, p.SKU)
		if err != nil {
			i.fail("product "+p.SKU, "it can't be checked: %v", err)
			continue
		}
		i.product("product "+p.SKU, points)
	}
}

// product prints what is to be said of one product, or one line that all is well.
func (i *inspection) product(subject string, points []retail.Point) {
	sound := true
	for _, p := range points {
		text := p.Detail
		if p.Rule != nil {
			text += fmt.Sprintf(" Source: %s; no legal advice.", p.Rule.Source)
		}
		switch {
		case slices.Contains([]string{"shops", "shop", "webhooks", "mail", "mode_chosen"}, p.Check): // they have lines of their own
			continue
		case p.Grade == retail.Failed:
			i.fail(subject, "%s: %s", p.Check, text)
		case p.Grade == retail.Warning:
			i.warn(subject, "%s: %s", p.Check, text)
		default:
			continue
		}
		sound = false
	}
	if sound {
		i.ok(subject, "value, term, VAT and mode are in order, and its shops offer it so")
	}
}

// printedBy is how long a printer may take before somebody should ask why a batch is still open.
const printedBy = 14 * 24 * time.Hour

// batches tells of pre-printed vouchers whose codes can be read for longer than a printer needs.
func (i *inspection) batches(ctx context.Context) {
	open, err := report.CountOpenBatches(ctx, i.house.pool)
	switch {
	case err != nil:
		i.fail("batches", "they can't be read: %v", err)
	case open.Oldest >= printedBy:
		i.warn("batches", "%d of pre-printed vouchers are open, the oldest for %s: their codes can be read; close each when its printer has the list, with POST /v1/admin/batches/KEY/close",
			open.Batches, spoken(open.Oldest.Round(time.Minute)))
	case open.Batches > 0:
		i.ok("batches", "%d of pre-printed vouchers are open for their printer", open.Batches)
	}
}

// tasks tells what waits for a person.
func (i *inspection) tasks(ctx context.Context) {
	open, err := report.OpenTasks(ctx, i.house.pool)
	if err != nil {
		i.fail("tasks", "they can't be read: %v", err)
		return
	}
	var waiting []string
	for _, kind := range open {
		waiting = append(waiting, fmt.Sprintf("%d of kind %s, the oldest for %s", kind.Tasks, kind.Kind, spoken(kind.Oldest.Round(time.Minute))))
	}
	if len(waiting) > 0 {
		i.warn("tasks", "a person should look: %s", strings.Join(waiting, "; "))
		return
	}
	i.ok("tasks", "nothing waits for a person")
}

// proof tells what the last verification came to.
func (i *inspection) proof(ctx context.Context) {
	said, err := retail.NewInspector(retail.Inspection{Sales: i.house.sales}).Proven(ctx)
	if err != nil {
		i.fail("verify", "%v", err)
		return
	}
	i.ok("verify", "%s", said)
}

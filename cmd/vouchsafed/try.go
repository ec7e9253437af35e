package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	_ "embed"

	"vouchsafe/config"
	"vouchsafe/retail"
	"vouchsafe/retail/mail/mailbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/staff"
)

// The sample that "try" sets up.
const (
	tryFile     = "try.json" // the keys and secrets of the sample, for its owner alone
	tryShop     = "demo"
	tryProduct  = "GAVEKORT-500"
	tryRegister = "kasse-1"
)

// tryCommand runs the whole system with sample data.
type tryCommand struct{}

func (tryCommand) run(ctx context.Context, p *program) error {
	box, err := mailbox.Open("127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("open the mailbox: %w", err)
	}
	defer func() { _ = box.Close() }() // the program ends: nobody sends any more
	p.config.SMTPURL = config.NewSecret(box.URL())
	if p.config.MailFrom == "" {
		p.config.MailFrom = "Demobutikken <butik@example.com>"
	}
	if err := p.watch(ctx); err != nil {
		return err
	}
	h, err := p.openHouse(ctx, alone)
	if err != nil {
		return err
	}
	s, err := p.sample(ctx, h)
	if err != nil {
		return errors.Join(err, h.close())
	}
	d := &daemon{
		program: p, house: h, embeddedMeant: true,
		extra: map[string]http.Handler{"/try/mailbox": mailboxPage(box)},
		ready: func(address string) { s.print(p, address) },
	}
	return errors.Join(d.run(ctx), h.close(), p.watching.tracing.close())
}

// sample is what "try" made: the keys that can't be read again.
type sample struct {
	Secret   string `json:"secret"` // of the shop's webhooks, whsec_…
	ShopKey  string `json:"shop_key"`
	TillKey  string `json:"till_key"`
	AdminKey string `json:"admin_key"`
}

// sample reads the sample of an earlier run, or makes one.
func (p *program) sample(ctx context.Context, h *house) (sample, error) {
	var s sample
	if h.stores.dir == "" {
		return s, errors.New("try runs on the embedded stores: take VOUCHSAFE_DATABASE_URL and VOUCHSAFE_REDIS_URL away, or use serve")
	}
	name := filepath.Join(h.stores.dir, tryFile)
	text, err := os.ReadFile(name)
	if err == nil {
		return s, json.Unmarshal(text, &s)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return s, err
	}
	if err := s.make(ctx, h); err != nil {
		return s, fmt.Errorf("set up the sample: %w", err)
	}
	text, err = json.Marshal(s)
	if err != nil {
		return s, err
	}
	return s, writeDurably(name, string(text))
}

// make registers the sample shop, product and keys. A run that died half way may have left some.
func (s *sample) make(ctx context.Context, h *house) error {
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return err
	}
	s.Secret = "whsec_" + base64.StdEncoding.EncodeToString(key[:])
	_, err := h.sales.AddShop(ctx, retail.NewShop{
		ID: tryShop, Platform: "standard", Name: "Demobutikken", Secret: s.Secret, Language: "da",
	})
	if errors.Is(err, retail.ErrExists) {
		err = h.sales.RotateSecret(ctx, tryShop, s.Secret)
	}
	if err != nil {
		return err
	}
	_, err = h.sales.AddProduct(ctx, purchase.Product{
		SKU: tryProduct, Name: "Gavekort 500 kr.", Kind: purchase.Money, Currency: "DKK", Amount: 50000,
	})
	if err != nil && !errors.Is(err, retail.ErrExists) {
		return err
	}
	return s.makeKeys(ctx, h.keys)
}

// makeKeys makes one API key of each scope.
func (s *sample) makeKeys(ctx context.Context, keys *staff.Keys) error {
	for _, k := range []struct {
		text  *string
		grant staff.Grant
	}{
		{&s.ShopKey, staff.Grant{Scope: staff.Shop, Shop: tryShop, Name: "try"}},
		{&s.TillKey, staff.Grant{Scope: staff.Till, Register: tryRegister, MayRelease: staff.MayRelease, Name: "try"}},
		{&s.AdminKey, staff.Grant{Scope: staff.Admin, Name: "try"}},
	} {
		_, text, err := keys.Add(ctx, k.grant, commandLine)
		if err != nil {
			return err
		}
		*k.text = text
	}
	return nil
}

//go:embed try.txt
var tryText string

// print tells the newcomer what runs and what to try.
func (s sample) print(p *program, address string) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Secret, "whsec_"))
	if err != nil {
		p.log.Error("the sample's secret can't be read", "err", err)
		return
	}
	page := template.Must(template.New("try").Parse(tryText))
	err = page.Execute(p.out, map[string]string{
		"URL": address, "Shop": tryShop, "SKU": tryProduct, "HexSecret": hex.EncodeToString(raw),
		"ShopKey": s.ShopKey, "TillKey": s.TillKey, "AdminKey": s.AdminKey,
	})
	if err != nil {
		p.log.Error("the welcome could not be printed", "err", err)
	}
}

// mailOut is a mail in the trial's mailbox.
type mailOut struct {
	From        string   `json:"from"`
	To          []string `json:"to"`
	Subject     string   `json:"subject"`
	Text        string   `json:"text"`
	HTML        string   `json:"html"`
	Codes       []string `json:"codes"`
	Attachments []string `json:"attachments"`
}

// showMail reads a mail as its recipient's program would.
func showMail(m mailbox.Message) mailOut {
	out := mailOut{From: m.From, To: m.Recipients, Codes: []string{}, Attachments: []string{}}
	seen, err := m.Inspect()
	if err != nil {
		out.Text = "This mail can't be read: " + err.Error()
		return out
	}
	out.Subject, out.Text, out.HTML = seen.Subject, seen.Text, seen.HTML
	for _, f := range seen.Files {
		out.Attachments = append(out.Attachments, f.Name)
	}
	if codes, err := m.Codes(); err == nil {
		out.Codes = append(out.Codes, codes...)
	}
	return out
}

// mailboxPage shows the mails that were sent, the latest last.
func mailboxPage(box *mailbox.Mailbox) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		shown := []mailOut{}
		for _, m := range box.Messages() {
			shown = append(shown, showMail(m))
		}
		w.Header().Set("Content-Type", "application/json")
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(map[string]any{"messages": shown}) // the browser has left if this fails
	})
}

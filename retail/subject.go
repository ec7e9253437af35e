package retail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
)

// purposeSubject names the key by which the orders of a mail address are found.
const purposeSubject = "data subject"

// subjectOf is a mail address as a data subject is known by it: the domain in lower case, all else as it was written, since who is
// Anna@ and who is anna@ is for their mail server to say.
func subjectOf(email string) []byte {
	if plain, err := mail.ParseAddress(email); err == nil {
		return []byte(plain)
	}
	email = strings.TrimSpace(email)
	at := strings.LastIndexByte(email, '@')
	return []byte(email[:at+1] + strings.ToLower(email[at+1:]))
}

// subjectMAC is the digest that is kept of an address; empty for none.
func (s *Sales) subjectMAC(email string) []byte {
	subject := subjectOf(email)
	if len(subject) == 0 {
		return []byte{}
	}
	return s.ring.MAC(purposeSubject, subject)
}

// subjectMACs are the digests under all master keys.
func (s *Sales) subjectMACs(email string) [][]byte {
	return s.ring.MACs(purposeSubject, subjectOf(email))
}

// forgotten tells whether an order may not say again whom a line is for.
func (s *Sales) forgotten(p *orders.Purchase, email string) bool {
	if !p.ErasedAt.IsZero() {
		return true
	}
	if len(p.Erased) == 0 || email == "" {
		return false
	}
	return slices.ContainsFunc(s.subjectMACs(email), func(mac []byte) bool {
		return slices.ContainsFunc(p.Erased, func(erased []byte) bool { return bytes.Equal(mac, erased) })
	})
}

// subject is all places in which a person's mail address is held.
type subject struct {
	email      string
	spellings  []string // the address in lower case as it was asked for and as it is kept: domains may be spelled in two ways
	macs       [][]byte
	held       []orders.Held
	deliveries []outbox.Delivery // to the address
	bodies     []orders.Item     // that name it
	customers  []Customer        // with the address
}

// ErrNoAddress says that a person was asked for by something that is no mail address.
var ErrNoAddress = errors.New("not a mail address")

// subject finds the places of an address.
func (s *Sales) subject(ctx context.Context, email string) (*subject, error) {
	if !strings.Contains(email, "@") {
		return nil, ErrNoAddress
	}
	if err := s.nameOrders(ctx); err != nil {
		return nil, err
	}
	found := &subject{email: string(subjectOf(email)), macs: s.subjectMACs(email)}
	found.spellings = []string{strings.ToLower(found.email), strings.ToLower(strings.TrimSpace(email))}
	var err error
	if found.held, err = s.orders.Held(ctx, found.macs); err != nil {
		return nil, err
	}
	if found.customers, err = s.orders.CustomersByEmail(ctx, found.macs); err != nil {
		return nil, err
	}
	if found.deliveries, err = s.sentTo(ctx, found.email); err != nil {
		return nil, err
	}
	found.bodies, err = s.bodiesOf(ctx, found.spellings)
	return found, err
}

// nameOrders gives digests to orders that have none: those of older versions, and those of a master key that is gone.
func (s *Sales) nameOrders(ctx context.Context) error {
	for {
		rows, err := s.orders.Unnamed(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		macs := make([][]byte, len(rows))
		for i, row := range rows {
			if macs[i], err = s.macOf(row); err != nil {
				return err
			}
		}
		if err := s.orders.Name(ctx, rows, macs); err != nil {
			return err
		}
	}
}

// macOf opens what a row holds to make the digest of its address.
func (s *Sales) macOf(row orders.Unnamed) ([]byte, error) {
	if row.Unit == "" {
		var who buyer
		err := s.unseal(purposeBuyer, row.Purchase, row.Sealed, &who)
		return s.subjectMAC(who.Email), err
	}
	var asked wishes
	err := s.unseal(purposeWishes, row.Unit, row.Sealed, &asked)
	return s.subjectMAC(asked.Email), err
}

// sentTo finds the deliveries to an address. Their hashes don't tell Anna@ from anna@; as long as the recipient is kept, it does.
func (s *Sales) sentTo(ctx context.Context, email string) ([]outbox.Delivery, error) {
	hashes := s.ring.MACs(purposeRecipient, []byte(strings.ToLower(email)))
	found, err := s.outbox.SentTo(ctx, hashes)
	if err != nil {
		return nil, err
	}
	var theirs []outbox.Delivery
	for _, d := range found {
		if d.Recipient != nil {
			to, err := s.ring.Open(purposeRecipient, d.Recipient, []byte(d.ID))
			if err != nil {
				return nil, err
			}
			if !bytes.Equal(subjectOf(string(to)), []byte(email)) {
				continue
			}
		}
		theirs = append(theirs, d)
	}
	return theirs, nil
}

// bodiesOf finds the stored bodies that name an address. They are sealed and in the shops' words, so each is opened; there are some
// weeks of them, and nobody asks often.
func (s *Sales) bodiesOf(ctx context.Context, spellings []string) (found []orders.Item, err error) {
	err = s.orders.EachBody(ctx, func(item orders.Item) error {
		plain, err := s.ring.Open(purposeWebhook, item.Body, bound(item.Shop, item.Digest))
		if err != nil {
			return err
		}
		if names(plain, spellings) {
			item.Body = nil
			found = append(found, item)
		}
		return nil
	})
	return found, err
}

// names tells whether a body names an address, however its JSON spells it.
func names(body []byte, spellings []string) bool {
	var told any
	if json.Unmarshal(body, &told) != nil {
		told = string(body)
	}
	return says(told, spellings)
}

// says looks for one of some texts in all texts of a JSON value.
func says(told any, texts []string) bool {
	switch v := told.(type) {
	case string:
		v = strings.ToLower(v)
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(v, text) })
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return says(item, texts) })
	case map[string]any:
		for name, item := range v {
			if says(name, texts) || says(item, texts) {
				return true
			}
		}
	}
	return false
}

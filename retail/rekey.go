package retail

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"vouchsafe/retail/herald"
	"vouchsafe/retail/keyring"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/reseal"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// Rekeying moves an installation from one master key to the next. Everything that comes of a master key is one of these:
//
//   - sealed, and moved by Run: codes, tokens, recipients and letters of deliveries, secrets and API keys of shops, secrets of
//     subscribers, webhook bodies, buyers and
//     what they wished, people's profiles and the seeds of their one-time codes (see Sealed);
//   - a fingerprint of what is sealed beside it, and made anew with it: the code's, by which it is looked up; the token's; the recipient's; the e-mail
//     address's, by which a person signs in; those of buyers and recipients, which are left empty and made when somebody asks for them;
//   - a fingerprint of what is kept nowhere: the code of a voucher that ended so long ago that its code was shredded, and recipients
//     that were erased. They stay, and are not recognised once their key is dropped: such a code is an unknown one then;
//   - a seal of history: it names its key and stays. The next seal, under the new key, covers all that the older ones did;
//   - derived anew when a gateway starts: the key under which wrong codes are counted. The counts begin again;
//   - not made of a master key at all, and untouched: owners and holders of acts and reservations, hashes of API keys, of sessions and
//     of passwords, fingerprints of acts and orders, the journal's chain.
//
// While both keys are at hand everything that either has made is read and recognised. So a new key comes in three steps: all gateways
// get it behind the old one, so that each can read it; all get it in front, so that each writes with it; then Run, and when nothing is
// left the old one may go.
type Rekeying struct {
	Orders *orders.Store
	Ring   *keyring.Ring // the first master key is the one to move to
}

// MissingKeyError says that stored rows can't be read, since the master key that sealed them is not at hand.
type MissingKeyError struct {
	Master string // its id
	Rows   int64
}

// Error says which and how many.
func (e *MissingKeyError) Error() string {
	return fmt.Sprintf("%d stored secrets are sealed under the master key %s, which is not at hand: put it back behind the first one of "+
		"VOUCHSAFE_MASTER_KEY, and drop it when vouchsafed rekey says so", e.Rows, e.Master)
}

// Run seals anew what another key than the first has sealed, and tells of each column when it is done.
func (r Rekeying) Run(ctx context.Context, told func(reseal.Moved)) error {
	return reseal.Run(ctx, r.Orders.Pool(), r.Ring, Sealed(r.Ring), told)
}

// Left counts what other keys than the first have sealed, by the id of the key.
func (r Rekeying) Left(ctx context.Context) (map[string]int64, error) {
	held, err := reseal.Left(ctx, r.Orders.Pool(), Sealed(r.Ring))
	if err != nil {
		return nil, err
	}
	left := map[string]int64{}
	for _, h := range held {
		if h.Master != r.Ring.Writer() {
			left[h.Master] += h.Rows
		}
	}
	return left, nil
}

// Complete tells whether every master key is at hand that something needs; it is *MissingKeyError for the first that is not. It counts
// only when a key has gone since anybody counted last, and notes in the audit trail that nothing needs it any more.
func (r Rekeying) Complete(ctx context.Context, actor string) error {
	gone, err := staff.Doubtful(ctx, r.Orders.Pool(), r.Ring.Checks())
	if err != nil || len(gone) == 0 {
		return err
	}
	left, err := r.Left(ctx)
	if err != nil {
		return err
	}
	for _, master := range gone {
		if rows := left[master]; rows > 0 {
			return &MissingKeyError{Master: master, Rows: rows}
		}
	}
	return staff.Retire(ctx, r.Orders.Pool(), actor, gone...)
}

// Sealed lists every column of sealed bytes, with what they are bound to and the fingerprints that go with them.
func Sealed(ring *keyring.Ring) []reseal.Column {
	const bound = "convert_to(id::text, 'UTF8')"
	uuid := func(table, name, purpose string, marks ...reseal.Mark) reseal.Column {
		return reseal.Column{Table: table, Key: "id", Type: "uuid", Name: name, Bound: bound, Purpose: purpose, Marks: marks}
	}
	shop := func(name, what string) reseal.Column {
		return reseal.Column{Table: "shop", Key: "id", Type: "text", Name: name, Bound: "convert_to('" + what + " ' || id, 'UTF8')", Purpose: purposeShop}
	}
	body := uuid("inbox", "body", purposeWebhook)
	body.Bound = `convert_to(shop, 'UTF8') || '\x00'::bytea || digest`
	return []reseal.Column{
		uuid("voucher", "code_sealed", purposeCode, reseal.Mark{Name: "code_mac", Renew: func(old, plain []byte) ([]byte, error) { return renewCode(ring, old, plain) }}),
		uuid("voucher", "token_sealed", purposeForeign, reseal.Mark{Name: "token_mac", Renew: func(_, plain []byte) ([]byte, error) {
			return ring.MAC(purposeForeign, plain), nil
		}}),
		uuid("delivery", "recipient", purposeRecipient, reseal.Mark{Name: "recipient_hash", Renew: func(_, plain []byte) ([]byte, error) {
			return ring.MAC(purposeRecipient, []byte(strings.ToLower(string(plain)))), nil
		}}),
		uuid("delivery", "body", purposeLetter),
		shop("secrets[1]", "secret"), shop("secrets[2]", "secret"), shop("api_key", "key"), shop("api_secret", "api secret"),
		uuid("subscriber", "secrets[1]", herald.SealedSecret), uuid("subscriber", "secrets[2]", herald.SealedSecret),
		body,
		uuid("purchase", "buyer", purposeBuyer, onDemand("buyer_mac")),
		uuid("purchase_unit", "wishes", purposeWishes, onDemand("wishes_mac")),
		uuid("purchase_unit", "told", purposeTold),
		uuid("customer", "email", purposeCustomer, reseal.Mark{Name: "email_mac", Renew: func(_, plain []byte) ([]byte, error) {
			return renewAddress(ring, plain)
		}}),
		uuid("person", "profile", staff.SealedProfile, reseal.Mark{Name: "email_mac", Renew: func(_, plain []byte) ([]byte, error) {
			return staff.EmailMAC(ring, plain)
		}}),
		uuid("person", "otp_secret", staff.SealedSeed),
	}
}

// renewAddress makes the fingerprint by which a customer is found.
func renewAddress(ring *keyring.Ring, plain []byte) ([]byte, error) {
	var address string
	if err := json.Unmarshal(plain, &address); err != nil {
		return nil, fmt.Errorf("read the address of a customer: %w", err)
	}
	return ring.MAC(purposeSubject, subjectOf(address)), nil
}

// onDemand is a fingerprint that is made when somebody asks for it.
func onDemand(name string) reseal.Mark {
	return reseal.Mark{Name: name, Renew: func(_, _ []byte) ([]byte, error) { return nil, nil }}
}

// errOtherCode says that a voucher's row is known by another code than it holds.
var errOtherCode = errors.New("it is not the fingerprint of the code that is sealed beside it")

// renewCode makes the fingerprint that a code is looked up by: as one of ours or as a foreign one, whichever it was.
func renewCode(ring *keyring.Ring, old, plain []byte) ([]byte, error) {
	typed, err := voucher.Read(string(plain))
	if err != nil {
		return nil, fmt.Errorf("read the code: %w", err)
	}
	for purpose, code := range map[string]voucher.Code{purposeCode: typed.Ours, purposeForeign: typed.Foreign} {
		canonical := []byte(code.Canonical())
		if slices.ContainsFunc(ring.MACs(purpose, canonical), func(mac []byte) bool { return hmac.Equal(mac, old) }) {
			return ring.MAC(purpose, canonical), nil
		}
	}
	return nil, errOtherCode
}

package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/hold"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// A person whose words nothing else can hold by chance.
const (
	hers    = "tilde.kanarie@example.dk"
	herName = "Tilde Kanariefugl"
	herWish = "Syng som en kanariefugl"
)

// inDatabase are the tables in which a text stands, in clear or as bytes.
func (i *installation) inDatabase(texts ...string) (found []string) {
	i.t.Helper()
	pool := i.look()
	rows, _ := pool.Query(i.t.Context(), `SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		i.t.Fatal(err)
	}
	for _, table := range tables {
		for _, text := range texts {
			var held int
			err := pool.QueryRow(i.t.Context(), `SELECT count(*) FROM `+pgx.Identifier{table}.Sanitize()+` r
				WHERE strpos(lower(r::text), lower($1)) > 0 OR strpos(r::text, $2) > 0`, text, hex.EncodeToString([]byte(text))).Scan(&held)
			if err != nil {
				i.t.Fatal(err)
			}
			if held > 0 {
				found = append(found, table+" holds "+text)
			}
		}
	}
	return found
}

// inRedis are the keys that hold a text.
func (i *installation) inRedis(texts ...string) (found []string) {
	i.t.Helper()
	var url string
	for _, setting := range i.env {
		if value, ok := strings.CutPrefix(setting, "VOUCHSAFE_REDIS_URL="); ok {
			url = value
		}
	}
	client, err := hold.Open(url)
	if err != nil {
		i.t.Fatal(err)
	}
	defer client.Close()
	ctx := context.Background()
	keys, err := client.Keys(ctx, "*").Result()
	if err != nil || len(keys) == 0 {
		i.t.Fatalf("%d keys in Redis, %v", len(keys), err)
	}
	for _, key := range keys {
		held := client.Dump(ctx, key).Val()
		for _, text := range texts {
			if strings.Contains(strings.ToLower(key+held), strings.ToLower(text)) {
				found = append(found, key+" holds "+text)
			}
		}
	}
	return found
}

// A person buys a gift with a message, gets her mails, asks what is held on her, and has herself erased: nothing of her is left in
// the database or in Redis, the shop's repeats bring nothing back, and her voucher is as good at the till as before.
func TestAPersonIsErasedAndHerVoucherIsGood(t *testing.T) {
	t.Parallel()
	m := opens(t)
	office := m.does("key", "add", "--scope", "admin")
	d := m.serves()
	bought := m.woo.OrderBy(woocommercetest.Buyer{CustomerID: 4711, FirstName: "Tilde", LastName: "Kanariefugl", Email: hers, Currency: "DKK"},
		woocommercetest.Line{
			SKU: "GAVEKORT-500", Name: "Gavekort 500 kr.", Quantity: 1, Total: "500.00",
			Meta: map[string]string{"Til e-mail": hers, "Til": herName, "_gift_message": herWish},
		})
	bought.Pay()
	m.delivers(d)
	code := codes(t, m.mails(2))[0]
	d.wants(201, m.shop, "PUT", "/v1/reservations/woo:1", fmt.Sprintf(`{"code": %q, "holder": "cart-1", "due": {"amount": 10000, "currency": "DKK"}}`, code))

	person := fmt.Sprintf(`{"email": %q}`, hers)
	told := d.wants(200, office, "POST", "/v1/admin/data-subjects/export", person)
	for _, part := range []string{herName, herWish, `"4711"`, strings.ReplaceAll(code, "-", "")[12:]} {
		if !strings.Contains(told.text, part) {
			t.Errorf("the export lacks %s: %s", part, told.text)
		}
	}
	erase := fmt.Sprintf(`{"email": %q, "reason": "%s asked"}`, hers, herName)
	var erased reply
	for erased = d.asks(office, "POST", "/v1/admin/data-subjects/erase", erase); erased.status == 409; { // the last mail is just being settled
		erased = d.asks(office, "POST", "/v1/admin/data-subjects/erase", erase)
	}
	if erased.status != 200 || erased.at("erased.orders") != 1.0 || erased.at("erased.webhooks").(float64) < 1 {
		t.Fatalf("erased: %d %s", erased.status, erased.text)
	}
	gone := func(when string) {
		t.Helper()
		if found := append(m.inDatabase(hers, herName, herWish), m.inRedis(hers, herName, herWish)...); len(found) > 0 {
			t.Errorf("%s: %v", when, found)
		}
	}
	gone("after the erasure")
	bought.Touch()
	m.delivers(d)
	bought.Complete()
	m.delivers(d)
	again := d.wants(200, office, "POST", "/v1/admin/data-subjects/export", person)
	if strings.Contains(again.text, herName) || !strings.Contains(again.text, "erased_at") {
		t.Errorf("the shop told it again, and now is held: %s", again.text)
	}
	gone("after the shop told it again")
	d.wants(200, m.shop, "POST", "/v1/reservations/woo:1/capture", `{"order": "1042"}`)
	d.wants(201, m.till, "PUT", "/v1/redemptions/kasse1:1", fmt.Sprintf(`{"code": %q, "amount": {"amount": 20000, "currency": "DKK"}, "receipt": "1"}`, code))
	if strings.Contains(d.log.String(), hers) || strings.Contains(d.log.String(), herName) {
		t.Error("the log names her")
	}
	d.stops()
	if said := m.does("verify"); !strings.HasPrefix(said, "Sound") {
		t.Errorf("verify says %s", said)
	}
}

// What was kept of a seal outside proves, with the program alone, that nothing was cut off or written anew.
func TestAKeptSealFindsThatHistoryWasCutOff(t *testing.T) {
	t.Parallel()
	m := opens(t)
	office := m.does("key", "add", "--scope", "admin")
	m.does("verify") // seals what is sound
	d := m.serves()
	seals := d.wants(200, office, "GET", "/v1/admin/audit/seals", "").text
	d.stops()
	kept := filepath.Join(t.TempDir(), "seals.json")
	if err := os.WriteFile(kept, []byte(seals), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := m.does("verify", "--head", kept); !strings.HasPrefix(said, "Sound") {
		t.Errorf("verify says %s", said)
	}
	m.writes(`BEGIN; ALTER TABLE seal DISABLE TRIGGER USER; ALTER TABLE sealed_head DISABLE TRIGGER USER; ALTER TABLE audit DISABLE TRIGGER USER;
		ALTER TABLE audit_link DISABLE TRIGGER USER;
		DELETE FROM seal; DELETE FROM sealed_head; DELETE FROM audit_link; DELETE FROM audit;
		UPDATE audit_chain SET seq = 0, hash = decode(repeat('00', 32), 'hex');
		ALTER TABLE seal ENABLE TRIGGER USER; ALTER TABLE sealed_head ENABLE TRIGGER USER; ALTER TABLE audit ENABLE TRIGGER USER;
		ALTER TABLE audit_link ENABLE TRIGGER USER; COMMIT`)
	said, err := m.tries("verify", "--head", kept)
	if err == nil || !strings.Contains(said, "BROKEN  a seal that was kept outside is there: seal 1: history was cut off before it") {
		t.Errorf("verify says %v\n%s", err, said)
	}
	if err := os.WriteFile(kept, []byte(`{"msg": "serving"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := m.tries("verify", "--head", kept); err == nil || !strings.Contains(said, "holds no seal") {
		t.Errorf("of a file without a seal verify says %v\n%s", err, said)
	}
}

package main

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A customer with an account is exported, whatever he is called; and found by his address under another master key, when the one that
// it was sealed under is gone (K1).
func TestACustomerIsExportedAndOutlivesAMasterKey(t *testing.T) {
	t.Parallel()
	k := opensKiosk(t)
	k.does("shop", "add", "--id", "demo", "--platform", "standard", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "--one-mail", "--remind-days", "21")
	d := k.serves()
	if shops := d.wants(200, k.office, "GET", "/v1/admin/shops", "").text; !strings.Contains(shops, `"one_mail":true`) || !strings.Contains(shops, `"remind_days":21`) {
		t.Errorf("the shop is %s", shops)
	}
	known := d.wants(200, k.office, "PUT", "/v1/admin/customers/=7?shop=demo", `{"email": "anna@example.dk", "member_until": "2030-01-31", "wallet_id": "W-7"}`)
	d.wants(200, k.office, "PUT", "/v1/admin/customers/8?shop=demo", `{"wallet_id": "W-8"}`)
	d.wants(201, k.office, "PUT", "/v1/adjustments/a:1", `{"customer": "W-7", "delta": {"amount": 12350, "currency": "DKK"}, "reason": "a gift"}`)
	lines, err := csv.NewReader(strings.NewReader(k.does("export", "customers"))).ReadAll()
	if err != nil || len(lines) != 3 {
		t.Fatalf("exported %q, %v", lines, err)
	}
	want := []string{"demo", "'=7", "W-7", "2030-01-31", "123.50", "0.00", "DKK"}
	if diff := cmp.Diff(want, lines[1][1:]); diff != "" || lines[1][0] != known.at("id") || lines[2][2] != "8" || lines[2][5] != "" {
		t.Errorf("exported %q (-want +got):\n%s", lines, diff)
	}
	d.stops()
	k.env = append(k.env, master(2, 1))
	if said := k.does("rekey"); !strings.Contains(said, "the others may be dropped") {
		t.Errorf("rekey says %s", said)
	}
	k.env = append(k.env, master(2))
	d = k.serves()
	if told := d.wants(200, k.office, "POST", "/v1/admin/data-subjects/export", `{"email": "anna@Example.dk"}`); !strings.Contains(told.text, `"customer":"=7"`) {
		t.Errorf("by her address: %s", told.text)
	}
	if shown := d.wants(200, k.office, "GET", "/v1/admin/customers/W-7", ""); shown.at("email") != "anna@example.dk" {
		t.Errorf("she is %s", shown.text)
	}
	d.stops()
	k.isSound(d, nil)
}

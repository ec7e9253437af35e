package admin_test

import (
	"strings"
	"testing"
)

// goodShop is a shop with all the fields that there are.
func goodShop(change ...string) string {
	fields := map[string]string{
		"id": `"butik"`, "platform": `"woocommerce"`, "name": `"Butikken"`, "secret": `"wh-hemmelig-rT9vQ2xW7mK4pL8n"`, "url": `"https://butik.example"`,
		"api_key": `"ck-hemmelig"`, "api_secret": `"cs-hemmelig"`, "lang": `"da"`, "from": `"Butikken <gave@butik.example>"`,
		"confirmation": `"shop"`, "codes_by": `"shop"`, "online_tenders": `["quickpay"]`,
		"fields": `{"recipient_email":"Mail","recipient_name":"Til","message":"Hilsen","deliver_on":"Dato"}`,
		"zone":   `"Europe/Copenhagen"`, "country": `"DK"`, "balance_holder": `"card"`, "privacy_url": `"https://butik.example/privat"`,
	}
	for i := 0; i < len(change); i += 2 {
		if fields[change[i]] = change[i+1]; change[i+1] == "" {
			delete(fields, change[i])
		}
	}
	var text []string
	for name, value := range fields {
		text = append(text, `"`+name+`":`+value)
	}
	return members(text...)
}

func TestAShopIsRegisteredAndShownWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	h := open(t)
	const path = "/v1/admin/shops"
	want := `{"id":"butik","platform":"woocommerce","name":"Butikken","url":"https://butik.example","lang":"da",
		"from":"Butikken <gave@butik.example>","confirmation":"shop","codes_by":"shop","online_tenders":["quickpay"],
		"fields":{"recipient_email":"Mail","recipient_name":"Til","message":"Hilsen","deliver_on":"Dato"},"zone":"Europe/Copenhagen",
		"country":"DK","balance_holder":"card","privacy_url":"https://butik.example/privat","webhooks":"/v1/shops/butik/webhooks",
		"secrets":1,"can_be_asked":true,"polled_until":null,"created_at":"*"}`
	made := h.office.asks("POST", path, goodShop()).wants(201, want)
	listed := h.office.asks("GET", path+"?q=butik", "").wants(200, `{"next_cursor":null,"items":[`+want+`]}`)
	for _, answer := range []string{made.text, listed.text, h.noted("shop butik"), h.reads(`SELECT s::text FROM shop s WHERE id = 'butik'`)} {
		if strings.Contains(answer, "hemmelig") {
			t.Errorf("a secret is shown: %s", answer)
		}
	}
	if got, want := h.noted("shop butik"), `add_shop {"url": "https://butik.example", "platform": "woocommerce"}`; got != want {
		t.Errorf("the audit trail says %s, want %s", got, want)
	}
	h.office.lists(path, "id", "butik demo", "limit", "1")
	h.untouched("a second shop of the id", func() { h.office.asks("POST", path, goodShop()).refuses(409, "already_exists") })
}

func TestAShopThatMakesNoSenseIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, tt := range []struct {
		name   string
		change []string
		field  string
	}{
		{"an id in capitals", []string{"id", `"Butik"`}, "id"},
		{"no secret", []string{"secret", ""}, "secret"},
		{"an empty secret", []string{"secret", `""`}, "secret"},
		{"a secret of blanks", []string{"secret", `"            "`}, "secret"},
		{"a secret with a line end", []string{"secret", `"wh-hemmelig-rT9vQ2xW7mK4pL8n\n"`}, "secret"},
		{"a secret that is soon guessed", []string{"secret", `"hemmeli"`}, "secret"},
		{"another platform", []string{"platform", `"magento"`}, "platform"},
		{"a key without its secret", []string{"api_secret", ""}, "api_key"},
		{"an API without an address", []string{"url", ""}, "api_key"},
		{"an address that is none", []string{"url", `"butik.example"`}, "url"},
		{"another language", []string{"lang", `"fr"`}, "lang"},
		{"a sender that is none", []string{"from", `"Butikken"`}, "from"},
		{"another party", []string{"confirmation", `"both"`}, "confirmation"},
		{"codes by a shop that can't be asked", []string{"api_key", "", "api_secret", ""}, "codes_by"},
		{"a tender without a name", []string{"online_tenders", `[""]`}, "online_tenders[0]"},
		{"another zone", []string{"zone", `"Copenhagen"`}, "zone"},
		{"another country", []string{"country", `"FR"`}, "country"},
		{"D07: shared log-ins and customer mode", []string{"duplicate_logins", "true", "balance_holder", `"customer"`}, "balance_holder"},
		{"a field that there is not", []string{"secrets", "2"}, "secrets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.untouched(tt.name, func() {
				got := h.office.asks("POST", "/v1/admin/shops", goodShop(tt.change...)).has(400, members(says("code", "invalid_request"), says("field", tt.field)))
				if strings.Contains(got.text, "hemmelig") {
					t.Errorf("a secret is shown: %s", got.text)
				}
			})
		})
	}
}

// Two secrets work while one replaces the other; a repeat does not push out the one that is still in use.
func TestAWebhookSecretIsRotated(t *testing.T) {
	t.Parallel()
	h := open(t)
	opens := func() string {
		front, err := h.sales.Shopfront(t.Context(), "demo")
		h.must(err)
		return strings.Join(front.WebhookSecrets, " ")
	}
	rotates := func(secret string) *reply {
		return h.office.asks("POST", "/v1/admin/shops/demo/secret", members(says("secret", secret)))
	}
	const second, third = "second-9vQ2xW7mK4pL8nB3cZ", "third-9vQ2xW7mK4pL8nB3cZ"
	rotates(second).has(200, `{"id":"demo","secrets":2}`)
	if got, want := opens(), second+" "+hookSecret; got != want {
		t.Errorf("the secrets are %q, want %q", got, want)
	}
	h.untouched("the same secret again", func() { rotates(second).has(200, `{"secrets":2}`) })
	rotates(third).has(200, `{"secrets":2}`)
	if got, want := opens(), third+" "+second; got != want {
		t.Errorf("the secrets are %q, want %q", got, want)
	}
	if got, want := h.noted("shop demo"), "rotate_secret {}\nrotate_secret {}"; got != want {
		t.Errorf("the audit trail says %q, want %q", got, want)
	}
	for _, bad := range []string{"", "short", second + "\n"} {
		h.untouched("no secret", func() { rotates(bad).refuses(400, "invalid_request", says("field", "secret")) })
	}
}

// A shop that signs Standard Webhooks has a secret that they can be signed with, from the first and after each rotation. One that was
// stored before that was asked for stays good.
func TestASecretOfStandardWebhooksIsWhatTheySignWith(t *testing.T) {
	t.Parallel()
	h := open(t)
	registers := func(id, secret string) *reply {
		return h.office.asks("POST", "/v1/admin/shops", members(says("id", id), says("platform", "standard"), says("secret", secret)))
	}
	rotates := func(secret string) *reply {
		return h.office.asks("POST", "/v1/admin/shops/anden/secret", members(says("secret", secret)))
	}
	registers("anden", standardSecret).has(201, `{"secrets":1}`)
	for _, bad := range []string{"s", hookSecret, "whsec_", "whsec_c2hvcnQ=", "whsec_?fKQ9r8GKYqrTwjUPD8ILPZIo2LaLjSw"} {
		h.untouched("a secret that nothing can be signed with", func() {
			for _, refused := range []*reply{registers("tredje", bad), rotates(bad)} {
				refused.refuses(400, "invalid_request", says("field", "secret")).explains("whsec_")
			}
		})
	}
	h.runs(`UPDATE shop SET platform = 'standard' WHERE id = $1`, "demo")
	h.office.asks("POST", "/v1/admin/shops/demo/secret", members(says("secret", hookSecret))).has(200, `{"secrets":1}`)
	rotates("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo").has(200, `{"secrets":2}`)
}

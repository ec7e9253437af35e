package admin_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"vouchsafe/retail/points"
)

// whole is a programme that rules all there is to rule.
const whole = `"opens":"2026-01-01","closes":"2027-12-31","lifetime_days":365,"welcome_mail":true,
	"rates":[{"points":100,"value":{"amount":100,"currency":"DKK"}},{"since":"2027-01-01","points":100,"value":{"amount":200,"currency":"DKK"}}],
	"rules":[
		{"event":"order","points":1,"per":{"amount":1000,"currency":"DKK"},"only":{"categories":["tea"],"without":["TEA-0"]},"per_order":500,"per_product":100},
		{"event":"signup","points":100},{"event":"review_product","points":25,"only":{"skus":["TEA-1"]}},
		{"event":"review_article","points":10},{"event":"referral","points":200}],
	"spending":{"per_order":5000,"per_product":1000,"only":{"without":["SALE"]},"groups":["gold"]},
	"rewards":[{"name":"billet","points":500},{"name":"gavekort","points":1000,"sku":"CARD-500"}],
	"shown":{"account":true,"product":false,"review":false,"checkout":true,"confirmation":false}`

// rules puts a programme in the place of a version.
func (c *caller) rules(version int, of ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/admin/loyalty", members(append(of, fmt.Sprintf(`"version":%d`, version))...))
}

func (c *caller) programme() *reply {
	c.h.t.Helper()
	return c.asks("GET", "/v1/admin/loyalty", "")
}

// decided is all that the merchant has decided about points: equal before and after, nothing was changed.
func (h *house) decided() string {
	h.t.Helper()
	return h.reads(`SELECT concat_ws(' ',
		(SELECT count(*) FROM loyalty_programme),
		(SELECT count(*) FROM loyalty_answer),
		(SELECT md5(coalesce(string_agg(s::text, ',' ORDER BY s.customer), '')) FROM customer_standing s),
		(SELECT count(*) FROM customer))`)
}

// undecided runs what must change nothing.
func (h *house) undecided(what string, run func()) {
	h.t.Helper()
	before := h.decided()
	h.unchanged(what, run)
	if after := h.decided(); after != before {
		h.t.Errorf("%s changed something: %s, then %s", what, before, after)
	}
}

// P01, P07, P08, P13, P17: the whole programme is put, read as it was put, and put again without any change.
func TestTheOfficeRulesTheProgramme(t *testing.T) {
	t.Parallel()
	h := open(t)
	none := `"shown":{}`
	h.office.programme().wants(200, members(`"version":0`, `"by":null`, `"at":null`, `"shown":{}`))
	h.office.rules(0, whole).wants(200, members(`"version":1`, says("by", "office (key id-of-admin)"), `"at":"*"`, shownOnly(whole)))
	got := h.office.programme().wants(200, members(`"version":1`, `"by":"*"`, `"at":"*"`, shownOnly(whole)))
	h.undecided("the same again", func() {
		h.office.rules(1, whole).has(200, `{"version":1}`)
		h.office.rules(0, whole).has(200, `{"version":1}`) // the answer was lost
	})
	var read map[string]any
	h.must(json.Unmarshal([]byte(got.text), &read))
	delete(read, "by")
	delete(read, "at")
	again, err := json.Marshal(read)
	h.must(err)
	h.undecided("what was read, put", func() { h.office.asks("PUT", "/v1/admin/loyalty", string(again)).has(200, `{"version":1}`) })

	h.office.rules(1, none).wants(200, members(`"version":2`, `"by":"*"`, `"at":"*"`, `"shown":{}`)) // P01: the module is off again
	h.office.asks("GET", "/v1/admin/loyalty/versions", "").has(200, `{"next_cursor":null}`)
	if got := h.office.items("/v1/admin/loyalty/versions", "version"); len(got) != 2 {
		t.Errorf("versions %v", got)
	}
	if got, want := h.trailOf("loyalty programme"), `put_loyalty_programme{"version": 1} put_loyalty_programme{"version": 2}`; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
	for _, edit := range []string{`UPDATE loyalty_programme SET put_by = 'x'`, `DELETE FROM loyalty_programme`} {
		if _, err := h.pool.Exec(t.Context(), edit); err == nil {
			t.Errorf("a version can be rewritten: %s", edit)
		}
	}
}

// shownOnly is a programme as it is answered, which leaves out what is off.
func shownOnly(programme string) string {
	return strings.NewReplacer(`"product":false,`, "", `"review":false,`, "", `,"confirmation":false`, "").Replace(programme)
}

// P07: of two who change the same version one is told so, also at the same moment.
func TestAProgrammeThatWasChangedMeanwhileIsNotReplaced(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.rules(0, whole).has(200, `{"version":1}`)
	h.undecided("a version that is not in force", func() {
		h.office.rules(0, `"lifetime_days":7`).refuses(409, "changed_meanwhile", `"version":1`)
		h.office.rules(7, `"lifetime_days":7`).refuses(409, "changed_meanwhile", `"version":1`)
	})
	var crowd sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		crowd.Go(func() {
			body := members(`"version":1`, fmt.Sprintf(`"lifetime_days":%d`, i+1))
			if got, err := h.office.tries(t.Context(), "PUT", "/v1/admin/loyalty", body); err == nil {
				statuses[i] = got.status
			}
		})
	}
	crowd.Wait()
	won := 0
	for _, status := range statuses {
		switch status {
		case 200:
			won++
		case 409:
		default:
			t.Errorf("somebody was answered %d", status)
		}
	}
	if versions := h.reads(`SELECT count(*)::text FROM loyalty_programme`); won != 1 || versions != "2" {
		t.Errorf("%d of %d have changed version 1, and there are %s versions", won, len(statuses), versions)
	}
}

// P01, P08: days are those of the merchant's zone, the last one whole.
func TestTheDaysOfAProgrammeAreTheMerchants(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.rules(0, `"opens":"2026-06-01","closes":"2026-12-31","rates":[{"since":"2026-12-01","points":1,"value":{"amount":1,"currency":"DKK"}}]`).has(200, `{"version":1}`)
	version, p, err := points.Programme(t.Context(), h.pool)
	h.must(err)
	got := fmt.Sprint(version, p.Opens.UTC(), p.Closes.UTC(), p.Rates[0].Since.UTC())
	if want := "1 2026-05-31 22:00:00 +0000 UTC 2026-12-31 23:00:00 +0000 UTC 2026-11-30 23:00:00 +0000 UTC"; got != want {
		t.Errorf("stored %s, want %s", got, want)
	}
}

// P07: what can't be meant is refused, naming the field, and changes nothing.
func TestAProgrammeThatCannotBeMeantIsRefusedByField(t *testing.T) {
	t.Parallel()
	h := open(t)
	const dkk1 = `{"amount":1,"currency":"DKK"}`
	rate := func(more string) string { return `"rates":[{"points":1,"value":` + dkk1 + `}` + more + `]` }
	h.undecided("a bad programme", func() {
		for _, tt := range []struct{ field, body string }{
			{"version", `"lifetime_days":1`},
			{"version", `"version":-1`},
			{"more", `"version":0,"more":1`},
			{"by", `"version":0,"by":"me"`},
			{"opens", `"version":0,"opens":"2026-02-30"`},
			{"opens", `"version":0,"opens":"0026-02-03"`},
			{"opens", `"version":0,"opens":null`},
			{"closes", `"version":0,"opens":"2026-02-02","closes":"2026-02-01"`},
			{"closes", `"version":0,"closes":"tomorrow"`},
			{"lifetime_days", `"version":0,"lifetime_days":-1`},
			{"lifetime_days", `"version":0,"lifetime_days":36501`},
			{"lifetime_days", `"version":0,"lifetime_days":1.5`},
			{"rates[0].points", `"version":0,"rates":[{"points":0,"value":` + dkk1 + `}]`},
			{"rates[0].value", `"version":0,"rates":[{"points":1}]`},
			{"rates[0].value.amount", `"version":0,"rates":[{"points":1,"value":{"amount":0,"currency":"DKK"}}]`},
			{"rates[0].value.currency", `"version":0,"rates":[{"points":1,"value":{"amount":1,"currency":"POINT"}}]`},
			{"rates[0].value.currency", `"version":0,"rates":[{"points":1,"value":{"amount":1,"currency":"XYZ"}}]`},
			{"rates[1].since", `"version":0,` + rate(`,{"since":"soon","points":1,"value":`+dkk1+`}`)},
			{"rates[1].since", `"version":0,` + rate(`,{"points":1,"value":`+dkk1+`}`)},
			{"rates[1].value", `"version":0,` + rate(`,{"since":"2026-01-01","points":1,"value":{"amount":1,"currency":"EUR"}}`)},
			{"rates[0].value", `"version":0,` + rate("") + `,"rules":[{"event":"order","points":1,"per":{"amount":1,"currency":"SEK"}}]`},
			{"rates[0].value.amount", `"version":0,"rates":[{"points":1,"value":{"amount":1000001,"currency":"DKK"}}]`},
			{"rules[0].points", `"version":0,"rules":[{"event":"order","points":1000000000,"per":` + dkk1 + `}]`},
			{"rules[0].points", `"version":0,"rules":[{"event":"signup","points":1000000001}]`},
			{"rules[0].event", `"version":0,"rules":[{"event":"birthday","points":1}]`},
			{"rules[0].event", `"version":0,"rules":[{"event":"manual","points":1}]`},
			{"rules[1].event", `"version":0,"rules":[{"event":"signup","points":1},{"event":"signup","points":2}]`},
			{"rules[0].points", `"version":0,"rules":[{"event":"signup","points":0}]`},
			{"rules[0].points", `"version":0,"rules":[{"event":"signup","points":"1"}]`},
			{"rules[0].per", `"version":0,"rules":[{"event":"order","points":1}]`},
			{"rules[0].per", `"version":0,"rules":[{"event":"signup","points":1,"per":` + dkk1 + `}]`},
			{"rules[0].per.amount", `"version":0,"rules":[{"event":"order","points":1,"per":{"amount":-1,"currency":"DKK"}}]`},
			{"rules[0].per_order", `"version":0,"rules":[{"event":"signup","points":1,"per_order":5}]`},
			{"rules[0].only.skus[0]", `"version":0,"rules":[{"event":"signup","points":1,"only":{"skus":[""]}}]`},
			{"spending.per_order", `"version":0,"spending":{"per_order":-1}`},
			{"spending.groups[0]", `"version":0,"spending":{"groups":[""]}`},
			{"rewards[0].name", `"version":0,"rewards":[{"name":"","points":1}]`},
			{"rewards[1].name", `"version":0,"rewards":[{"name":"a","points":1},{"name":"a","points":2}]`},
			{"rewards[0].points", `"version":0,"rewards":[{"name":"a"}]`},
			{"rewards[0].sku", `"version":0,"rewards":[{"name":"a","points":1,"sku":"NONE"}]`},
			{"rewards[0].points", `"version":0,"rewards":[{"name":"a","sku":"CARD-500"}]`},
			{"shown.shelf", `"version":0,"shown":{"shelf":true}`},
		} {
			h.blames(h.office.asks("PUT", "/v1/admin/loyalty", members(tt.body)), tt.field, tt.body)
		}
	})
}

// blames checks that an answer refuses a field.
func (h *house) blames(got *reply, field, what string) {
	h.t.Helper()
	if named, _ := got.fields()["field"].(string); got.status != 400 || named != field {
		h.t.Errorf("%s: %d %s; want 400 naming %s", what, got.status, got.text, field)
	}
}

// P15: the office says how the programme treats each customer.
func TestTheOfficeSaysHowACustomerIsTreated(t *testing.T) {
	t.Parallel()
	h := open(t)
	const path = "/v1/admin/loyalty/customers/"
	h.office.asks("GET", path+"7?shop=demo", "").refuses(404, "not_found")
	usual := `"id":"*","shop":"demo","customer":"7","excluded":false,"percent":100,"group":""`
	h.office.asks("PUT", path+"7?shop=demo", "{}").wants(200, members(usual))
	gold := h.office.asks("PUT", path+"7?shop=demo", `{"percent":150,"group":"gold"}`).wants(200, `{"id":"*","shop":"demo","customer":"7","excluded":false,"percent":150,"group":"gold"}`)
	h.undecided("the same again", func() { h.office.asks("PUT", path+"7", `{"percent":150,"group":"gold"}`).has(200, `{"percent":150}`) })
	id := gold.at("id")
	standing, group, err := points.Standing(t.Context(), h.pool, id)
	h.must(err)
	if standing.Excluded || standing.Percent != 150 || group != "gold" {
		t.Errorf("stored %+v, %q", standing, group)
	}
	h.office.asks("PUT", path+id, `{"excluded":true}`).has(200, `{"excluded":true,"percent":100,"group":""}`)
	h.office.asks("GET", path+"7?shop=demo", "").has(200, `{"excluded":true,"percent":100}`)
	if got, want := h.trailOf(id), `set_standing{"group": "gold", "percent": 150, "excluded": false} set_standing{"group": "", "percent": 100, "excluded": true}`; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
	h.office.asks("PUT", "/v1/admin/customers/7?shop=demo", members(says("email", "anna@example.dk"))).has(200, `{"customer":"7"}`)
	h.office.asks("POST", "/v1/admin/data-subjects/export", members(says("email", "anna@example.dk"))).
		has(200, members(`"points_standings":[{"id":"*","shop":"demo","customer":"7","excluded":true,"percent":100,"group":""}]`))
	h.undecided("a bad standing", func() {
		for _, tt := range []struct{ field, path, body string }{
			{"percent", "7", `{"percent":0}`},
			{"percent", "7", `{"percent":1001}`},
			{"percent", "7", `{"percent":"100"}`},
			{"excluded", "7", `{"excluded":1}`},
			{"group", "7", members(says("group", strings.Repeat("x", 65)))},
			{"more", "7", `{"more":1}`},
		} {
			h.blames(h.office.asks("PUT", path+tt.path, tt.body), tt.field, tt.body)
		}
		h.office.asks("PUT", path+"8?shop=nowhere", `{"percent":50}`).refuses(404, "not_found")
		h.office.asks("PUT", path+"8", `{"percent":50}`).refuses(404, "not_found") // of no named shop nobody is registered
	})
}

// P15, D17: who was merged into another is treated as that one.
func TestAMergedCustomerIsTreatedAsTheOther(t *testing.T) {
	t.Parallel()
	h := open(t)
	const path = "/v1/admin/loyalty/customers/"
	gone := h.office.asks("PUT", path+"7?shop=demo", `{"percent":50}`).at("id")
	stays := h.office.asks("PUT", path+"8?shop=demo", `{"percent":200}`).at("id")
	h.office.asks("POST", "/v1/admin/customers/"+gone+"/merge", members(says("into", stays), because)).has(200, `{"customer":"8"}`)
	h.office.asks("GET", path+"7?shop=demo", "").has(200, `{"customer":"7","percent":200}`)
	h.office.asks("PUT", path+"7?shop=demo", `{"percent":300}`).has(200, `{"customer":"7","percent":300}`)
	h.office.asks("GET", path+"8?shop=demo", "").has(200, `{"percent":300}`)
}

// P11: what may be shown of points is served, by place, with meaning and example. P12: a shop's own template is compared with it.
func TestAShopsOwnTemplatesAreLinted(t *testing.T) {
	t.Parallel()
	h := open(t)
	type variable struct{ Name, Meaning, Example string }
	var served struct {
		Items []struct {
			Context   string
			Variables []variable
		}
		Answers []variable
	}
	h.must(json.Unmarshal([]byte(h.office.asks("GET", "/v1/admin/loyalty/variables", "").text), &served))
	if len(served.Items) != 5 || len(served.Answers) < 10 {
		t.Fatalf("served %+v", served)
	}
	h.undecided("a lint", func() {
		for _, place := range served.Items {
			var template strings.Builder
			for _, v := range place.Variables {
				if v.Meaning == "" || v.Example == "" {
					t.Errorf("%s: %+v says too little", place.Context, v)
				}
				fmt.Fprintf(&template, "<td>{$%s}</td>\n", v.Name)
			}
			lint := func(template string) *reply {
				return h.office.asks("POST", "/v1/admin/loyalty/lint", members(says("context", place.Context), says("template", template)))
			}
			lint(template.String()).wants(200, `{"missing":[],"unknown":[]}`)
			if got := lint("<p>{{ product.name }}</p>"); strings.Count(got.text, `"meaning"`) != len(place.Variables) {
				t.Errorf("%s: an empty template lacks %s", place.Context, got.text)
			}
		}
		h.office.asks("POST", "/v1/admin/loyalty/lint", `{"context":"review","template":"{{ point_earned }} {{ title }}"}`).
			wants(200, `{"missing":[{"name":"points_earned","meaning":"*","example":"*"}],"unknown":["point_earned"]}`)
		h.blames(h.office.asks("POST", "/v1/admin/loyalty/lint", `{"context":"shelf","template":""}`), "context", "no place")
		h.blames(h.office.asks("POST", "/v1/admin/loyalty/lint", `{"context":"review"}`), "template", "no template")
		h.blames(h.office.asks("POST", "/v1/admin/loyalty/lint", members(says("context", "review"), says("template", strings.Repeat("x", 60001)))), "template", "too long")
	})
}

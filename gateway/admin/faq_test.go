package admin_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail/purchase"
)

// answer puts a question's text.
func (c *caller) answers(place string, of ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/admin/loyalty/faq/"+place, members(of...))
}

// kept is a question as the office sees it.
type kept struct {
	Entry, Question, Answer string
	Version                 int
	Approved, Shown         bool
	Missing                 []string
}

// faq reads the questions as the office keeps them.
func (h *house) faq(language string) (all []kept) {
	h.t.Helper()
	var page struct{ Items []kept }
	h.must(json.Unmarshal([]byte(h.office.asks("GET", "/v1/admin/loyalty/faq?language="+language, "").text), &page))
	return page.Items
}

// P22: seventeen questions in Danish and English are drafts until the merchant approves them, and filled in from the programme.
func TestQuestionsAreShownOnceTheMerchantHasApprovedThem(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.rules(0, whole).has(200, `{"version":1}`)
	for _, language := range []string{"da", "en"} {
		drafts := h.faq(language)
		if len(drafts) != 17 {
			t.Fatalf("%s: %d questions", language, len(drafts))
		}
		for i, d := range drafts {
			if d.Approved || d.Shown || d.Version != 0 || len(d.Missing) != 0 || d.Entry != h.faq("en")[i].Entry {
				t.Errorf("%s: %+v", language, d)
			}
		}
		h.shop.asks("GET", "/v1/faq?language="+language, "").wants(200, members(says("language", language), `"items":[]`))
		for _, d := range drafts {
			h.office.answers(language+"/"+d.Entry, says("question", d.Question), says("answer", d.Answer), `"approved":true`).
				has(200, `{"version":1,"approved":true,"shown":true,"missing":[],"by":"office (key id-of-admin)"}`)
		}
		told := h.shop.asks("GET", "/v1/faq?language="+language, "")
		if strings.Count(told.text, `"question"`) != 17 || strings.Contains(told.text, "{{") {
			t.Errorf("%s: %s", language, told.text)
		}
	}
	told := h.shop.asks("GET", "/v1/faq", "").has(200, `{"language":"da"}`).text // the shop's own language
	for _, text := range []string{
		"En tak fra Byens Bøger,", "får du 100\u00a0point, én gang", "Du får 1\u00a0point, hver gang varerne koster 10,00\u00a0kr.,",
		"Lige nu er 100\u00a0point 1,00\u00a0kr. værd", "Op til 5.000\u00a0point på", "gælder i 365\u00a0dage", "Til billet, gavekort.",
	} {
		if !strings.Contains(told, text) {
			t.Errorf("%q is not in %s", text, told)
		}
	}
	h.till.asks("GET", "/v1/faq", "").refuses(403, "channel_not_allowed")
	h.blames(h.shop.asks("GET", "/v1/faq?language=sv", ""), "language", "a language that there is not")
	if got := h.trailOf("faq da/welcome"); got != `approve_faq_answer{"version": 1}` {
		t.Errorf("audited %q", got)
	}
}

// P02 P22 X17: points are there when the answers say so, of an order that is not paid yet too, and go with it.
func TestP22PointsAreThereWhenTheAnswersSaySo(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	for language, says := range map[string]string{
		"da": "Når vi har registreret dit køb, som regel med det samme. Bliver ordren annulleret, eller returnerer du varerne, bliver pointene trukket tilbage.",
		"en": "When we have registered your purchase, usually at once. If the order is cancelled, or you return the goods, its points are taken back.",
	} {
		drafts := h.faq(language)
		at := slices.IndexFunc(drafts, func(d kept) bool { return d.Entry == "when-credited" })
		if got := drafts[at].Answer; got != says {
			t.Errorf("%s: %q", language, got)
		}
	}
	h.tells(goods("1001", 0, purchase.Placed))
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.hasPoints("7", 40, 0)
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.hasPoints("7", 0, 0)
}

// P22: what the programme doesn't rule is not told, and without a programme nothing is.
func TestAnAnswerThatLacksAValueIsNotShown(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.answers("da/welcome", says("question", "Velkomst?"), says("answer", "{{signup_points}}"), `"approved":true`).
		has(200, `{"approved":true,"shown":false,"missing":["signup_points"]}`)
	h.office.answers("da/how-to-join", says("question", "Hvordan?"), says("answer", "Opret <konto>."), `"approved":true`).has(200, `{"shown":true}`)
	h.shop.asks("GET", "/v1/faq", "").wants(200, `{"language":"da","items":[]}`)
	h.office.rules(0, `"rules":[{"event":"referral","points":1}]`).has(200, `{"version":1}`)
	h.shop.asks("GET", "/v1/faq", "").wants(200, `{"language":"da","items":[{"entry":"how-to-join","question":"Hvordan?","answer":"Opret <konto>."}]}`)
	h.office.rules(1, `"rules":[{"event":"signup","points":1}]`).has(200, `{"version":2}`)
	h.shop.asks("GET", "/v1/faq", "").has(200, `{"items":[{"entry":"how-to-join","question":"*","answer":"*"},{"entry":"welcome","question":"Velkomst?","answer":"1`+"\u00a0"+`point"}]}`)
	h.office.rules(2, `"closes":"2026-01-01","rules":[{"event":"signup","points":1}]`).has(200, `{"version":3}`) // P01: over
	h.shop.asks("GET", "/v1/faq", "").has(200, `{"items":[{"entry":"how-to-join","question":"*","answer":"*"}]}`)
}

// P22: an edited text is a draft again unless the merchant says that he approves it too.
func TestAnEditedAnswerIsADraftAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.rules(0, whole).has(200, `{"version":1}`)
	put := func(answer string, more ...string) *reply {
		return h.office.answers("en/expiry", append(more, says("question", "Do points end?"), says("answer", answer))...)
	}
	put("Never.", `"approved":true`).has(200, `{"version":1,"approved":true}`)
	h.undecided("the same again", func() { put("Never.", `"approved":true`).has(200, `{"version":1,"approved":true}`) })
	put("After {{points_lifetime}}.").has(200, `{"version":2,"approved":false,"shown":false}`)
	put("After {{points_lifetime}}.", `"approved":true`).has(200, `{"version":3,"approved":true,"shown":true}`)
	put("After {{ points_lifetime }}!", `"approved":true`).has(200, `{"version":4,"approved":true,"shown":true}`)
	h.shop.asks("GET", "/v1/faq?language=en", "").has(200, `{"items":[{"entry":"expiry","question":"Do points end?","answer":"After 365`+"\u00a0"+`days!"}]}`)
	want := `approve_faq_answer{"version": 1} put_faq_answer{"version": 2} approve_faq_answer{"version": 3} approve_faq_answer{"version": 4}`
	if got := h.trailOf("faq en/expiry"); got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
	h.undecided("a bad answer", func() {
		for _, tt := range []struct {
			place, field string
			body         []string
		}{
			{"en/expiry", "answer", []string{says("question", "?")}},
			{"en/expiry", "question", []string{says("answer", "!")}},
			{"en/expiry", "answer", []string{says("question", "?"), says("answer", "  ")}},
			{"en/expiry", "answer", []string{says("question", "?"), says("answer", "{{points}}")}},
			{"en/expiry", "answer", []string{says("question", "?"), says("answer", "{{signup_points")}},
			{"en/expiry", "question", []string{says("question", "{{nothing}}?"), says("answer", "!")}},
			{"en/expiry", "question", []string{says("question", strings.Repeat("x", 301)), says("answer", "!")}},
			{"en/expiry", "answer", []string{says("question", "?"), says("answer", strings.Repeat("x", 4001))}},
			{"en/expiry", "approved", []string{says("question", "?"), says("answer", "!"), `"approved":"yes"`}},
			{"en/expiry", "more", []string{says("question", "?"), says("answer", "!"), `"more":1`}},
			{"sv/expiry", "language", []string{says("question", "?"), says("answer", "!")}},
		} {
			h.blames(h.office.answers(tt.place, tt.body...), tt.field, strings.Join(tt.body, " "))
		}
		h.office.answers("en/nothing", says("question", "?"), says("answer", "!")).refuses(404, "not_found")
	})
}

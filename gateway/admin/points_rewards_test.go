package admin_test

import (
	"fmt"
	"sync"
	"testing"
)

// exchanges takes points of a customer for a reward.
func (c *caller) exchanges(key, customer string, points int, reward string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/conversions/"+key, members(says("customer", customer), fmt.Sprintf(`"points":%d`, points), says("reward", reward)))
}

// handsOver says that a reward was handed over.
func (c *caller) handsOver(id string) *reply {
	c.h.t.Helper()
	return c.asks("POST", "/v1/admin/loyalty/rewards/"+id+"/hand-over", "")
}

// P20: the office sees what points were exchanged for that the merchant hands over, and says when it was; then it stays so.
func TestP20TheOfficeHandsRewardsOver(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	const path = "/v1/admin/loyalty/rewards"
	first := h.shop.exchanges("c:1", "7", 50, "Billet").has(201, "{}").at("conversion", "id")
	second := h.shop.exchanges("c:2", "7", 50, "Billet").has(201, "{}").at("conversion", "id")
	h.shop.exchanges("c:3", "7", 500, "Gavekort").has(201, "{}") // a voucher is handed over with its code
	whose := `"customer":` + members(says("id", h.idOf("7")), says("shop", "demo"), says("customer", "7"))
	waits := func(id string) string {
		return members(says("id", id), says("reward", "Billet"), whose, point("points", 50), `"given_at":"*"`, says("state", "waiting"), `"handed_over_at":null`, `"taken_back_at":null`)
	}
	h.office.asks("GET", path, "").wants(200, `{"items":[`+waits(second)+`,`+waits(first)+`],"next_cursor":null}`)
	next := h.office.asks("GET", path+"?limit=1&sort=given_at&state=waiting", "").has(200, `{"items":[`+waits(first)+`]}`).at("next_cursor")
	h.office.asks("GET", path+"?limit=1&sort=given_at&state=waiting&cursor="+next, "").wants(200, `{"items":[`+waits(second)+`],"next_cursor":null}`)

	handed := members(says("id", first), says("reward", "Billet"), whose, point("points", 50), `"given_at":"*"`, says("state", "handed_over"), `"handed_over_at":"*"`,
		says("handed_over_by", "office (key id-of-admin)"), `"taken_back_at":null`)
	done := h.office.handsOver(first).wants(200, handed)
	h.unchanged("handed over again", func() { h.office.handsOver(first).wants(200, done.text) })
	if got := h.reads(`SELECT string_agg(object || ' ' || (detail ->> 'reward') || ' ' || (detail ->> 'act'), ',') FROM audit WHERE action = 'hand_over_reward'`); got != h.reads(`SELECT id::text FROM account`)+" Billet "+first {
		t.Errorf("audited %s", got)
	}
	h.shop.asks("DELETE", "/v1/conversions/c:1", "").refuses(409, "not_reversible")
	for range 2 {
		h.shop.asks("DELETE", "/v1/conversions/c:2", "").wants(200, says1("outcome", "reversed"))
	}
	h.hasPoints("7", 450, 0)
	h.office.handsOver(second).refuses(409, "already_settled")
	h.office.asks("GET", path+"?state=taken_back", "").has(200, `{"next_cursor":null}`)
	h.office.lists(path, "id", second, "state", "taken_back")
	h.office.lists(path, "id", first, "state", "handed_over")
	h.office.lists(path, "id", "", "state", "waiting")
	h.office.lists(path, "id", "", "to", "2000-01-01")
	h.unchanged("what can't be meant", func() {
		h.office.handsOver(h.unknown().id).refuses(404, "not_found")
		h.office.handsOver("none").refuses(404, "not_found")
		h.office.asks("GET", path+"?state=lost", "").refuses(400, "invalid_request", says("field", "state"))
		h.office.asks("GET", path+"?sort=points", "").refuses(400, "invalid_request", says("field", "sort"))
		h.office.asks("GET", path+"?cursor=x", "").refuses(400, "invalid_request", says("field", "cursor"))
		h.office.asks("GET", path+"?from=soon", "").refuses(400, "invalid_request", says("field", "from"))
	})
}

// P20: a reward that is handed over while its points are taken back is one of the two, never both; and one that is handed over by many at
// once was handed over once.
func TestARewardIsHandedOverOrTakenBack(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	kept := int64(1000)
	for i := range 12 {
		key := fmt.Sprint("c:", i)
		id := h.shop.exchanges(key, "7", 50, "Billet").has(201, "{}").at("conversion", "id")
		var all sync.WaitGroup
		var handed, back [2]int
		for n := range 2 {
			all.Go(func() { handed[n] = h.office.handsOver(id).status })
			all.Go(func() { back[n] = h.shop.asks("DELETE", "/v1/conversions/"+key, "").status })
		}
		all.Wait()
		switch {
		case handed == [2]int{200, 200} && back == [2]int{409, 409}:
			kept -= 50
		case handed == [2]int{409, 409} && back == [2]int{200, 200}:
		default:
			t.Errorf("handed over %v, taken back %v", handed, back)
		}
	}
	h.hasPoints("7", kept, 0)
	if got := h.reads(`SELECT ((SELECT count(*) FROM audit WHERE action = 'hand_over_reward') - count(handed_over_at))::text FROM external_reward`); got != "0" {
		t.Errorf("%s too many are audited", got)
	}
}

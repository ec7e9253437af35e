package admin_test

import (
	"strings"
	"testing"
)

// P15 D17: who was excluded from the programme stays so when his log-in is merged, whichever of the two was; a percentage stays that of
// the one whose account it is.
func TestP15AnExclusionOutlivesAMerge(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	for _, tt := range []struct {
		from, into, old, new, want string
	}{
		{"a1", "a2", `{"excluded":true,"percent":300}`, `{"percent":50,"group":"club"}`, `{"excluded":true,"percent":50,"group":"club"}`},
		{"b1", "b2", `{"percent":300}`, `{"excluded":true}`, `{"excluded":true,"percent":100}`},
		{"c1", "c2", `{"excluded":true}`, "", `{"excluded":true,"percent":100}`},
		{"d1", "d2", `{"percent":300}`, `{"percent":50}`, `{"excluded":false,"percent":50}`},
	} {
		h.grantsPoints(tt.from, 5)
		h.grantsPoints(tt.into, 5)
		for login, standing := range map[string]string{tt.from: tt.old, tt.into: tt.new} {
			if standing != "" {
				h.office.asks("PUT", "/v1/admin/loyalty/customers/"+login+"?shop=demo", standing).has(200, "{}")
			}
		}
		h.merges(tt.from, tt.into).has(200, "{}")
		h.office.asks("GET", "/v1/admin/loyalty/customers/"+tt.into+"?shop=demo", "").has(200, tt.want)
		if strings.Contains(tt.want, `"excluded":true`) {
			h.shop.earns("e:"+tt.from, tt.from, "order", fivehundred("o"+tt.from)).has(201, members(point("earned", 0)))
		}
	}
	const told = `SELECT count(*)::text FROM audit WHERE action = 'set_standing' AND detail->>'merged' IS NOT NULL`
	if got := h.reads(told); got != "2" {
		t.Errorf("%s exclusions by a merge are in the audit trail, want 2", got)
	}
}

// D17: what the office gives to somebody who is merged away at that moment is where he has gone, at once.
func TestAGrantLandsWhereAMergeLeads(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "old", "review_product", `"about":{"sku":"TEA"}`).has(201, "{}")
	h.shop.asks("DELETE", "/v1/points/e:1", "").has(200, "{}")
	h.grantsPoints("new", 5)
	tx, err := h.pool.Begin(t.Context())
	h.must(err)
	_, err = tx.Exec(t.Context(), `LOCK TABLE loyalty_programme IN ACCESS EXCLUSIVE MODE`) // between the grant's account and the grant
	h.must(err)
	granted := make(chan struct{})
	go func() {
		defer close(granted)
		h.office.earns("g:1", "old", "manual", says("shop", "demo"), `"points":7`, because).has(201, "{}")
	}()
	for h.reads(`SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == "0" {
		select {
		case <-granted:
			t.Fatal("the grant did not wait")
		default:
		}
	}
	h.merges("old", "new").has(200, "{}")
	h.must(tx.Commit(t.Context()))
	<-granted
	if got := h.points("new"); got != 12 {
		t.Errorf("there are %d points where the merge leads, want 12", got)
	}
	h.office.earns("g:1", "old", "manual", says("shop", "demo"), `"points":7`, because).has(200, "{}")
	h.hasPoints("old", 12, 0)
}

package admin_test

import (
	"fmt"
	"sync"
	"testing"
)

// opposed asks for pairs of acts at the same moment, and returns how each was answered.
func (h *house) opposed(pairs int, asked func(pair int, back bool) (method, path, body string)) (answers [][2]int) {
	h.t.Helper()
	answers = make([][2]int, pairs)
	var crowd sync.WaitGroup
	for i := range pairs {
		for n := range 2 {
			crowd.Go(func() {
				method, path, body := asked(i, n == 1)
				got, err := h.office.tries(h.t.Context(), method, path, body)
				if err != nil {
					h.t.Errorf("%s %s: %v", method, path, err)
					return
				}
				answers[i][n] = got.status
			})
		}
	}
	crowd.Wait()
	return answers
}

// D08, A14: value goes both ways between two vouchers, two accounts, and a voucher and an account at once; all of it arrives.
func TestOppositeTransfersAtTheSameMoment(t *testing.T) {
	t.Parallel()
	h := open(t)
	one, other, claimed := h.issues(500_00), h.issues(500_00), h.issues(500_00, claimable)
	h.shop.claims("c:1", h.issues(500_00, claimable), "7").has(201, "{}")
	h.shop.claims("c:2", h.issues(500_00, claimable), "8").has(201, "{}")
	const sum = `SELECT ((SELECT sum(balance) FROM voucher) + (SELECT sum(balance) FROM account))::text`
	before := h.reads(sum)
	ends := [][2]string{{one.id, other.id}, {"customer:" + h.idOf("7"), "customer:" + h.idOf("8")}, {claimed.id, "customer:" + h.idOf("7")}}
	answers := h.opposed(18, func(pair int, back bool) (method, path, body string) {
		from, to := ends[pair%3][0], ends[pair%3][1]
		if back && pair%3 < 2 {
			from, to = to, from
		}
		return "PUT", fmt.Sprintf("/v1/transfers/t:%d:%t", pair, back), members(says("from", from), says("to", to), pays("amount", 10_00), because)
	})
	for i, got := range answers {
		if got != [2]int{201, 201} {
			t.Errorf("the transfers of pair %d are answered by %v", i, got)
		}
	}
	if after := h.reads(sum); after != before {
		t.Errorf("%s before, %s after", before, after)
	}
	if left := h.reads(`SELECT string_agg(balance::text, ' ' ORDER BY id = $1 DESC, id = $2 DESC) FROM voucher WHERE id IN ($1, $2)`, one.id, other.id); left != "50000 50000" {
		t.Errorf("the two vouchers hold %s", left)
	}
	h.has("8", 500_00)
	h.has("7", 620_00)
}

// D21: two clerks merge two log-ins into one another at once: one of them does.
func TestOppositeMergesAtTheSameMoment(t *testing.T) {
	t.Parallel()
	h := open(t)
	const pairs = 6
	var ids [pairs][2]string
	for i := range pairs {
		for n := range 2 {
			login := fmt.Sprintf("%d-%d", i, n)
			h.shop.claims("c:"+login, h.issues(100_00, claimable), login).has(201, "{}")
			ids[i][n] = h.idOf(login)
		}
	}
	answers := h.opposed(pairs, func(pair int, back bool) (method, path, body string) {
		from, into := ids[pair][0], ids[pair][1]
		if back {
			from, into = into, from
		}
		return "POST", "/v1/admin/customers/" + from + "/merge", members(says("into", into), because)
	})
	for i, got := range answers {
		if got != [2]int{200, 400} && got != [2]int{400, 200} {
			t.Errorf("the merges of pair %d are answered by %v", i, got)
		}
		h.has(fmt.Sprintf("%d-0", i), 200_00)
		h.has(fmt.Sprintf("%d-1", i), 200_00)
	}
	if total := h.reads(`SELECT sum(balance)::text || ' of ' || count(*) FILTER (WHERE balance > 0) FROM account`); total != fmt.Sprintf("%d of %d", pairs*200_00, pairs) {
		t.Errorf("the accounts hold %s", total)
	}
}

package api_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// Two tabs, two shops' keys, twenty carts at once on one account never take more than it has, and none of it is lost.
func TestNoCrowdTakesMoreOfAnAccountThanItHas(t *testing.T) {
	t.Parallel()
	h := filled(t, 1000_00)
	var crowd sync.WaitGroup
	var taken atomic.Int64
	for i := range 20 {
		crowd.Go(func() {
			key := fmt.Sprintf("r:%d", i)
			got, err := h.shop.tries(t.Context(), "PUT", "/v1/reservations/"+key, members(says("customer", "7"), says("holder", key), pays("due", 90_00), pays("amount", 90_00)))
			if err != nil || got.status == 409 {
				return
			}
			if got, err = h.shop.tries(t.Context(), "POST", "/v1/reservations/"+key+"/capture", members(says("order", key))); err == nil && got.status == 200 {
				taken.Add(90_00)
			}
		})
	}
	crowd.Wait()
	if taken.Load() != 11*90_00 {
		t.Errorf("%d was taken of 100000 in steps of 9000", taken.Load())
	}
	h.shop.holds("7", 1000_00-11*90_00, 0)
}

// The same code claimed by twenty customers at once is claimed by one.
func TestACodeIsClaimedOnce(t *testing.T) {
	t.Parallel()
	h := market(t)
	c := h.issues(500_00, claimable)
	var crowd sync.WaitGroup
	var won atomic.Int64
	for i := range 20 {
		crowd.Go(func() {
			got, err := h.shop.tries(t.Context(), "PUT", fmt.Sprintf("/v1/claims/c:%d", i%10), members(says("code", c.code), says("customer", fmt.Sprint(i%10))))
			if err == nil && got.status == 201 {
				won.Add(1)
			}
		})
	}
	crowd.Wait()
	if won.Load() != 1 || h.reads(`SELECT sum(balance)::text FROM account`) != "50000" {
		t.Errorf("%d claims, accounts hold %s", won.Load(), h.reads(`SELECT sum(balance)::text FROM account`))
	}
}

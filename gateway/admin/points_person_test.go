package admin_test

import "testing"

// P03 P04 P05 D17: somebody with two log-ins is one person, who opens an account once, reviews a product once and is referred once, and
// refers himself under neither.
func TestAPersonEarnsOnceWhicheverOfHisLoginsHeUses(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	tea := `"about":{"sku":"TEA"}`
	h.shop.earns("e:1", "old", "signup").has(201, members(point("earned", 100)))
	h.shop.earns("e:2", "old", "review_product", tea).has(201, members(point("earned", 25)))
	h.shop.earns("e:3", "7", "referral", says("referred", "old")).has(201, members(point("earned", 75)))
	h.shop.earns("e:4", "new", "review_article", tea).has(201, members(point("earned", 10)))
	h.merges("old", "new").has(200, "{}")
	nothing := members(point("earned", 0))
	h.shop.earns("f:1", "new", "signup").has(201, nothing)
	h.shop.earns("f:2", "new", "review_product", tea).has(201, nothing)
	h.shop.earns("f:3", "8", "referral", says("referred", "new")).has(201, nothing)
	h.shop.earns("f:4", "old", "review_article", tea).has(201, nothing)
	h.shop.earns("f:5", "old", "review_article", `"about":{"sku":"MUG"}`).has(201, members(point("earned", 10)))
	h.shop.earns("f:6", "new", "review_article", `"about":{"sku":"MUG"}`).has(201, nothing)
	for _, self := range [][2]string{{"old", "new"}, {"new", "old"}, {"old", "old"}} {
		h.shop.earns("g:1", self[0], "referral", says("referred", self[1])).refuses(400, "invalid_request", says("field", "referred"))
	}
	h.shop.earns("e:1", "old", "signup").has(200, members(point("earned", 100))) // what was told before is told again
	h.shop.asks("DELETE", "/v1/points/e:2", "").has(200, says1("outcome", "reversed"))
	h.shop.earns("h:2", "new", "review_product", tea).has(201, members(point("earned", 25)))
	h.shop.earns("h:3", "old", "review_product", tea).has(201, nothing)
}

// P03 P05: a shop need not say what was reviewed or who was referred: then it is what its key is for, and every key earns once.
func TestAReviewOrReferralMayBeNamedByItsKeyAlone(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	for event, n := range map[string]int64{"review_product": 25, "review_article": 10, "referral": 75} {
		earned := members(point("earned", n))
		h.shop.earns(event+":1", "7", event).has(201, earned)
		h.shop.earns(event+":1", "7", event).has(200, earned)
		h.shop.earns(event+":2", "7", event).has(201, earned)
		h.shop.earns(event+":1", "8", event).refuses(422, "key_reused")
		h.office.earns(event+":1", "7", event, says("shop", "demo")).has(201, earned) // another owner's key is another
		h.shop.asks("DELETE", "/v1/points/"+event+":2", "").has(200, says1("outcome", "reversed"))
		h.shop.earns(event+":2", "7", event).refuses(409, "prevented")
	}
	h.hasPoints("7", 2*(25+10+75), 0)
	h.shop.earns("e:1", "7", "referral", says("referred", "referral:1")).has(201, members(point("earned", 75)))
	h.shop.earns("e:2", "7", "referral", says("referred", "\nshop:demo/referral:1")).refuses(400, "invalid_request", says("field", "referred"))
	h.shop.earns("e:3", "7", "review_product", `"about":{"sku":"review_product:1"}`).has(201, members(point("earned", 25)))
}

// P10: where only some products earn, a review that names none earns nothing.
func TestAReviewOfNothingEarnsNothingWhereProductsDecide(t *testing.T) {
	t.Parallel()
	h := bonus(t, `"rules":[{"event":"review_product","points":25,"only":{"skus":["TEA"]}}]`)
	h.shop.earns("e:1", "7", "review_product").has(201, members(point("earned", 0)))
	h.shop.earns("e:2", "7", "review_product", `"about":{"sku":"TEA"}`).has(201, members(point("earned", 25)))
}

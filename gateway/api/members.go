package api

import (
	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
)

// MemberIn is what the caller knows of a membership; it matters for a voucher that needs one alone (B08).
type MemberIn struct {
	Member    string `json:"member,omitempty" maxLength:"128" doc:"The shop's id of the customer whose membership counts; of a till, a customer of the till's shop"`
	Confirmed bool   `json:"membership_confirmed,omitempty" doc:"The cashier has seen the membership; of a till alone"`
}

// member is it as the Desk takes it.
func (m MemberIn) member() retail.Member {
	return retail.Member{Seen: m.Confirmed, Customer: m.Member}
}

// check refuses a cashier's word from where there is none.
func (m MemberIn) check(by retail.Actor) error {
	if m.Confirmed && by.Channel != retail.Till {
		return counter.Invalid("membership_confirmed", "only a till can have seen a membership: name the customer as member")
	}
	return nil
}

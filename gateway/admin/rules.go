package admin

import (
	"context"
	"fmt"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// VATBody says how a voucher is taxed (X10).
type VATBody struct {
	VAT     string `json:"vat" enum:"multi_purpose,single_purpose" doc:"multi_purpose: a means of payment, taxed when it is spent. single_purpose: taxed when it was sold"`
	VATRate string `json:"vat_rate,omitempty" doc:"Percent as a decimal, of one that was taxed when it was sold"`
}

// RulesBody is under which rules a voucher was issued; they stay its own.
type RulesBody struct {
	Expiry             expiryOut `json:"expiry" doc:"Why it ends when it does, and when its value is owed no more"`
	CashOut            cashRule  `json:"cash_out" doc:"Who may have its value in cash"`
	RequiresMembership bool      `json:"requires_membership" doc:"Whoever uses it must be a member"`
	Token              *tokenOut `json:"token" doc:"The physical token that works as its code at tills; null for none"`
	CodeRetired        bool      `json:"code_retired" doc:"Nobody finds it by its code any more; replace gives it another"`
}

// expiryOut explains a voucher's last day (X09).
type expiryOut struct {
	Term      string     `json:"term" doc:"never, P3Y, P3Y/year-end"`
	From      string     `json:"from" enum:"country,product" doc:"Whether the term is the customary one of the country, or the product's own"`
	Country   string     `json:"country,omitempty" doc:"ISO 3166"`
	SoldOn    string     `json:"sold_on,omitempty" format:"date" doc:"The day that the term counts from, in the merchant's zone"`
	Moved     bool       `json:"moved" doc:"The last day was moved later since: by a reload, a refund or the office"`
	Why       string     `json:"why" doc:"All of it in a sentence"`
	OwedUntil *time.Time `json:"owed_until" doc:"From then on nobody can ask for the value; null for never. The value of an expired voucher is owed until then"`
	Rule      *ruleOut   `json:"rule,omitempty" doc:"The country's rule as it is known now"`
}

// cashRule says who may have a voucher's value in cash (X12).
type cashRule struct {
	Right  string `json:"right" enum:"holder,merchant" doc:"holder: who has it may ask for all of it. merchant: what is left, up to the merchant's limit"`
	Fee    string `json:"fee" enum:"none,while_valid" doc:"while_valid: the merchant may keep what paying out costs him, through the last day. none: never, as where the law knows no fee, and of a voucher without a last day"`
	Source string `json:"source,omitempty" doc:"Where it stands"`
}

// tokenOut is a token as staff see it.
type tokenOut struct {
	Last4   string    `json:"last4" doc:"The last symbols of its number"`
	BoundAt time.Time `json:"bound_at"`
	BoundBy string    `json:"bound_by" doc:"till:NAME"`
}

// showRules renders the rules of a voucher.
func showRules(s retail.Sheet) RulesBody {
	v := s.Seen.Voucher
	out := RulesBody{Expiry: showExpiry(v), RequiresMembership: v.MembersOnly, CodeRetired: v.CodeRetired}
	cash := v.CashOutRule()
	out.CashOut = cashRule{string(cash.Right), string(cash.Fee), cash.Source}
	if s.Token != nil {
		out.Token = &tokenOut{s.Token.Last4, s.Token.At.UTC(), s.Token.Owner}
	}
	return out
}

// showExpiry explains a voucher's last day.
func showExpiry(v voucher.Voucher) expiryOut {
	out := expiryOut{Term: string(v.Term), From: string(v.TermFrom), Country: v.Country}
	if rule, known := voucher.RuleOf(v.Country); known {
		out.Rule = showRule(&rule)
	}
	if v.State != voucher.Inventory {
		out.SoldOn = voucher.DateOf(v.IssuedAt, v.Zone).String()
		out.Moved = v.ExpiresOn != v.FirstExpiry()
	}
	if until := v.OwedUntil(); !until.IsZero() {
		out.OwedUntil = utc(&until)
	}
	out.Why = whyExpiry(v, out)
	return out
}

// whyExpiry is the explanation as a sentence.
func whyExpiry(v voucher.Voucher, e expiryOut) string {
	chosen := "the product's own"
	if e.From == string(voucher.TermOfCountry) {
		chosen = "the customary one of " + e.Country
	}
	last := "it does not expire"
	if !v.ExpiresOn.Zero() {
		last = fmt.Sprintf("it is valid through %s, until the end of that day in %s", v.ExpiresOn, v.Zone)
	}
	switch {
	case v.State == voucher.Inventory:
		return fmt.Sprintf("Its term %s, %s, begins when it is sold.", e.Term, chosen)
	case e.Moved:
		return fmt.Sprintf("Sold on %s with the term %s, %s; a reload, a refund or the office moved the day later: %s.", e.SoldOn, e.Term, chosen, last)
	}
	return fmt.Sprintf("Sold on %s with the term %s, %s: %s.", e.SoldOn, e.Term, chosen, last)
}

// unbindIn asks for a token to be taken from a voucher.
type unbindIn struct {
	ID   string `path:"id" doc:"Id of the voucher"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *admin) unbind(ctx context.Context, in *unbindIn) (*body[sheetOut], error) {
	_, err := a.office.Unbind(ctx, counter.Caller(ctx), in.ID, in.Body.Reason)
	return a.after(ctx, in.ID, err)
}

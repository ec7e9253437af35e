package voucher

import "time"

// VAT says when a voucher is taxed (X10).
type VAT string

// The kinds of voucher in the sense of the VAT directive.
const (
	MultiPurpose  VAT = "multi_purpose"  // a means of payment: taxed when it is spent
	SinglePurpose VAT = "single_purpose" // taxed when it is sold
)

// Terms are the rules under which a voucher is issued. They stay its own, whatever becomes of product, shop or law.
type Terms struct {
	Country     string // ISO 3166
	Expires     string // what the product states: "never", "P3Y", "P3Y/year-end", or "country"
	VAT         VAT
	VATRate     string
	MembersOnly bool
}

// Under gives a voucher that is to be issued its rules. Error: a term that can't be read, or of a country without one.
func (v *Voucher) Under(t Terms) error {
	term, err := ParseTerm(t.Expires, t.Country)
	if err != nil {
		return err
	}
	rule, _ := RuleOf(t.Country) // a country without a rule gives no rights
	v.Term, v.TermFrom, v.Country = term, Chosen(t.Expires), t.Country
	v.VAT, v.VATRate, v.MembersOnly = t.VAT, t.VATRate, t.MembersOnly
	if v.Kind == Money {
		v.OwedFor = rule.CashOut.After
	}
	return nil
}

// OwedUntil is the first instant from which nobody can ask for the voucher's value any more; zero if that never comes. An expired
// voucher's value is owed until then.
func (v *Voucher) OwedUntil() time.Time {
	if v.ExpiresOn.Zero() {
		return time.Time{}
	}
	return v.ExpiresOn.addYears(v.OwedFor).End(v.Zone)
}

// FirstExpiry is the last day of validity that the voucher was sold with; later than that it was moved by a reload, a refund or the
// office.
func (v *Voucher) FirstExpiry() Date { return v.Term.Ends(DateOf(v.IssuedAt, v.Zone)) }

// Membership is what is known of a customer's membership when a voucher is used that needs one.
type Membership struct {
	Seen  bool // somebody at the till has seen it
	Until Date // the last day of the customer's; zero for none
}

// covers tells whether it is a membership at an instant, in the days of a zone.
func (m Membership) covers(at time.Time, zone *time.Location) bool {
	return m.Seen || !m.Until.Zero() && at.Before(m.Until.End(zone))
}

// admits refuses somebody who must be a member to use the voucher and is not known to be one.
func (c *Case) admits(m Membership) error {
	if c.Voucher.MembersOnly && !m.covers(c.At, c.Voucher.Zone) {
		return ErrMembership
	}
	return nil
}

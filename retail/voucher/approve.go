package voucher

// Approval says who answers for an act that gives value away.
type Approval string

// A till's and a webshop's acts answer to a sale, and need nobody's approval. An act of the office
// answers to nothing but the office: above the set amount one alone can't do it (X13).
const (
	NotNeeded Approval = ""
	Alone     Approval = "alone"
)

// approved refuses to give more than one alone may.
func (c *Case) approved(by Approval, minor int64) error {
	if by == Alone && c.Rules.ApprovalAbove != "" && minor > c.Rules.limit(c.Rules.ApprovalAbove, c.Voucher.Currency) {
		return ErrApproval
	}
	return nil
}

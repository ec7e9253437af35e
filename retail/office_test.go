package retail_test

import "vouchsafe/retail"

// office is who does what the office does.
func office() retail.Actor { return retail.Actor{Channel: retail.Office, Key: "k1"} }

// backOffice is the counter's office.
func (c *counter) backOffice() *retail.BackOffice {
	return retail.NewBackOffice(retail.New(retail.Config{Ledger: c.ledger}), c.sales)
}

// resends asks for a code to be sent once more.
func (c *counter) resends(id, recipient string) error {
	c.t.Helper()
	_, err := c.backOffice().Resend(c.t.Context(), office(), id, recipient, "")
	return err
}

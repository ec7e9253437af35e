package ledger

import "vouchsafe/retail/voucher"

// Rules are what the merchant has set about acts.
func (l *Ledger) Rules() voucher.Rules { return l.rules }

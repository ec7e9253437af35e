package language

// Word names a thing or an act of the trade. Each has exactly one word in each language, on screens as in mails.
type Word string

// The words of the trade.
const (
	Voucher    Word = "voucher"     // a stored value in money
	PunchCard  Word = "punch card"  // a stored number of draws
	Punch      Word = "punch"       // one draw; for a count of them see Tag.Punches
	CreditNote Word = "credit note" // a value given for goods that came back
	Code       Word = "code"        // what is typed or scanned to use a voucher
	Reserved   Word = "reserved"    // held for one purchase
	Reload     Word = "reload"      // to add value at the till
	Redeem     Word = "redeem"      // to spend
	Balance    Word = "balance"     // what is left
	Claim      Word = "claim"       // to move the whole value to a customer's account
	Invalidate Word = "invalidate"  // to end a voucher for good
	Block      Word = "block"       // to stop a voucher until it is let go
)

// Words lists every word.
func Words() []Word {
	return []Word{
		Voucher, PunchCard, Punch, CreditNote, Code, Reserved, Reload, Redeem, Balance, Claim, Invalidate, Block,
	}
}

// Word is the word in the language, as it stands within a sentence: small, but for German nouns. Acts are given in the
// form of a button, "indløs". A Word that is not listed above is a caller's bug and panics.
func (t Tag) Word(w Word) string {
	c := t.catalogue()
	text, ok := c.words[w]
	if !ok {
		panic("language: the trade has no word " + string(w))
	}
	return c.inRegion(text)
}

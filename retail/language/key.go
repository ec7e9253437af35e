package language

import "slices"

// Key names a sentence, a heading or a label. Its comment below tells where it stands; Placeholders what it needs.
type Key string

// What all mails share. A mail goes: greeting, introduction, the rest. In German the introduction continues the greeting
// behind its comma and may begin small, so nothing stands between the two.
const (
	Greeting      Key = "greeting"       // to somebody whose name is not known
	GreetingNamed Key = "greeting.named" // {name}
	Closing       Key = "closing"        // the name of the shop follows on a line of its own
	Privacy       Key = "privacy"        // {url}

	// Who sent this, and why: a stranger's first question. {sender}
	SentForPurchase    Key = "sent.purchase"     // to the buyer
	SentForGift        Key = "sent.gift"         // to a recipient, {giver} being the buyer's name
	SentForGiftUnnamed Key = "sent.gift.unnamed" // to a recipient, when the buyer's name is not known
	SentForAccount     Key = "sent.account"      // to whoever has opened an account
)

// The confirmation of an order. It never contains a code, and none of its sentences has a place for one.
const (
	ConfirmationSubject  Key = "confirmation.subject"  // {order} {shop}
	ConfirmationReceived Key = "confirmation.received" // {order} {shop}, the introduction
	ConfirmationList     Key = "confirmation.list"     // heading of the ordered lines
	ConfirmationMore     Key = "confirmation.more"     // {count}, in place of lines that the mail has no room for
	ConfirmationTotal    Key = "confirmation.total"    // label of the sum beneath them

	// What comes next, the same for all but the number and kind; ConfirmationNext picks one.
	nextVoucher    Key = "confirmation.next.voucher"
	nextVouchers   Key = "confirmation.next.vouchers"
	nextPunchCard  Key = "confirmation.next.punch_card"
	nextPunchCards Key = "confirmation.next.punch_cards"
	nextMixed      Key = "confirmation.next.mixed"
	nextTogether   Key = "confirmation.next.together"
)

// The mail with the code, and the printed voucher. {value} is an amount as Tag.Amount writes it. All have a form for
// punch cards where the words differ: see Key.ForPunchCard.
const (
	CodeSubject  Key = "code.subject"      // {shop}
	GiftFrom     Key = "code.gift"         // {giver} {value} {shop}, the introduction to a gift
	GiftUnnamed  Key = "code.gift.unnamed" // {value} {shop}, the same when the buyer's name is not known
	OwnPurchase  Key = "code.own"          // {value} {shop}, the introduction when the buyer keeps it
	MessageFrom  Key = "code.message"      // {giver}, heading of the gift message
	Message      Key = "code.message.unnamed"
	CodeLabel    Key = "code.label"
	ValueLabel   Key = "code.value"
	ValidLabel   Key = "code.valid" // label of the last day
	ValidAlways  Key = "code.valid.always"
	ValidThrough Key = "code.valid_through" // {date}, a sentence
	NeverExpires Key = "code.never_expires" // a sentence
	HowToTitle   Key = "code.how_to.title"
	HowTo        Key = "code.how_to"
	NotActive    Key = "code.not_active" // that the shop activates it before it can be used
	KeepLikeCash Key = "code.keep_like_cash"
	MeantFor     Key = "code.meant_for" // {name}, of a present, to who bought it
	Attached     Key = "code.attached"  // that the voucher is also there to be printed

	PrintTitle Key = "print.title"
	ScanHint   Key = "print.scan" // beneath the symbol that the till scans

	punchSubject     Key = "punches.subject"
	punchGiftFrom    Key = "punches.gift"
	punchGiftUnnamed Key = "punches.gift.unnamed"
	punchOwn         Key = "punches.own"
	punchCodeLabel   Key = "punches.label"
	punchValid       Key = "punches.valid_through"
	punchNever       Key = "punches.never_expires"
	punchHowToTitle  Key = "punches.how_to.title"
	punchHowTo       Key = "punches.how_to"
	punchNotActive   Key = "punches.not_active"
	punchKeep        Key = "punches.keep_like_cash"
	punchAttached    Key = "punches.attached"
	punchPrintTitle  Key = "punches.print.title"

	creditSubject     Key = "credit.subject"
	creditGiftFrom    Key = "credit.gift"
	creditGiftUnnamed Key = "credit.gift.unnamed"
	creditOwn         Key = "credit.own"
	creditCodeLabel   Key = "credit.label"
	creditValid       Key = "credit.valid_through"
	creditNever       Key = "credit.never_expires"
	creditHowToTitle  Key = "credit.how_to.title"
	creditHowTo       Key = "credit.how_to"
	creditKeep        Key = "credit.keep_like_cash"
	creditAttached    Key = "credit.attached"
	creditPrintTitle  Key = "credit.print.title"
)

// What is only said where it is wanted: all codes of an order in one mail, a reminder before the last day, a membership that a
// product asks for, a welcome with points. A reminder names no code but its last symbols, and no balance: the buyer of a gift need
// not know it.
const (
	BulkSubject      Key = "codes.subject"      // {count} {shop}
	BulkIntroduction Key = "codes.introduction" // {count} {order} {shop}
	BulkAttached     Key = "codes.attached"

	ReminderSubject Key = "reminder.subject" // {date} {shop}
	ReminderOwn     Key = "reminder.own"     // {date} {last4} {shop}, the introduction
	ReminderGift    Key = "reminder.gift"    // {date} {last4} {shop}, the same to whoever bought it for somebody else
	ReminderHowTo   Key = "reminder.how_to"

	Membership Key = "membership" // {shop}

	WelcomeSubject      Key = "welcome.subject"      // {shop}
	WelcomeIntroduction Key = "welcome.introduction" // {points} {shop}
	WelcomeLabel        Key = "welcome.label"        // of the points
	WelcomeWorth        Key = "welcome.worth"        // {value}
	WelcomeValid        Key = "welcome.valid"        // {date}
	WelcomeHowTo        Key = "welcome.how_to"

	punchReminderSubject Key = "punches.reminder.subject"
	punchReminderOwn     Key = "punches.reminder.own"
	punchReminderGift    Key = "punches.reminder.gift"

	creditReminderSubject Key = "credit.reminder.subject"
	creditReminderOwn     Key = "credit.reminder.own"
	creditReminderGift    Key = "credit.reminder.gift"
)

// sentence is what every language has to fulfil.
type sentence struct {
	placeholders []string
	punchCard    Key // the form for punch cards, where there is one
	creditNote   Key // the form for credit notes, likewise
}

// sentences lists every key; a catalogue with more, fewer or other placeholders fails the tests.
var sentences = map[Key]sentence{
	Greeting:           {},
	GreetingNamed:      {placeholders: []string{"name"}},
	Closing:            {},
	Privacy:            {placeholders: []string{"url"}},
	SentForPurchase:    {placeholders: []string{"sender"}},
	SentForGift:        {placeholders: []string{"giver", "sender"}},
	SentForGiftUnnamed: {placeholders: []string{"sender"}},
	SentForAccount:     {placeholders: []string{"sender"}},

	ConfirmationSubject:  {placeholders: []string{"order", "shop"}},
	ConfirmationReceived: {placeholders: []string{"order", "shop"}},
	ConfirmationList:     {},
	ConfirmationMore:     {placeholders: []string{"count"}},
	ConfirmationTotal:    {},
	nextVoucher:          {},
	nextVouchers:         {},
	nextPunchCard:        {},
	nextPunchCards:       {},
	nextMixed:            {},
	nextTogether:         {},

	CodeSubject:  {placeholders: []string{"shop"}, punchCard: punchSubject, creditNote: creditSubject},
	GiftFrom:     {placeholders: []string{"giver", "shop", "value"}, punchCard: punchGiftFrom, creditNote: creditGiftFrom},
	GiftUnnamed:  {placeholders: []string{"shop", "value"}, punchCard: punchGiftUnnamed, creditNote: creditGiftUnnamed},
	OwnPurchase:  {placeholders: []string{"shop", "value"}, punchCard: punchOwn, creditNote: creditOwn},
	MessageFrom:  {placeholders: []string{"giver"}},
	Message:      {},
	CodeLabel:    {punchCard: punchCodeLabel, creditNote: creditCodeLabel},
	ValueLabel:   {},
	ValidLabel:   {},
	ValidAlways:  {},
	ValidThrough: {placeholders: []string{"date"}, punchCard: punchValid, creditNote: creditValid},
	NeverExpires: {punchCard: punchNever, creditNote: creditNever},
	HowToTitle:   {punchCard: punchHowToTitle, creditNote: creditHowToTitle},
	HowTo:        {punchCard: punchHowTo, creditNote: creditHowTo},
	NotActive:    {punchCard: punchNotActive},
	MeantFor:     {placeholders: []string{"name"}},
	KeepLikeCash: {punchCard: punchKeep, creditNote: creditKeep},
	Attached:     {punchCard: punchAttached, creditNote: creditAttached},
	PrintTitle:   {punchCard: punchPrintTitle, creditNote: creditPrintTitle},
	ScanHint:     {},

	punchSubject:     {placeholders: []string{"shop"}},
	punchGiftFrom:    {placeholders: []string{"giver", "shop", "value"}},
	punchGiftUnnamed: {placeholders: []string{"shop", "value"}},
	punchOwn:         {placeholders: []string{"shop", "value"}},
	punchCodeLabel:   {},
	punchValid:       {placeholders: []string{"date"}},
	punchNever:       {},
	punchHowToTitle:  {},
	punchHowTo:       {},
	punchNotActive:   {},
	punchKeep:        {},
	punchAttached:    {},
	punchPrintTitle:  {},

	creditSubject:     {placeholders: []string{"shop"}},
	creditGiftFrom:    {placeholders: []string{"giver", "shop", "value"}},
	creditGiftUnnamed: {placeholders: []string{"shop", "value"}},
	creditOwn:         {placeholders: []string{"shop", "value"}},
	creditCodeLabel:   {},
	creditValid:       {placeholders: []string{"date"}},
	creditNever:       {},
	creditHowToTitle:  {},
	creditHowTo:       {},
	creditKeep:        {},
	creditAttached:    {},
	creditPrintTitle:  {},

	BulkSubject:      {placeholders: []string{"count", "shop"}},
	BulkIntroduction: {placeholders: []string{"count", "order", "shop"}},
	BulkAttached:     {},
	ReminderSubject:  {placeholders: []string{"date", "shop"}, punchCard: punchReminderSubject, creditNote: creditReminderSubject},
	ReminderOwn:      {placeholders: []string{"date", "last4", "shop"}, punchCard: punchReminderOwn, creditNote: creditReminderOwn},
	ReminderGift:     {placeholders: []string{"date", "last4", "shop"}, punchCard: punchReminderGift, creditNote: creditReminderGift},
	ReminderHowTo:    {},
	Membership:       {placeholders: []string{"shop"}},

	WelcomeSubject:      {placeholders: []string{"shop"}},
	WelcomeIntroduction: {placeholders: []string{"points", "shop"}},
	WelcomeLabel:        {},
	WelcomeWorth:        {placeholders: []string{"value"}},
	WelcomeValid:        {placeholders: []string{"date"}},
	WelcomeHowTo:        {},

	punchReminderSubject:  {placeholders: []string{"date", "shop"}},
	punchReminderOwn:      {placeholders: []string{"date", "last4", "shop"}},
	punchReminderGift:     {placeholders: []string{"date", "last4", "shop"}},
	creditReminderSubject: {placeholders: []string{"date", "shop"}},
	creditReminderOwn:     {placeholders: []string{"date", "last4", "shop"}},
	creditReminderGift:    {placeholders: []string{"date", "last4", "shop"}},
}

// ForPunchCard is the key of the same sentence about a punch card: "Your punch card from ..." for "Your gift voucher
// from ...". Sentences that fit both stay as they are. The placeholders are the same.
func (k Key) ForPunchCard() Key {
	if other := sentences[k].punchCard; other != "" {
		return other
	}
	return k
}

// ForCreditNote is the key of the same sentence about a credit note, as ForPunchCard is about a punch card.
func (k Key) ForCreditNote() Key {
	if other := sentences[k].creditNote; other != "" {
		return other
	}
	return k
}

// Placeholders lists, in alphabetical order, the names that Tag.Say wants values for.
func (k Key) Placeholders() []string {
	return slices.Clone(sentences[k].placeholders)
}

// ConfirmationTogether is the sentence that tells the buyer that all codes of the order come in one mail.
const ConfirmationTogether = nextTogether

// ConfirmationNext is the sentence that tells the buyer what happens next to the vouchers and punch cards of an order:
// each comes in a mail of its own once the payment is registered. An order with neither has no such sentence; asking for
// it is a caller's bug and panics.
func ConfirmationNext(vouchers, punchCards int) Key {
	switch {
	case vouchers > 0 && punchCards > 0:
		return nextMixed
	case vouchers > 1:
		return nextVouchers
	case vouchers == 1:
		return nextVoucher
	case punchCards > 1:
		return nextPunchCards
	case punchCards == 1:
		return nextPunchCard
	}
	panic("language: an order without vouchers has nothing coming next")
}

package mail

import "slices"

// Which names a kind of mail, or of text in a mail, that a merchant may lay out: his templates, the built-in layouts and the lists of
// variables go by it.
type Which string

// The kinds. A further one needs a line in kinds, its variables and its built-in layout; everything else follows.
const (
	FirstMail    Which = "confirmation" // the order confirmation
	SecondMail   Which = "code"         // the mail with the code
	BulkMail     Which = "codes"        // the mail with all codes of an order
	ReminderMail Which = "reminder"     // before the last day of validity; without the code
	WelcomeMail  Which = "welcome"      // to whoever has opened an account and earned points by it
	Membership   Which = "membership"   // the text that tells that a membership is needed, which stands in mails and quotes; no mail
)

// Kinds lists them all.
func Kinds() []Which {
	return []Which{FirstMail, SecondMail, BulkMail, ReminderMail, WelcomeMail, Membership}
}

// IsText tells that this is a text alone, without subject and HTML.
func (w Which) IsText() bool { return w == Membership }

// Variable is what a layout may use, as {{.name}}.
type Variable struct {
	Name    string
	Meaning string
	Example string     // "" for a list
	List    bool       // a list, for {{range .name}}
	Items   []Variable // what each item of a list has, as {{.name}} within the range; none: the item is a text, {{.}}
}

// Variables lists what a layout of a kind may use. Texts are "" when there is nothing to say, so a layout asks
// {{if .message}}. Sentences are in the mail's language.
func Variables(which Which) []Variable {
	switch which {
	case FirstMail:
		return append(common(), confirmationVariables()...)
	case SecondMail:
		return append(common(), codeVariables()...)
	case BulkMail:
		return append(common(), bulkVariables()...)
	case ReminderMail:
		return append(common(), reminderVariables()...)
	case WelcomeMail:
		return append(common(), welcomeVariables()...)
	case Membership:
		return slices.DeleteFunc(common(), func(v Variable) bool {
			return !slices.Contains([]string{"language", "shop_name", "sender_name", "privacy_url"}, v.Name)
		})
	}
	return nil
}

func text(name, meaning, example string) Variable {
	return Variable{Name: name, Meaning: meaning, Example: example}
}

func common() []Variable {
	return []Variable{
		text("language", "language tag of the mail: da, sv, nb, de, de-AT, de-DE, en", "en"),
		text("subject", "the subject in the mail's language", "Your gift voucher from The shop"),
		text("shop_name", "name of the shop", "The shop"),
		text("sender_name", "name and address of the merchant", "The shop, shop@example.org"),
		text("privacy", "sentence that introduces privacy_url", "How we handle your personal data:"),
		text("privacy_url", "address of the page on personal data", "https://example.org/privacy"),
		text("greeting", "the greeting, with the name when it is known", "Hello Anna,"),
		text("introduction", "the first sentence, which continues the greeting", "Here is your gift voucher worth £50.00 at The shop."),
		text("closing", "the line above the shop's name at the end", "Kind regards"),
		text("sent_because", "sentence that tells who sent the mail, and why", "This e-mail was sent by The shop because you placed an order with us."),
		text("membership", "the text on a membership that something in the mail asks for; the template membership says it", "Membership is required to use it."),
	}
}

func confirmationVariables() []Variable {
	return []Variable{
		text("order", "number of the order", "1001"),
		text("buyer", "name of the buyer", "Anna"),
		{Name: "items", Meaning: "the ordered lines, at most the first 200", List: true, Items: []Variable{
			text("quantity", "how many", "1"),
			text("title", "name of the product", "Gift voucher"),
			text("value", "what was paid for the line", "£50.00"),
		}},
		text("items_heading", "heading above the lines", "Your order"),
		text("more", "what stands in place of lines beyond the first 200", "Lines not shown here: 57"),
		text("total", "sum of the order", "£50.00"),
		text("total_label", "label of the sum", "Total"),
		text("next", "sentence that tells how the vouchers follow", "The gift voucher will be sent in a separate e-mail."),
	}
}

func codeVariables() []Variable {
	return []Variable{
		text("kind_name", "gift voucher, punch card or credit note", "Gift voucher"),
		text("title", "name of the product", "Gift voucher £50"),
		text("value", "what the voucher is worth", "£50.00"),
		text("value_label", "label of the value", "Value"),
		text("code", "the code; text and HTML must show it", sampleCode),
		text("code_label", "label of the code", "Voucher code"),
		text("qr", "address of the code's picture inside the mail, for the src of the only picture", "cid:code"),
		text("expires", "last day on which the voucher can be used", "31 December 2029"),
		text("valid_label", "label of the last day", "Valid up to and including"),
		text("valid", "sentence that tells how long the voucher can be used", "The gift voucher is valid up to and including 31 December 2029."),
		text("valid_always", "what stands in place of the last day when there is none", "No expiry date"),
		text("recipient_name", "name of the recipient", "Anna"),
		text("giver_name", "name of the buyer of a gift", "Peter"),
		text("message", "the giver's message", "Enjoy!"),
		text("message_heading", "heading above the message", "A message from Peter"),
		{Name: "message_lines", Meaning: "the message, a line each", List: true},
		text("how_to_title", "heading above how_to", "How to use the gift voucher"),
		text("how_to", "how to use the code in the shop and at the till", "Enter the code in the online shop when you pay, or show it at the till."),
		text("keep", "sentence that tells to keep the code as safe as cash", "Keep the code as safe as cash."),
		text("attached", "sentence that tells that a page to print is attached", "The gift voucher is attached as a PDF for you to print."),
	}
}

func bulkVariables() []Variable {
	return []Variable{
		text("order", "number of the order", "1001"),
		text("buyer", "name of the buyer", "Anna"),
		text("count", "how many codes the mail holds", "3"),
		{Name: "codes", Meaning: "the codes; text and HTML must show each", List: true, Items: []Variable{
			text("code", "the code", sampleCode),
			text("kind_name", "gift voucher, punch card or credit note", "Gift voucher"),
			text("title", "name of the product", "Gift voucher £50"),
			text("value", "what the voucher is worth", "£50.00"),
			text("expires", "last day on which the voucher can be used", "31 December 2029"),
			text("valid", "sentence that tells how long the voucher can be used", "The gift voucher is valid up to and including 31 December 2029."),
		}},
		text("code_label", "label of a code", "Code"),
		text("value_label", "label of a value", "Value"),
		text("valid_label", "label of a last day", "Valid up to and including"),
		text("valid_always", "what stands in place of the last day when there is none", "No expiry date"),
		text("how_to_title", "heading above how_to", "How to use the gift voucher"),
		text("how_to", "how to use a code in the shop and at the till", "Enter the code in the online shop when you pay, or show it at the till."),
		text("keep", "sentence that tells to keep a code as safe as cash", "Keep the code as safe as cash."),
		text("attached", "sentence that tells that pages to print are attached", "All are attached as a PDF, one to a page."),
	}
}

func reminderVariables() []Variable {
	return []Variable{
		text("kind_name", "gift voucher, punch card or credit note", "Gift voucher"),
		text("title", "name of the product", "Gift voucher £50"),
		text("last4", "the last symbols of the code", "X7K2"),
		text("expires", "last day on which the voucher can be used", "31 December 2029"),
		text("how_to", "where the code is", "The code is in the e-mail that it was sent with."),
	}
}

func welcomeVariables() []Variable {
	return []Variable{
		text("points", "the points that the new account has earned", "100 points"),
		text("points_label", "label of the points", "Your points"),
		text("worth", "what the points are worth now", "£1.00"),
		text("worth_told", "sentence that tells what the points are worth", "Your points are worth £1.00 at present."),
		text("expires", "last day on which the points can be used", "31 December 2029"),
		text("valid", "sentence that tells how long the points can be used", "They can be used up to and including 31 December 2029."),
		text("how_to", "how to pay with points", "Sign in when you next shop, and choose points when you pay."),
	}
}

// Package mail writes, checks and sends the two mails of a purchase, and the reminder before a voucher's last day.
//
// The order confirmation comes first and never contains a code: its type has no place for one, and a rendered one in
// which anything looks like a code is refused. The voucher's mail carries exactly one code to exactly one recipient: as
// text, as a QR symbol inside the mail and as a page to print. Codes reads a rendered mail back, so that the Desk can
// compare what a person will find in it with the voucher.
//
// A buyer who asks for it gets all his codes of an order in one mail, which then holds exactly those.
//
// How a mail looks is a Layout: one of this package, or a merchant's own in the syntax of Go's templates, which ParseLayout holds to
// what a mail may have and do (sandbox.go). Variables lists what a layout may use; Preview fills it in with samples.
//
// A mail is rendered once. Its date, its Message-ID and its boundaries come from its Letter, so the same input gives the
// same octets; they are stored, and sent again octet for octet. What customers type passes CleanLine, CleanName and
// CleanMessage here, whoever calls.
//
// A Sender makes one attempt and says how it ended as far as that can be known. Exactly once is impossible between two
// machines: when the connection breaks between the final dot and its answer, the outcome is InDoubt, and when to try
// again is for package outbox and the Desk to decide. Once the server has answered 2xx the mail is Sent, whatever
// happens to the connection afterwards.
//
// The mails link to nothing but the merchant's page on personal data, load nothing from elsewhere and hold no
// advertising: who is given a voucher never asked for the mail.
package mail

// Package document prints a voucher: one A4 page that is pleasant to be given, and that a till can scan from paper.
//
// The upper part is the gift, with its value and the giver's words. The lower part, behind a dashed line, is the slip
// to cut out: the code as a QR symbol, as Code 128 and in large figures, its value and its last day.
//
// The same voucher gives the same octets, so that a mail can be rendered again and compared. Fonts are embedded and
// hold some seven hundred Latin, Greek and Cyrillic characters; what they lack is replaced visibly. Everything is
// drawn as text and rectangles: nothing in a name or a message is ever interpreted, and nothing is fetched.
//
// Package mail sends the page. The two are strangers: the Desk hands the bytes over.
package document

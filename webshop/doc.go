// Package webshop holds the words that every webshop shares: what was ordered, how far the order has come, what was paid
// for each line and what was given back.
//
// One folder below it speaks for one platform: it verifies the platform's signatures, reads its bodies into these
// words and asks its API. Every one of them offers the same two calls,
//
//	func Verify(header http.Header, body []byte, secrets []string, now time.Time) error
//	func Parse(header http.Header, body []byte, fields webshop.Fields) (webshop.Delivery, error)
//
// of which Verify comes first, on the raw bytes.
//
// The package promises that nothing is rounded and nothing is guessed: an amount leaves it as the shop wrote it, as
// decimal text or as a count of minor units, and what can't be read is an error or a doubt, never a zero. It refuses to
// decide: it knows no vouchers, products or currencies, and which line becomes a code is the back office's rule.
//
// It imports the standard library alone.
package webshop

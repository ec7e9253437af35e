// Package window is what anybody may look at without a key, as through the window of a shop: what is for sale (/buy), what is left on a
// voucher (/balance), and what the merchant tells of his bonus points (/faq).
//
// The pages are small and speak the reader's language. They load nothing and run nothing: their style is their own, and the browser is
// told to fetch, run and frame nothing else. A code is only ever sent in the body of a form, never in an address, and no page is kept
// by anybody on the way.
package window

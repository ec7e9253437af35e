// Package money holds amounts: a whole number of minor units together with their currency.
//
// A voucher of five hundred kroner is Of(50000, "DKK"), ten draws on a punch card are Of(10, Punch). Nothing here
// rounds, guesses or forgets: text with more decimals than the currency has is refused, two currencies never meet in
// one sum, and a sum that no longer fits is an error instead of a wrapped number. Floating point does not occur.
//
// How many decimals a currency has is ISO 4217's business and kept in one table (iso.go). How people of a country write
// an amount is the business of package language; the forms here, "125.50" and "125.50 DKK", are for machines and logs.
package money

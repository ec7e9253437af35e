// Package sheet reads the vouchers of another system from a table that its merchant saved: CSV as Excel and its like write it in
// Denmark, Germany or England, with semicolons, commas or tabs, decimal points or commas, with a byte order mark, in UTF-8 or in
// Windows-1252.
//
// It refuses to guess where money is at stake: an amount such as 1.234 can be meant in two ways, and is a fault of its line. Nothing
// of a sheet with faults is to be imported. What it counts is what the merchant compares with his old system before he says so:
// vouchers and sums by currency, lines that were left out because nothing is on them, and codes that are easy to guess.
//
// It is pure: a sheet is read from bytes that its caller has at hand, and knows nothing of what is stored here.
package sheet

// Package language knows how the people who get a voucher read and write: the words of the trade, the sentences of the
// mails and the printed voucher, amounts, punches and dates, in Danish, Swedish, Norwegian, German and English.
//
// Everything hangs on a Tag. Parse understands the names that shops give to languages and refuses those it has no
// catalogue for; Choose never refuses and says what happens then. German has two forms that differ where the reader
// would stumble: an Austrian writes "€ 1.234,50", "Jänner" and "Kassa", a German "1.234,50 €", "Januar" and "Kasse".
//
// The catalogues are tables in Go, one file a language, and the tests demand that each holds every word and every
// sentence with exactly the declared placeholders. Danish, Swedish and Norwegian say du, German says Sie. The sentences
// hold no advertising: who is given a voucher never asked for the mail. They are plain text; who puts them into HTML
// escapes them there.
//
// The package is pure and knows no other: amounts arrive as the decimal text that package money writes.
package language

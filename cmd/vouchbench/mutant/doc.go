// Package mutant keeps wrong versions of the daemon, to see that the torture notices them: a checker that finds nothing is worth as much
// as the faults that it would have found. A mutant is a handful of replacements in the source, built with go build -overlay, so that no
// wrong line is ever part of the product. One build has the wrong lines of all of them, each behind a question (package wrong), and a
// setting of the process answers which of them it is. Every text that is replaced occurs exactly once in its file; a test holds that, or
// a mutant would rot unnoticed as the source moves on.
package mutant

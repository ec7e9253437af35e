// Package report asks questions that span the stores, in one snapshot, and changes nothing of what it reads. It proves that purchases,
// vouchers and their deliveries fit together (package ledger proves its own part), and tells of the trade as a whole: the turnover of a
// period, what is owed at any instant, many balances at once, and the tables for the bookkeeper.
//
// What would take long to read each time is summed up by a job, from the journal alone: see [SumUp]. A report adds what that job has not
// seen yet, so that it is as exact without it, and no act has to write anything for it. The sums can be thrown away: they are made anew.
package report

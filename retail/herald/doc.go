// Package herald tells others what happens to vouchers and to customers' accounts: signed webhooks out (X14), to whoever has subscribed.
//
// Nothing is written for it when something happens. It reads the journal, the reservations and, from the audit trail, what has no line
// in either, from where it was, once for each subscriber: by snapshots, so that a line which is committed late is not missed (see
// read.go). What it finds becomes a row of its queue in the transaction that moves that place on, and leaves the queue when the
// subscriber has answered 2xx.
//
// It promises: every line is told at least once, under the same webhook-id each time; the lines of one voucher or account in their
// order, one after the other. Of a reservation its grant is told and its end, and not how its amount changed in between. A message that
// fails holds back the later ones of its voucher and nobody else's; after [attemptsMost] tries it is given up, which a task tells the
// office, and the voucher's next one has its turn. A subscriber who takes nothing for [failingMost],
// or says 410, is paused, with a task; what happens meanwhile waits for it. A message never holds a code.
//
// One gateway at a time sends to a subscriber, under a lease; when it dies another goes on.
package herald

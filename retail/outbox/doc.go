// Package outbox keeps what must happen later: a mail, a relayed order, a call back to a shop.
//
// Whoever makes such a thing necessary adds a [Draft] delivery in the same transaction ([Outbox.Add]), so that it exists exactly
// when its cause does. River moves the deliveries to the handlers, but the row owns the state: a job is only a nudge that says
// "look at this row". A nudge that is lost, doubled or rescued changes nothing, since
//
//   - a worker takes the row with a lease, and the attempt number is the fence: every later write names it, and a worker that
//     slept through its lease finds its writes refused ([ErrLost]);
//   - a sweeper in every process looks for rows that are due and were not picked up, and nudges again. After the power went
//     out, what was waiting is worked within seconds, and what was under way as soon as its lease ran out.
//
// The package promises: a handler's answer ([Result]) is applied once; a delivery waits for the one it comes after; what was
// cancelled or held before its copy was marked is never sent ([Work.MarkCopy]); at most three copies of a message leave the
// house; whoever died between marking a copy and reporting about it leaves the delivery in doubt, not sent twice at once; what
// can't be brought to an end becomes a [Task], which waits for a person.
//
// It refuses to know what a delivery contains. Recipients and bodies arrive sealed and leave sealed; the handlers, registered by
// their owners ([Outbox.Handle]), know what the bytes mean. Every instant is PostgreSQL's vouchsafe_now().
//
// The same River client runs the periodic jobs ([Outbox.Every]) on one of the processes. [InTx] is the way into a transaction for
// this package and for those that add deliveries. The tables are in package schema (0002_outbox.sql), River's own in [Migrate].
package outbox

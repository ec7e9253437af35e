package failpoint

// The points, in the order in which a purchase and its code pass them. What a group does (reserve, capture,
// release, redeem, reload, refund of one voucher) shares the points of the group, since it shares its transaction.
const (
	// WebhookVerified: the signature is right, nothing is stored.
	WebhookVerified = "webhook.verified"
	// WebhookStored: the raw body is written, not committed.
	WebhookStored = "webhook.stored"
	// WebhookCommitted: the body is durable, the shop has no answer yet.
	WebhookCommitted = "webhook.committed"

	// RelayClaimed: a worker took a stored body and has not applied it.
	RelayClaimed = "relay.claimed"
	// RelayApplied: the order's new state is written, not committed.
	RelayApplied = "relay.applied"
	// RelayCommitted: the order's new state is durable, the job is not yet finished.
	RelayCommitted = "relay.committed"

	// IssueDrawn: a code is drawn and exists in memory alone.
	IssueDrawn = "issue.drawn"
	// IssueInserted: voucher, journal lines and delivery are written, not committed.
	IssueInserted = "issue.inserted"
	// IssueCommitted: the voucher is durable, nobody was told.
	IssueCommitted = "issue.committed"

	// MailClaimed: the delivery's row says that this attempt is sending; no connection is open.
	MailClaimed = "mail.claimed"
	// MailConnected: the server greeted, nothing was said about a message.
	MailConnected = "mail.connected"
	// MailRecipient: the server accepted the recipient.
	MailRecipient = "mail.rcpt"
	// MailMarked: the row says that a copy is leaving, and not even its first byte has left.
	MailMarked = "mail.marked"
	// MailDot: the final dot is sent and its answer not read; whether the message was accepted is unknown.
	MailDot = "mail.dot"
	// MailAccepted: the server took the message, the row does not say so yet.
	MailAccepted = "mail.accepted"
	// MailRecorded: the row says sent, the job is not yet finished.
	MailRecorded = "mail.recorded"

	// GroupLocked: the vouchers are locked and read, nothing is decided.
	GroupLocked = "group.locked"
	// GroupDecided: the rule book answered every act, nothing is written.
	GroupDecided = "group.decided"
	// GroupWritten: the write and its COMMIT are on their way and unanswered; the outcome is unknown.
	GroupWritten = "group.written"
	// GroupCommitted: the commit is known, neither Redis nor a caller was told.
	GroupCommitted = "group.committed"
	// GroupAnswered: the callers have their answers.
	GroupAnswered = "group.answered"

	// ActLocked: a transaction of its own (claim, transfer, several codes, invalidate) holds its locks.
	ActLocked = "act.locked"
	// ActWritten: such an act is written, not committed.
	ActWritten = "act.written"
	// ActCommitted: such an act is durable, neither Redis nor the caller was told.
	ActCommitted = "act.committed"

	// PutLost: a change is durable and its write to Redis never happens.
	PutLost = "put.lost"

	// SweepFound: overdue reservations were found, their end is not written.
	SweepFound = "sweep.found"

	// ReseedClaimed: this gateway holds the lease to fill Redis and has written nothing.
	ReseedClaimed = "reseed.claimed"
	// ReseedPut: some of the live reservations are back in Redis, not all.
	ReseedPut = "reseed.put"
	// ReseedFilled: all are back, and Redis is not yet marked as complete.
	ReseedFilled = "reseed.filled"

	// WebhooksSent: a subscriber has answered, and its queue does not know it yet.
	WebhooksSent = "webhooks.sent"
)

// Names returns every point, in the order of the table above.
func Names() []string {
	return []string{
		WebhookVerified, WebhookStored, WebhookCommitted,
		RelayClaimed, RelayApplied, RelayCommitted,
		IssueDrawn, IssueInserted, IssueCommitted,
		MailClaimed, MailConnected, MailRecipient, MailMarked, MailDot, MailAccepted, MailRecorded,
		GroupLocked, GroupDecided, GroupWritten, GroupCommitted, GroupAnswered,
		ActLocked, ActWritten, ActCommitted,
		PutLost,
		SweepFound,
		ReseedClaimed, ReseedPut, ReseedFilled,
		WebhooksSent,
	}
}

package herald

// granted is what is said of a reservation when it is granted, and its state while it is live.
const granted = "active"

// The place is named by parameters, and the statement planned for their values: or else PostgreSQL takes a third of the journal for
// unread, and reads all of it.
const (
	unreadEntries = `
SELECT
	e.account,
	e.seq AS entry,
	NULL::bigint AS audit,
	NULL::uuid AS reservation,
	NULL::jsonb AS said,
	0 AS fence,
	e.at
FROM
	entry e
WHERE
	e.txid >= @xmin::text::bigint
	AND NOT pg_visible_in_snapshot(e.txid::text::xid8, @seen::text::pg_snapshot)
	AND e.at > @since::text::timestamptz`

	unreadAudit = `
SELECT
	v.id,
	NULL,
	a.id,
	NULL,
	NULL,
	0,
	a.at
FROM
	audit a
	JOIN voucher v ON v.id = CASE WHEN a.object ~ '^[0-9a-f-]{36}$' THEN a.object::uuid END
WHERE
	a.txid >= @xmin::text::xid8
	AND NOT pg_visible_in_snapshot(a.txid, @seen::text::pg_snapshot)
	AND a.at > @since::text::timestamptz
	AND a.action = ANY (@actions)`

	// A reservation tells two things, its grant and its end, each of the transaction that wrote it. One that was captured as it was
	// granted is a redemption at a till, of which the journal tells: it was never in anybody's way.
	unreadReservations     = unreadReservationsOf + `r.voucher` + asWritten + `reservation` + sinceThen
	unreadAccountsReserved = unreadReservationsOf + `r.account` + asWritten + `account_reservation` + sinceThen

	unreadReservationsOf = `
SELECT
	`
	asWritten = `,
	NULL,
	NULL,
	r.id,
	jsonb_build_object('owner', r.owner, 'state', n.state, 'amount', r.amount, 'expires_at', r.expires_at, 'at', n.at),
	r.fence,
	n.at
FROM
	`
	sinceThen = ` r
	CROSS JOIN LATERAL (
		VALUES
			('` + granted + `', r.granted_in, r.granted_at),
			(r.state, coalesce(r.ended_in, r.granted_in), r.ended_at)
	) n (state, txid, at)
WHERE
	(r.granted_in >= @xmin::text::bigint OR r.ended_in >= @xmin::text::bigint)
	AND NOT (r.state = 'captured' AND r.ended_in IS NULL)
	AND NOT pg_visible_in_snapshot(n.txid::text::xid8, @seen::text::pg_snapshot)
	AND n.at > @since::text::timestamptz`

	// What happened at the same instant is told in the order of its grants and then of the journal: a group of acts has one instant.
	queueUnread = `
INSERT INTO webhook (
	id,
	subscriber,
	account,
	entry,
	audit,
	reservation,
	said,
	due_at,
	read_at
)
SELECT
	md5(@id::text || ' ' || account::text || ' ' || coalesce('e' || entry, 'a' || audit, 'r' || reservation || (said ->> 'state')))::uuid,
	@id::uuid,
	account,
	entry,
	audit,
	reservation,
	said,
	vouchsafe_now(),
	vouchsafe_now()
FROM (` + unreadEntries + `
UNION ALL` + unreadAudit + `
UNION ALL` + unreadReservations + `
UNION ALL` + unreadAccountsReserved + `
) unread
ORDER BY
	at,
	reservation IS NULL,
	fence,
	said ->> 'state' <> '` + granted + `',
	entry NULLS LAST,
	audit
ON CONFLICT (subscriber, id) DO NOTHING`
)

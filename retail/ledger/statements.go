package ledger

// The statements of a group are prepared with positional parameters: they are the hot path, and
// pgx parses named ones anew at every call.
const (
	// Planned once: planning costs more than the statements themselves. A plan that is kept must be right whatever the tables held
	// when it was made, so none of the statements leaves a choice: each finds its rows by one index, which LATERAL with OFFSET 0 makes
	// it do for every row of unnest and of every table after it. (Two tables that are joined side by side were read as a whole for every
	// act, long after a plan was made for tables of a few rows. So was an index of redemptions alone, where a kind was compared with that
	// word and not with a column.) Local to the transaction, so that a pooler in between does no harm.
	setPlans = `SELECT
		set_config('plan_cache_mode', 'force_generic_plan', true),
		set_config('enable_seqscan', 'off', true),
		set_config('enable_bitmapscan', 'off', true)`

	setLocals = setPlans + `,
		set_config('statement_timeout', '2000', true),
		set_config('lock_timeout', '1500', true),
		set_config('idle_in_transaction_session_timeout', '5000', true)`

	voucherColumns = `
		id::text,
		code_mac,
		last4,
		product,
		kind,
		mode,
		currency,
		state,
		blocked_order,
		blocked_office,
		quarantined,
		coalesce(refund_waits, -1) AS refund_waits,
		balance,
		fence,
		version,
		term,
		zone,
		expires_on,
		ends_at,
		country,
		term_from,
		owed_for,
		vat,
		vat_rate,
		members_only,
		coalesce(token_mac, '') AS token_mac,
		coalesce(token_by::text, '') AS token_by,
		code_retired,
		coalesce(shop, '') AS shop,
		coalesce(unit::text, '') AS unit,
		issued_at,
		last_at,
		entries,
		head`

	lockVouchers = `SELECT` + voucherColumns + `
		FROM voucher
		WHERE id = ANY($1::uuid[])
		ORDER BY id
		FOR NO KEY UPDATE `

	knownVouchers = `SELECT id::text FROM voucher WHERE id = ANY($1::uuid[])`

	lockHolders = `SELECT pg_advisory_xact_lock(h) FROM unnest($1::bigint[]) h`

	readHoldings = `SELECT
			r.owner,
			r.holder,
			r.voucher::text
		FROM unnest($1::text[], $2::bytea[]) AS q (owner, holder)
		CROSS JOIN LATERAL (
			SELECT
				owner,
				holder,
				voucher,
				expires_at
			FROM reservation
			WHERE owner = q.owner AND holder = q.holder AND ended_at IS NULL
			OFFSET 0
		) r
		WHERE r.expires_at > vouchsafe_now()`

	recordColumns = `
		a.id::text,
		a.owner,
		a.kind,
		a.key,
		a.state,
		a.fingerprint,
		coalesce(a.voucher::text, '') AS voucher,
		coalesce(a.reservation::text, '') AS reservation,
		coalesce(a.source::text, '') AS source,
		coalesce(a.currency, '') AS currency,
		a.amount,
		a.taken_back,
		a.balance,
		a.rest,
		a.released,
		a.late,
		a.detail,
		a.at,
		a.reversed_at`

	// A line of the journal.
	lineColumns = `
		e.account::text,
		e.seq,
		e.act::text,
		e.kind,
		e.contra,
		e.amount,
		e.currency,
		e.balance,
		e.at`

	// The second part finds the redemption that a named reservation became, or that another act of
	// the owner has made under the reservation's first key.
	readRecords = `SELECT` + recordColumns + `
		FROM unnest($1::text[], $2::text[], $3::text[]) AS q (owner, kind, key)
		CROSS JOIN LATERAL (
			SELECT *
			FROM act
			WHERE owner = q.owner AND kind = q.kind AND key = q.key
			OFFSET 0
		) n
		CROSS JOIN LATERAL (
			SELECT n.*
			UNION ALL
			SELECT c.*
			FROM (
				SELECT
					owner,
					'redemption' AS kind,
					key
				FROM reservation
				WHERE id = n.reservation AND n.kind = 'reservation'
				OFFSET 0
			) r
			CROSS JOIN LATERAL (
				SELECT *
				FROM act
				WHERE owner = r.owner AND kind = r.kind AND key = r.key
				OFFSET 0
			) c
			OFFSET 0
		) a`

	reservationColumns = `
		r.id::text,
		r.voucher::text,` + heldColumns

	// What a reservation of a voucher and one of an account have in common.
	heldColumns = `
		r.fence,
		r.owner,
		r.key,
		r.holder,
		r.holder_hint,
		r.amount,
		r.due,
		r.revision,
		r.state,
		r.granted_at,
		r.expires_at,
		r.ended_at`

	// The live reservations, and those that acts name; of vouchers, and with other columns of accounts.
	readReservations = `SELECT` + reservationColumns + `
		FROM reservation r
		WHERE r.voucher = ANY($1::uuid[]) AND r.state = 'active'
		UNION ALL
		SELECT` + reservationColumns + namedReservations + `
			FROM reservation` + asNamed

	namedReservations = `
		FROM unnest($2::text[], $3::text[], $4::text[]) AS q (owner, kind, key)
		CROSS JOIN LATERAL (
			SELECT reservation
			FROM act
			WHERE owner = q.owner AND kind = q.kind AND key = q.key
			OFFSET 0
		) n
		CROSS JOIN LATERAL (
			SELECT *`

	asNamed = `
			WHERE id = n.reservation
			OFFSET 0
		) r
		WHERE q.kind = 'reservation'`

	readInstant = `SELECT vouchsafe_now()`

	// The life is read by the transaction itself: no pooler in between can lead it to another server.
	readMoment = `SELECT
		vouchsafe_now(),
		vouchsafe_life()`
)

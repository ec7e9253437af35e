package ledger

// accountProofs are those of customers' accounts, and of what moves between them and vouchers.
func accountProofs() []proof {
	return append(lotProofs(), []proof{
		{"the balance of an account is the sum of its journal, which it counts", `SELECT a.id::text, format('balance %s of %s entries, journal %s of %s', a.balance, a.entries, coalesce(e.total, 0), coalesce(e.n, 0))
			FROM account a
			LEFT JOIN (SELECT account, sum(amount) AS total, count(*) AS n, max(seq) AS last FROM entry GROUP BY account) e ON e.account = a.id
			WHERE a.balance <> coalesce(e.total, 0) OR a.entries <> coalesce(e.n, 0) OR a.entries <> coalesce(e.last, 0) OR a.balance < 0`},
		{"an account has set aside what its live reservations say, and no more than it has", `SELECT a.id::text, format('reserved %s of %s, reservations %s', a.reserved, a.balance, coalesce(r.total, 0))
			FROM account a
			LEFT JOIN (SELECT account, sum(amount) AS total FROM account_reservation WHERE state = 'active' GROUP BY account) r ON r.account = a.id
			WHERE a.reserved <> coalesce(r.total, 0) OR a.reserved > a.balance`},
		{"no fence is above its account's", `SELECT r.id::text, format('fence %s, account %s', r.fence, a.fence)
			FROM account_reservation r
			LEFT JOIN account a ON a.id = r.account
			WHERE a.id IS NULL OR r.fence > a.fence`},
		{"a captured part of an account has one redemption, no larger than itself", `SELECT r.id::text, format('%s of %s, redeemed %s', r.state, r.amount, a.amount)
			FROM account_reservation r
			LEFT JOIN act a ON a.reservation = r.id AND a.kind = 'redemption' AND a.state <> 'prevented'
			WHERE (r.state = 'captured') <> (a.id IS NOT NULL) OR a.amount > r.amount OR a.voucher <> r.account`},
		{"a claimed voucher is empty, and its claim stands", `SELECT v.id::text, format('%s, worth %s, with %s claims that stand', v.state, v.balance, count(a.id))
			FROM voucher v
			LEFT JOIN act a ON a.voucher = v.id AND a.kind = 'claim' AND a.state = 'done'
			WHERE v.state = 'claimed'
			GROUP BY v.id
			HAVING count(a.id) = 0 OR v.balance <> 0`},
		{"what a claim or transfer took in one place it brought to another", `SELECT a.id::text, format('%s of %s: entries %s', a.kind, a.amount, e.entries)
			FROM act a
			LEFT JOIN LATERAL (
				SELECT
					array_agg(format('%s %s %s', n.account, n.kind, n.amount)) AS entries,
					coalesce(sum(n.amount), 0) AS rest,
					count(*) FILTER (WHERE n.account = a.voucher AND n.kind = a.kind AND n.amount = -a.amount AND n.contra LIKE '%/' || (a.detail -> 'moved' ->> 'to')) AS gave,
					count(*) FILTER (WHERE n.account::text = a.detail -> 'moved' ->> 'to' AND n.kind = a.kind AND n.amount = a.amount AND n.contra LIKE '%/' || a.voucher) AS got,
					count(*) FILTER (WHERE n.kind = 'reversal') AS back
				FROM entry n
				WHERE n.act = a.id AND n.account IN (a.voucher, (a.detail -> 'moved' ->> 'to')::uuid)
			) e ON true
			WHERE a.kind IN ('claim', 'transfer') AND a.state <> 'prevented'
				AND (e.rest <> 0 OR e.gave <> 1 OR e.got <> 1 OR e.back <> CASE a.state WHEN 'reversed' THEN 2 ELSE 0 END)`},
		{"whoever was merged into another leads straight to him, and has nothing left", `SELECT c.id::text, format('merged into %s', c.merged_into)
			FROM customer c
			JOIN customer o ON o.id = c.merged_into
			WHERE o.merged_into IS NOT NULL OR EXISTS (SELECT FROM account a WHERE a.customer = c.id AND a.reserved > 0)`},
		{"what came back to whoever was merged into another was moved on", `SELECT a.id::text, format('%s %s since %s, of customer %s who was merged into %s', n.free, a.currency, a.last_at, c.id, c.merged_into)
			FROM customer c
			JOIN account a ON a.customer = c.id AND a.balance > 0 AND NOT a.quarantined
			LEFT JOIN account h ON h.customer = c.merged_into AND h.currency = a.currency
			CROSS JOIN LATERAL (
				SELECT CASE a.currency
					WHEN 'POINT' THEN (SELECT coalesce(sum(rest - aside), 0) FROM lot WHERE account = a.id AND (ends_at IS NULL OR ends_at > vouchsafe_now()))
					ELSE a.balance - a.reserved
				END AS free
			) n
			WHERE c.merged_into IS NOT NULL AND n.free > 0 AND h.quarantined IS NOT TRUE
				AND a.last_at < vouchsafe_now() - interval '1 hour' -- by then the job has made up for a crash`},
	}...)
}

// lotProofs are those of points: whatever happens to an account of them, its lots add up.
func lotProofs() []proof {
	return []proof{
		{"the lots of an account of points add up to its balance, and what they have set aside to what is reserved", `SELECT a.id::text, format('balance %s, %s reserved; lots %s, %s aside', a.balance, a.reserved, coalesce(l.rest, 0), coalesce(l.aside, 0))
			FROM account a
			LEFT JOIN (SELECT account, sum(rest) AS rest, sum(aside) AS aside FROM lot GROUP BY account) l ON l.account = a.id
			WHERE (a.currency = 'POINT' OR l.account IS NOT NULL) AND (a.balance <> coalesce(l.rest, 0) OR a.reserved <> coalesce(l.aside, 0) OR a.currency <> 'POINT')`},
		{"a lot has left what was brought to it and not taken", `SELECT l.id::text, format('%s left, moved %s', l.rest, m.points)
			FROM lot l
			LEFT JOIN (SELECT lot, account, sum(points) AS points FROM lot_move GROUP BY lot, account) m ON m.lot = l.id AND m.account = l.account
			WHERE l.rest <> coalesce(m.points, 0)`},
		{"every entry of points says what it moved of which lots", `SELECT coalesce(e.account, m.account)::text, format('entry %s of %s moved %s', coalesce(e.seq, m.seq), e.amount, m.points)
			FROM (SELECT account, seq, act, sum(points) AS points FROM lot_move GROUP BY account, seq, act) m
			FULL JOIN (SELECT account, seq, act, amount FROM entry WHERE currency = 'POINT') e ON e.account = m.account AND e.seq = m.seq AND e.act = m.act
			WHERE e.amount IS DISTINCT FROM m.points`},
		{"a reservation of points has set them aside in lots while it is live, at a rate of its own", `SELECT r.id::text, format('%s of %s, %s aside in lots', r.state, r.amount, coalesce(s.points, 0))
			FROM account_reservation r
			JOIN account a ON a.id = r.account AND a.currency = 'POINT'
			LEFT JOIN exchange x ON x.reservation = r.id
			LEFT JOIN (SELECT reservation, sum(points) AS points FROM lot_aside GROUP BY reservation) s ON s.reservation = r.id
			WHERE x.reservation IS NULL OR coalesce(s.points, 0) <> CASE r.state WHEN 'active' THEN r.amount ELSE 0 END`},
		{"a lot has set aside what reservations have of it", `SELECT l.id::text, format('%s aside, reservations %s', l.aside, coalesce(s.points, 0))
			FROM lot l
			LEFT JOIN (SELECT lot, sum(points) AS points FROM lot_aside GROUP BY lot) s ON s.lot = l.id
			WHERE l.aside <> coalesce(s.points, 0)`},
		{"what an earning of points gave back is what was recalled of it and not given again", `SELECT a.id::text, format('%s of %s given back, recalled %s; %s open, spent %s', a.taken_back, a.amount, coalesce(r.points, 0), a.rest, coalesce(r.spent, 0))
			FROM act a
			LEFT JOIN (
				SELECT
					source,
					sum(CASE kind WHEN 'recall' THEN 1 ELSE -1 END * (amount + rest + coalesce((detail ->> 'ended')::bigint, 0) + coalesce((detail ->> 'waived')::bigint, 0))) AS points,
					sum(CASE kind WHEN 'recall' THEN rest ELSE -rest END) AS spent
				FROM act
				WHERE kind IN ('recall', 'regain')
				GROUP BY source
			) r ON r.source = a.id
			WHERE a.kind = 'points'
				AND (a.taken_back <> CASE a.state WHEN 'reversed' THEN a.amount ELSE coalesce(r.points, 0) END OR a.rest <> coalesce(r.spent, 0))`},
		{"what an earning has brought, as the journal says, is what stands of it and what was spent of the rest", `SELECT a.id::text, format('%s stand, %s are open, %s are waived or have ended, journal %s', a.amount - a.taken_back, a.rest, coalesce(n.points, 0), coalesce(j.points, 0))
			FROM act a
			LEFT JOIN (
				SELECT
					CASE WHEN m.kind = 'points' THEN m.id ELSE m.source END AS earning,
					sum(e.amount) AS points
				FROM act m
				JOIN entry e ON e.act = m.id
				WHERE m.kind IN ('points', 'recall', 'regain')
				GROUP BY 1
			) j ON j.earning = a.id
			LEFT JOIN (
				SELECT
					source,
					sum(CASE kind WHEN 'recall' THEN 1 ELSE -1 END * (coalesce((detail ->> 'ended')::bigint, 0) + coalesce((detail ->> 'waived')::bigint, 0))) AS points
				FROM act
				WHERE kind IN ('recall', 'regain')
				GROUP BY source
			) n ON n.source = a.id
			WHERE a.kind = 'points' AND a.amount - a.taken_back + a.rest + coalesce(n.points, 0) <> coalesce(j.points, 0)`},
		{"no more of an earning counts as ended than has ended of it", `SELECT n.source::text, format('%s of %s', n.points, coalesce(l.points, 0))
			FROM (
				SELECT
					source,
					sum(CASE kind WHEN 'recall' THEN 1 ELSE -1 END * (detail ->> 'ended')::bigint) AS points
				FROM act
				WHERE kind IN ('recall', 'regain') AND detail ->> 'ended' IS NOT NULL
				GROUP BY source
			) n
			LEFT JOIN (SELECT origin, sum(ended) AS points FROM lot WHERE ended > 0 GROUP BY origin) l ON l.origin = n.source
			WHERE n.points NOT BETWEEN 0 AND coalesce(l.points, 0)`},
		{"a lot says how many of its points have ended", `SELECT l.id::text, format('%s ended, lapsed %s', l.ended, coalesce(m.points, 0))
			FROM lot l
			LEFT JOIN (
				SELECT
					m.lot,
					-sum(m.points) AS points
				FROM lot_move m
				JOIN act a ON a.id = m.act
				WHERE a.kind = 'lapse'
				GROUP BY m.lot
			) m ON m.lot = l.id
			WHERE l.ended <> coalesce(m.points, 0)`},
		{"points have paid no more of an order than its limits and its lines let them", `SELECT format('%s/%s', p.owner, p.named), format('%s points of %s, worth %s of %s', p.points, p.most, p.worth, p.permits)
			FROM (
				SELECT
					a.owner,
					a.detail ->> 'order' AS named,
					sum(a.amount - a.taken_back) AS points,
					sum(floor((a.amount - a.taken_back)::numeric * x.minor / x.units)) AS worth,
					count(*) AS parts,
					max(x.most) AS most,
					max(x.permits) AS permits
				FROM act a
				JOIN exchange x ON x.reservation = a.reservation
				WHERE a.kind = 'redemption' AND a.currency = 'POINT' AND a.detail ->> 'order' IS NOT NULL
				GROUP BY a.owner, a.detail ->> 'order', x.currency
			) p
			WHERE p.points > p.most OR p.worth - p.parts > p.permits`}, // each part may be worth less than its points together
		{"what points were exchanged for that is handed over waits, was handed over, or was taken back with its act", `SELECT coalesce(c.id, r.act)::text, format('%s of %s; the reward of %s, handed over %s, taken back %s', c.state, c.amount, r.points, r.handed_over_at, r.taken_back_at)
			FROM (SELECT * FROM act WHERE kind = 'conversion' AND state <> 'prevented' AND detail -> 'reward' ->> 'voucher' IS NULL) c
			FULL JOIN external_reward r ON r.act = c.id
			WHERE c.id IS NULL OR r.act IS NULL OR c.amount <> r.points OR c.voucher <> r.account
				OR (c.state = 'reversed') <> (r.taken_back_at IS NOT NULL) OR c.state <> 'done' AND r.handed_over_at IS NOT NULL`},
		{"points that were exchanged for a voucher and the voucher stand or fall together", `SELECT c.id::text, format('%s, the voucher %s', c.state, r.state)
			FROM act c
			LEFT JOIN act r ON r.owner = c.owner AND r.kind = 'reward' AND r.key = c.key
			WHERE c.kind = 'conversion' AND c.detail -> 'reward' ->> 'voucher' IS NOT NULL
				AND (r.state IS DISTINCT FROM c.state OR r.voucher::text IS DISTINCT FROM c.detail -> 'reward' ->> 'voucher')`},
		{"an order that is closed and settled is not paid with points", `SELECT format('%s/%s', o.shop, o.order_id), format('%s of redemption %s', a.amount - a.taken_back, a.key)
			FROM loyalty_order n
			JOIN loyalty_order o ON o.shop = n.shop AND o.order_id = CASE n.number_of WHEN '' THEN n.order_id ELSE n.number_of END
			JOIN act a ON a.owner = 'shop:' || n.shop AND a.kind = 'redemption' AND a.detail ->> 'order' = n.order_id AND a.currency = 'POINT'
			WHERE o.closed AND NOT o.unsettled AND a.detail ->> 'order' IS NOT NULL AND a.amount > a.taken_back`},
		{"the number of an order leads straight to an order that its shop told of, and is nobody's id", `SELECT format('%s/%s', n.shop, n.order_id), format('number of %s, which is number of %s, told %s', n.number_of, o.number_of, o.told_at)
			FROM loyalty_order n
			LEFT JOIN loyalty_order o ON o.shop = n.shop AND o.order_id = n.number_of
			WHERE n.number_of <> '' AND (n.told_at IS NOT NULL OR n.earned OR o.order_id IS NULL OR o.number_of <> '' OR o.told_at IS NULL)`},
	}
}

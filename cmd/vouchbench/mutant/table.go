package mutant

import "slices"

// Mutant is one wrong version of the daemon.
type Mutant struct {
	Name    string
	Breaks  string // the rule that no longer holds
	Notices string // what is expected to find it out
	Mix     string // of the torture that does so quickly
	Edits   []Edit
}

// Edit replaces a text that occurs exactly once in a file. WRONG in the new one asks whether the process is this mutant, NAME is the
// mutant's name: one daemon is all of them, and none unless it is told which.
type Edit struct {
	File     string // below the module's root
	Old, New string
}

// The files that most mutants change.
const (
	load  = "retail/ledger/load.go"
	group = "retail/ledger/group.go"
	write = "retail/ledger/write.go"
	lane  = "retail/ledger/lane.go"
	rules = "retail/voucher/"
	desk  = "retail/desk.go"
)

// All are the mutants, each of which a short torture must find out.
func All() []Mutant { return slices.Concat(locks(), acts(), groups(), stores(), messages()) }

// Named are the mutants of these names, all of them for "all".
func Named(names ...string) []Mutant {
	return slices.DeleteFunc(All(), func(m Mutant) bool { return !slices.Contains(names, m.Name) && !slices.Contains(names, "all") })
}

// locks break what keeps two acts on one voucher apart.
func locks() []Mutant {
	return []Mutant{
		{
			"no row lock", "lock, decide, write", "the constraints: somebody is answered that the program failed", "hot",
			[]Edit{{
				load, "lockVouchers+",
				"wrong.Text(wrong.Text(lockVouchers, \"FOR NO KEY UPDATE\", \"--\", NAME, \"self-check removed\"),\n" +
					"\t\t\"ORDER BY id\", \"ORDER BY array_position($1::uuid[], id)\", \"lock order reversed\")+",
			}},
		},
		{
			"read before the lock", "what a decision rests on is read after the row is locked", "the constraints, the histories", "hot",
			[]Edit{
				{load, "\tqueueReservations(batch, readReservations, keys, refs, &reservations)\n", "\tif !WRONG {\n\t\tqueueReservations(batch, readReservations, keys, refs, &reservations)\n\t}\n"},
				{
					load, "\tcollect(batch.Queue(wrong",
					"\tif WRONG {\n\t\tqueueReservations(batch, readReservations, keys, refs, &reservations)\n\t}\n\tcollect(batch.Queue(wrong",
				},
			},
		},
		{
			"instant read before the lock", "the instant of an act is read after its locks and never before the last one", "verify: reservations overlap", "hot",
			[]Edit{
				{
					load, "\tbatch.Queue(readMoment).QueryRow(func(row pgx.Row) error { return row.Scan(&s.at, &life) })\n",
					"\tif !WRONG {\n\t\tbatch.Queue(readMoment).QueryRow(func(row pgx.Row) error { return row.Scan(&s.at, &life) })\n\t}\n",
				},
				{load, "\tvar life string\n", ""},
				{
					load, "\tcollect(batch.Queue(wrong",
					"\tvar life string\n\tif WRONG {\n\t\tbatch.Queue(readMoment).QueryRow(func(row pgx.Row) error { return row.Scan(&s.at, &life) })\n\t}\n\tcollect(batch.Queue(wrong",
				},
				{load, "v.LastAt.After(c.At)", "!WRONG && v.LastAt.After(c.At)"},
			},
		},
		{
			"time runs backwards", "time never runs backwards for a voucher", "verify: reservations overlap", "clock",
			[]Edit{{load, "v.LastAt.After(c.At)", "!WRONG && v.LastAt.After(c.At)"}},
		},
		{
			"lock order reversed", "rows are locked in the order of their ids", "the count of deadlocks", "pairs",
			[]Edit{{
				"retail/ledger/accounts.go", "\treturn sortedUnique(vouchers), sortedUnique(accounts)\n",
				"\tif WRONG {\n\t\treturn vouchers, sortedUnique(accounts)\n\t}\n\treturn sortedUnique(vouchers), sortedUnique(accounts)\n",
			}},
		},
		{
			"expiry without lock", "a reservation expires under the lock of its voucher", "the histories: whoever reserved anew has lost it", "days",
			[]Edit{
				{"retail/ledger/sweep.go", "// seedBatch is how many", unlockedExpiry + "// seedBatch is how many"},
				{desk, "\tif err := f.Refuse(act); err != nil {\n", "\tif WRONG {\n\t\td.ledger.ExpireUnlocked(ctx, f.Voucher.ID)\n\t}\n\tif err := f.Refuse(act); err != nil {\n"},
			},
		},
	}
}

// unlockedExpiry looks whether a reservation is overdue, and then ends whichever there is.
const unlockedExpiry = `func (l *Ledger) ExpireUnlocked(ctx context.Context, id string) {
	var overdue bool
	const look = "SELECT EXISTS (SELECT FROM reservation WHERE voucher = $1::uuid AND state = 'active' AND expires_at <= vouchsafe_now())"
	if err := l.pool.QueryRow(ctx, look, id).Scan(&overdue); err == nil && overdue {
		_, _ = l.pool.Exec(ctx, "UPDATE reservation SET state = 'expired', ended_at = expires_at WHERE voucher = $1::uuid AND state = 'active'", id)
	}
}

`

// acts break the rules of single acts.
func acts() []Mutant {
	return []Mutant{
		{
			"fence not checked", "a late capture is refused when somebody was granted the code since", "the histories", "days",
			[]Edit{{rules + "capture.go", "\tcase c.passedOn(r, minor):\n", "\tcase !WRONG && c.passedOn(r, minor):\n"}},
		},
		{
			"fence not raised", "every grant has a fence of its own", "the constraints", "hot",
			[]Edit{{rules + "case.go", "\tc.Voucher.Fence++\n", "\tif !WRONG {\n\t\tc.Voucher.Fence++\n\t}\n"}},
		},
		{
			"fence counted where it can be wiped", "fences rise for ever, in PostgreSQL", "the constraints", "hot",
			[]Edit{{rules + "case.go", "\tif !wrong.Is(\"fence not raised\") {\n", "\tif WRONG {\n\t\tc.Voucher.Fence %= 5\n\t}\n\tif !wrong.Is(\"fence not raised\") {\n"}},
		},
		{
			"act names ignored", "a key names one act, once", "the constraints, the histories", "hot",
			[]Edit{{
				rules + "redeem.go", "\tif record := c.Records[a.Ref]; record != nil {\n\t\treturn record.repeat(a.ID, content)\n\t}\n\tlive := c.Live()\n",
				"\tif record := c.Records[a.Ref]; record != nil && !WRONG {\n\t\treturn record.repeat(a.ID, content)\n\t}\n\tlive := c.Live()\n",
			}},
		},
		{
			"one shop's keys are another's", "an act is named by its owner and its key", "answers: keys are taken that nobody used", "hot",
			[]Edit{{"retail/actor.go", `return "shop:" + a.Name`, `return "shop:" + wrong.Or("", a.Name, NAME)`}},
		},
		{
			"capture above its reservation", "a reservation's amount caps its capture", "the histories", "hot",
			[]Edit{{rules + "capture.go", "\tif asked > own.Amount {\n", "\tif !WRONG && asked > own.Amount {\n"}},
		},
		{
			"capture ignores its amount", "a capture takes what it names", "the histories", "hot",
			[]Edit{{rules + "capture.go", "\treturn a.capture(c, own, asked), nil\n", "\treturn a.capture(c, own, wrong.Or(own.Amount, asked, NAME)), nil\n"}},
		},
		{
			"released by whoever asks", "only its owner releases a reservation", "the histories", "hot",
			[]Edit{{
				rules + "capture.go", "\tif own.LiveAt(c.At) {\n\t\tc.end(own, Released, c.At)\n",
				"\tif live := c.Live(); live != nil && WRONG {\n\t\town = live\n\t}\n\tif own.LiveAt(c.At) {\n\t\tc.end(own, Released, c.At)\n",
			}},
		},
		{
			"refund without sum", "refunds never exceed what was redeemed", "the constraints, the histories", "hot",
			[]Edit{{rules + "refund.go", "\tif minor > redemption.left() || minor == 0 {\n", "\tif minor > wrong.Or(redemption.Amount, redemption.left(), NAME) || minor == 0 {\n"}},
		},
	}
}

// groups break the rules of a group commit.
func groups() []Mutant {
	return []Mutant{
		{
			"several rows for one voucher", "net effects: one update row for each voucher", "verify, the histories", "hot",
			[]Edit{
				{
					write, "\t\t\trows.add(c.Voucher, s.before[c.Voucher.ID].Version)\n",
					"\t\t\tfirst := c.Voucher\n\t\t\tif len(c.Entries) > 1 {\n\t\t\t\tfirst.Balance = c.Entries[0].Balance\n\t\t\t}\n" +
						"\t\t\tif WRONG {\n\t\t\t\trows.add(first, s.before[first.ID].Version)\n\t\t\t}\n" +
						"\t\t\trows.add(c.Voucher, s.before[c.Voucher.ID].Version)\n" +
						"\t\t\tif WRONG {\n\t\t\t\trows.add(first, s.before[first.ID].Version)\n\t\t\t}\n",
				},
				{
					write, "batch.Queue(updateVouchers,",
					"batch.Queue(wrong.Text(updateVouchers, \"expect_rows('voucher', (SELECT count(*) FROM done), $16)\", \"(SELECT count(*) FROM done) + $16::bigint\", NAME, \"self-check removed\"),",
				},
			},
		},
		{
			"self-check removed", "a statement that wrote less than it was given raises", "the histories: acts were acknowledged and not written", "hot",
			[]Edit{
				{
					write, "s.queueReservations(batch, vouchers, updateReservations,",
					"s.queueReservations(batch, vouchers, wrong.Text(updateReservations, \"expect_rows('reservation', (SELECT count(*) FROM done), $10)\", \"(SELECT count(*) FROM done) + $10::bigint\", NAME),",
				},
			},
		},
		{
			"acknowledged before the commit", "no answer before the commit is known", "what was acknowledged is not in the books", "cuts",
			[]Edit{
				{group, "\tfailpoint.Hit(failpoint.GroupDecided)\n", "\tif WRONG {\n\t\trun.answer()\n\t}\n\tfailpoint.Hit(failpoint.GroupDecided)\n"},
				// Who was answered already is not waited for once more.
				{group, "\t\tp.settled <- g.results[i]\n", "\t\tselect {\n\t\tcase p.settled <- g.results[i]:\n\t\tdefault:\n\t\t}\n"},
				{lane, "\t\tp.settled <- result{err: err}\n", "\t\tselect {\n\t\tcase p.settled <- result{err: err}:\n\t\tdefault:\n\t\t}\n"},
			},
		},
		{
			"refused before the commit", "a refusal may rest on an act of its own group, and waits for its commit", "the histories", "cuts",
			[]Edit{{
				group, "\tfailpoint.Hit(failpoint.GroupDecided)\n",
				"\tfor i, p := range run.acts {\n\t\tif WRONG && run.results[i].err != nil {\n\t\t\tselect {\n\t\t\tcase p.settled <- run.results[i]:\n\t\t\tdefault:\n\t\t\t}\n\t\t}\n\t}\n\tfailpoint.Hit(failpoint.GroupDecided)\n",
			}},
		},
		{
			"poison spreads", "an act that the database refuses fails alone", "answers: others are told that the program failed", "poison",
			[]Edit{{lane, "\t\tcase len(group) > 1 && !IsPassing(err):\n", "\t\tcase !WRONG && len(group) > 1 && !IsPassing(err):\n"}},
		},
	}
}

// stores break what PostgreSQL and Redis are to one another.
func stores() []Mutant {
	const before = "\tif err := f.Refuse(act); err != nil {\n\t\td.ledger.Refused(act, err)\n"
	return []Mutant{
		{
			"granted on Redis's word", "Redis can refuse, it can never grant", "the histories", "redis",
			[]Edit{{
				desk, before,
				"\tif states, err := d.testimony.holds.Look(ctx, f.Voucher.ID); WRONG && err == nil && states[f.Voucher.ID].Holder == \"\" && f.Live != nil {\n" +
					"\t\t_, _ = d.ledger.Apply(ctx, ledger.Aimed{Voucher: f.Voucher.ID, Act: voucher.ReleaseForeign{}})\n\t\tf.Live = nil\n\t}\n" + before,
			}},
		},
		{
			"refused on Redis's word", "a held code in Redis is confirmed before it refuses", "the histories", "stale",
			[]Edit{{
				desk, before,
				"\tif states, err := d.testimony.holds.Look(ctx, f.Voucher.ID); WRONG && err == nil && states[f.Voucher.ID].Holder != \"\" && f.Live == nil && !f.Named {\n" +
					"\t\tif _, reloads := act.(voucher.Reload); !reloads {\n\t\t\treturn voucher.Answer{}, &voucher.HeldError{Since: f.At, Until: f.At, Owner: \"shop:\"}\n\t\t}\n\t}\n" + before,
			}},
		},
		{
			"put without version", "Redis keeps the highest version, whatever the order of arrival", "the watch on the witnesses", "puts",
			[]Edit{
				{"retail/hold/put.go", "const putScript = `\n", "var putScript = wrong.Text(`\n"},
				{"retail/hold/put.go", "return 1\n`\n", "return 1\n`, \"if tonumber(ARGV[1]) < seen then\", \"if false then\", NAME)\n"},
			},
		},
		{
			"a code in the log", "no code is in any log", "the search for codes", "hot",
			[]Edit{{desk, "\tcode, _ := voucher.Read(typed.Code)", "\tif WRONG {\n\t\td.log.Debug(\"looked up\", \"code\", typed.Code)\n\t}\n\tcode, _ := voucher.Read(typed.Code)"}},
		},
	}
}

// messages break the relaying of orders and the sending of mails.
func messages() []Mutant {
	return []Mutant{
		{
			"deduped by the message's id", "no vendor's delivery id decides anything", "the count of vouchers", "webhook",
			[]Edit{
				{"retail/webhooks.go", "order: body.Order, told:", "order: wrong.Or(nil, body.Order, NAME), told:"},
				{
					"retail/intake.go", "\t\tgroup[i].receipt = Receipt{Duplicate: k.Duplicate}\n",
					"\t\tgroup[i].receipt = Receipt{Duplicate: k.Duplicate}\n\t\tif WRONG && k.Duplicate {\n\t\t\tcontinue\n\t\t}\n",
				},
			},
		},
		{
			"sent only if the farewell was", "a mail is sent once its final dot was answered", "the count of copies", "post",
			[]Edit{{
				"retail/mail/sender.go", "\t_ = watch(Accepted)", "\tif WRONG {\n\t\tif err := a.client.Quit(); err != nil {\n\t\treturn failed(\"say good-bye\", err, Temporary)\n\t\t}\n\t}\n\t_ = watch(Accepted)",
			}},
		},
		{
			"doubt repeated at once", "a mail in doubt is repeated after a quarter of an hour", "the postmarks of the copies", "post",
			[]Edit{{"retail/outbox/rules.go", "v.due = in(doubtPause)", "v.due = in(wrong.Or(0, doubtPause, NAME))"}},
		},
		{
			"another unit's recipient", "a code goes to the recipient of its own unit", "the mails", "post",
			[]Edit{{"retail/drafts.go", "\t\tif unit.Voucher == id {\n", "\t\tif unit.Voucher == id || WRONG && unit.Voucher != \"\" {\n"}},
		},
	}
}

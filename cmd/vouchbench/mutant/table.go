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

// Edit replaces a text that occurs exactly once in a file.
type Edit struct {
	File     string // below the module's root
	Old, New string
}

// The files that most mutants change.
const (
	load    = "retail/ledger/load.go"
	group   = "retail/ledger/group.go"
	lane    = "retail/ledger/lane.go"
	write   = "retail/ledger/write.go"
	rules   = "retail/voucher/"
	desk    = "retail/desk.go"
	lockRow = "FOR NO KEY UPDATE `"
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
			[]Edit{{load, lockRow, "-- `"}},
		},
		{
			"read before the lock", "what a decision rests on is read after the row is locked", "the constraints, the histories", "hot",
			[]Edit{
				{load, "\tqueueReservations(batch, ids, refs, &reservations)\n", ""},
				{load, "\tcollect(batch.Queue(lockVouchers+", "\tqueueReservations(batch, ids, refs, &reservations)\n\tcollect(batch.Queue(lockVouchers+"},
			},
		},
		{
			"instant read before the lock", "the instant of an act is read after its locks and never before the last one", "verify: reservations overlap", "hot",
			[]Edit{
				{load, "\tvar life string\n\tbatch.Queue(readMoment).QueryRow(func(row pgx.Row) error { return row.Scan(&s.at, &life) })\n", ""},
				{
					load, "\tcollect(batch.Queue(lockVouchers+",
					"\tvar life string\n\tbatch.Queue(readMoment).QueryRow(func(row pgx.Row) error { return row.Scan(&s.at, &life) })\n\tcollect(batch.Queue(lockVouchers+",
				},
				{load, "\t\tif v.LastAt.After(c.At) {\n\t\t\tc.At = v.LastAt\n\t\t}\n", ""},
			},
		},
		{
			"time runs backwards", "time never runs backwards for a voucher", "verify: reservations overlap", "clock",
			[]Edit{{load, "\t\tif v.LastAt.After(c.At) {\n\t\t\tc.At = v.LastAt\n\t\t}\n", ""}},
		},
		{
			"lock order reversed", "rows are locked in the order of their ids", "the count of deadlocks", "hot",
			[]Edit{
				{group, "\treturn sortedUnique(ids)\n", "\treturn ids\n"},
				{load, "\t\tORDER BY id\n\t\t" + lockRow, "\t\tORDER BY array_position($1::uuid[], id)\n\t\t" + lockRow},
			},
		},
		{
			"expiry without lock", "a reservation expires under the lock of its voucher", "the histories: whoever reserved anew has lost it", "days",
			[]Edit{
				{
					"retail/ledger/sweep.go", "if _, err := l.Apply(ctx, Aimed{Voucher: id, Act: voucher.Expire{}}); err != nil {",
					"if _, err := l.pool.Exec(ctx, \"UPDATE reservation SET state = 'expired', ended_at = clock_timestamp() + interval '999 days' WHERE voucher = $1::uuid AND state = 'active'\", id); err != nil && !errors.Is(err, voucher.ErrNotFound) {",
				},
				{"retail/ledger/sweep.go", "import (\n", "import (\n\t\"errors\"\n"},
				{"cmd/vouchsafed/serve.go", `{Name: "sweep-reservations", Spec: "@every 30s"`, `{Name: "sweep-reservations", Spec: "@every 1s"`},
			},
		},
	}
}

// acts break the rules of single acts.
func acts() []Mutant {
	return []Mutant{
		{
			"fence not checked", "a late capture is refused when somebody was granted the code since", "the histories", "days",
			[]Edit{{rules + "capture.go", "\tcase r.Fence != c.Voucher.Fence:\n\t\treturn ErrSuperseded\n", ""}},
		},
		{
			"fence not raised", "every grant has a fence of its own", "the constraints", "hot",
			[]Edit{{rules + "case.go", "\tc.Voucher.Fence++\n", ""}},
		},
		{
			"act names ignored", "a key names one act, once", "the constraints, the histories", "hot",
			[]Edit{{
				rules + "redeem.go", "\tif record := c.Records[a.Ref]; record != nil {\n\t\treturn record.repeat(a.ID, content)\n\t}\n\tlive := c.Live()\n",
				"\tlive := c.Live()\n",
			}},
		},
		{
			"one shop's keys are another's", "an act is named by its owner and its key", "answers: keys are taken that nobody used", "hot",
			[]Edit{{"retail/actor.go", `return "shop:" + a.Name`, `return "shop:"`}},
		},
		{
			"capture above its reservation", "a reservation's amount caps its capture", "the histories", "hot",
			[]Edit{{rules + "capture.go", "\tif asked > own.Amount {\n\t\treturn Answer{}, c.insufficient(own.Amount)\n\t}\n", ""}},
		},
		{
			"capture ignores its amount", "a capture takes what it names", "the histories", "hot",
			[]Edit{{rules + "capture.go", "\treturn a.capture(c, own, asked), nil\n", "\treturn a.capture(c, own, own.Amount), nil\n"}},
		},
		{
			"released by whoever asks", "only its owner releases a reservation", "the histories", "hot",
			[]Edit{{
				rules + "capture.go", "\tif own.LiveAt(c.At) {\n\t\tc.end(own, Released, c.At)\n",
				"\tif live := c.Live(); live != nil {\n\t\town = live\n\t\tc.end(own, Released, c.At)\n",
			}},
		},
		{
			"refund without sum", "refunds never exceed what was redeemed", "the constraints, the histories", "hot",
			[]Edit{{rules + "refund.go", "\tif minor > redemption.left() || minor == 0 {\n", "\tif minor > redemption.Amount || minor == 0 {\n"}},
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
					write, "\t\tif c.Changed() {\n\t\t\trows.add(c.Voucher, s.before[c.Voucher.ID].Version)\n",
					"\t\tif c.Changed() {\n\t\t\tfirst := c.Voucher\n\t\t\tif len(c.Entries) > 1 {\n\t\t\t\tfirst.Balance = c.Entries[0].Balance\n\t\t\t}\n" +
						"\t\t\tfor _, v := range []voucher.Voucher{first, c.Voucher, first} {\n\t\t\t\trows.add(v, s.before[v.ID].Version)\n\t\t\t}\n",
				},
				{write, "SELECT expect_rows('voucher', (SELECT count(*) FROM done), $15)", "SELECT (SELECT count(*) FROM done) + $15::bigint"},
			},
		},
		{
			"self-check removed", "a statement that wrote less than it was given raises", "the histories: acts were acknowledged and not written", "hot",
			[]Edit{
				{load, lockRow, "-- `"},
				{write, "SELECT expect_rows('voucher', (SELECT count(*) FROM done), $15)", "SELECT (SELECT count(*) FROM done) + $15::bigint"},
				{write, "SELECT expect_rows('reservation', (SELECT count(*) FROM done), $10)", "SELECT (SELECT count(*) FROM done) + $10::bigint"},
			},
		},
		{
			"acknowledged before the commit", "no answer before the commit is known", "what was acknowledged is not in the books", "cuts",
			[]Edit{
				{group, "\tfailpoint.Hit(failpoint.GroupDecided)\n", "\trun.answer()\n\tfailpoint.Hit(failpoint.GroupDecided)\n"},
				{group, "\t\tp.settled <- g.results[i]\n", "\t\tselect {\n\t\tcase p.settled <- g.results[i]:\n\t\tdefault:\n\t\t}\n"},
				{lane, "\t\tp.settled <- result{err: err}\n", "\t\tselect {\n\t\tcase p.settled <- result{err: err}:\n\t\tdefault:\n\t\t}\n"},
			},
		},
		{
			"refused before the commit", "a refusal may rest on an act of its own group, and waits for its commit", "the histories", "cuts",
			[]Edit{
				{
					group, "\tfailpoint.Hit(failpoint.GroupDecided)\n",
					"\tfor i, p := range run.acts {\n\t\tif run.results[i].err != nil {\n\t\t\tselect {\n\t\t\tcase p.settled <- run.results[i]:\n\t\t\tdefault:\n\t\t\t}\n\t\t}\n\t}\n\tfailpoint.Hit(failpoint.GroupDecided)\n",
				},
				{group, "\t\tp.settled <- g.results[i]\n", "\t\tselect {\n\t\tcase p.settled <- g.results[i]:\n\t\tdefault:\n\t\t}\n"},
				{lane, "\t\tp.settled <- result{err: err}\n", "\t\tselect {\n\t\tcase p.settled <- result{err: err}:\n\t\tdefault:\n\t\t}\n"},
			},
		},
		{
			"poison spreads", "an act that the database refuses fails alone", "answers: others are told that the program failed", "poison",
			[]Edit{{lane, "\t\tcase len(group) > 1 && !IsPassing(err):\n\t\t\treturn l.settleSingly(group, how)\n", ""}},
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
				"\tif states, err := d.testimony.holds.Look(ctx, f.Voucher.ID); err == nil && states[f.Voucher.ID].Holder == \"\" && f.Live != nil {\n" +
					"\t\t_, _ = d.ledger.Apply(ctx, ledger.Aimed{Voucher: f.Voucher.ID, Act: voucher.ReleaseForeign{}})\n\t\tf.Live = nil\n\t}\n" + before,
			}},
		},
		{
			"refused on Redis's word", "a held code in Redis is confirmed before it refuses", "the histories", "redis",
			[]Edit{{
				desk, before,
				"\tif states, err := d.testimony.holds.Look(ctx, f.Voucher.ID); err == nil && states[f.Voucher.ID].Holder != \"\" && f.Live == nil && !f.Named {\n" +
					"\t\tif _, reloads := act.(voucher.Reload); !reloads {\n\t\t\treturn voucher.Answer{}, &voucher.HeldError{Since: f.At, Until: f.At, Owner: \"shop:\"}\n\t\t}\n\t}\n" + before,
			}},
		},
		{
			"put without version", "Redis keeps the highest version, whatever the order of arrival", "the watch on the witnesses", "puts",
			[]Edit{{"retail/hold/put.go", "if tonumber(ARGV[1]) < seen then\n  return 0\nend\n", ""}},
		},
		{
			"a code in the log", "no code is in any log", "the search for codes", "hot",
			[]Edit{{desk, "\tcode, _ := voucher.Read(typed.Code)", "\td.log.Debug(\"looked up\", \"code\", typed.Code)\n\tcode, _ := voucher.Read(typed.Code)"}},
		},
	}
}

// messages break the relaying of orders and the sending of mails.
func messages() []Mutant {
	return []Mutant{
		{
			"deduped by the message's id", "no vendor's delivery id decides anything", "the count of vouchers", "webhook",
			[]Edit{{
				"retail/webhooks.go", "\t\tfailpoint.Hit(failpoint.WebhookStored)\n",
				"\t\tfailpoint.Hit(failpoint.WebhookStored)\n\t\tif kept.Duplicate {\n\t\t\treturn nil\n\t\t}\n",
			}},
		},
		{
			"sent only if the farewell was", "a mail is sent once its final dot was answered", "the count of copies", "post",
			[]Edit{{
				"retail/mail/sender.go", "\t_ = watch(Accepted)", "\tif err := a.client.Quit(); err != nil {\n\t\treturn failed(\"say good-bye\", err, Temporary)\n\t}\n\t_ = watch(Accepted)",
			}},
		},
		{
			"doubt repeated at once", "a mail in doubt is repeated after a quarter of an hour", "the postmarks of the copies", "post",
			[]Edit{{"retail/outbox/rules.go", "v.due = in(doubtPause)", "v.due = in(0)"}},
		},
		{
			"another unit's recipient", "a code goes to the recipient of its own unit", "the mails", "post",
			[]Edit{{"retail/drafts.go", "\t\tif unit.Voucher == id {\n", "\t\tif unit.Voucher != \"\" {\n"}},
		},
	}
}

package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/mail/mailbox"
	"vouchsafe/retail/retailtest"
)

// lettersDie are the points at which a mail is most awkwardly cut off; the second hit is that of the codes, after the confirmation.
func lettersDie() []string {
	return []string{failpoint.MailClaimed, failpoint.MailDot, failpoint.MailAccepted}
}

// X05, D1, I9, I10: a buyer of thirty gets one mail with thirty codes, whatever instant the daemon dies; a copy more only when nobody
// could know whether the first arrived, the same to the last octet, and all in one delivery.
func TestThirtyCodesComeInOneMailWhateverInstantTheDaemonDies(t *testing.T) {
	t.Parallel()
	for _, point := range append(lettersDie(), failpoint.IssueInserted) {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			m := opens(t)
			armed := point + "=2"
			if point == failpoint.IssueInserted {
				armed = point
			}
			w := &weather{merchant: m, point: point, d: m.serves("VOUCHSAFE_FAILPOINTS=" + armed)}
			office := m.does("key", "add", "--scope", "admin")
			w.d.wants(200, office, "PUT", "/v1/admin/shops/demo/mails", `{"one_mail": true}`)
			m.buys(30)
			for _, sent := range m.woo.Deliver(t.Context(), w.d.url+"/v1/shops/demo/webhooks") {
				w.again("deliver", func() bool { return sent.Status == 200 || w.resent(sent) })
			}
			var bulk []mailbox.Message
			pool := m.look()
			w.again("mail the codes", func() bool {
				bulk = slices.DeleteFunc(m.sink.Messages(), func(one mailbox.Message) bool { return len(codes(t, []mailbox.Message{one})) == 0 })
				return len(bulk) > 0 && count(t, pool, `SELECT count(*) FROM delivery WHERE kind = 'codes' AND (state = 'done' OR state = 'in_doubt')`) == 1
			})
			if n := len(codes(t, bulk[:1])); n != 30 || len(bulk) > 2 {
				t.Errorf("%d codes in the mail, %d copies", n, len(bulk))
			}
			if !bytes.Equal(bulk[0].Bytes, bulk[len(bulk)-1].Bytes) {
				t.Error("the copies differ (I10)")
			}
			m.soundly(w.d)
		})
	}
}

// X09, D1: the buyer is reminded once, by whichever of two gateways, whatever instant one dies.
func TestTheBuyerIsRemindedOnceWhateverInstantTheDaemonDies(t *testing.T) {
	t.Parallel()
	for _, point := range lettersDie() {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			m := opens(t, "VOUCHSAFE_REMIND_DAYS=30")
			first := m.serves()
			m.buys(1)
			m.delivers(first)
			m.mails(2)
			pool := m.look()
			eventually(t, recoversWithin, "both mails are done", func() bool {
				return count(t, pool, `SELECT count(*) FROM delivery WHERE kind IN ('code', 'confirmation') AND state = 'done'`) == 2
			})
			first.stops()
			left := count(t, pool, `SELECT extract(epoch FROM (expires_on - 20 + TIME '10:00') AT TIME ZONE 'Europe/Copenhagen' - clock_timestamp())::bigint FROM voucher`)
			retailtest.ShiftClock(t, pool, time.Duration(left)*time.Second)
			w := &weather{merchant: m, point: point, d: m.serves("VOUCHSAFE_FAILPOINTS=" + point)}
			other := m.serves()
			w.again("remind", func() bool {
				m.ticks(pool, "remind") // one that the dying daemon took is lost, as the clock's are
				return count(t, pool, `SELECT count(*) FROM delivery WHERE kind = 'reminder' AND (state = 'done' OR state = 'in_doubt')`) == 1
			})
			reminders := m.sink.Messages()[2:]
			if len(reminders) == 0 || len(reminders) > 2 || !bytes.Equal(reminders[0].Bytes, reminders[len(reminders)-1].Bytes) || len(codes(t, reminders)) > 0 {
				t.Errorf("%d reminders, %d codes in them", len(reminders), len(codes(t, reminders)))
			}
			other.stops()
			m.soundly(w.d)
		})
	}
}

// ticks lets the time of a job come, for whichever daemon takes it.
func (m *merchant) ticks(pool *pgxpool.Pool, job string) {
	m.t.Helper()
	_, err := pool.Exec(m.t.Context(), `INSERT INTO river_job (args, kind, max_attempts, priority, queue, state)
		VALUES (jsonb_build_object('name', $1::text), 'tick', 1, 1, 'periodic', 'available')`, job)
	if err != nil {
		m.t.Fatal(err)
	}
}

// soundly stops a daemon that may have died already, and proves the books.
func (m *merchant) soundly(d *running) {
	m.t.Helper()
	d.dies()
	if said := m.does("verify"); !strings.HasPrefix(said, "Sound") {
		m.t.Errorf("verify says %s", said)
	}
}

package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/mail/mailbox"
)

// master is the setting of master keys of these ids, the first in front.
func master(ids ...int) string {
	var keys []string
	for _, id := range ids {
		key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{byte(6 + id)}, 32)) // id 1 is the installation's
		keys = append(keys, fmt.Sprintf("%d:%s", id, key))
	}
	return "VOUCHSAFE_MASTER_KEY=" + strings.Join(keys, ",")
}

// rolls restarts gateways one after the other with other keys, which the commands have from then on too.
func (m *merchant) rolls(doors []*running, keys string) {
	m.t.Helper()
	m.env = append(m.env, keys)
	for i, d := range doors {
		d.stops()
		doors[i] = m.serves()
	}
}

// masters are the ids of the master keys that sealed the codes, oldest voucher first.
func masters(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	return column[string](t, pool, `SELECT convert_from(substring(code_sealed FROM 3 FOR get_byte(code_sealed, 1)), 'UTF8') FROM voucher ORDER BY issued_at, id`)
}

// resends lets the office send a code again, and returns what arrives.
func (m *merchant) resends(d *running, office, code string) mailbox.Message {
	m.t.Helper()
	before := len(m.sink.Messages())
	found := d.wants(200, office, "POST", "/v1/admin/vouchers/find", fmt.Sprintf(`{"code": %q}`, code))
	d.wants(200, office, "POST", fmt.Sprintf("/v1/admin/vouchers/%v/resend", found.at("id")), `{}`)
	return m.mails(before + 1)[before]
}

// K1: a new master key comes to two gateways one after the other, while they serve. Old codes and webhook secrets stay good, new ones are
// under the new key, and when rekey has moved the rest the old key goes.
func TestANewMasterKeyTakesOverWhileTwoGatewaysServe(t *testing.T) {
	t.Parallel()
	m := opens(t)
	office := m.does("key", "add", "--scope", "admin")
	pool := m.look()
	doors := []*running{m.serves(), m.serves()}
	old := m.sells(doors[0], 2)
	m.rolls(doors, master(1, 2))
	m.rolls(doors, master(2, 1))
	fresh := m.sells(doors[1], 1)
	if got := masters(t, pool); !slices.Equal(got, []string{"1", "1", "2"}) {
		t.Errorf("codes are sealed under %v", got)
	}
	m.good(doors, office, slices.Concat(old, fresh), "rotating")

	m.needs(master(2))
	if said, _ := m.tries("check"); !strings.Contains(said, "a rotation is under way") {
		t.Errorf("check says nothing of the rotation:\n%s", said)
	}
	m.rekeysUnderFire(doors, old[0])
	if got := masters(t, pool); !slices.Equal(got, []string{"2", "2", "2"}) {
		t.Errorf("after rekey codes are sealed under %v", got)
	}
	if said := m.does("rekey"); strings.Count(said, " 0 sealed anew") != strings.Count(said, "sealed anew") {
		t.Errorf("a second run found more to do:\n%s", said)
	}
	m.rolls(doors, master(2))
	m.good(doors, office, slices.Concat(old, fresh, m.sells(doors[0], 1)), "rotated")
	if n := count(t, pool, `SELECT count(*) FROM audit WHERE action = 'retire_master_key' AND object = 'master key 1'`); n != 1 {
		t.Errorf("the audit trail notes %d times that key 1 retired, want once", n)
	}
	m.sound()
}

// needs checks that nothing starts with too few keys, and that it is told why.
func (m *merchant) needs(keys string) {
	m.t.Helper()
	few := *m.installation
	few.env = append(slices.Clone(m.env), keys)
	for _, command := range []string{"serve", "verify"} {
		if said, err := few.tries(command); err == nil || !strings.Contains(said, "stored secrets are sealed under the master key 1, which is not at hand") {
			m.t.Errorf("%s without key 1: %v: %s", command, err, said)
		}
	}
}

// rekeysUnderFire runs rekey while tills draw on a code that is being moved.
func (m *merchant) rekeysUnderFire(doors []*running, code string) {
	m.t.Helper()
	over := make(chan struct{})
	var crowd sync.WaitGroup
	for n := range 4 {
		crowd.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
				}
				if r := doors[n%2].asks(m.till, "PUT", fmt.Sprintf("/v1/redemptions/fire-%d-%d", n, i), redeeming(code)); r.status != 201 && r.at("code") != "insufficient_balance" {
					m.t.Errorf("while keys change: %d %s", r.status, r.text)
				}
			}
		})
	}
	said := m.does("rekey")
	close(over)
	crowd.Wait()
	if !strings.Contains(said, "the others may be dropped") {
		m.t.Errorf("rekey says\n%s", said)
	}
}

// good draws on each code at each gateway, and has each sent again: the same code comes.
func (m *merchant) good(doors []*running, office string, codes []string, when string) {
	m.t.Helper()
	for i, code := range codes {
		for n, d := range doors {
			r := d.asks(m.till, "PUT", fmt.Sprintf("/v1/redemptions/%s-%d-%d", when, i, n), redeeming(code))
			if r.status != 201 && r.at("code") != "insufficient_balance" {
				m.t.Errorf("%s: code %d at gateway %d: %d %s", when, i, n, r.status, r.text)
			}
		}
		again := m.resends(doors[i%2], office, code)
		if got, err := again.Codes(); err != nil || !slices.Equal(got, []string{code}) {
			m.t.Errorf("%s: code %d is not sent again as it was: %v", when, i, err)
		}
	}
}

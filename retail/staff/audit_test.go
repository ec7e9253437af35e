package staff

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/retailtest"
)

func record(ctx context.Context, pool *pgxpool.Pool, e Entry) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return Record(ctx, tx, e) })
}

// line is an audit row as it is stored.
type line struct {
	Actor, Action, Object, Detail string
}

func lines(t *testing.T, pool *pgxpool.Pool) []line {
	t.Helper()
	rows, _ := pool.Query(t.Context(), `SELECT actor, action, object, detail::text AS detail FROM audit ORDER BY id`)
	got, err := pgx.CollectRows(rows, pgx.RowToStructByName[line])
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestChangesOfKeysAreRecorded(t *testing.T) {
	t.Parallel()
	keys, _, pool := office(t)
	id, _, err := keys.Add(t.Context(), Grant{Scope: Till, Register: "till-1", MayRelease: MayRelease}, "command line")
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Revoke(t.Context(), id, "key 17"); err != nil {
		t.Fatal(err)
	}
	_ = keys.Revoke(t.Context(), id, "key 18") // refused, so nothing is recorded
	want := []line{
		{"command line", "key added", "key " + id, `{"scope": "till", "register": "till-1", "may_release": true}`},
		{"key 17", "key revoked", "key " + id, `{}`},
	}
	if diff := cmp.Diff(want, lines(t, pool)); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}

func TestTheAuditTrailIsAppendOnly(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	if err := record(t.Context(), pool, Entry{Actor: "a", Action: "b", Object: "c"}); err != nil {
		t.Fatal(err)
	}
	for _, edit := range []string{`UPDATE audit SET actor = 'x'`, `DELETE FROM audit`, `TRUNCATE audit`, `DELETE FROM audit WHERE false`} {
		_, err := pool.Exec(t.Context(), edit)
		if fault, ok := errors.AsType[*pgconn.PgError](err); !ok || fault.Code != "23000" {
			t.Errorf("%s: %v", edit, err)
		}
	}
	if got := lines(t, pool); len(got) != 1 || got[0].Actor != "a" {
		t.Errorf("audit %+v", got)
	}
}

func TestALineFallsWithItsTransaction(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	refused := errors.New("refused")
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if err := Record(t.Context(), tx, Entry{Actor: "a", Action: "b", Object: "c"}); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) || len(lines(t, pool)) != 0 {
		t.Errorf("%v, audit %+v", err, lines(t, pool))
	}
}

func TestALineWithoutAnActorIsRefused(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	for _, e := range []Entry{{Action: "b"}, {Actor: "a"}, {Actor: "a", Action: "b", Detail: func() {}}} {
		if err := record(t.Context(), pool, e); err == nil {
			t.Errorf("%+v is recorded", e)
		}
	}
}

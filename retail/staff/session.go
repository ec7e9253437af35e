package staff

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// sessionScope is what a session's token says in the place of a key's scope. No key bears it.
const sessionScope Scope = "session"

const (
	// seenEvery is how exactly a session's use is noted, so that it costs a write now and then.
	seenEvery = 30 * time.Second
	// sessionsKept is how long the row of a session that is over stays.
	sessionsKept = 30 * 24 * time.Hour
)

// SignedIn is who shows a live session.
type SignedIn struct {
	Session string // id, which is public
	Person  string // id
	Role    Role
}

// IsSession tells a session's token from an API key.
func IsSession(text string) bool { return strings.HasPrefix(text, "vs_"+string(sessionScope)+"_") }

const selectSession = `
SELECT
	s.id,
	s.secret_hash,
	p.id::text AS person,
	p.role,
	s.last_seen_at < vouchsafe_now() - @every::interval AS unnoted
FROM
	session s
	JOIN person p ON p.id = s.person
WHERE
	s.id = @id
	AND s.ended_at IS NULL
	AND s.ends_at > vouchsafe_now()
	AND s.last_seen_at > vouchsafe_now() - @idle::interval
	AND p.disabled_at IS NULL`

// sessionRow is what selectSession reads.
type sessionRow struct {
	ID         string
	SecretHash []byte
	Person     string
	Role       Role
	Unnoted    bool
}

const noteSession = `
UPDATE
	session
SET
	last_seen_at = vouchsafe_now()
WHERE
	id = @id
	AND ended_at IS NULL`

// Authenticate tells who shows a session's token, or gives ErrUnauthorized. It asks the database every time: whoever
// was signed out or disabled is so at once, at every gateway.
func (p *People) Authenticate(ctx context.Context, text string) (SignedIn, error) {
	shown, err := parseKey(text)
	if err != nil || shown.scope != sessionScope {
		return SignedIn{}, ErrUnauthorized
	}
	args := pgx.NamedArgs{"id": shown.id, "every": seenEvery, "idle": SessionIdle}
	rows, _ := p.pool.Query(ctx, selectSession, args) // rows carry the error on
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[sessionRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return SignedIn{}, ErrUnauthorized
	}
	if err != nil {
		return SignedIn{}, fmt.Errorf("read session %s: %w", shown.id, err)
	}
	if subtle.ConstantTimeCompare(row.SecretHash, shown.hash[:]) != 1 {
		return SignedIn{}, ErrUnauthorized
	}
	if row.Unnoted {
		if _, err := p.pool.Exec(ctx, noteSession, args); err != nil {
			return SignedIn{}, fmt.Errorf("note the use of session %s: %w", shown.id, err)
		}
	}
	return SignedIn{Session: row.ID, Person: row.Person, Role: row.Role}, nil
}

const endSession = `
UPDATE
	session
SET
	ended_at = vouchsafe_now()
WHERE
	id = @id
	AND ended_at IS NULL`

// SignOut ends a session. One that is over stays so.
func (p *People) SignOut(ctx context.Context, by SignedIn) error {
	err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, endSession, pgx.NamedArgs{"id": by.Session})
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		return Record(ctx, tx, Entry{
			Actor: "person " + by.Person, Action: "signed out", Object: "person " + by.Person, Detail: map[string]any{"session": by.Session},
		})
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

const deleteSessions = `
DELETE FROM
	session
WHERE
	ends_at < vouchsafe_now() - @kept::interval`

// CleanSessions forgets the sessions that have long been over. It runs on a schedule.
func (p *People) CleanSessions(ctx context.Context) error {
	if _, err := p.pool.Exec(ctx, deleteSessions, pgx.NamedArgs{"kept": sessionsKept}); err != nil {
		return fmt.Errorf("clean sessions: %w", err)
	}
	return nil
}

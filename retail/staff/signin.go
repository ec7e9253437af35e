package staff

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// Refusals of sign-ins.
var (
	// ErrSignIn: the e-mail address, the password or the code is wrong, or may not sign in. It never says which.
	ErrSignIn = errors.New("the e-mail address, the password or the code is wrong")
	// ErrSecondFactor is the ErrSignIn of somebody who knows the password: the code was wrong, or used before.
	ErrSecondFactor = fmt.Errorf("%w: the second factor", ErrSignIn)
	// ErrInitialPassword: all is right, and the password only serves to choose another.
	ErrInitialPassword = errors.New("a password of one's own is to be chosen")
)

const (
	// SessionIdle ends a session that nobody uses.
	SessionIdle = 15 * time.Minute
	// SessionMost ends every session.
	SessionMost = 8 * time.Hour
)

// Credentials are what somebody signs in with.
type Credentials struct {
	Email    string
	Password Secret
	OTP      string
	// New is the password that takes the initial one's place; it is not looked at otherwise.
	New Secret
}

// Session is a sign-in that lasts.
type Session struct {
	Token     Secret
	Person    Person
	ExpiresAt time.Time // at the latest
}

// LogValue tells whose session it is, by the id alone.
func (s Session) LogValue() slog.Value { return s.Person.LogValue() }

// locked is a person's access as a sign-in finds it.
type locked struct {
	ID           string
	PasswordHash string
	OTPSecret    []byte
	OTPStep      int64
	Disabled     bool
	Invited      bool
	Lapsed       bool // the initial password has served its time
}

const selectLocked = `
SELECT
	id::text,
	password_hash,
	otp_secret,
	otp_step,
	disabled_at IS NOT NULL AS disabled,
	initial_until IS NOT NULL AS invited,
	coalesce(initial_until <= vouchsafe_now(), false) AS lapsed
FROM
	person
WHERE
	email_mac = ANY(@macs)`

// SignIn opens a session. Whoever does not exist is refused after as much work as anybody else. With an initial
// password it is ErrInitialPassword until another is chosen in the same call, so that one which somebody else has
// seen never opens a session. Errors: ErrSignIn, ErrSecondFactor, ErrInitialPassword, ErrWeakPassword, ErrBusy.
func (p *People) SignIn(ctx context.Context, c Credentials) (Session, error) {
	who, step, err := p.recognise(ctx, c)
	if err != nil {
		return Session{}, err
	}
	hash := who.PasswordHash
	if who.Invited {
		if hash, err = p.chosen(ctx, who.ID, c.Password, c.New); err != nil {
			return Session{}, err
		}
	}
	text, drawn, err := drawKey(p.random, sessionScope)
	if err != nil {
		return Session{}, err
	}
	session := Session{Token: Secret(text)}
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		session.ExpiresAt, err = open(ctx, tx, opening{who: who, step: step, hash: hash, session: drawn})
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("sign in: %w", err)
	}
	session.Person, err = p.Person(ctx, who.ID)
	return session, err
}

// recognise tells who shows the right password and code, and the code's step.
func (p *People) recognise(ctx context.Context, c Credentials) (locked, int64, error) {
	rows, _ := p.pool.Query(ctx, selectLocked, pgx.NamedArgs{ // rows carry the error on
		"macs": p.ring.MACs(purposeEmail, []byte(canonicalEmail(c.Email))),
	})
	who, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[locked])
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return locked{}, 0, fmt.Errorf("sign in: %w", err)
	}
	right, err := p.hasher.matches(ctx, who.PasswordHash, c.Password)
	switch {
	case err != nil:
		return locked{}, 0, err
	case !right || who.Disabled || who.Lapsed:
		return locked{}, 0, ErrSignIn
	}
	seed, err := p.ring.Open(purposeSeed, who.OTPSecret, []byte(who.ID))
	if err != nil {
		return locked{}, 0, fmt.Errorf("open the seed of person %s: %w", who.ID, err)
	}
	step, right := stepOf(Secret(seed), c.OTP, p.now(), who.OTPStep)
	if !right {
		return locked{}, 0, ErrSecondFactor
	}
	return who, step, nil
}

// chosen is what is stored of the password that takes another's place.
func (p *People) chosen(ctx context.Context, id string, old, chosen Secret) (string, error) {
	if chosen == "" {
		return "", ErrInitialPassword
	}
	who, err := p.Person(ctx, id)
	if err != nil {
		return "", err
	}
	if chosen == old {
		return "", fmt.Errorf("%w: another than before", ErrWeakPassword)
	}
	if err := checkPassword(chosen, profile{who.Name, who.Email}); err != nil {
		return "", err
	}
	return p.hasher.hash(ctx, chosen)
}

// opening is a session that is about to be opened.
type opening struct {
	who     locked
	step    int64
	hash    string // of the password from now on
	session bearer
}

// The code's step and the password are compared again under the row's lock: of two sign-ins with one code, at
// whichever gateway, the second finds it used.
const usePerson = `
UPDATE
	person
SET
	otp_step = @step,
	password_hash = @hash,
	initial_until = NULL,
	signed_in_at = vouchsafe_now()
WHERE
	id = @id::uuid
	AND otp_step < @step
	AND password_hash = @was
	AND disabled_at IS NULL`

const insertSession = `
INSERT INTO session (
	id,
	person,
	secret_hash,
	ends_at
)
VALUES (
	@session,
	@id::uuid,
	@secret_hash,
	vouchsafe_now() + @most::interval
)
RETURNING
	ends_at`

// open uses the code up and writes the session.
func open(ctx context.Context, tx pgx.Tx, o opening) (endsAt time.Time, err error) {
	args := pgx.NamedArgs{
		"id":          o.who.ID,
		"step":        o.step,
		"hash":        o.hash,
		"was":         o.who.PasswordHash,
		"session":     o.session.id,
		"secret_hash": o.session.hash[:],
		"most":        SessionMost,
	}
	used, err := tx.Exec(ctx, usePerson, args)
	if err != nil {
		return time.Time{}, err
	}
	if used.RowsAffected() != 1 {
		return time.Time{}, ErrSecondFactor
	}
	if err := tx.QueryRow(ctx, insertSession, args).Scan(&endsAt); err != nil {
		return time.Time{}, err
	}
	return endsAt, Record(ctx, tx, Entry{
		Actor: "person " + o.who.ID, Action: "signed in", Object: "person " + o.who.ID, Detail: map[string]any{"session": o.session.id},
	})
}

const changePassword = `
UPDATE
	person
SET
	password_hash = @hash
WHERE
	id = @id::uuid
	AND password_hash = @was`

// ChangePassword gives a person another password, who must know the one before; all sessions but this one end.
// Errors: ErrSignIn, ErrWeakPassword, ErrBusy.
func (p *People) ChangePassword(ctx context.Context, by SignedIn, old, chosen Secret) error {
	var was string
	err := p.pool.QueryRow(ctx, `SELECT password_hash FROM person WHERE id = @id::uuid`, pgx.NamedArgs{"id": by.Person}).Scan(&was)
	if err != nil {
		return fmt.Errorf("change a password: %w", err)
	}
	right, err := p.hasher.matches(ctx, was, old)
	if err != nil {
		return err
	}
	if !right {
		return ErrSignIn
	}
	hash, err := p.chosen(ctx, by.Person, old, chosen)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, changePassword, pgx.NamedArgs{"id": by.Person, "hash": hash, "was": was})
		if err != nil {
			return err
		}
		if done.RowsAffected() != 1 { // somebody has changed it meanwhile
			return ErrSignIn
		}
		if _, err := tx.Exec(ctx, endSessions, pgx.NamedArgs{"person": by.Person, "but": by.Session}); err != nil {
			return err
		}
		return Record(ctx, tx, Entry{Actor: "person " + by.Person, Action: "password changed", Object: "person " + by.Person})
	})
	if err != nil {
		return fmt.Errorf("change a password: %w", err)
	}
	return nil
}

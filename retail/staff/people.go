package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/keyring"
)

// The purposes under which the keyring derives keys. They are part of what is stored.
const (
	purposeEmail   = "person e-mail"
	purposeProfile = "person"
	purposeSeed    = "person otp"
)

// PeopleConfig is what People are made of. All fields are required.
type PeopleConfig struct {
	Pool   *pgxpool.Pool
	Ring   *keyring.Ring // seals who people are and the seeds of their codes
	Random io.Reader
	Now    func() time.Time // for one-time codes alone
	Cost   Cost             // of a password: Costly, but for tests
	Issuer string           // as an authenticator app shows whose codes they are
}

// People are those who sign in to the office. It is safe for use by several goroutines.
type People struct {
	pool   *pgxpool.Pool
	ring   *keyring.Ring
	random io.Reader
	now    func() time.Time
	hasher *hasher
	issuer string
}

// NewPeople reads and writes people and their sessions.
func NewPeople(c PeopleConfig) *People {
	return &People{pool: c.Pool, ring: c.Ring, random: c.Random, now: c.Now, hasher: newHasher(c.Cost, c.Random), issuer: c.Issuer}
}

// access is what opens a person's sign-in, as it is stored.
type access struct {
	hash string
	seed []byte
	told SetUp
}

// draw makes a person's access anew.
func (p *People) draw(ctx context.Context, id string, who profile) (a access, err error) {
	if a.told.Password, err = drawInitial(p.random); err != nil {
		return access{}, err
	}
	seed, address, err := drawSeed(p.random, p.issuer, who.Email)
	if err != nil {
		return access{}, err
	}
	a.told.OTPAuth = address
	if a.seed, err = p.ring.Seal(purposeSeed, []byte(seed.Reveal()), []byte(id)); err != nil {
		return access{}, fmt.Errorf("seal the seed of codes: %w", err)
	}
	a.hash, err = p.hasher.hash(ctx, a.told.Password)
	return a, err
}

const insertPerson = `
INSERT INTO person (
	id,
	email_mac,
	profile,
	role,
	password_hash,
	initial_until,
	otp_secret,
	set_up_by
)
VALUES (
	@id::uuid,
	@email_mac,
	@profile,
	@role,
	@password_hash,
	vouchsafe_now() + @initial_for::interval,
	@otp_secret,
	@set_up_by::uuid
)
RETURNING
	initial_until`

// Add makes a person and tells once what opens the first sign-in. Errors: ErrPerson, ErrPersonExists, ErrBusy.
func (p *People) Add(ctx context.Context, n NewPerson, by Maker) (Person, SetUp, error) {
	if err := n.check(); err != nil {
		return Person{}, SetUp{}, err
	}
	drawn, err := uuid.NewRandomFromReader(p.random)
	if err != nil {
		return Person{}, SetUp{}, fmt.Errorf("make an identifier: %w", err)
	}
	id, who := drawn.String(), profile{n.Name, n.Email}
	access, err := p.draw(ctx, id, who)
	if err != nil {
		return Person{}, SetUp{}, err
	}
	sealed, err := p.seal(id, who)
	if err != nil {
		return Person{}, SetUp{}, err
	}
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if _, err := p.byEmail(ctx, tx, n.Email); !errors.Is(err, ErrNoPerson) { // under an older master key, say
			return errors.Join(err, exists(err == nil))
		}
		err := tx.QueryRow(ctx, insertPerson, pgx.NamedArgs{
			"id":            id,
			"email_mac":     p.ring.MAC(purposeEmail, []byte(canonicalEmail(n.Email))),
			"profile":       sealed,
			"role":          string(n.Role),
			"password_hash": access.hash,
			"initial_for":   InitialFor,
			"otp_secret":    access.seed,
			"set_up_by":     orNull(by.Person),
		}).Scan(&access.told.Until)
		if err != nil {
			return err
		}
		return Record(ctx, tx, Entry{Actor: by.Actor, Action: "person added", Object: "person " + id, Detail: map[string]any{"role": n.Role}})
	})
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok && fault.Code == uniqueViolation {
		err = ErrPersonExists
	}
	if err != nil {
		return Person{}, SetUp{}, fmt.Errorf("add a person: %w", err)
	}
	made, err := p.Person(ctx, id)
	return made, access.told, err
}

// exists is ErrPersonExists where somebody was found.
func exists(found bool) error {
	if found {
		return ErrPersonExists
	}
	return nil
}

func (p *People) seal(id string, who profile) ([]byte, error) {
	plain, err := json.Marshal(who)
	if err != nil {
		return nil, fmt.Errorf("seal a person: %w", err)
	}
	sealed, err := p.ring.Seal(purposeProfile, plain, []byte(id))
	if err != nil {
		return nil, fmt.Errorf("seal a person: %w", err)
	}
	return sealed, nil
}

const resetPerson = `
UPDATE
	person
SET
	password_hash = @password_hash,
	initial_until = vouchsafe_now() + @initial_for::interval,
	otp_secret = @otp_secret,
	otp_step = 0,
	set_up_by = @set_up_by::uuid,
	disabled_at = NULL
WHERE
	id = @id::uuid
RETURNING
	initial_until`

// Reset gives a person a new initial password and a new seed, ends the sessions, and lets a disabled one in again.
// Errors: ErrNoPerson, ErrBusy.
func (p *People) Reset(ctx context.Context, id string, by Maker) (Person, SetUp, error) {
	who, err := p.Person(ctx, id)
	if err != nil {
		return Person{}, SetUp{}, err
	}
	access, err := p.draw(ctx, who.ID, profile{who.Name, who.Email})
	if err != nil {
		return Person{}, SetUp{}, err
	}
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, resetPerson, pgx.NamedArgs{
			"id":            who.ID,
			"password_hash": access.hash,
			"initial_for":   InitialFor,
			"otp_secret":    access.seed,
			"set_up_by":     orNull(by.Person),
		}).Scan(&access.told.Until)
		if err != nil {
			return err
		}
		return p.shutOut(ctx, tx, who.ID, by, "person reset")
	})
	if err != nil {
		return Person{}, SetUp{}, fmt.Errorf("reset person %s: %w", who.ID, err)
	}
	who, err = p.Person(ctx, who.ID)
	return who, access.told, err
}

const disablePerson = `
UPDATE
	person
SET
	disabled_at = vouchsafe_now()
WHERE
	id = @id::uuid
	AND disabled_at IS NULL`

// Disable keeps a person from signing in and ends the sessions at once. One who is disabled already is left as he is,
// and changed is false. Error: ErrNoPerson.
func (p *People) Disable(ctx context.Context, id string, by Maker) (who Person, changed bool, err error) {
	if who, err = p.Person(ctx, id); err != nil {
		return Person{}, false, err
	}
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, disablePerson, pgx.NamedArgs{"id": who.ID})
		if changed = done.RowsAffected() == 1; err != nil || !changed {
			return err
		}
		return p.shutOut(ctx, tx, who.ID, by, "person disabled")
	})
	if err != nil {
		return Person{}, false, fmt.Errorf("disable person %s: %w", who.ID, err)
	}
	who, err = p.Person(ctx, who.ID)
	return who, changed, err
}

const endSessions = `
UPDATE
	session
SET
	ended_at = vouchsafe_now()
WHERE
	person = @person::uuid
	AND ended_at IS NULL
	AND id <> @but`

// shutOut ends a person's sessions and says why.
func (p *People) shutOut(ctx context.Context, tx pgx.Tx, id string, by Maker, action string) error {
	if _, err := tx.Exec(ctx, endSessions, pgx.NamedArgs{"person": id, "but": ""}); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return Record(ctx, tx, Entry{Actor: by.Actor, Action: action, Object: "person " + id})
}

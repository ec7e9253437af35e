package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	peopleMost   = 500 // the longest page
	peopleWithin = 2 * time.Second
)

const personColumns = `
	id::text,
	profile,
	role,
	created_at,
	signed_in_at,
	disabled_at,
	initial_until IS NOT NULL AS invited`

// personRow is a row of personColumns.
type personRow struct {
	ID         string
	Profile    []byte
	Role       Role
	CreatedAt  time.Time
	SignedInAt *time.Time
	DisabledAt *time.Time
	Invited    bool
}

// person opens who somebody is.
func (p *People) person(row personRow) (Person, error) {
	found := Person{
		ID: row.ID, Role: row.Role, CreatedAt: row.CreatedAt, SignedInAt: orZero(row.SignedInAt), DisabledAt: orZero(row.DisabledAt),
		Invited: row.Invited,
	}
	if row.Profile == nil {
		return found, nil
	}
	var who profile
	plain, err := p.ring.Open(purposeProfile, row.Profile, []byte(row.ID))
	if err == nil {
		err = json.Unmarshal(plain, &who)
	}
	found.Name, found.Email = who.Name, who.Email
	if err != nil {
		return Person{}, fmt.Errorf("open person %s: %w", row.ID, err)
	}
	return found, nil
}

const selectPeople = `
SELECT` + personColumns + `
FROM
	person
WHERE
	id = ANY(@ids::uuid[])`

// Person reads one. Error: ErrNoPerson.
func (p *People) Person(ctx context.Context, id string) (Person, error) {
	found, err := p.Named(ctx, id)
	if err != nil {
		return Person{}, err
	}
	who, known := found[strings.ToLower(id)]
	if !known {
		return Person{}, ErrNoPerson
	}
	return who, nil
}

// Named reads people by their ids; who is not there, or whose id can be none, is missing from the answer.
func (p *People) Named(ctx context.Context, ids ...string) (map[string]Person, error) {
	var possible []string
	for _, id := range ids {
		if parsed, err := uuid.Parse(id); err == nil && len(id) == len(parsed.String()) {
			possible = append(possible, parsed.String())
		}
	}
	named := make(map[string]Person, len(possible))
	if len(possible) == 0 {
		return named, nil
	}
	ctx, cancel := context.WithTimeout(ctx, peopleWithin)
	defer cancel()
	rows, _ := p.pool.Query(ctx, selectPeople, pgx.NamedArgs{"ids": possible}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[personRow])
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	for _, row := range found {
		if named[row.ID], err = p.person(row); err != nil {
			return nil, err
		}
	}
	return named, nil
}

const pageOfPeople = `
SELECT` + personColumns + `
FROM
	person
WHERE
	@seen_at::timestamptz IS NULL
	OR (created_at, id) > (@seen_at::timestamptz, @seen::uuid)
ORDER BY
	created_at,
	id
LIMIT
	@limit`

// Page lists people, the first added first. Next is the cursor of the page after this one, empty on the last. Error:
// ErrCursor.
func (p *People) Page(ctx context.Context, cursor string, limit int) (page []Person, next string, err error) {
	at, seen, err := readCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	if limit <= 0 || limit > peopleMost {
		limit = peopleMost
	}
	ctx, cancel := context.WithTimeout(ctx, peopleWithin)
	defer cancel()
	rows, _ := p.pool.Query(ctx, pageOfPeople, pgx.NamedArgs{"seen_at": at, "seen": seen, "limit": limit + 1}) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[personRow])
	if err != nil {
		return nil, "", fmt.Errorf("list people: %w", err)
	}
	if len(found) > limit {
		found = found[:limit]
		next = cursorOf(found[limit-1].CreatedAt, found[limit-1].ID)
	}
	for _, row := range found {
		who, err := p.person(row)
		if err != nil {
			return nil, "", err
		}
		page = append(page, who)
	}
	return page, next, nil
}

// cursorOf says where a page ended: at what was made at an instant, under an id.
func cursorOf(at time.Time, id string) string {
	return strconv.FormatInt(at.UnixMicro(), 36) + "." + id
}

// readCursor reads what cursorOf wrote; nothing comes of none.
func readCursor(text string) (at *time.Time, id *string, err error) {
	if text == "" {
		return nil, nil, nil
	}
	micros, seen, _ := strings.Cut(text, ".")
	since, err := strconv.ParseInt(micros, 36, 64)
	if err != nil || uuid.Validate(seen) != nil {
		return nil, nil, ErrCursor
	}
	t := time.UnixMicro(since)
	return &t, &seen, nil
}

const selectByEmail = `
SELECT
	id::text
FROM
	person
WHERE
	email_mac = ANY(@macs)`

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// byEmail finds whose an e-mail address is. Error: ErrNoPerson.
func (p *People) byEmail(ctx context.Context, from querier, email string) (id string, err error) {
	args := pgx.NamedArgs{"macs": p.ring.MACs(purposeEmail, []byte(canonicalEmail(email)))}
	err = from.QueryRow(ctx, selectByEmail, args).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrNoPerson
	}
	if err != nil {
		return "", fmt.Errorf("look for a person: %w", err)
	}
	return id, nil
}

// ByEmail finds somebody by the e-mail address, in whatever case it is written. Error: ErrNoPerson.
func (p *People) ByEmail(ctx context.Context, email string) (Person, error) {
	id, err := p.byEmail(ctx, p.pool, email)
	if err != nil {
		return Person{}, err
	}
	return p.Person(ctx, id)
}

const selectSetUpBy = `
WITH RECURSIVE trusted AS (
	SELECT
		id,
		set_up_by
	FROM
		person
	WHERE
		id = @approver::uuid
	UNION
	SELECT
		p.id,
		p.set_up_by
	FROM
		person p
		JOIN trusted t ON p.id = t.set_up_by
)
SELECT
	EXISTS (SELECT FROM trusted WHERE id = @asker::uuid)`

// Independent tells whether one person can't be acting for another: he is not the same, and the other has not set
// up his sign-in, nor that of whoever did, up to the command line.
func Independent(ctx context.Context, tx pgx.Tx, approver, asker string) (bool, error) {
	var acting bool
	if err := tx.QueryRow(ctx, selectSetUpBy, pgx.NamedArgs{"approver": approver, "asker": asker}).Scan(&acting); err != nil {
		return false, fmt.Errorf("look who set up person %s: %w", approver, err)
	}
	return !acting, nil
}

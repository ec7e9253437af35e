package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
)

// peopleWithin bounds a look at people by their ids.
const peopleWithin = 2 * time.Second

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

// personList is how people are listed: by index person_listed.
func personList() keyset.List {
	return keyset.InTime("people", "created_at", keyset.Key{Column: "id", Type: "uuid"})
}

// listedPerson is a row of the list.
type listedPerson struct {
	personRow
	SortKey string
}

// PersonFilter narrows a list of people.
type PersonFilter struct {
	keyset.Page
	State PersonState // "" for each
}

const pageOfPeople = `
FROM
	person
WHERE
	(@state::text = '' OR @state::text = CASE
		WHEN disabled_at IS NOT NULL THEN 'disabled'
		WHEN initial_until IS NOT NULL THEN 'invited'
		ELSE 'active'
	END)`

// Page lists people, the first added first unless asked otherwise. Next is the cursor of the page after this one, empty on the last.
// Errors: ErrCursor, keyset.ErrSort.
func (p *People) Page(ctx context.Context, f PersonFilter) (page []Person, next string, err error) {
	turn, err := personList().Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	query := keyset.Query{Turn: turn, SQL: `SELECT` + personColumns + `, ` + turn.Column() + pageOfPeople, Args: pgx.NamedArgs{"state": string(f.State)}}
	found, next, err := paged(ctx, p.pool, query, func(r listedPerson) (key, id string) { return r.SortKey, r.ID })
	if err != nil {
		return nil, "", fmt.Errorf("list people: %w", err)
	}
	for _, row := range found {
		who, err := p.person(row.personRow)
		if err != nil {
			return nil, "", err
		}
		page = append(page, who)
	}
	return page, next, nil
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

const selectCommonLine = `
WITH RECURSIVE line AS (
	SELECT
		id,
		set_up_by,
		id AS of
	FROM
		person
	WHERE
		id = @approver::uuid
		OR id = @asker::uuid
	UNION
	SELECT
		p.id,
		p.set_up_by,
		l.of
	FROM
		person p
		JOIN line l ON p.id = l.set_up_by
)
SELECT
	EXISTS (
		SELECT
		FROM
			line
		GROUP BY
			id
		HAVING
			count(DISTINCT of) > 1
	)`

// Independent tells whether one person can't be acting for another: they are not the same, and nobody has set up the sign-ins of both,
// directly or through others; whoever sets somebody up learns how to sign in as him. The command line counts for nobody: whom it set up
// begins a line of his own.
func Independent(ctx context.Context, tx pgx.Tx, approver, asker string) (bool, error) {
	if approver == asker {
		return false, nil
	}
	var together bool
	if err := tx.QueryRow(ctx, selectCommonLine, pgx.NamedArgs{"approver": approver, "asker": asker}).Scan(&together); err != nil {
		return false, fmt.Errorf("look who set up person %s: %w", approver, err)
	}
	return !together, nil
}

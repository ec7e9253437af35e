// Package wording keeps the merchant's own templates: what mails look like and what they say, for each shop and language, and for the
// whole installation. Every version is kept for ever; what holds is the newest one, unless it was taken away.
//
// Texts are stored as they were written. What they may hold, and how they are filled in, is package mail's to know.
package wording

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound says that there is no such template, or no such version of it.
var ErrNotFound = errors.New("no such template")

// Installation is the shop of templates that hold for every shop without its own.
const Installation = ""

// Place is where a template belongs.
type Place struct {
	Shop     string // Installation for all
	Language string // as package language writes it
	Name     string
}

// Template is a version of a template.
type Template struct {
	ID       int64
	Shop     string
	Language string
	Name     string
	Version  int // 1 is the first
	Subject  string
	Body     string // the plain text
	HTML     string `db:"html"`
	Gone     bool   // this version says that there is none any more
	MadeAt   time.Time
}

// Place is where the template belongs.
func (t Template) Place() Place { return Place{t.Shop, t.Language, t.Name} }

// says tells whether two versions are the same to a reader.
func (t Template) says(other Template) bool {
	return t.Subject == other.Subject && t.Body == other.Body && t.HTML == other.HTML && t.Gone == other.Gone
}

// Store reads and writes templates on a database.
type Store struct{ pool *pgxpool.Pool }

// NewStore opens the templates.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool} }

const columns = `
	id,
	shop,
	language,
	name,
	version,
	subject,
	body,
	html,
	gone,
	made_at`

const readNewest = `
SELECT` + columns + `
FROM
	template
WHERE
	shop = @shop::text
	AND language = @language::text
	AND name = @name::text
ORDER BY
	version DESC
LIMIT
	1`

const insertVersion = `
INSERT INTO template (
	shop,
	language,
	name,
	version,
	subject,
	body,
	html,
	gone
)
VALUES (
	@shop::text,
	@language::text,
	@name::text,
	@version::integer,
	@subject::text,
	@body::text,
	@html::text,
	@gone::boolean
)
RETURNING` + columns

// lockPlace lets one at a time write a template, so that versions have no gaps and no twins.
const lockPlace = `SELECT pg_advisory_xact_lock(hashtextextended(format('template %s/%s/%s', @shop::text, @language::text, @name::text), 0))`

// Put writes a version, unless the newest says the same already; changed tells. Taking away what there never was changes nothing,
// and the version is then 0.
func Put(ctx context.Context, tx pgx.Tx, t Template) (now Template, changed bool, err error) {
	args := pgx.NamedArgs{"shop": t.Shop, "language": t.Language, "name": t.Name}
	if _, err := tx.Exec(ctx, lockPlace, args); err != nil {
		return Template{}, false, fmt.Errorf("lock template %s: %w", t.Name, err)
	}
	rows, _ := tx.Query(ctx, readNewest, args) // rows carry the error to CollectRows
	now, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Template])
	first := errors.Is(err, pgx.ErrNoRows)
	if err != nil && !first {
		return Template{}, false, fmt.Errorf("read template %s: %w", t.Name, err)
	}
	if first && t.Gone || !first && now.says(t) {
		return now, false, nil
	}
	args["version"], args["subject"], args["body"], args["html"], args["gone"] = now.Version+1, t.Subject, t.Body, t.HTML, t.Gone
	rows, _ = tx.Query(ctx, insertVersion, args) // rows carry the error to CollectRows
	if now, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Template]); err != nil {
		return Template{}, false, fmt.Errorf("write template %s: %w", t.Name, err)
	}
	return now, true, nil
}

const readVersions = `
SELECT` + columns + `
FROM
	template
WHERE
	shop = @shop::text
	AND language = @language::text
	AND name = @name::text
	AND (@version::integer = 0 OR version = @version::integer)
ORDER BY
	version DESC
LIMIT
	@most`

// versionsMost is how many versions are listed; older ones are read by their number.
const versionsMost = 200

// Versions lists the versions of a template, the newest first, at most 200.
func (s *Store) Versions(ctx context.Context, p Place) ([]Template, error) {
	return s.versions(ctx, p, 0)
}

// Version reads one. Error: ErrNotFound.
func (s *Store) Version(ctx context.Context, p Place, version int) (Template, error) {
	found, err := s.versions(ctx, p, version)
	if err == nil && (len(found) == 0 || version < 1) {
		err = ErrNotFound
	}
	if err != nil {
		return Template{}, err
	}
	return found[0], nil
}

func (s *Store) versions(ctx context.Context, p Place, version int) ([]Template, error) {
	return s.many(ctx, readVersions, pgx.NamedArgs{
		"shop": p.Shop, "language": p.Language, "name": p.Name, "version": version, "most": versionsMost,
	})
}

const readHeld = `
SELECT DISTINCT ON (shop, language, name)` + columns + `
FROM
	template
WHERE
	(@shops::text[] IS NULL OR shop = ANY (@shops::text[]))
	AND (@languages::text[] IS NULL OR language = ANY (@languages::text[]))
	AND (@names::text[] IS NULL OR name = ANY (@names::text[]))
ORDER BY
	shop,
	language,
	name,
	version DESC`

// List lists the templates that there are, the newest version of each, by shop, language and name.
func (s *Store) List(ctx context.Context) ([]Template, error) {
	found, err := s.many(ctx, readHeld, pgx.NamedArgs{"shops": nil, "languages": nil, "names": nil})
	return slices.DeleteFunc(found, func(t Template) bool { return t.Gone }), err
}

// Wanted is what a mail looks for: in each list the better comes first.
type Wanted struct {
	Names     []string
	Shops     []string
	Languages []string
}

// Find finds the best template there is: by name first, then by shop, then by language. Error: ErrNotFound.
func (s *Store) Find(ctx context.Context, w Wanted) (Template, error) {
	found, err := s.many(ctx, readHeld, pgx.NamedArgs{"shops": w.Shops, "languages": w.Languages, "names": w.Names})
	if err != nil {
		return Template{}, err
	}
	found = slices.DeleteFunc(found, func(t Template) bool { return t.Gone })
	if len(found) == 0 {
		return Template{}, ErrNotFound
	}
	return slices.MinFunc(found, func(a, b Template) int {
		return slices.Compare(w.rank(a), w.rank(b))
	}), nil
}

func (w Wanted) rank(t Template) []int {
	return []int{slices.Index(w.Names, t.Name), slices.Index(w.Shops, t.Shop), slices.Index(w.Languages, t.Language)}
}

func (s *Store) many(ctx context.Context, sql string, args pgx.NamedArgs) ([]Template, error) {
	rows, _ := s.pool.Query(ctx, sql, args) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Template])
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	return found, nil
}

package points

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/language"
)

// ErrNoEntry says that there is no such entry among the questions, or that they are not kept in this language.
var ErrNoEntry = errors.New("no such entry")

// Answer is a question about points with its answer, in one language (P22). Both may hold variables.
type Answer struct {
	Language language.Tag
	Entry    string // names the question in every language
	Version  int    // 0 for the built-in one
	Question string
	Answer   string
	Approved bool      // by the merchant: only then is it shown
	PutBy    string    // who put the version; "" for the built-in one
	PutAt    time.Time // zero for the built-in one
}

// Tongues lists the languages that the questions are kept in.
func Tongues() []language.Tag { return []language.Tag{language.Danish, language.English} }

// drafts are the built-in questions and answers in a language, in the order in which they are read. None is approved.
func drafts(tag language.Tag) []Answer {
	switch tag {
	case language.Danish:
		return danish()
	case language.English:
		return english()
	}
	return nil
}

// draft is the built-in answer of an entry. Error: ErrNoEntry.
func draft(tag language.Tag, entry string) (Answer, error) {
	all := drafts(tag)
	at := slices.IndexFunc(all, func(a Answer) bool { return a.Entry == entry })
	if at < 0 {
		return Answer{}, ErrNoEntry
	}
	return all[at], nil
}

const readAnswers = `
SELECT DISTINCT ON (entry)
	language,
	entry,
	version,
	question,
	answer,
	approved,
	put_by,
	put_at
FROM
	loyalty_answer
WHERE
	language = @language::text
	AND (@entry::text = '' OR entry = @entry::text)
ORDER BY
	entry,
	version DESC`

func written(ctx context.Context, q Asked, tag language.Tag, entry string) ([]Answer, error) {
	rows, _ := q.Query(ctx, readAnswers, pgx.NamedArgs{"language": string(tag), "entry": entry}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Answer])
	if err != nil {
		return nil, fmt.Errorf("read answers about points: %w", err)
	}
	return found, nil
}

// Answers reads every question in a language: the merchant's newest version of it, or the built-in draft. Error: ErrNoEntry for a
// language that they are not kept in.
func (s *Store) Answers(ctx context.Context, tag language.Tag) ([]Answer, error) {
	all := drafts(tag)
	if all == nil {
		return nil, ErrNoEntry
	}
	own, err := written(ctx, s.pool, tag, "")
	for i := range all {
		if at := slices.IndexFunc(own, func(a Answer) bool { return a.Entry == all[i].Entry }); at >= 0 {
			all[i] = own[at]
		}
	}
	return all, err
}

// lockAnswer lets one at a time put an answer, so that versions have no gaps and no twins.
const lockAnswer = `SELECT pg_advisory_xact_lock(hashtextextended(format('loyalty answer %s/%s', @language::text, @entry::text), 0))`

const insertAnswer = `
INSERT INTO loyalty_answer (
	language,
	entry,
	version,
	question,
	answer,
	approved,
	put_by
)
VALUES (
	@language,
	@entry,
	@version,
	@question,
	@answer,
	@approved,
	@by
)
RETURNING
	language,
	entry,
	version,
	question,
	answer,
	approved,
	put_by,
	put_at`

// PutAnswer writes a version of an answer, unless the newest says the same already: changed tells. Error: ErrNoEntry.
func PutAnswer(ctx context.Context, tx pgx.Tx, a Answer) (now Answer, changed bool, err error) {
	if now, err = draft(a.Language, a.Entry); err != nil {
		return Answer{}, false, err
	}
	args := pgx.NamedArgs{"language": string(a.Language), "entry": a.Entry}
	if _, err := tx.Exec(ctx, lockAnswer, args); err != nil {
		return Answer{}, false, fmt.Errorf("lock an answer about points: %w", err)
	}
	own, err := written(ctx, tx, a.Language, a.Entry)
	if err != nil {
		return Answer{}, false, err
	}
	if len(own) > 0 {
		now = own[0]
	}
	if now.Question == a.Question && now.Answer == a.Answer && now.Approved == a.Approved {
		return now, false, nil
	}
	args["version"], args["question"], args["answer"], args["approved"], args["by"] = now.Version+1, a.Question, a.Answer, a.Approved, a.PutBy
	rows, _ := tx.Query(ctx, insertAnswer, args) // rows carry the error to CollectExactlyOneRow
	if now, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Answer]); err != nil {
		return Answer{}, false, fmt.Errorf("put an answer about points: %w", err)
	}
	return now, true, nil
}

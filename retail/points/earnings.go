package points

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

// Earning is what points were earned for: an event of a shop, once.
type Earning struct {
	Act     string // id of the act that brought the points
	Account string
	Shop    string
	Event   loyalty.Event
	Subject string // what of the event there is one of: the order, the customer, what was reviewed
	Version int64  // of the programme in force
	Terms   Terms
}

// Terms are what an earning was reckoned by.
type Terms struct {
	Rule     loyalty.Rule     `json:"rule"`
	Standing loyalty.Standing `json:"standing"`
	Bought   loyalty.Bought   `json:"bought"`
	Days     int              `json:"days,omitempty"`     // for how long its points live; 0 for ever
	Currency money.Currency   `json:"currency,omitempty"` // of the order
}

// Earned is an earning with what has become of it.
type Earned struct {
	Earning
	Owner, Key string // the name of the act
	Points     int64  // with what was added since
	Back       int64  // how many of them were taken back
	Open       int64  // how many of these the customer has all the same, since he had spent them
	Over       bool   // its caller took it back: the event may be told anew
}

const readEarned = `
SELECT
	e.act::text,
	e.account::text,
	e.shop,
	e.event,
	e.subject,
	e.version,
	e.terms,
	a.owner,
	a.key,
	a.amount,
	a.taken_back,
	a.rest,
	a.state <> 'done' AS over
FROM
	earning e
	JOIN act a ON a.id = e.act
WHERE
	e.shop = @shop
	AND e.event = @event
	AND e.subject = ANY(@subjects::text[])
ORDER BY
	a.state <> 'done',
	e.subject <> (@subjects::text[])[1],
	a.at,
	a.id
LIMIT 1`

// earnedRow is an earning as it is stored.
type earnedRow struct {
	Act, Account, Shop, Event, Subject string
	Version                            int64
	Terms                              []byte
	Owner, Key                         string
	Amount, TakenBack, Rest            int64
	Over                               bool
}

// ErrNotEarned says that nothing was earned for an event yet.
var ErrNotEarned = errors.New("nothing was earned for it")

// EarnedFor finds what was earned for an event of a shop whose subject goes by some names, under the first of them if it was. Error:
// [ErrNotEarned].
func EarnedFor(ctx context.Context, q Asked, shop string, event loyalty.Event, subjects ...string) (Earned, error) {
	rows, _ := q.Query(ctx, readEarned, pgx.NamedArgs{"shop": shop, "event": string(event), "subjects": subjects}) // rows carry the error on
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[earnedRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return Earned{}, ErrNotEarned
	}
	if err != nil {
		return Earned{}, fmt.Errorf("read an earning of points: %w", err)
	}
	earned := Earned{
		Earning: Earning{Act: r.Act, Account: r.Account, Shop: r.Shop, Event: loyalty.Event(r.Event), Subject: r.Subject, Version: r.Version},
		Owner:   r.Owner, Key: r.Key, Points: r.Amount - min(r.TakenBack, 0), Back: max(r.TakenBack, 0), Open: r.Rest, Over: r.Over,
	}
	if err := json.Unmarshal(r.Terms, &earned.Terms); err != nil {
		return Earned{}, fmt.Errorf("read the terms of an earning: %w", err)
	}
	return earned, nil
}

const forgetOver = `
DELETE FROM earning e
USING act a
WHERE
	e.shop = @shop
	AND e.event = @event
	AND e.subject = @subject
	AND a.id = e.act
	AND a.state <> 'done'`

const endWait = `
DELETE FROM earning_waits
WHERE
	@event = 'order'
	AND shop = @shop
	AND order_id = @subject`

const markEarned = `
UPDATE loyalty_order
SET
	earned = true
WHERE
	@event = 'order'
	AND shop = @shop
	AND order_id = @subject`

const insertEarning = `
INSERT INTO earning (
	act,
	account,
	shop,
	event,
	subject,
	version,
	terms
)
VALUES (
	@act::uuid,
	@account::uuid,
	@shop,
	@event,
	@subject,
	@version,
	@terms::jsonb
)`

// AddEarning notes what an act brought points for, in the act's transaction. One that was taken back gives its place up; one that stands
// is a unique violation, which ends the transaction. What has waited for the order waits no more. The caller has locked the
// order, if it is one.
func AddEarning(ctx context.Context, tx pgx.Tx, e Earning) error {
	terms, err := json.Marshal(e.Terms)
	if err != nil {
		return fmt.Errorf("write the terms of an earning: %w", err)
	}
	args := pgx.NamedArgs{
		"act": e.Act, "account": e.Account, "shop": e.Shop, "event": string(e.Event), "subject": e.Subject, "version": e.Version, "terms": string(terms),
	}
	for _, sql := range []string{forgetOver, insertEarning, endWait, markEarned} {
		if _, err := tx.Exec(ctx, sql, args); err != nil {
			return fmt.Errorf("note what points were earned for: %w", err)
		}
	}
	return nil
}

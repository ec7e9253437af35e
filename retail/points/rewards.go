package points

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
)

// ErrNoReward says that no points were exchanged by this act for something that the merchant hands over.
var ErrNoReward = errors.New("no reward has this id")

// Reward is something that the merchant hands over for points (P20).
type Reward struct {
	Act          string // id of the act that took the points
	Account      string
	Name         string
	Points       int64
	GivenAt      time.Time
	HandedOverAt *time.Time
	HandedOverBy string // as the audit trail names him; "" while it waits
	TakenBackAt  *time.Time
}

const insertReward = `
INSERT INTO external_reward (
	act,
	account,
	name,
	points,
	given_at
)
VALUES (
	@act::uuid,
	@account::uuid,
	@name,
	@points,
	@at
)`

// AddReward notes what is to be handed over, in the transaction that takes the points.
func AddReward(ctx context.Context, tx pgx.Tx, r Reward) error {
	_, err := tx.Exec(ctx, insertReward, pgx.NamedArgs{"act": r.Act, "account": r.Account, "name": r.Name, "points": r.Points, "at": r.GivenAt})
	if err != nil {
		return fmt.Errorf("note a reward: %w", err)
	}
	return nil
}

const rewardColumns = `
	act::text,
	account::text,
	name,
	points,
	given_at,
	handed_over_at,
	handed_over_by,
	taken_back_at`

const lockReward = `
SELECT` + rewardColumns + `
FROM
	external_reward
WHERE
	act = @act::uuid
FOR UPDATE`

// LockReward locks a reward for whoever hands it over or takes it back. Error: ErrNoReward.
func LockReward(ctx context.Context, tx pgx.Tx, act string) (Reward, error) {
	rows, _ := tx.Query(ctx, lockReward, pgx.NamedArgs{"act": act}) // rows carry the error to CollectExactlyOneRow
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Reward])
	if errors.Is(err, pgx.ErrNoRows) {
		return Reward{}, ErrNoReward
	}
	if err != nil {
		return Reward{}, fmt.Errorf("lock a reward: %w", err)
	}
	return r, nil
}

const handOver = `
UPDATE
	external_reward
SET
	handed_over_at = vouchsafe_now(),
	handed_over_by = @by
WHERE
	act = @act::uuid
	AND handed_over_at IS NULL
	AND taken_back_at IS NULL
RETURNING` + rewardColumns

// HandOver notes that a reward which the caller has locked waiting was handed over.
func HandOver(ctx context.Context, tx pgx.Tx, act, by string) (Reward, error) {
	rows, _ := tx.Query(ctx, handOver, pgx.NamedArgs{"act": act, "by": by}) // rows carry the error to CollectExactlyOneRow
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Reward])
	if err != nil {
		return Reward{}, fmt.Errorf("note that a reward was handed over: %w", err)
	}
	return r, nil
}

const takeBackReward = `
UPDATE
	external_reward
SET
	taken_back_at = @at
WHERE
	act = @act::uuid
	AND handed_over_at IS NULL
	AND taken_back_at IS NULL`

// TakeRewardBack notes that the points of a reward which the caller has locked waiting were given back.
func TakeRewardBack(ctx context.Context, tx pgx.Tx, act string, at time.Time) error {
	tag, err := tx.Exec(ctx, takeBackReward, pgx.NamedArgs{"act": act, "at": at})
	if err == nil && tag.RowsAffected() != 1 {
		err = ErrNoReward
	}
	if err != nil {
		return fmt.Errorf("take a reward back: %w", err)
	}
	return nil
}

// RewardFilter narrows a list of rewards; what is left empty doesn't narrow.
type RewardFilter struct {
	keyset.Page        // by given_at, the latest first unless asked otherwise
	State       string // waiting, handed_over or taken_back
	From, To    time.Time
}

// rewardList is how rewards are listed: by index external_reward_listed.
func rewardList() keyset.List {
	return keyset.InTime("rewards", "-given_at", keyset.Key{Column: "act", Type: "uuid"})
}

// listedReward is a row of the list.
type listedReward struct {
	Reward
	SortKey string
}

const chosenRewards = `
FROM
	external_reward
WHERE
	(@state::text <> 'waiting' OR handed_over_at IS NULL AND taken_back_at IS NULL)
	AND (@state::text <> 'handed_over' OR handed_over_at IS NOT NULL)
	AND (@state::text <> 'taken_back' OR taken_back_at IS NOT NULL)
	AND (@from::timestamptz IS NULL OR given_at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR given_at < @to::timestamptz)`

// rewardsWithin bounds a page of the list.
const rewardsWithin = 2 * time.Second

// Rewards lists what the merchant hands over. Next is the cursor of the page after this one, empty on the last. Errors:
// keyset.ErrCursor, keyset.ErrSort.
func (s *Store) Rewards(ctx context.Context, f RewardFilter) (page []Reward, next string, err error) {
	turn, err := rewardList().Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, rewardsWithin)
	defer cancel()
	asked := keyset.Query{
		Turn: turn, SQL: `SELECT` + rewardColumns + `, ` + turn.Column() + chosenRewards,
		Args: pgx.NamedArgs{"state": f.State, "from": orNull(f.From), "to": orNull(f.To)},
	}
	found, next, err := keyset.Read(asked, func(sql string, args map[string]any) ([]listedReward, error) {
		rows, _ := s.pool.Query(ctx, sql, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs(args)) // rows carry the error to CollectRows
		return pgx.CollectRows(rows, pgx.RowToStructByName[listedReward])
	}, func(r listedReward) (key, id string) { return r.SortKey, r.Act })
	if err != nil {
		return nil, "", fmt.Errorf("list rewards: %w", err)
	}
	for _, row := range found {
		page = append(page, row.Reward)
	}
	return page, next, nil
}

// orNull is an instant, or nothing.
func orNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

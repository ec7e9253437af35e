-- +goose Up

-- What points were exchanged for that the merchant hands over himself (P20), with the act that took the points. One that was handed
-- over can't be taken back, and one that was taken back is never handed over: this row is locked before the account by whoever would.
CREATE TABLE external_reward (
    act            uuid PRIMARY KEY,
    account        uuid NOT NULL,
    name           text NOT NULL CHECK (name <> ''),
    points         bigint NOT NULL CHECK (points > 0),
    given_at       timestamptz NOT NULL,
    handed_over_at timestamptz,
    handed_over_by text NOT NULL DEFAULT '',
    taken_back_at  timestamptz,
    CHECK (handed_over_at IS NULL OR taken_back_at IS NULL),
    CHECK ((handed_over_at IS NULL) = (handed_over_by = ''))
);

INSERT INTO external_reward (act, account, name, points, given_at, taken_back_at)
SELECT id, voucher, detail -> 'reward' ->> 'name', amount, at, reversed_at
FROM act
WHERE kind = 'conversion' AND state <> 'prevented' AND detail -> 'reward' ->> 'voucher' IS NULL;

CREATE INDEX external_reward_listed ON external_reward (given_at, act);
CREATE INDEX external_reward_waiting ON external_reward (given_at, act) WHERE handed_over_at IS NULL AND taken_back_at IS NULL;

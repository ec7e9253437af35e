-- +goose Up

-- Each line of the journal carries the transaction that wrote it, by which whoever reads on from where he was knows what he can't have
-- seen yet: lines are not committed in the order of their instants. The index is a summary of ranges of pages, which an act does not
-- have to keep up.
ALTER TABLE entry ADD COLUMN txid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint);
CREATE INDEX entry_by_txid ON entry USING brin (txid) WITH (pages_per_range = 32, autosummarize = on);

-- The journal summed up in steps of a quarter of an hour, at which the days of every zone begin, by what a line does: its kind, and the
-- kind of its other side. No act writes it: a job does, now and then.
CREATE TABLE turnover_sum (
    at       timestamptz NOT NULL,
    currency text NOT NULL,
    kind     text NOT NULL,
    class    text NOT NULL,
    amount   bigint NOT NULL,
    lines    bigint NOT NULL CHECK (lines > 0),
    PRIMARY KEY (at, currency, kind, class)
);

-- What became of each amount that was sold, as of when its account was looked at last.
CREATE TABLE turnover_fate (
    account     uuid NOT NULL,
    seq         bigint NOT NULL,
    currency    text NOT NULL,
    at          timestamptz NOT NULL,
    sold        bigint NOT NULL CHECK (sold > 0),
    redeemed    bigint NOT NULL,
    refunded    bigint NOT NULL,
    expired     bigint NOT NULL,
    adjusted    bigint NOT NULL,
    outstanding bigint NOT NULL CHECK (outstanding >= 0),
    PRIMARY KEY (account, seq),
    CONSTRAINT sold_is_the_sum CHECK (sold = redeemed + refunded + expired + adjusted + outstanding)
) WITH (fillfactor = 90);

CREATE INDEX turnover_fate_sold ON turnover_fate (at);

-- Accounts whose fates are out of date.
CREATE TABLE turnover_due (account uuid PRIMARY KEY);

-- How far the sums go: they hold every line that this snapshot sees, and every line up to the instant since, which tells lines that
-- another server has written (whose transactions count otherwise) from those of this one. The row is the lock of whoever sums up.
CREATE TABLE turnover_seen (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    seen   pg_snapshot NOT NULL,
    since  timestamptz NOT NULL
);

INSERT INTO turnover_seen (seen, since)
VALUES ('1:1:', '-infinity');

-- What the bookkeeper's program calls the accounts, and what DATEV wants to know. One row, none before somebody has said it.
CREATE TABLE bookkeeping (
    single   boolean PRIMARY KEY DEFAULT true CHECK (single),
    settings jsonb NOT NULL
);

-- Whoever is told what happens to vouchers. Up to two secrets sign, so that one can be rotated while both work. Seen and since are how
-- far the journal was read for it, as in turnover_seen. Resting: it failed several times in a row and is asked again then.
CREATE TABLE subscriber (
    id            uuid PRIMARY KEY,
    name          text NOT NULL,
    url           text NOT NULL CHECK (url <> ''),
    events        text[] NOT NULL,
    secrets       bytea[] NOT NULL CHECK (cardinality(secrets) BETWEEN 1 AND 2),
    state         text NOT NULL CHECK (state IN ('active', 'paused')),
    reason        text NOT NULL,
    seen          pg_snapshot NOT NULL,
    since         timestamptz NOT NULL,
    read_at       timestamptz NOT NULL,
    failures      integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    resting_until timestamptz,
    last_sent_at  timestamptz,
    sent          bigint NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    deleted_at    timestamptz,
    CHECK ((failures = 0) = (failing_since IS NULL)),
    CHECK ((state = 'paused') = (reason <> ''))
);

CREATE INDEX subscriber_listed ON subscriber (created_at, id) WHERE deleted_at IS NULL;

-- What a subscriber is still to be told, in order: a line of a voucher's journal, or a line of the audit trail about it. The id is what
-- the message is known by, the same whenever it is sent.
CREATE TABLE webhook (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         uuid NOT NULL,
    subscriber uuid NOT NULL REFERENCES subscriber (id),
    voucher    uuid NOT NULL,
    entry      bigint,
    audit      bigint,
    attempts   integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at     timestamptz NOT NULL,
    read_at    timestamptz NOT NULL,
    fault      text NOT NULL DEFAULT '',
    UNIQUE (subscriber, id),
    CHECK ((entry IS NULL) <> (audit IS NULL))
);

CREATE INDEX webhook_of_voucher ON webhook (subscriber, voucher, number);
CREATE INDEX webhook_due ON webhook (subscriber, due_at, number);

-- A link to a voucher's page, for a customer who lost it. The token is known to whoever has the link alone.
CREATE TABLE voucher_link (
    id         uuid PRIMARY KEY,
    voucher    uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    made_by    text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    revoked_at timestamptz,
    views      integer NOT NULL DEFAULT 0 CHECK (views BETWEEN 0 AND 20),
    viewed_at  timestamptz
);

CREATE INDEX voucher_link_of ON voucher_link (voucher, created_at);

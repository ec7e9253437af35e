-- +goose Up

-- The clock of every act. It is a function so that a test can replace it; nothing in the
-- program reads any other clock to decide about money, a reservation or a validity.
CREATE FUNCTION vouchsafe_now() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE
AS 'SELECT clock_timestamp()';

-- A voucher is a stored value. Its row is the one lock of every act that concerns it.
-- Version rises with every change, fence with every grant and with every act that takes
-- value or its owner away. A state that has no value left says so in its balance.
CREATE TABLE voucher (
    id             uuid PRIMARY KEY,
    code_mac       bytea NOT NULL UNIQUE CHECK (octet_length(code_mac) = 32),
    code_sealed    bytea,
    last4          text NOT NULL CHECK (char_length(last4) BETWEEN 1 AND 4),
    product        text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('money', 'punches', 'credit', 'store_credit')),
    mode           text NOT NULL CHECK (mode IN ('card', 'customer')),
    currency       text NOT NULL,
    state          text NOT NULL CHECK (state IN ('inventory', 'issued', 'active', 'claimed', 'depleted', 'invalidated')),
    blocked_order  boolean NOT NULL DEFAULT false,
    blocked_office boolean NOT NULL DEFAULT false,
    quarantined    boolean NOT NULL DEFAULT false,
    balance        bigint NOT NULL CHECK (balance >= 0),
    fence          bigint NOT NULL CHECK (fence >= 0),
    version        bigint NOT NULL CHECK (version > 0),
    term           text NOT NULL,
    zone           text NOT NULL,
    expires_on     date,
    ends_at        timestamptz,
    shop           text,
    unit           uuid UNIQUE,
    issued_at      timestamptz NOT NULL,
    last_at        timestamptz NOT NULL,
    entries        bigint NOT NULL CHECK (entries >= 0),
    head           bytea NOT NULL CHECK (octet_length(head) = 32),
    CHECK (balance = 0 OR state NOT IN ('claimed', 'depleted', 'invalidated')),
    CHECK ((expires_on IS NULL) = (ends_at IS NULL))
) WITH (fillfactor = 80);

-- A reservation is exclusive on the whole code, for one holder, and live in
-- [granted_at, expires_at). A row that is active past expires_at has expired all the same.
CREATE TABLE reservation (
    id          uuid PRIMARY KEY,
    voucher     uuid NOT NULL,
    fence       bigint NOT NULL,
    owner       text NOT NULL,
    key         text NOT NULL,
    holder      bytea NOT NULL CHECK (octet_length(holder) = 32),
    holder_hint text NOT NULL,
    amount      bigint NOT NULL CHECK (amount >= 0),
    due         bigint NOT NULL CHECK (due >= 0),
    revision    bigint NOT NULL,
    state       text NOT NULL CHECK (state IN ('active', 'captured', 'released', 'expired', 'voided')),
    granted_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    CHECK ((state = 'active') = (ended_at IS NULL)),
    CHECK (granted_at <= expires_at),
    CHECK (ended_at >= granted_at),
    UNIQUE (voucher, fence)
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX reservation_one_live ON reservation (voucher) WHERE state = 'active';
CREATE INDEX reservation_overdue ON reservation (expires_at) WHERE state = 'active';
CREATE INDEX reservation_of_holder ON reservation (owner, holder) WHERE state = 'active';

-- An act is named by its caller, once and for ever. The row is the answer to every repeat;
-- a prevented row is the tombstone of an act whose cancellation came first.
CREATE TABLE act (
    id          uuid PRIMARY KEY,
    owner       text NOT NULL,
    kind        text NOT NULL,
    key         text NOT NULL,
    state       text NOT NULL CHECK (state IN ('done', 'reversed', 'prevented')),
    fingerprint bytea NOT NULL,
    voucher     uuid,
    reservation uuid,
    source      uuid,
    currency    text,
    amount      bigint NOT NULL CHECK (amount >= 0),
    taken_back  bigint NOT NULL DEFAULT 0,
    balance     bigint NOT NULL,
    rest        bigint NOT NULL,
    released    bigint NOT NULL,
    late        boolean NOT NULL,
    detail      jsonb,
    at          timestamptz NOT NULL,
    reversed_at timestamptz,
    UNIQUE (owner, kind, key),
    CHECK (taken_back BETWEEN 0 AND amount),
    CHECK (voucher IS NOT NULL OR state = 'prevented')
);

CREATE UNIQUE INDEX act_one_capture ON act (reservation) WHERE kind = 'redemption';
CREATE INDEX act_of_voucher ON act (voucher, at);
CREATE INDEX act_of_order ON act (owner, (detail ->> 'order')) WHERE kind = 'redemption' AND detail ->> 'order' IS NOT NULL;

-- The journal: double entry. A line moves its amount between the account it names (a voucher)
-- and a contra account; positive raises the account. Lines of an account are numbered and
-- chained by hash. The contra accounts carry no balance: they are sums of these lines.
CREATE TABLE entry (
    account  uuid NOT NULL,
    seq      bigint NOT NULL CHECK (seq > 0),
    act      uuid NOT NULL,
    kind     text NOT NULL,
    contra   text NOT NULL,
    amount   bigint NOT NULL CHECK (amount <> 0),
    currency text NOT NULL,
    balance  bigint NOT NULL CHECK (balance >= 0),
    at       timestamptz NOT NULL,
    hash     bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (account, seq)
);

CREATE INDEX entry_by_time ON entry USING brin (at);

-- +goose StatementBegin
CREATE FUNCTION refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd

-- What a statement of a group calls to make sure of itself: COMMIT follows in the same round trip, so
-- that only an error can stop it.
-- +goose StatementBegin
CREATE FUNCTION expect_rows(what text, got bigint, want bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF got <> want THEN
        RAISE EXCEPTION '% rows of % written, % expected', got, what, want
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

-- A lease lets one gateway at a time do what all could do; it runs out if its holder dies.
CREATE TABLE lease (
    name    text PRIMARY KEY,
    holder  uuid NOT NULL,
    until   timestamptz NOT NULL
);

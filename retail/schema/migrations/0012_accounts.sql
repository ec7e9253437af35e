-- +goose Up

-- Somebody who buys at a shop under a log-in of that shop. The id is opaque and ours; login is the shop's own name for
-- the customer; wallet_id is the number that the accounts are filed under, apart from the log-in (D21). The address is
-- sealed, and found by its keyed digest. Who was merged into another keeps the row, so that the log-in leads on.
CREATE TABLE customer (
    id           uuid PRIMARY KEY,
    shop         text NOT NULL,
    login        text NOT NULL CHECK (login <> '' AND char_length(login) <= 128),
    wallet_id    text NOT NULL CHECK (wallet_id <> '' AND char_length(wallet_id) <= 64),
    member_until date,
    email        bytea,
    email_mac    bytea CHECK (octet_length(email_mac) = 32),
    merged_into  uuid REFERENCES customer (id),
    created_at   timestamptz NOT NULL,
    UNIQUE (shop, login),
    UNIQUE (shop, wallet_id),
    CHECK ((email IS NULL) = (email_mac IS NULL)),
    CHECK (merged_into <> id)
);

CREATE INDEX customer_listed ON customer (created_at, id);
CREATE INDEX customer_by_email ON customer (email_mac) WHERE email_mac IS NOT NULL;
CREATE INDEX customer_merged ON customer (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX customer_by_login ON customer (login);
CREATE INDEX customer_by_wallet ON customer (wallet_id);

-- What a customer has, one row for each currency or unit. Its row is the one lock of every act that concerns it, after
-- those of vouchers; version, fence, journal and chain are as a voucher's. Unlike a code it is reserved by amount, by
-- several at once: reserved is the sum of the live reservations.
CREATE TABLE account (
    id          uuid PRIMARY KEY,
    customer    uuid NOT NULL REFERENCES customer (id),
    currency    text NOT NULL,
    balance     bigint NOT NULL CHECK (balance >= 0),
    reserved    bigint NOT NULL CHECK (reserved BETWEEN 0 AND balance),
    quarantined boolean NOT NULL DEFAULT false,
    fence       bigint NOT NULL CHECK (fence >= 0),
    version     bigint NOT NULL CHECK (version > 0),
    zone        text NOT NULL,
    opened_at   timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    entries     bigint NOT NULL CHECK (entries >= 0),
    head        bytea NOT NULL CHECK (octet_length(head) = 32),
    UNIQUE (customer, currency)
) WITH (fillfactor = 80);

-- A part of an account that is set aside for one holder, live in [granted_at, expires_at).
CREATE TABLE account_reservation (
    id          uuid PRIMARY KEY,
    account     uuid NOT NULL,
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
    UNIQUE (account, fence)
) WITH (fillfactor = 80);

-- One holder has one live reservation on an account: he resumes it under whatever key. As on reservation, no index says in the words
-- of another which rows it has: ask for an account's by state, for a holder's by ended_at, and for what is overdue by both.
CREATE UNIQUE INDEX account_reservation_one_each ON account_reservation (account, owner, holder) WHERE state = 'active';
CREATE INDEX account_reservation_overdue ON account_reservation (expires_at) WHERE state = 'active' AND ended_at IS NULL;
CREATE INDEX account_reservation_of_holder ON account_reservation (owner, holder) WHERE ended_at IS NULL;

COMMENT ON COLUMN act.voucher IS 'the voucher that the act was done to, or the account of a customer';
COMMENT ON COLUMN act.reservation IS 'a row of reservation, or of account_reservation if the act was done to an account';
COMMENT ON COLUMN entry.account IS 'a voucher, or the account of a customer';

-- Who bought a voucher for himself (B03). It binds nobody: a voucher in card mode may be handed on all the same (D05).
CREATE TABLE voucher_owner (
    voucher  uuid PRIMARY KEY,
    customer uuid NOT NULL REFERENCES customer (id)
);

CREATE INDEX voucher_owner_customer ON voucher_owner (customer);

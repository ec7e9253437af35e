-- +goose Up

-- What the last proof of the invariants came to, for all gateways: any of them may have run it.
-- Findings are the broken invariants, the first of them with their evidence; a fault says why the
-- proof could not be finished.
CREATE TABLE proof (
    single   boolean PRIMARY KEY DEFAULT true CHECK (single),
    ended_at timestamptz NOT NULL,
    took     interval NOT NULL,
    findings integer NOT NULL CHECK (findings >= 0),
    evidence jsonb NOT NULL,
    fault    text NOT NULL
);

-- How many vouchers there are and what they are worth, as counted now and then by one gateway:
-- counting reads every voucher, which nobody should do for each look at a dashboard. The state is
-- the one that people are shown, so that what is past its validity counts as expired.
CREATE TABLE census (
    currency    text NOT NULL,
    state       text NOT NULL,
    vouchers    bigint NOT NULL,
    balance     bigint NOT NULL,
    blocked     bigint NOT NULL,
    quarantined bigint NOT NULL,
    reserved    bigint NOT NULL,
    set_aside   bigint NOT NULL,
    counted_at  timestamptz NOT NULL,
    PRIMARY KEY (currency, state)
);

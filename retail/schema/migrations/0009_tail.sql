-- +goose Up

-- Which life of PostgreSQL answers: when this server process started, and in which files the vouchers
-- lie. Another server, a restart, another database, a table that was filled anew: each is another life,
-- and nothing that takes committed changes away leaves the life as it was. Every role may ask it, it
-- costs nothing, and it is right behind any pooler, since whoever asks within a transaction is told
-- about the very server that the transaction is on. A function, so that a test can replace it.
CREATE FUNCTION vouchsafe_life() RETURNS text
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$ SELECT extract(epoch FROM pg_postmaster_start_time())::text || ' ' || pg_relation_filepath('voucher') $$;

-- The life in which PostgreSQL was compared last with what Redis testifies to, and what came of it. An
-- older copy of the database bears an older life here than the one that answers.
CREATE TABLE examination (
    single      boolean PRIMARY KEY DEFAULT true CHECK (single),
    life        text NOT NULL,
    ended_at    timestamptz NOT NULL,
    witnesses   bigint NOT NULL CHECK (witnesses >= 0),
    quarantined bigint NOT NULL CHECK (quarantined >= 0),
    missing     bigint NOT NULL CHECK (missing >= 0)
);

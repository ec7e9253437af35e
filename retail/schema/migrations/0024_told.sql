-- +goose Up

-- Reservations carry the transactions that granted and ended them, as lines of the journal do: by these whoever reads on from where he
-- was knows what he can't have seen yet. A reservation that was written as one that had ended already has no second one. Both are set
-- with the row alone, in a write that is made anyway; a live reservation that is replaced leaves them as they are, and with them every
-- index. The summaries of ranges of pages are all that is kept up beside the row. Those of before are news to nobody.
ALTER TABLE reservation
    ADD COLUMN granted_in bigint NOT NULL DEFAULT 0,
    ADD COLUMN ended_in bigint;
ALTER TABLE account_reservation
    ADD COLUMN granted_in bigint NOT NULL DEFAULT 0,
    ADD COLUMN ended_in bigint;
ALTER TABLE reservation ALTER COLUMN granted_in SET DEFAULT (pg_current_xact_id()::text::bigint);
ALTER TABLE account_reservation ALTER COLUMN granted_in SET DEFAULT (pg_current_xact_id()::text::bigint);

CREATE INDEX reservation_by_txid ON reservation USING brin (granted_in, ended_in) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX account_reservation_by_txid ON account_reservation USING brin (granted_in, ended_in) WITH (pages_per_range = 32, autosummarize = on);

-- A subscriber is told of customers' accounts too, and of reservations. These change, and a message does not: what it says of its
-- reservation is kept as it was when it was read.
ALTER TABLE webhook RENAME COLUMN voucher TO account;
ALTER INDEX webhook_of_voucher RENAME TO webhook_of_account;
ALTER TABLE webhook
    ADD COLUMN reservation uuid,
    ADD COLUMN said jsonb,
    DROP CONSTRAINT webhook_check,
    ADD CONSTRAINT about_one_thing CHECK (num_nonnulls(entry, audit, reservation) = 1),
    ADD CONSTRAINT says_what_it_was CHECK ((reservation IS NULL) = (said IS NULL));

COMMENT ON COLUMN webhook.account IS 'a voucher, or the account of a customer';

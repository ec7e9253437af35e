-- +goose Up

-- A recall of points takes its own first, and none in place of those that have ended. So a lot says which act brought its points at
-- first, wherever they were moved since, and how many of them have ended in it.
ALTER TABLE lot
    ADD COLUMN origin uuid,
    ADD COLUMN ended bigint NOT NULL DEFAULT 0 CHECK (ended >= 0);
UPDATE lot SET origin = act;
ALTER TABLE lot ALTER COLUMN origin SET NOT NULL;
CREATE INDEX lot_ended ON lot (origin) WHERE ended > 0;

-- What is open of an earning is made up for by whatever comes back to its account: by a recall whose rest is negative. The index asks in
-- words that no other answers, such as that of all acts of a place.
CREATE INDEX act_open ON act ((CASE WHEN rest > 0 THEN voucher END)) WHERE kind = 'points' AND rest > 0;

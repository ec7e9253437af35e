-- +goose Up

-- How much of an order its lines let points pay, in minor units, is fixed with their rate, and holds for all that pay for it. The default
-- is no limit.
ALTER TABLE exchange ADD COLUMN permits bigint NOT NULL DEFAULT 9223372036854775807 CHECK (permits >= 0);

-- +goose Up

-- How much of an order its lines let points pay, in minor units, is fixed with their rate, and holds for all that pay for it. The default
-- is no limit.
ALTER TABLE exchange ADD COLUMN permits bigint NOT NULL DEFAULT 9223372036854775807 CHECK (permits >= 0);

-- What the shop told last of an order's lines: the vouchers that it sells beside its goods, and, where its refunds name lines, how much each
-- line was sold for and how much of that was given back.
ALTER TABLE loyalty_order
    ADD COLUMN stored bigint NOT NULL DEFAULT 0 CHECK (stored >= 0),
    ADD COLUMN returns jsonb;

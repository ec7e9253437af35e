-- +goose Up

-- A refund takes back units when that can be, which may be later than it is told: lines are what it names of the lines that sell vouchers,
-- and how many units of that are taken back.
ALTER TABLE purchase_refund ADD COLUMN lines jsonb NOT NULL DEFAULT '[]';

CREATE INDEX purchase_refund_open ON purchase_refund (purchase) WHERE NOT settled;

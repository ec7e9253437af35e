-- +goose Up

-- refund_waits says that a refund of the voucher's purchase waits until the voucher is free and whole, so that nobody begins to use it: 0
-- where it waits for this voucher, and where it waits for one of several, what each of them held at first, so that the one that holds it
-- again is barred. NULL where none waits.
ALTER TABLE voucher ADD COLUMN refund_waits bigint CHECK (refund_waits >= 0);

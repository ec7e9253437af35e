-- +goose Up

-- refund_waits says that a refund of the voucher's purchase waits until the voucher is free and whole, so that nobody begins to use it: 0
-- where it waits for this voucher, and where it waits for one of several, what each of them held at first, so that the one that holds it
-- again is barred. NULL where none waits.
ALTER TABLE voucher ADD COLUMN refund_waits bigint CHECK (refund_waits >= 0);

-- lacks is by how much less than its total a refunded order was given back in money, in minor units of currency; NULL for any other. Where
-- vouchers had paid as much, they are what was not given back.
ALTER TABLE told_order ADD COLUMN lacks bigint;
ALTER TABLE told_order ADD COLUMN currency text;
ALTER TABLE told_order ADD CHECK ((lacks IS NULL) = (currency IS NULL));

CREATE INDEX told_order_lacks ON told_order (noted_at) WHERE lacks IS NOT NULL;

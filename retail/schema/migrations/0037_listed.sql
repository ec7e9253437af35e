-- +goose Up

-- The list of what has expired passes over most of the vouchers, and did so by their rows: at a million it read the whole table. The end
-- of validity is in the index now, which is walked alone. An act that touches neither changes no index by it: both it and issued_at stay
-- as they are while a voucher is reserved and redeemed, and the end was in an index before.
DROP INDEX voucher_listed;
CREATE INDEX voucher_listed ON voucher (issued_at, id, (coalesce(ends_at, 'infinity')));

-- +goose Up

-- What the office looks for. None of these columns changes with a voucher's acts, so that an update of
-- its balance touches no index.
CREATE INDEX voucher_listed ON voucher (issued_at, id);
CREATE INDEX voucher_last4 ON voucher (last4);
CREATE INDEX voucher_of_product ON voucher (product);
CREATE INDEX purchase_by_number ON purchase (number);
CREATE INDEX purchase_by_order ON purchase (order_id);

-- +goose Up

-- An order has an id and, for people, a number; what pays for it may name either. number_of is whose number the name of a row is, once
-- its shop has told: what was said of that name is said of that order. What is an order's id is nobody's number.
ALTER TABLE loyalty_order
    ADD COLUMN number_of text NOT NULL DEFAULT '',
    ADD CHECK (number_of <> order_id),
    ADD CHECK (number_of = '' OR told_at IS NULL AND NOT earned);
CREATE INDEX loyalty_order_numbers ON loyalty_order (shop, number_of) WHERE number_of <> '';

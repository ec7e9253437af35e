-- +goose Up

-- What a shop said last of an order that vouchers may have paid for: of every order that was cancelled, and of those that are known to be
-- paid so. Of two states the later one counts, whenever each of them is told. unreturned is what the office was told has not come back of
-- a cancelled one: minor units by currency.
CREATE TABLE told_order (
    shop       text NOT NULL,
    order_id   text NOT NULL CHECK (order_id <> ''),
    number     text NOT NULL,
    told_at    timestamptz NOT NULL,
    stage      integer NOT NULL,
    closed     boolean NOT NULL,
    noted_at   timestamptz NOT NULL DEFAULT vouchsafe_now(),
    unreturned jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (shop, order_id)
);

CREATE INDEX told_order_closed ON told_order (noted_at) WHERE closed;
CREATE INDEX told_order_unreturned ON told_order (shop, order_id) WHERE unreturned <> '{}';

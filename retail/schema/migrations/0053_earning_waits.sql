-- +goose Up

-- Somebody has told that an order earns points, while those of somebody else stood for it: his act brought 0. It brings what the order
-- deserves once the other's points were taken back. One for each order: the last that was told, of nobody who has the points.
CREATE TABLE earning_waits (
    shop     text NOT NULL,
    order_id text NOT NULL,
    act      uuid NOT NULL,
    account  uuid NOT NULL,
    version  bigint NOT NULL,
    terms    jsonb NOT NULL,
    PRIMARY KEY (shop, order_id)
);

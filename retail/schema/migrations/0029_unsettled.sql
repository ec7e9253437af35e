-- +goose Up

-- What an order earned could not be made what it deserves: a cart had set some of it aside, or its account is in quarantine. Such orders
-- are settled again until it is.
ALTER TABLE loyalty_order ADD COLUMN unsettled boolean NOT NULL DEFAULT false;
CREATE INDEX loyalty_order_unsettled ON loyalty_order (shop, order_id) WHERE unsettled;

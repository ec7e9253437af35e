-- +goose Up

-- What an order sells beside our products, with VAT, as its shop told it last: an earning that names no lines earns on no more than that.
-- A state may say nothing of it, so that it has a time of its own; goods_in is '' while nothing is known.
ALTER TABLE loyalty_order
    ADD COLUMN goods bigint NOT NULL DEFAULT 0 CHECK (goods >= 0),
    ADD COLUMN goods_in text NOT NULL DEFAULT '',
    ADD COLUMN goods_at timestamptz,
    ADD CHECK ((goods_in = '') = (goods_at IS NULL)),
    ADD CHECK (goods_at <= told_at);

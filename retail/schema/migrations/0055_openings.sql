-- +goose Up

-- What an order's goods come to without VAT, where its shop says so; and what they came to with it in the earliest state that is known. By
-- these an order that is made smaller afterwards keeps points on what is left alone, and none on its VAT.
ALTER TABLE loyalty_order
    ADD COLUMN goods_net bigint CHECK (goods_net >= 0),
    ADD COLUMN goods_first bigint NOT NULL DEFAULT 0 CHECK (goods_first >= 0),
    ADD COLUMN goods_first_in text NOT NULL DEFAULT '',
    ADD COLUMN goods_first_at timestamptz,
    ADD CHECK ((goods_first_in = '') = (goods_first_at IS NULL));

-- +goose Up

-- What the refunds leave of the total of an order that its shop calls refunded, as it told last; 0 for none, and of every other order. When
-- our own codes and points have paid so much of it, all that was paid with money was given back, and it is refunded altogether.
ALTER TABLE loyalty_order
    ADD COLUMN rest bigint NOT NULL DEFAULT 0 CHECK (rest >= 0),
    ADD COLUMN rest_in text NOT NULL DEFAULT '',
    ADD CHECK ((rest = 0) = (rest_in = ''));

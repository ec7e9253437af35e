-- +goose Up

-- An order that was cancelled or refunded altogether gives back the points that had paid for it. returned is what these were worth, less
-- what points have paid anew since: when the order is paid again, so much of it is not.
ALTER TABLE loyalty_order
    ADD COLUMN returned bigint NOT NULL DEFAULT 0 CHECK (returned >= 0),
    ADD COLUMN returned_in text NOT NULL DEFAULT '',
    ADD CHECK ((returned = 0) = (returned_in = ''));

-- Whose order it is, as its shop told last: '' while nothing is known, 'guest', or a digest of the order and its customer's id. Nobody else
-- earns for it.
ALTER TABLE loyalty_order
    ADD COLUMN buyer text NOT NULL DEFAULT '',
    ADD COLUMN buyer_at timestamptz,
    ADD CHECK ((buyer = '') = (buyer_at IS NULL));

-- Orders that were closed before nobody gave their points back: they are settled again.
UPDATE loyalty_order SET unsettled = true WHERE closed;

-- +goose Up

-- Points may have been earned under an order's number, which earns nothing for the order, or by somebody whose order it is not after all: a
-- person decides then. number is what the shop told of an order that was told alone, '' before; asked is what of its points the office was
-- asked last, '' for nothing, so that an answer is final until something else is known.
ALTER TABLE loyalty_order
    ADD COLUMN number text NOT NULL DEFAULT '',
    ADD COLUMN asked text NOT NULL DEFAULT '';

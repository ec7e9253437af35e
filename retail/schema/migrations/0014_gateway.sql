-- +goose Up

-- How long a product's codes are: 16 symbols, or 20 where they must be harder to guess.
ALTER TABLE product
    ADD COLUMN code_length text NOT NULL DEFAULT 'standard' CHECK (code_length IN ('standard', 'high'));

-- What is on show where: a product in a shop, as it is wanted. The revision rises with every wish, shown is the last that the shop
-- is known to have. A delivery of kind publish, whose subject is this row, brings the wish to the shop.
CREATE TABLE publication (
    id             uuid PRIMARY KEY,
    product        text NOT NULL,
    shop           text NOT NULL,
    wanted         text NOT NULL CHECK (wanted IN ('published', 'withdrawn')),
    price          bigint NOT NULL CHECK (price > 0),
    price_currency text NOT NULL,
    revision       integer NOT NULL CHECK (revision > 0),
    shown          integer NOT NULL DEFAULT 0 CHECK (shown BETWEEN 0 AND revision),
    shop_product   text NOT NULL DEFAULT '',
    published_at   timestamptz,
    error          text NOT NULL DEFAULT '',
    asked_at       timestamptz NOT NULL,
    UNIQUE (product, shop)
);

-- An import brings vouchers that another system issued. Its key is its caller's name for it, once and for ever; a file is imported
-- once, unless all of it was taken back.
CREATE TABLE import (
    id            uuid PRIMARY KEY,
    key           text NOT NULL UNIQUE,
    digest        bytea NOT NULL CHECK (octet_length(digest) = 32),
    size          integer NOT NULL CHECK (size > 0),
    totals        jsonb NOT NULL,
    reason        text NOT NULL CHECK (reason <> ''),
    imported_at   timestamptz NOT NULL,
    taken_back_at timestamptz
);

CREATE UNIQUE INDEX import_once ON import (digest) WHERE taken_back_at IS NULL;
CREATE INDEX import_listed ON import (imported_at, id);

-- Which voucher came from which line of which file.
CREATE TABLE imported (
    import  uuid NOT NULL REFERENCES import (id),
    line    integer NOT NULL CHECK (line > 0),
    voucher uuid NOT NULL UNIQUE,
    PRIMARY KEY (import, line)
);

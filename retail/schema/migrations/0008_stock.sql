-- +goose Up

-- A batch is what a printer makes in one go: vouchers with a code and without a value, each of which a register sells
-- later. Its codes can be read until it is closed. The key is its caller's name for it, once and for ever.
CREATE TABLE batch (
    id          uuid PRIMARY KEY,
    key         text NOT NULL UNIQUE,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    product     text NOT NULL,
    size        integer NOT NULL CHECK (size > 0),
    reason      text NOT NULL CHECK (reason <> ''),
    created_at  timestamptz NOT NULL,
    closed_at   timestamptz
);

CREATE INDEX batch_listed ON batch (created_at, id);

-- Which voucher is which card of a batch. It is no column of the voucher: most were never printed.
CREATE TABLE stock (
    batch   uuid NOT NULL REFERENCES batch (id),
    number  integer NOT NULL CHECK (number > 0),
    voucher uuid NOT NULL UNIQUE,
    PRIMARY KEY (batch, number)
);

-- A card that nobody has bought is worth nothing, and its validity has not begun.
ALTER TABLE voucher
    ADD CONSTRAINT inventory_is_worth_nothing CHECK (state <> 'inventory' OR balance = 0 AND expires_on IS NULL);

-- What the office's lists are sorted by, with the id that settles ties, so that no page sorts more than itself: validity of vouchers;
-- purchases that wait for a decision; deliveries that are not finished; tasks, and the open ones of them; what was registered; keys;
-- the audit trail. A voucher's balance has no index: it changes with each act, which would then have to write all indexes of the row.
CREATE INDEX voucher_by_expiry ON voucher ((coalesce(ends_at, 'infinity')), id);
CREATE INDEX purchase_waiting ON purchase (stored_at, id) WHERE state = 'waiting';
CREATE INDEX delivery_unfinished ON delivery (created_at, id) WHERE finished_at IS NULL;
CREATE INDEX task_listed ON task (opened_at, id);
CREATE INDEX task_waiting ON task (opened_at, id) WHERE closed_at IS NULL;
CREATE INDEX product_listed ON product (created_at, sku);
CREATE INDEX shop_listed ON shop (created_at, id);
CREATE INDEX api_key_listed ON api_key (created_at, id);
CREATE INDEX audit_by_time ON audit (at, id);

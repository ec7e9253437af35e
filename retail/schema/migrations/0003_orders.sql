-- +goose Up

-- A webshop. What opens it (webhook secrets, API key) is sealed by the back office; up to two
-- webhook secrets are active, so that one can be rotated while both work.
CREATE TABLE shop (
    id               text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    platform         text NOT NULL,
    name             text NOT NULL,
    secrets          bytea[] NOT NULL CHECK (cardinality(secrets) BETWEEN 1 AND 2),
    url              text NOT NULL,
    api_key          bytea,
    api_secret       bytea,
    language         text NOT NULL,
    sender           text NOT NULL,
    confirmation     text NOT NULL CHECK (confirmation IN ('vouchsafe', 'shop')),
    codes_by         text NOT NULL CHECK (codes_by IN ('vouchsafe', 'shop')),
    online_tenders   text[] NOT NULL,
    fields           jsonb NOT NULL,
    duplicate_logins boolean NOT NULL,
    zone             text NOT NULL,
    country          text NOT NULL,
    holder           text NOT NULL CHECK (holder IN ('', 'card', 'customer')),
    privacy_url      text NOT NULL,
    polled_until     timestamptz,
    created_at       timestamptz NOT NULL DEFAULT vouchsafe_now(),
    CHECK ((api_key IS NULL) = (api_secret IS NULL)),
    CHECK (api_key IS NULL OR url <> '')
);

-- What makes a line of an order a voucher. Amounts are minor units of the currency, or punches.
CREATE TABLE product (
    sku                 text PRIMARY KEY CHECK (sku <> ''),
    name                text NOT NULL,
    kind                text NOT NULL CHECK (kind IN ('money', 'punches', 'credit')),
    currency            text NOT NULL,
    amount              bigint NOT NULL CHECK (amount >= 0),
    open_min            bigint CHECK (open_min > 0),
    open_max            bigint CHECK (open_max >= 0),
    min_paid            integer NOT NULL CHECK (min_paid BETWEEN 1 AND 100),
    mode                text NOT NULL CHECK (mode IN ('', 'card', 'customer')),
    category            text NOT NULL,
    facilities          text[] NOT NULL,
    requires_membership boolean NOT NULL,
    vat                 text NOT NULL CHECK (vat IN ('multi_purpose', 'single_purpose')),
    vat_rate            text NOT NULL,
    expires             text NOT NULL,
    activation          text NOT NULL CHECK (activation IN ('automatic', 'manual')),
    prefix              text NOT NULL,
    template            text NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT vouchsafe_now(),
    CHECK ((amount > 0) = (open_min IS NULL)),
    CHECK ((open_min IS NULL) = (open_max IS NULL))
);

-- What webshops sent, as it came. The body is sealed; a repeat of the same bytes is counted.
CREATE TABLE inbox (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    shop           text NOT NULL,
    digest         bytea NOT NULL CHECK (octet_length(digest) = 32),
    message        text NOT NULL,
    body           bytea,
    headers        jsonb NOT NULL,
    received       integer NOT NULL DEFAULT 1 CHECK (received > 0),
    state          text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'applied', 'ignored', 'set_aside')),
    reason         text NOT NULL DEFAULT '',
    order_id       text NOT NULL DEFAULT '',
    received_at    timestamptz NOT NULL DEFAULT vouchsafe_now(),
    repeated_at    timestamptz,
    UNIQUE (shop, digest)
);

CREATE INDEX inbox_message ON inbox (shop, message) WHERE message <> '';
CREATE INDEX inbox_order ON inbox (shop, order_id) WHERE order_id <> '';
CREATE INDEX inbox_kept ON inbox (received_at) WHERE body IS NOT NULL;

-- What a shop sold: one row for each order with vouchers. The row is the lock of all that
-- happens to the order. It holds the state that was applied last.
CREATE TABLE purchase (
    id           uuid PRIMARY KEY,
    shop         text NOT NULL,
    order_id     text NOT NULL CHECK (order_id <> ''),
    number       text NOT NULL,
    source       text NOT NULL,
    created      timestamptz,
    modified     timestamptz NOT NULL,
    status       text NOT NULL CHECK (status IN ('placed', 'paid', 'cancelled', 'refunded')),
    digest       bytea NOT NULL CHECK (octet_length(digest) = 32),
    state        text NOT NULL,
    confirmed    boolean NOT NULL,
    fixed        boolean NOT NULL,
    blocked      boolean NOT NULL,
    doubts       text[] NOT NULL,
    tender       text NOT NULL,
    paid_at      timestamptz,
    currency     text NOT NULL,
    total        bigint NOT NULL,
    language     text NOT NULL,
    buyer        bytea,
    confirmation uuid,
    version      bigint NOT NULL CHECK (version > 0),
    stored_at    timestamptz NOT NULL DEFAULT vouchsafe_now(),
    UNIQUE (shop, order_id)
);

CREATE INDEX purchase_number ON purchase (shop, number);
CREATE INDEX purchase_listed ON purchase (stored_at, id);

-- One voucher that was ordered. The triple is its name for ever: nothing issues it twice.
CREATE TABLE purchase_unit (
    id             uuid PRIMARY KEY,
    purchase       uuid NOT NULL REFERENCES purchase (id),
    line           text NOT NULL,
    unit           integer NOT NULL CHECK (unit > 0),
    sku            text NOT NULL,
    title          text NOT NULL,
    state          text NOT NULL CHECK (state IN ('offered', 'waiting', 'issued', 'refunded', 'dismissed')),
    reason         text NOT NULL,
    currency       text NOT NULL,
    value          bigint NOT NULL CHECK (value >= 0),
    paid_currency  text NOT NULL,
    paid           bigint NOT NULL,
    missing        boolean NOT NULL,
    wishes         bytea,
    deliver_on     date,
    for_self       boolean NOT NULL,
    voucher        uuid UNIQUE,
    UNIQUE (purchase, line, unit),
    CHECK (state <> 'issued' OR voucher IS NOT NULL),
    CHECK (state NOT IN ('offered', 'waiting', 'dismissed') OR voucher IS NULL),
    CHECK ((state = 'waiting') <= (reason <> ''))
);

-- Refunds that were looked at, once and for ever.
CREATE TABLE purchase_refund (
    purchase uuid NOT NULL REFERENCES purchase (id),
    refund   text NOT NULL,
    currency text NOT NULL,
    amount   bigint NOT NULL,
    settled  boolean NOT NULL,
    problem  text NOT NULL,
    PRIMARY KEY (purchase, refund),
    CHECK (settled = (problem = ''))
);

-- +goose Up

-- Which installation this database is. Redis bears the same id, so that a copied database
-- refuses the live Redis. There is one row, made by the first daemon that asks.
CREATE TABLE installation (
    single     boolean PRIMARY KEY DEFAULT true CHECK (single),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT vouchsafe_now()
);

-- What each master key gives for a fixed question: it tells a wrong key and reveals nothing
-- of the right one. Rows stay when a key retires, so that its id is never given to another.
CREATE TABLE master_key (
    id          text PRIMARY KEY,
    check_value bytea NOT NULL CHECK (octet_length(check_value) = 32),
    created_at  timestamptz NOT NULL DEFAULT vouchsafe_now()
);

-- A register's name is unique in the installation, since the register owns its acts. It stays
-- with its shop for ever, whatever becomes of its keys; two spellings of one name are one.
CREATE TABLE register (
    name       text PRIMARY KEY,
    shop       text,
    created_at timestamptz NOT NULL DEFAULT vouchsafe_now()
);

CREATE UNIQUE INDEX register_spelling ON register (lower(name));

-- An API key. The secret itself is known to its holder alone. A register or shop may have
-- several keys, so that one can be rotated while both work.
CREATE TABLE api_key (
    id           text PRIMARY KEY,
    scope        text NOT NULL CHECK (scope IN ('shop', 'till', 'admin')),
    shop         text,
    register     text REFERENCES register (name),
    may_release  boolean NOT NULL,
    name         text NOT NULL,
    secret_hash  bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    created_at   timestamptz NOT NULL DEFAULT vouchsafe_now(),
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CHECK (scope <> 'shop' OR shop IS NOT NULL),
    CHECK ((scope = 'till') = (register IS NOT NULL)),
    CHECK (scope <> 'admin' OR shop IS NULL),
    CHECK (scope = 'till' OR NOT may_release)
);

-- What people and settings changed. A detail holds no code, no secret and no address.
CREATE TABLE audit (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL DEFAULT vouchsafe_now(),
    actor  text NOT NULL CHECK (actor <> ''),
    action text NOT NULL CHECK (action <> ''),
    object text NOT NULL,
    detail jsonb NOT NULL
);

CREATE INDEX audit_of_object ON audit (object, id);

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

-- +goose Up

-- Each line of the audit trail carries the transaction that wrote it, by which the sealer of the chain knows what
-- it can't have seen yet, and a salt. The chain holds a digest of salt and detail and not the detail itself, so that
-- a line can forget what it says of a person: detail and salt go, and the digest, which nobody can guess from, stays.
ALTER TABLE audit
    ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD COLUMN salt bytea DEFAULT uuid_send(gen_random_uuid()) CHECK (octet_length(salt) = 16),
    ADD CONSTRAINT blank_without_salt CHECK (salt IS NOT NULL OR detail = '{}');

CREATE INDEX audit_by_transaction ON audit (txid);
CREATE INDEX audit_blank ON audit (id) WHERE salt IS NULL;

-- Lines can be blanked once they are chained, and changed in no other way.
-- +goose StatementBegin
CREATE FUNCTION refuse_all_but_blanking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.salt IS NULL AND NEW.detail = '{}'
        AND (NEW.id, NEW.at, NEW.actor, NEW.action, NEW.object, NEW.txid) = (OLD.id, OLD.at, OLD.actor, OLD.action, OLD.object, OLD.txid)
        AND EXISTS (SELECT FROM audit_link WHERE entry = OLD.id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd

DROP TRIGGER audit_append_only ON audit;
CREATE TRIGGER audit_append_only BEFORE DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER audit_blanks_only BEFORE UPDATE ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_all_but_blanking();

-- The chain of the audit trail: lines in the order in which one sealer found them committed. Ids are no such order: a
-- transaction may draw a low one and commit late.
CREATE TABLE audit_link (
    seq    bigint PRIMARY KEY CHECK (seq > 0),
    entry  bigint NOT NULL UNIQUE,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    hash   bytea NOT NULL CHECK (octet_length(hash) = 32)
);

CREATE TRIGGER audit_link_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link
FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

-- Where the chain ends. The row is the sealer's lock. No line of a transaction below the horizon is without its link.
CREATE TABLE audit_chain (
    single  boolean PRIMARY KEY DEFAULT true CHECK (single),
    seq     bigint NOT NULL CHECK (seq >= 0),
    hash    bytea NOT NULL CHECK (octet_length(hash) = 32),
    horizon xid8 NOT NULL
);

INSERT INTO audit_chain (seq, hash, horizon)
VALUES (0, decode(repeat('00', 32), 'hex'), '0');

-- A seal says, under a key that is outside the database, how far the audit trail went and which heads of the journal
-- had changed since the seal before, which it is chained to.
CREATE TABLE seal (
    number      bigint PRIMARY KEY CHECK (number > 0),
    at          timestamptz NOT NULL,
    audit_lines bigint NOT NULL CHECK (audit_lines >= 0),
    audit_hash  bytea NOT NULL CHECK (octet_length(audit_hash) = 32),
    accounts    bigint NOT NULL CHECK (accounts >= 0),
    heads       bytea NOT NULL CHECK (octet_length(heads) = 32),
    key         text NOT NULL,
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
    mac         bytea NOT NULL CHECK (octet_length(mac) = 32)
);

CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal
FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

-- The head of an account's journal as a seal found it: its entry of this number hashes to it, for ever.
CREATE TABLE sealed_head (
    account uuid NOT NULL,
    entries bigint NOT NULL CHECK (entries > 0),
    head    bytea NOT NULL CHECK (octet_length(head) = 32),
    seal    bigint NOT NULL,
    PRIMARY KEY (account, entries)
);

CREATE INDEX sealed_head_of_seal ON sealed_head (seal, account, entries);

CREATE TRIGGER sealed_head_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sealed_head
FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

-- Whose data an order holds, as a keyed digest of the mail address: what a person asks for is found without opening
-- each row. Empty is for no address, NULL for a row from before, which gets it when somebody looks.
--
-- erased_at is the tombstone of an order: its states are applied, and nothing personal comes back with them. Erased
-- are the digests of recipients who had themselves erased, while the buyer did not.
ALTER TABLE purchase
    ADD COLUMN buyer_mac bytea CHECK (octet_length(buyer_mac) IN (0, 32)),
    ADD COLUMN erased_at timestamptz,
    ADD COLUMN erased bytea[] NOT NULL DEFAULT '{}';

ALTER TABLE purchase_unit
    ADD COLUMN wishes_mac bytea CHECK (octet_length(wishes_mac) IN (0, 32));

CREATE INDEX purchase_of_buyer ON purchase (buyer_mac) WHERE buyer_mac <> '';
CREATE INDEX purchase_unit_for ON purchase_unit (wishes_mac) WHERE wishes_mac <> '';
CREATE INDEX purchase_unknown_buyer ON purchase (id) WHERE buyer_mac IS NULL AND buyer IS NOT NULL;
CREATE INDEX purchase_unit_unknown ON purchase_unit (id) WHERE wishes_mac IS NULL AND wishes IS NOT NULL;
CREATE INDEX purchase_erasable ON purchase (stored_at) WHERE erased_at IS NULL OR buyer IS NOT NULL;
CREATE INDEX purchase_unit_erasable ON purchase_unit (purchase) WHERE wishes IS NOT NULL;
CREATE INDEX delivery_to ON delivery (recipient_hash) WHERE recipient_hash IS NOT NULL;

-- A body that was erased because a person asked for it does not come back with a repeat of the same bytes, which the
-- shop may send for days.
ALTER TABLE inbox ADD COLUMN erased_at timestamptz;

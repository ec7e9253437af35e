-- +goose Up

-- Under which rules a voucher was issued: they stay its own when product, shop or law change. Country is whose rules they are, ISO
-- 3166, and term_from whether the term is that country's or the product's own. owed_for is for how many years after the end of its
-- validity its value can still be asked for in cash.
--
-- A token is a thing with a number of its own, such as an access card, that works as the voucher's code at tills. It is kept as a code
-- is: known by its fingerprint, and sealed so that the fingerprint can be made anew under another master key. token_by is the act that
-- bound it. A retired code is the voucher's still, and unknown to everybody.
ALTER TABLE voucher
    ADD COLUMN country      text NOT NULL DEFAULT '',
    ADD COLUMN term_from    text NOT NULL DEFAULT 'product' CHECK (term_from IN ('country', 'product')),
    ADD COLUMN owed_for     smallint NOT NULL DEFAULT 0 CHECK (owed_for BETWEEN 0 AND 100),
    ADD COLUMN vat          text NOT NULL DEFAULT 'multi_purpose' CHECK (vat IN ('multi_purpose', 'single_purpose')),
    ADD COLUMN vat_rate     text NOT NULL DEFAULT '',
    ADD COLUMN members_only boolean NOT NULL DEFAULT false,
    ADD COLUMN token_mac    bytea CHECK (octet_length(token_mac) = 32),
    ADD COLUMN token_sealed bytea,
    ADD COLUMN token_by     uuid,
    ADD COLUMN code_retired boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT token_is_whole CHECK ((token_mac IS NULL) = (token_by IS NULL) AND (token_mac IS NULL) = (token_sealed IS NULL));

-- It changes with no act but a binding, so that an update of the balance touches no index all the same.
CREATE UNIQUE INDEX voucher_token ON voucher (token_mac) WHERE token_mac IS NOT NULL;

-- A number leads to one voucher, as its code or as its token. Unique indexes say so of codes and of tokens; between the two, whoever
-- writes a token shares a lock with others who do, whoever writes a code that could be a token's number has it alone, and both then look
-- for what the other has written: each statement of a function sees what was committed before it. 13 names the lock.
-- +goose StatementBegin
CREATE FUNCTION expect_no_code(macs bytea[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(13);
    IF EXISTS (SELECT FROM voucher WHERE code_mac = ANY(macs)) THEN
        RAISE EXCEPTION 'the number of a token is a code' USING ERRCODE = 'unique_violation';
    END IF;
END
$$;

CREATE FUNCTION expect_no_token(macs bytea[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(13);
    IF EXISTS (SELECT FROM voucher WHERE token_mac = ANY(macs)) THEN
        RAISE EXCEPTION 'a code is the number of a token' USING ERRCODE = 'unique_violation';
    END IF;
END
$$;
-- +goose StatementEnd

-- The first instant from which nobody can ask for a voucher's value any more; NULL for never. Until then it is owed, also of an
-- expired one (X12).
CREATE FUNCTION vouchsafe_owed_until(expires_on date, owed_for smallint, zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT ((expires_on + make_interval(years => owed_for))::date + 1)::timestamp AT TIME ZONE zone $$;

-- Under which id a shop sells a product, as it said: what a link into its cart needs.
CREATE TABLE listing (
    shop      text NOT NULL,
    sku       text NOT NULL,
    reference text NOT NULL CHECK (char_length(reference) BETWEEN 1 AND 128),
    told_at   timestamptz NOT NULL,
    PRIMARY KEY (shop, sku)
);

-- What a link into the shop's cart looks like where its platform has no form of its own; {sku} and {id} stand for the product.
ALTER TABLE shop ADD COLUMN cart_link text NOT NULL DEFAULT '';

-- +goose Up

-- A merchant's own words: one row for each version of a template, of a shop or, with an empty shop, of the whole
-- installation. The highest version is the one that holds; one that is gone gives way to the next wider template, and in
-- the end to the built-in one. Nothing is ever lost, since a version is never changed.
CREATE TABLE template (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shop     text NOT NULL,
    language text NOT NULL CHECK (language <> ''),
    name     text NOT NULL CHECK (name <> ''),
    version  integer NOT NULL CHECK (version > 0),
    subject  text NOT NULL,
    body     text NOT NULL,
    html     text NOT NULL,
    gone     boolean NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT vouchsafe_now(),
    UNIQUE (shop, language, name, version)
);

CREATE TRIGGER template_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON template
FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

-- What one delivery is about beside its subject: the vouchers whose codes go in one mail. One that was taken out (it was
-- refunded, or got a mail of its own) keeps its row.
CREATE TABLE delivery_part (
    delivery   uuid NOT NULL REFERENCES delivery (id),
    subject    text NOT NULL CHECK (subject <> ''),
    dropped_at timestamptz,
    PRIMARY KEY (delivery, subject)
);

CREATE INDEX delivery_part_of ON delivery_part (subject);

-- Whether a buyer gets all codes that are for him in one mail: the shop's habit, or the line's wish.
ALTER TABLE shop
    ADD COLUMN one_mail boolean NOT NULL DEFAULT false,
    ADD COLUMN remind_days integer CHECK (remind_days BETWEEN 0 AND 365);

ALTER TABLE purchase_unit
    ADD COLUMN one_mail boolean NOT NULL DEFAULT false;

-- The vouchers whose last day is near. Acts that only change a balance leave the index alone.
CREATE INDEX voucher_last_day ON voucher (expires_on, id) WHERE unit IS NOT NULL AND expires_on IS NOT NULL;

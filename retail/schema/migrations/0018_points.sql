-- +goose Up

-- The merchant's programme of bonus points: one row for each time that he changed it. The highest version is the one in
-- force. Nothing is ever rewritten: what was earned was earned under the rules of its time.
CREATE TABLE loyalty_programme (
    version bigint PRIMARY KEY CHECK (version > 0),
    terms   jsonb NOT NULL,
    put_by  text NOT NULL CHECK (put_by <> ''),
    put_at  timestamptz NOT NULL DEFAULT vouchsafe_now()
);

CREATE TRIGGER loyalty_programme_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON loyalty_programme
FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

-- How the programme treats one customer. Who has no row is treated as everybody.
CREATE TABLE customer_standing (
    customer       uuid PRIMARY KEY REFERENCES customer (id),
    left_out       boolean NOT NULL,
    percent        integer NOT NULL CHECK (percent BETWEEN 1 AND 1000),
    customer_group text NOT NULL CHECK (char_length(customer_group) <= 64),
    set_at         timestamptz NOT NULL DEFAULT vouchsafe_now()
);

-- What the merchant says of his points to whoever asks: one row for each version of an answer in a language. The highest
-- version is the one that holds; an entry without a row is the built-in one, a draft. Only what he has approved is shown.
CREATE TABLE loyalty_answer (
    language text NOT NULL CHECK (language IN ('da', 'en')),
    entry    text NOT NULL CHECK (entry <> ''),
    version  integer NOT NULL CHECK (version > 0),
    question text NOT NULL CHECK (question <> ''),
    answer   text NOT NULL CHECK (answer <> ''),
    approved boolean NOT NULL,
    put_by   text NOT NULL CHECK (put_by <> ''),
    put_at   timestamptz NOT NULL DEFAULT vouchsafe_now(),
    PRIMARY KEY (language, entry, version)
);

CREATE TRIGGER loyalty_answer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON loyalty_answer
FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

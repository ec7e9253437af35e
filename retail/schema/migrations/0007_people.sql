-- +goose Up

-- Somebody who signs in to the office. Who he is (name and e-mail address) is sealed and can be forgotten; the row
-- and its opaque id stay, since audit rows and acts name him by it. The password is an Argon2id hash in PHC form.
-- An initial password (initial_until is set) only serves to choose another. otp_step is the time step of the last
-- code that was used: none up to it counts again. set_up_by is who has seen what opens the sign-in, the command
-- line when NULL: what that one asks for, this person can't approve.
CREATE TABLE person (
    id            uuid PRIMARY KEY,
    email_mac     bytea NOT NULL UNIQUE CHECK (octet_length(email_mac) = 32),
    profile       bytea,
    role          text NOT NULL CHECK (role IN ('clerk', 'manager')),
    password_hash text NOT NULL,
    initial_until timestamptz,
    otp_secret    bytea NOT NULL,
    otp_step      bigint NOT NULL DEFAULT 0,
    set_up_by     uuid REFERENCES person (id),
    created_at    timestamptz NOT NULL DEFAULT vouchsafe_now(),
    signed_in_at  timestamptz,
    disabled_at   timestamptz
);

CREATE INDEX person_listed ON person (created_at, id);

-- A sign-in that lasts. Its token is known to its holder alone.
CREATE TABLE session (
    id           text PRIMARY KEY,
    person       uuid NOT NULL REFERENCES person (id),
    secret_hash  bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    created_at   timestamptz NOT NULL DEFAULT vouchsafe_now(),
    last_seen_at timestamptz NOT NULL DEFAULT vouchsafe_now(),
    ends_at      timestamptz NOT NULL,
    ended_at     timestamptz
);

CREATE INDEX session_of_person ON session (person) WHERE ended_at IS NULL;
CREATE INDEX session_over ON session (ends_at);

-- An act of the office that a second person must approve: exactly what was asked, by whom, and what became of it.
-- Nothing has moved while it waits, and its key is free again when it has ended otherwise than approved or withdrawn.
-- Request holds what the act is made of; refusal is why it could not be carried out when somebody approved it.
CREATE TABLE approval (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL CHECK (kind <> ''),
    key        text NOT NULL CHECK (key <> ''),
    subject    uuid NOT NULL,
    digest     bytea NOT NULL CHECK (octet_length(digest) = 32),
    request    jsonb NOT NULL,
    amounts    jsonb NOT NULL,
    reason     text NOT NULL,
    asked_by   uuid NOT NULL REFERENCES person (id),
    asked_at   timestamptz NOT NULL DEFAULT vouchsafe_now(),
    expires_at timestamptz NOT NULL,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'rejected', 'withdrawn', 'expired')),
    refusal    text NOT NULL DEFAULT '',
    decided_by uuid REFERENCES person (id),
    decided_at timestamptz,
    CONSTRAINT decided_when_over CHECK ((decided_at IS NOT NULL) = (state <> 'waiting')),
    CONSTRAINT decided_by_another CHECK (state NOT IN ('approved', 'rejected') OR decided_by IS NOT NULL AND decided_by <> asked_by)
);

CREATE UNIQUE INDEX approval_waiting ON approval (kind, key) WHERE state = 'waiting';
CREATE INDEX approval_of_act ON approval (kind, key, asked_at);
CREATE INDEX approval_listed ON approval (asked_at, id);
CREATE INDEX approval_overdue ON approval (expires_at) WHERE state = 'waiting';

-- What one person, or one API key, has given away alone in the office, act by act: it counts toward the set amount
-- for a day, so that nobody gets past it in steps. An act that was taken back counts no more.
CREATE TABLE given_alone (
    act           uuid PRIMARY KEY,
    giver         text NOT NULL CHECK (giver <> ''),
    voucher       uuid NOT NULL,
    amount        bigint NOT NULL CHECK (amount > 0),
    at            timestamptz NOT NULL DEFAULT vouchsafe_now(),
    taken_back_at timestamptz
);

CREATE INDEX given_alone_lately ON given_alone (voucher, giver, at);

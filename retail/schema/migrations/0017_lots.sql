-- +goose Up

-- The points of an account that came together and end together (P18). The row of the account is the lock of its lots; rest and
-- aside add up to its balance and to what is reserved.
CREATE TABLE lot (
    id      uuid PRIMARY KEY,
    account uuid NOT NULL,
    act     uuid NOT NULL,
    born_at timestamptz NOT NULL,
    ends_at timestamptz,
    rest    bigint NOT NULL CHECK (rest >= 0),
    aside   bigint NOT NULL CHECK (aside BETWEEN 0 AND rest)
) WITH (fillfactor = 80);

CREATE INDEX lot_of_account ON lot (account) WHERE rest > 0;
CREATE INDEX lot_ending ON lot (ends_at) WHERE rest > aside AND ends_at IS NOT NULL;

-- What each entry of an account of points took of its lots (negative) and brought to them; its lines add up to the entry.
CREATE TABLE lot_move (
    account uuid NOT NULL,
    seq     bigint NOT NULL,
    place   smallint NOT NULL,
    act     uuid NOT NULL,
    lot     uuid NOT NULL,
    points  bigint NOT NULL CHECK (points <> 0),
    PRIMARY KEY (account, seq, place)
);

CREATE INDEX lot_move_of_act ON lot_move (act);

CREATE TRIGGER lot_move_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lot_move
FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

-- At what rate reserved points pay an order, and how much of it was due. The rate is the one of the day on which they were reserved.
CREATE TABLE exchange (
    reservation uuid PRIMARY KEY,
    units       bigint NOT NULL CHECK (units > 0),
    minor       bigint NOT NULL CHECK (minor > 0),
    currency    text NOT NULL,
    due         bigint NOT NULL CHECK (due >= 0)
);

-- The lots that a live reservation has set aside, in the order in which they are spent.
CREATE TABLE lot_aside (
    reservation uuid NOT NULL,
    place       smallint NOT NULL,
    lot         uuid NOT NULL,
    points      bigint NOT NULL CHECK (points > 0),
    PRIMARY KEY (reservation, place)
);

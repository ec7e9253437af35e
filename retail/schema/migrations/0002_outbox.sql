-- +goose Up

-- What must happen later, written by the transaction that made it necessary. This row owns the
-- state; a job in the queue only reminds somebody to look at it.
--
-- attempt is the fence of the lease: whoever works writes only while its number is still the row's.
-- nudge_at is the instant at which somebody must be sent to look again, whatever became of the
-- job: a retry that comes due, a lease that ran out, a reminder that got lost.
-- ready_at is the instant from which the office counts how late it is.
CREATE TABLE delivery (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind           text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]{1,39}$'),
    subject        text NOT NULL CHECK (subject <> ''),
    seq            integer NOT NULL CHECK (seq >= 0),
    parent         text NOT NULL DEFAULT '',
    shop           text NOT NULL DEFAULT '',
    state          text NOT NULL CHECK (state IN ('waiting', 'pending', 'sending', 'in_doubt', 'done', 'bounced', 'failed', 'cancelled')),
    reason         text NOT NULL DEFAULT '',
    held           text[] NOT NULL DEFAULT '{}',
    cancelling     text,
    attempt        integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    tries          integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    copies         integer NOT NULL DEFAULT 0 CHECK (copies BETWEEN 0 AND 3),
    copy_attempt   integer NOT NULL DEFAULT 0 CHECK (copy_attempt BETWEEN 0 AND attempt),
    doubts         integer NOT NULL DEFAULT 0 CHECK (doubts >= 0),
    ready_at       timestamptz NOT NULL,
    due_at         timestamptz,
    lease_until    timestamptz,
    nudge_at       timestamptz,
    nudges         integer NOT NULL DEFAULT 0 CHECK (nudges >= 0),
    give_up_at     timestamptz,
    after          uuid CHECK (after <> id),
    recipient      bytea,
    recipient_hash bytea,
    message_id     text UNIQUE,
    body           bytea,
    body_hash      bytea,
    detail         jsonb NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    -- Settled frees those that wait for it: it is over, or it is in doubt. A customer does not wait a
    -- quarter of an hour for his code because nobody can tell whether the confirmation arrived.
    settled        boolean NOT NULL GENERATED ALWAYS AS (finished_at IS NOT NULL OR state = 'in_doubt') STORED,
    UNIQUE (subject, kind, seq),
    CONSTRAINT finished_when_final CHECK ((finished_at IS NOT NULL) = (state IN ('done', 'bounced', 'failed', 'cancelled'))),
    CONSTRAINT leased_while_sending CHECK ((lease_until IS NOT NULL) = (state = 'sending')),
    CONSTRAINT watched_while_sending CHECK (state <> 'sending' OR nudge_at IS NOT NULL),
    CONSTRAINT cancelling_while_sending CHECK (cancelling IS NULL OR state = 'sending'),
    CONSTRAINT due_when_pending CHECK (state <> 'pending' OR due_at IS NOT NULL),
    CONSTRAINT not_due_when_taken_or_final CHECK (due_at IS NULL OR state IN ('waiting', 'pending', 'in_doubt')),
    CONSTRAINT nudged_while_unfinished CHECK (nudge_at IS NULL OR state IN ('pending', 'sending', 'in_doubt')),
    CONSTRAINT held_is_not_pending CHECK (held = '{}' OR state <> 'pending'),
    CONSTRAINT waits_for_a_reason CHECK (state <> 'waiting' OR reason <> ''),
    CONSTRAINT doubted_once_at_least CHECK (state <> 'in_doubt' OR doubts > 0),
    CONSTRAINT body_is_identified CHECK (body IS NULL OR (body_hash IS NOT NULL AND message_id IS NOT NULL))
);

CREATE INDEX delivery_nudge ON delivery (nudge_at) WHERE nudge_at IS NOT NULL;
CREATE INDEX delivery_parent ON delivery (parent) WHERE parent <> '';
CREATE INDEX delivery_after ON delivery (after) WHERE after IS NOT NULL;
CREATE INDEX delivery_open ON delivery (ready_at) WHERE finished_at IS NULL;
CREATE INDEX delivery_finished ON delivery (kind, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX delivery_erasable ON delivery (finished_at) WHERE finished_at IS NOT NULL AND (recipient IS NOT NULL OR body IS NOT NULL);
CREATE INDEX delivery_listed ON delivery (created_at, id);

-- Whatever waits for a person, once per matter while it is open.
CREATE TABLE task (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text NOT NULL CHECK (kind <> ''),
    subject       text NOT NULL CHECK (subject <> ''),
    shop          text NOT NULL DEFAULT '',
    reason        text NOT NULL CHECK (reason <> ''),
    detail        jsonb NOT NULL DEFAULT '{}',
    opened_at     timestamptz NOT NULL,
    closed_at     timestamptz,
    closed_reason text NOT NULL DEFAULT '',
    CONSTRAINT closed_for_a_reason CHECK ((closed_at IS NOT NULL) = (closed_reason <> ''))
);

CREATE UNIQUE INDEX task_open ON task (kind, subject) WHERE closed_at IS NULL;
CREATE INDEX task_subject ON task (subject);

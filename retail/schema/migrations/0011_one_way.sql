-- +goose Up

-- A question for a live reservation must find one index only: the plans of a group are kept, and while nothing is reserved all three
-- partial indexes look alike to the planner, so that it may take one that is right only as long as it is empty. The three say the same
-- (see the check on the table), each in words that prove nothing about the others: ask for a voucher's by state, for a holder's by
-- ended_at, and for what is overdue by both.
DROP INDEX reservation_of_holder;
DROP INDEX reservation_overdue;
CREATE INDEX reservation_of_holder ON reservation (owner, holder) WHERE ended_at IS NULL;
CREATE INDEX reservation_overdue ON reservation (expires_at) WHERE state = 'active' AND ended_at IS NULL;

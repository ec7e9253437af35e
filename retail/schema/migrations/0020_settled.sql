-- +goose Up

-- What an earning of points has given back can come again, and more with it: its order may turn out to deserve more than when it
-- earned. rest is how much of what it gave back is still with the customer, since he had spent it.
ALTER TABLE act DROP CONSTRAINT act_check;
ALTER TABLE act ADD CONSTRAINT act_taken_back CHECK (taken_back <= amount AND (taken_back >= 0 OR kind = 'points'));
ALTER TABLE act ADD CONSTRAINT act_owed CHECK (kind <> 'points' OR rest BETWEEN 0 AND greatest(taken_back, 0));

DROP INDEX act_recalled;
CREATE INDEX act_settled ON act (source) WHERE kind IN ('recall', 'regain');

-- By which of the states that its shop told an order is what it is to points: the latest one. stage is how far the order had come
-- then. earned says that something was earned for it, which every later state may change.
ALTER TABLE loyalty_order
    ADD COLUMN told_at timestamptz,
    ADD COLUMN stage smallint NOT NULL DEFAULT 0,
    ADD COLUMN earned boolean NOT NULL DEFAULT false;

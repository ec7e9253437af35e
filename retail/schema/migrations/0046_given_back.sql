-- +goose Up

-- What was given back of a redemption: when its voucher has ended, to notes of their own, each of which is as much paid for as the others
-- have left.
CREATE INDEX act_given_back ON act (source) WHERE kind = 'refund';

-- +goose Up

-- told is what a shop last told of a unit beside what it sells, to whom, with which words and when, as digests, sealed: a later word counts
-- that differs from it, whatever the office has corrected, and long after what is personal was erased. NULL is of units from before this.
ALTER TABLE purchase_unit ADD COLUMN told bytea;

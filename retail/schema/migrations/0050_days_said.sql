-- +goose Up

-- deliver_said is what a shop wrote for the day of delivery where nobody can tell which day that is: the delivery waits for one.
ALTER TABLE purchase_unit ADD COLUMN deliver_said text NOT NULL DEFAULT '';

-- +goose Up

-- A question for what is live at a voucher or an account must not find the index of all that ever was: to the planner both look alike where
-- most have little history, and the look-up of a code that was reserved thousands of times then reads all of it. So the history
-- says of itself what is true of every reservation, and is asked for in these words.
ALTER TABLE reservation DROP CONSTRAINT reservation_voucher_fence_key;
ALTER TABLE reservation ADD CHECK (fence > 0);
CREATE UNIQUE INDEX reservation_history ON reservation (voucher, fence) WHERE fence > 0;

ALTER TABLE account_reservation DROP CONSTRAINT account_reservation_account_fence_key;
ALTER TABLE account_reservation ADD CHECK (fence > 0);
CREATE UNIQUE INDEX account_reservation_history ON account_reservation (account, fence) WHERE fence > 0;

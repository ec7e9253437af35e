-- +goose Up

-- What an earning still owes may be more than it has given back: where its order came to deserve more than it first earned, taken_back is
-- less than nothing, and the whole of it may have been spent when it is taken back.
ALTER TABLE act DROP CONSTRAINT act_owed;
ALTER TABLE act ADD CONSTRAINT act_owed CHECK (kind <> 'points' OR rest >= 0);

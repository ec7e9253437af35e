-- +goose Up

-- How many points may pay for one order is fixed with their rate, and holds for all that pay for it. The default is no limit.
ALTER TABLE exchange ADD COLUMN most bigint NOT NULL DEFAULT 9223372036854775807 CHECK (most > 0);

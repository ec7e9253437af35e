-- +goose Up

-- What points were earned for: each thing once. The rule, the standing and the order as they were stay here, so that whatever is
-- taken back is reckoned by them and not by what the programme has become.
CREATE TABLE earning (
    act     uuid PRIMARY KEY,
    account uuid NOT NULL,
    shop    text NOT NULL,
    event   text NOT NULL CHECK (event IN ('order', 'signup', 'review_product', 'review_article', 'referral', 'manual')),
    subject text NOT NULL,
    version bigint NOT NULL,
    terms   jsonb NOT NULL,
    UNIQUE (shop, event, subject)
);

CREATE INDEX act_recalled ON act (source) WHERE kind = 'recall';

-- What has become of an order, for its points: it may be told before the order earns any, or long after. Its row is locked before
-- the account by whatever earns for it, pays for it with points or takes points back.
CREATE TABLE loyalty_order (
    shop     text NOT NULL,
    order_id text NOT NULL,
    refunded bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    closed   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (shop, order_id)
);

-- Idempotency-Keys are forgotten by their age, whatever became of the asset they made.

DROP INDEX idempotency_by_asset;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

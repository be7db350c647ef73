-- What is too old to be of use is found by these and deleted.
create index webhook_deliveries_by_settled on webhook_deliveries (settled_at);
create index idempotency_keys_by_age on idempotency_keys (created_at);

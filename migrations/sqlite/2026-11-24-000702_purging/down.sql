drop index idempotency_keys_by_age;
drop index webhook_deliveries_by_settled;

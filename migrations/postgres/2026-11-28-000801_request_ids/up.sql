-- Which request queued a mail or a webhook: to follow it in the log.
alter table outbox add column request_id uuid;
alter table webhook_deliveries add column request_id uuid;

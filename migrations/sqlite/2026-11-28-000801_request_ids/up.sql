-- Which request queued a mail or a webhook: to follow it in the log.
alter table outbox add column request_id blob;
alter table webhook_deliveries add column request_id blob;

alter table webhook_deliveries drop column request_id;
alter table outbox drop column request_id;

drop index outbox_waiting;
drop index outbox_by_school;
alter table outbox drop column leased_until;

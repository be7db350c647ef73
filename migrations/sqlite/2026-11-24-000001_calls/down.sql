drop table teacher_lateness;
drop table teacher_records;
alter table outbox drop column call_code_id;
drop table call_codes;
drop table call_events;
drop table call_queue;
drop table call_seats;
drop table calls;

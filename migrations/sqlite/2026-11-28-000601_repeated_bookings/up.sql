-- When staff made another appointment of the same class, after this one had begun or a teacher had made a record of it. This one keeps its time and its record.
alter table bookings add column repeated_at integer;
drop index bookings_once;
create unique index bookings_once on bookings (evening_id, parent_id, student_id, class_id) where cancelled_at is null and repeated_at is null;

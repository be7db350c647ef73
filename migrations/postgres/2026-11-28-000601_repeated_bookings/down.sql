drop index bookings_once;
-- Without the column a parent has one live appointment of a class: the newer one.
update bookings set cancelled_at = repeated_at where repeated_at is not null and cancelled_at is null;
alter table bookings drop column repeated_at;
create unique index bookings_once on bookings (evening_id, parent_id, student_id, class_id) where cancelled_at is null;

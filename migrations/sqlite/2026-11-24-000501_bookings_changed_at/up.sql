-- When a booking was last made, moved or cancelled, for programs that fetch what has changed.
alter table bookings add column changed_at integer not null default 0;
update bookings set changed_at = coalesce(cancelled_at, created_at);

-- When a booking was last made, moved or cancelled, for programs that fetch what has changed.
alter table bookings add column changed_at timestamptz not null default 'epoch';
update bookings set changed_at = coalesce(cancelled_at, created_at);

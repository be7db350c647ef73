alter table bookings drop column changed_at;

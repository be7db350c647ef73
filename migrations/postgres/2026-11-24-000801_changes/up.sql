-- The feed of changes: one row for each thing that programs may follow. Whatever writes it takes the row's place away (the triggers see to that, so that no
-- way of writing can forget it); whoever reads the feed gives new places to rows without one, under a lock of the school, in transactions of their own.
-- So places become visible in their order, and no reader can pass by one, however long a writing transaction took.
-- Both folders of migrations hold the same tables, compared by a test.

create table changes (
  school_id uuid not null references schools (id),
  kind text not null check (kind in ('evening', 'booking', 'invite', 'attendance')),
  subject_id uuid not null,
  place bigint,
  primary key (kind, subject_id)
);
create unique index changes_in_order on changes (school_id, place);
create index changes_waiting on changes (school_id) where place is null;

-- The last place that was given, and of which feed it is: a cursor of another one is refused. Whoever gives places holds this row.
-- After going back to a backup `parlour feed renew` gives the rows new ids, so that programs which were ahead of it begin anew.
create table change_places (
  school_id uuid primary key not null references schools (id),
  feed_id uuid not null,
  last_place bigint not null
);

insert into changes (school_id, kind, subject_id) select school_id, 'evening', id from evenings;
insert into changes (school_id, kind, subject_id) select school_id, 'booking', id from bookings;
insert into changes (school_id, kind, subject_id) select school_id, 'invite', id from invites;
insert into changes (school_id, kind, subject_id)
  select school_id, 'attendance', id from bookings
  where id in (select booking_id from call_events) or id in (select booking_id from teacher_records);

create function note_change() returns trigger language plpgsql as $$
begin
  insert into changes (school_id, kind, subject_id) values (new.school_id, tg_argv[0], new.id) on conflict (kind, subject_id) do update set place = null;
  return null;
end $$;

-- Who came to an appointment is told with its time.
create function note_time() returns trigger language plpgsql as $$
begin
  update changes set place = null where kind = 'attendance' and subject_id = new.id;
  return null;
end $$;

create function note_deletion() returns trigger language plpgsql as $$
begin
  insert into changes (school_id, kind, subject_id) values (old.school_id, tg_argv[0], old.id) on conflict (kind, subject_id) do update set place = null;
  return null;
end $$;

create function note_attendance() returns trigger language plpgsql as $$
begin
  insert into changes (school_id, kind, subject_id)
    select school_id, 'attendance', id from bookings where id = new.booking_id on conflict (kind, subject_id) do update set place = null;
  return null;
end $$;

create trigger evenings_changed after insert or update on evenings for each row execute function note_change('evening');
create trigger evenings_deleted after delete on evenings for each row execute function note_deletion('evening');
create trigger bookings_changed after insert or update on bookings for each row execute function note_change('booking');
create trigger bookings_moved after update on bookings for each row execute function note_time();
create trigger invites_changed after insert or update on invites for each row execute function note_change('invite');
create trigger call_events_made after insert on call_events for each row execute function note_attendance();
create trigger teacher_records_changed after insert or update on teacher_records for each row execute function note_attendance();

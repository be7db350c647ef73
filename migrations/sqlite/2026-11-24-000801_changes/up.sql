-- The feed of changes: one row for each thing that programs may follow. Whatever writes it takes the row's place away (the triggers see to that, so that no
-- way of writing can forget it); whoever reads the feed gives new places to rows without one, under a lock of the school, in transactions of their own.
-- So places become visible in their order, and no reader can pass by one, however long a writing transaction took.
-- Both folders of migrations hold the same tables, compared by a test.

create table changes (
  school_id blob not null references schools (id),
  kind text not null check (kind in ('evening', 'booking', 'invite', 'attendance')),
  subject_id blob not null,
  place integer,
  primary key (kind, subject_id)
) strict, without rowid;
create unique index changes_in_order on changes (school_id, place);
create index changes_waiting on changes (school_id) where place is null;

-- The last place that was given, and of which feed it is: a cursor of another one is refused. Whoever gives places holds this row.
-- After going back to a backup `parlour feed renew` gives the rows new ids, so that programs which were ahead of it begin anew.
create table change_places (
  school_id blob primary key not null references schools (id),
  feed_id blob not null,
  last_place integer not null
) strict;

insert into changes (school_id, kind, subject_id) select school_id, 'evening', id from evenings;
insert into changes (school_id, kind, subject_id) select school_id, 'booking', id from bookings;
insert into changes (school_id, kind, subject_id) select school_id, 'invite', id from invites;
insert into changes (school_id, kind, subject_id)
  select school_id, 'attendance', id from bookings
  where id in (select booking_id from call_events) or id in (select booking_id from teacher_records);

create trigger evenings_made after insert on evenings begin
  insert into changes (school_id, kind, subject_id) values (new.school_id, 'evening', new.id) on conflict do update set place = null;
end;
create trigger evenings_changed after update on evenings begin
  insert into changes (school_id, kind, subject_id) values (new.school_id, 'evening', new.id) on conflict do update set place = null;
end;
create trigger evenings_deleted after delete on evenings begin
  insert into changes (school_id, kind, subject_id) values (old.school_id, 'evening', old.id) on conflict do update set place = null;
end;
create trigger bookings_made after insert on bookings begin
  insert into changes (school_id, kind, subject_id) values (new.school_id, 'booking', new.id) on conflict do update set place = null;
end;
create trigger bookings_changed after update on bookings begin
  insert into changes (school_id, kind, subject_id) values (new.school_id, 'booking', new.id) on conflict do update set place = null;
  -- Who came to an appointment is told with its time.
  update changes set place = null where kind = 'attendance' and subject_id = new.id;
end;
create trigger invites_made after insert on invites begin
  insert into changes (school_id, kind, subject_id) values (new.school_id, 'invite', new.id) on conflict do update set place = null;
end;
create trigger invites_changed after update on invites begin
  insert into changes (school_id, kind, subject_id) values (new.school_id, 'invite', new.id) on conflict do update set place = null;
end;
create trigger call_events_made after insert on call_events begin
  insert into changes (school_id, kind, subject_id) values (new.school_id, 'attendance', new.booking_id) on conflict do update set place = null;
end;
create trigger teacher_records_made after insert on teacher_records begin
  insert into changes (school_id, kind, subject_id)
    select school_id, 'attendance', id from bookings where id = new.booking_id on conflict do update set place = null;
end;
create trigger teacher_records_changed after update on teacher_records begin
  insert into changes (school_id, kind, subject_id)
    select school_id, 'attendance', id from bookings where id = new.booking_id on conflict do update set place = null;
end;

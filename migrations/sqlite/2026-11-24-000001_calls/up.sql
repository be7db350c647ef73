-- The call: who sits, who waits, what happened; the code that a link taken over too often asks for; a teacher's marks and lateness.
-- Times are microseconds since 1970 UTC. Both folders of migrations hold the same tables, compared by a test.

-- One row a call, made when somebody first enters. Whoever changes the call's seats holds this row; `version` counts up with each change that others must see.
create table calls (
  booking_id blob primary key not null references bookings (id),
  school_id blob not null references schools (id),
  version integer not null,
  next_connection integer not null,
  extended_seconds integer not null,
  created_at integer not null
) strict;

-- A participant is a person, or a guest by the id of their invite. Of the browser tab that sits we keep a keyed hash.
create table call_seats (
  booking_id blob not null references calls (booking_id),
  number integer not null check (number between 1 and 5),
  participant_id blob not null,
  role text not null check (role in ('teacher', 'parent', 'guest')),
  session_id blob not null references sessions (id),
  device_hash text not null,
  connection integer not null,
  is_present integer not null,
  lease_ends_at integer not null,
  joined_at integer not null,
  primary key (booking_id, number)
) strict;
create unique index call_seats_once on call_seats (booking_id, participant_id);
create index call_seats_by_participant on call_seats (participant_id);
create index call_seats_by_session on call_seats (session_id);
create index call_seats_by_lease on call_seats (lease_ends_at);

-- Those who found every seat taken, in the order of `queued_number`.
create table call_queue (
  booking_id blob not null references calls (booking_id),
  participant_id blob not null,
  role text not null check (role in ('teacher', 'parent', 'guest')),
  session_id blob not null references sessions (id),
  device_hash text not null,
  connection integer not null,
  queued_number integer not null,
  is_present integer not null,
  lease_ends_at integer not null,
  queued_at integer not null,
  primary key (booking_id, participant_id)
) strict;
create unique index call_queue_in_order on call_queue (booking_id, queued_number);
create index call_queue_by_participant on call_queue (participant_id);
create index call_queue_by_session on call_queue (session_id);
create index call_queue_by_lease on call_queue (lease_ends_at);

-- What happened in calls: attendance and reports read it, and the guard against repeated takeovers counts in it.
create table call_events (
  id blob primary key not null,
  school_id blob not null references schools (id),
  booking_id blob not null references bookings (id),
  participant_id blob not null,
  role text not null check (role in ('teacher', 'parent', 'guest')),
  kind text not null check (kind in ('joined', 'resumed', 'waiting', 'left', 'vanished', 'expired', 'taken_over', 'put_out', 'refused', 'extended')),
  detail text,
  at integer not null
) strict;
create index call_events_by_booking on call_events (booking_id, at);
create index call_events_by_participant on call_events (participant_id, kind, at);
create index call_events_by_school on call_events (school_id, at);

-- The codes that are mailed to a guest whose link was taken over too often; the 6 digits are derived from the row's id.
create table call_codes (
  id blob primary key not null,
  school_id blob not null references schools (id),
  invite_id blob not null references invites (id),
  device_hash text not null,
  created_at integer not null,
  expires_at integer not null,
  used_at integer,
  tries integer not null
) strict;
create index call_codes_by_invite on call_codes (invite_id, created_at);
alter table outbox add column call_code_id blob references call_codes (id);

-- What a teacher notes of an appointment: for themselves, and for nobody else.
create table teacher_records (
  booking_id blob not null references bookings (id),
  teacher_id blob not null references people (id),
  no_show integer not null,
  note text not null,
  changed_at integer not null,
  primary key (booking_id, teacher_id)
) strict;

-- By how many minutes a teacher says they run late in an evening.
create table teacher_lateness (
  evening_id blob not null references evenings (id),
  teacher_id blob not null references people (id),
  minutes integer not null,
  changed_at integer not null,
  primary key (evening_id, teacher_id)
) strict;

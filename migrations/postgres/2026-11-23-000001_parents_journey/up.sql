-- The parents' journey: school, roster, evenings, bookings, invites, sessions, mail.
-- Both folders of migrations hold the same tables, compared by a test; ids are UUIDv7.

create table marks (
  name text primary key not null,
  value text not null
);

create table schools (
  id uuid primary key not null,
  sourced_id text not null unique,
  name text not null,
  slug text not null unique,
  host text unique,
  time_zone text not null,
  created_at timestamptz not null
);

create table people (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  sourced_id text not null,
  honorific text,
  given_name text not null,
  family_name text not null,
  email text,
  email_key text,
  bar_key text,
  source_role text not null,
  is_parent boolean not null,
  is_student boolean not null,
  is_teacher boolean not null,
  is_staff boolean not null,
  removed_at timestamptz,
  unique (school_id, sourced_id)
);
create index people_by_email on people (school_id, email_key);
create index people_by_bar on people (school_id, bar_key);
create index people_by_name on people (school_id, family_name, given_name, id);

create table guardianships (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  parent_id uuid not null references people (id),
  student_id uuid not null references people (id),
  relationship text not null,
  priority integer,
  lives_with boolean,
  contact_allowed boolean not null,
  court_order boolean not null,
  removed_at timestamptz,
  unique (parent_id, student_id)
);
create index guardianships_by_student on guardianships (student_id);

create table classes (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  sourced_id text not null,
  title text not null,
  subject text not null,
  code text not null,
  removed_at timestamptz,
  unique (school_id, sourced_id)
);

create table enrolments (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  class_id uuid not null references classes (id),
  person_id uuid not null references people (id),
  role text not null check (role in ('student', 'teacher')),
  is_primary boolean not null,
  begins_on text,
  ends_on text,
  removed_at timestamptz,
  unique (class_id, person_id, role)
);
create index enrolments_by_person on enrolments (person_id, role);

-- Bars that staff set by hand; an import never lifts them.
create table bars (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  student_id uuid not null references people (id),
  person_id uuid references people (id),
  email text,
  bar_key text,
  note text not null,
  set_by uuid not null references people (id),
  created_at timestamptz not null,
  lifted_at timestamptz,
  check (person_id is not null or bar_key is not null)
);
create index bars_by_student on bars (student_id);

create table evenings (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  name text not null,
  title text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  time_zone text not null,
  slot_minutes integer not null,
  gap_seconds integer not null,
  booking_opens_at timestamptz not null,
  booking_closes_at timestamptz not null,
  mode text not null check (mode in ('video', 'in_person', 'hybrid')),
  capacity integer not null check (capacity between 2 and 5),
  created_at timestamptz not null,
  unique (school_id, name)
);

create table evening_classes (
  evening_id uuid not null references evenings (id),
  class_id uuid not null references classes (id),
  video boolean not null,
  primary key (evening_id, class_id)
);
create index evening_classes_by_class on evening_classes (class_id);

create table bookings (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  evening_id uuid not null references evenings (id),
  parent_id uuid not null references people (id),
  student_id uuid not null references people (id),
  class_id uuid not null references classes (id),
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  video boolean not null,
  sequence integer not null,
  created_by uuid not null references people (id),
  created_at timestamptz not null,
  cancelled_at timestamptz
);
-- Each parent books each class once for a student.
create unique index bookings_once on bookings (evening_id, parent_id, student_id, class_id) where cancelled_at is null;
create index bookings_by_parent on bookings (parent_id, evening_id, starts_at);
create index bookings_by_student on bookings (student_id, evening_id);

create table booking_teachers (
  booking_id uuid not null references bookings (id),
  teacher_id uuid not null references people (id),
  position integer not null,
  primary key (booking_id, teacher_id)
);
create index booking_teachers_by_teacher on booking_teachers (teacher_id);

-- Nobody is in two places at once: one row a person and minute, for each teacher, the parent and the student of a booking.
create table claims (
  person_id uuid not null references people (id),
  minute integer not null,
  booking_id uuid not null references bookings (id),
  primary key (person_id, minute)
);
create index claims_by_booking on claims (booking_id);

create table invites (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  evening_id uuid not null references evenings (id),
  parent_id uuid not null references people (id),
  name text not null,
  email text not null,
  email_key text not null,
  bar_key text not null,
  generation integer not null,
  consent_version text not null,
  consent_channel text,
  consent_at timestamptz not null,
  created_by uuid not null references people (id),
  created_at timestamptz not null,
  mailed_at timestamptz not null,
  opened_at timestamptz,
  joined_at timestamptz,
  ended_at timestamptz,
  ended_reason text check (ended_reason in ('removed', 'declined', 'access_ended'))
);
create index invites_by_parent on invites (parent_id, evening_id);
create index invites_by_bar on invites (school_id, bar_key);

-- One live invite per evening, inviting parent and student.
create table invite_students (
  invite_id uuid not null references invites (id),
  evening_id uuid not null references evenings (id),
  parent_id uuid not null references people (id),
  student_id uuid not null references people (id),
  ended_at timestamptz,
  primary key (invite_id, student_id)
);
create unique index invite_students_once on invite_students (evening_id, parent_id, student_id) where ended_at is null;
create index invite_students_by_student on invite_students (student_id);

-- Addresses that asked for no more mail ("This was not meant for me").
create table suppressions (
  school_id uuid not null references schools (id),
  email_key text not null,
  created_at timestamptz not null,
  primary key (school_id, email_key)
);

-- Requests for a login mail; a standing one is the link of a confirmation mail, which works until the evening is over.
create table login_links (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  email text not null,
  email_key text not null,
  person_id uuid references people (id),
  browser_hash text not null,
  client_hash text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  is_standing boolean not null,
  tries integer not null
);
create index login_links_by_email on login_links (school_id, email_key, created_at);
create index login_links_by_client on login_links (client_hash, created_at);

-- Wrong codes, counted per address, client and school.
create table code_failures (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  email_key text not null,
  client_hash text not null,
  at timestamptz not null
);
create index code_failures_by_time on code_failures (school_id, at);

create table sessions (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  kind text not null check (kind in ('person', 'guest')),
  address_key text,
  person_id uuid references people (id),
  role text check (role in ('parent', 'teacher', 'staff')),
  invite_id uuid references invites (id),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text check (revoked_reason in ('logged_out', 'access_ended')),
  check ((kind = 'person' and address_key is not null) or (kind = 'guest' and invite_id is not null))
);
create index sessions_by_address on sessions (school_id, address_key);
create index sessions_by_person on sessions (person_id);
create index sessions_by_invite on sessions (invite_id);

-- Mail to be sent: a template and ids, never a token or a text.
create table outbox (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  template text not null,
  person_id uuid references people (id),
  invite_id uuid references invites (id),
  booking_id uuid references bookings (id),
  evening_id uuid references evenings (id),
  login_link_id uuid references login_links (id),
  created_at timestamptz not null,
  due_at timestamptz not null,
  attempts integer not null,
  state text not null check (state in ('queued', 'sent', 'failed', 'dropped')),
  settled_at timestamptz,
  error text
);
create index outbox_due on outbox (due_at) where state = 'queued';
create index outbox_by_invite on outbox (invite_id);

-- The answers of requests with an Idempotency-Key.
create table idempotency_keys (
  owner_id uuid not null,
  key text not null,
  request_hash text not null,
  status integer not null,
  body text not null,
  created_at timestamptz not null,
  primary key (owner_id, key)
);

-- What happened: the history that a parent and the office can read, and the audit log.
create table events (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  evening_id uuid references evenings (id),
  parent_id uuid references people (id),
  actor_id uuid references people (id),
  actor text not null,
  action text not null,
  summary text not null,
  at timestamptz not null
);
create index events_by_parent on events (parent_id, evening_id, id);
create index events_by_school on events (school_id, action, at);

-- Imports that have written something: a file, a sync or a push, each school for itself. The id is shown in reports and in the office's mail.
create table roster_imports (
  id blob primary key not null,
  school_id blob not null references schools (id),
  kind text not null,
  name text not null,
  created_at integer not null,
  restored_at integer
) strict;
create index roster_imports_in_order on roster_imports (school_id, id);

-- What each import ended, so that it can be brought back for two weeks. `before` has the roles that somebody had.
create table roster_endings (
  import_id blob not null references roster_imports (id),
  kind text not null check (kind in ('person', 'roles', 'class', 'guardianship', 'contact', 'enrolment', 'booking', 'invite')),
  subject_id blob not null,
  school_id blob not null references schools (id),
  barred integer not null check (barred in (0, 1)),
  before text,
  primary key (import_id, kind, subject_id)
) strict;

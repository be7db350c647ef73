-- Imports that have written something: a file, a sync or a push, each school for itself. The id is shown in reports and in the office's mail.
create table roster_imports (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  kind text not null,
  name text not null,
  created_at timestamptz not null,
  restored_at timestamptz
);
create index roster_imports_in_order on roster_imports (school_id, id);

-- What each import ended, so that it can be brought back for two weeks. `before` has the roles that somebody had.
create table roster_endings (
  import_id uuid not null references roster_imports (id),
  kind text not null check (kind in ('person', 'roles', 'class', 'guardianship', 'contact', 'enrolment', 'booking', 'invite')),
  subject_id uuid not null,
  school_id uuid not null references schools (id),
  barred boolean not null,
  before text,
  primary key (import_id, kind, subject_id)
);

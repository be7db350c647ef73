-- The address that a member of staff had before a roster changed it: where the mail goes that says so. Kept for two weeks.
create table address_changes (
  person_id blob not null references people (id),
  changed_at integer not null,
  school_id blob not null references schools (id),
  old_email text not null,
  primary key (person_id, changed_at)
) strict;
create index address_changes_by_time on address_changes (school_id, changed_at);

-- Which roster source may write which school: bound when the source first writes it. A provider that names another school of this server writes nothing there.
create table source_schools (
  school_id blob primary key not null references schools (id),
  source text not null,
  bound_at integer not null
) strict;
create index source_schools_by_source on source_schools (source);

alter table login_links add column client_hash text not null default '';
create index login_links_by_client on login_links (client_hash, created_at);
-- Wrong codes, counted per address, client and school.
create table code_failures (
  id blob primary key not null,
  school_id blob not null references schools (id),
  email_key text not null,
  client_hash text not null,
  at integer not null
) strict;
create index code_failures_by_time on code_failures (school_id, at);
drop table throttles;

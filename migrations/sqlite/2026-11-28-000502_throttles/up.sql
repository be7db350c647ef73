-- Limits that slow down: when the bucket of a subject (an address, a client's network, a school) is full again. Whoever takes one holds its row, so that
-- many at once can't take more than there are.
create table throttles (
  school_id blob not null references schools (id),
  kind text not null check (kind in ('login_mail_address', 'login_mail_client', 'code_address', 'code_client', 'code_school', 'guest_code_mail')),
  subject text not null,
  full_at integer not null,
  primary key (school_id, kind, subject)
) strict;
create index throttles_by_age on throttles (full_at);
drop table code_failures;
drop index login_links_by_client;
alter table login_links drop column client_hash;

-- Requests of guests who have lost their link. The outbox worker looks the address up.
create table guest_link_requests (
  id blob primary key not null,
  school_id blob not null references schools (id),
  email_key text not null,
  created_at integer not null
) strict;
alter table outbox add column guest_link_request_id blob references guest_link_requests (id);

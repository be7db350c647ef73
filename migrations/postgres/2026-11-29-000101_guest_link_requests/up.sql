-- Requests of guests who have lost their link. The outbox worker looks the address up.
create table guest_link_requests (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  email_key text not null,
  created_at timestamptz not null
);
alter table outbox add column guest_link_request_id uuid references guest_link_requests (id);

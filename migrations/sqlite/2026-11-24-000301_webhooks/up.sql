-- Webhooks (Standard Webhooks): where a school's systems are told what happened, what they are told, and how each attempt went.
-- Times are microseconds since 1970 UTC. Both folders of migrations hold the same tables, compared by a test.

-- An endpoint of a school. `event_types` has blanks between; `off_reason` says who switched it off; `failing_since` is the first failure since the last success.
create table webhooks (
  id blob primary key not null,
  school_id blob not null references schools (id),
  url text not null,
  event_types text not null,
  enabled integer not null,
  off_reason text check (off_reason in ('staff', 'gone', 'failing')),
  failing_since integer,
  created_by blob not null references people (id),
  created_at integer not null,
  deleted_at integer,
  check (enabled = (off_reason is null))
) strict;
create index webhooks_live on webhooks (school_id) where deleted_at is null;

-- What events are signed with is derived from the row's id and the server's key, and never stored. While one takes the place of another both are live.
create table webhook_secrets (
  id blob primary key not null,
  school_id blob not null references schools (id),
  webhook_id blob not null references webhooks (id),
  created_at integer not null,
  expires_at integer
) strict;
create index webhook_secrets_by_webhook on webhook_secrets (webhook_id);

-- One event for one endpoint: ids alone, the text is made when it is sent. `number` counts up in the order in which things happened to a subject
-- (a booking, an invite, an evening, a school): what is newer waits until what is older was delivered or given up.
create table webhook_deliveries (
  number integer primary key not null,
  id blob not null unique,
  school_id blob not null references schools (id),
  webhook_id blob not null references webhooks (id),
  event_id blob not null,
  event_type text not null,
  subject_id blob not null,
  evening_id blob references evenings (id),
  created_at integer not null,
  due_at integer not null,
  lease_ends_at integer not null,
  attempts integer not null,
  state text not null check (state in ('pending', 'delivered', 'failed', 'dropped')),
  settled_at integer
) strict;
create index webhook_deliveries_due on webhook_deliveries (due_at) where state = 'pending';
create index webhook_deliveries_in_order on webhook_deliveries (webhook_id, subject_id, number) where state = 'pending';
create index webhook_deliveries_by_webhook on webhook_deliveries (webhook_id, number);

-- How one attempt went: the status of the answer, or why there was none.
create table webhook_attempts (
  id blob primary key not null,
  school_id blob not null references schools (id),
  delivery_id blob not null references webhook_deliveries (id),
  at integer not null,
  status integer,
  duration_ms integer not null,
  error text check (error in ('timeout', 'unreachable', 'address_not_allowed', 'broken_answer'))
) strict;
create index webhook_attempts_by_delivery on webhook_attempts (delivery_id, at);

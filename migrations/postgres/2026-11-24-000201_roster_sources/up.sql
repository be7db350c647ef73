-- Where rosters are fetched from, and whose turn it is: of several servers one syncs a source at a time. A source may bring several schools,
-- so its row belongs to the installation. It is named by the provider's address and our name there; a secret is never in it.
create table roster_sources (
  name text primary key not null,
  due_at timestamptz not null,
  holder uuid,
  lease_ends_at timestamptz,
  started_at timestamptz,
  succeeded_at timestamptz,
  failure text
);

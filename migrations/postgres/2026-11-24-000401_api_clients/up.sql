-- Programs of other makers: what they may do, and the secrets by which they ask for tokens. A secret is derived from the server's key and its row's id:
-- nothing of it is stored.
-- Both folders of migrations hold the same tables, compared by a test.

create table api_clients (
  id uuid primary key not null,
  school_id uuid not null references schools (id),
  name text not null,
  -- The scopes, parted by spaces.
  scopes text not null,
  requests_per_minute integer not null check (requests_per_minute between 1 and 6000),
  created_by uuid not null references people (id),
  created_at timestamptz not null,
  -- When it last asked for a token.
  used_at timestamptz,
  revoked_at timestamptz
);
create index api_clients_by_school on api_clients (school_id, created_at);

create table api_client_secrets (
  id uuid primary key not null,
  client_id uuid not null references api_clients (id),
  created_at timestamptz not null,
  -- Set when a newer one replaces it: until then it goes on.
  expires_at timestamptz
);
create index api_client_secrets_by_client on api_client_secrets (client_id);

-- The keyed hash of the Idempotency-Key with which a login link was used: the browser that has the key may repeat the login for a moment.
alter table login_links add column used_key_hash text;
-- A standing link is made once for a parent's address and an evening. It keeps its place until it is ended.
alter table login_links add column evening_id uuid references evenings (id);
create unique index login_links_standing on login_links (person_id, email_key, evening_id);
-- How often an invite's student came back after an import had ended it: each raises the sequence of the guest's calendar.
alter table invite_students add column restorations integer not null default 0;

-- Staff allow a contact whom the roster knows as a relative, or in a role that nobody knows. No import touches what they allowed,
-- but a contact of whom the roster says in so many words that there must be none stays barred: told apart from one of whom it says nothing.
alter table guardianships add column contact_barred integer not null default 0;
alter table guardianships add column allowed_at integer;
alter table guardianships add column allowed_by blob references people (id);

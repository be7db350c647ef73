-- A session by the standing link of a confirmation mail is bound to that person as parent.
alter table sessions add column is_bound boolean not null default false;
-- Counts up when a person logs out everywhere: browsers that were remembered as theirs before are not any more.
alter table people add column device_generation integer not null default 0;

-- Until when a worker has a mail in hand: one that nobody has waits, and takes in what else it is to tell.
alter table outbox add column leased_until integer;
-- Schools have their turns.
create index outbox_by_school on outbox (school_id, due_at) where state = 'queued';
-- What waits for somebody.
create index outbox_waiting on outbox (evening_id, person_id, invite_id) where state = 'queued';

-- The headers of a kept response, as a JSON list of names and values. Null in rows whose response bore
-- a secret, and in rows of the version before, which kept no status either: what they hold is not
-- repeated.
alter table idempotency_keys add column headers text;

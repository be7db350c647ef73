-- From when on the next sync by itself must ask what has changed, and from when on the next whole one is due: when the last one of each kind began
-- that succeeded.
alter table roster_sources add column changes_since timestamptz;
alter table roster_sources add column whole_since timestamptz;

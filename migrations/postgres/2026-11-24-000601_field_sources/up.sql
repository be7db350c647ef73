-- Which source last set each value: JSON, an item for each source and time, `[kind, name, microseconds, [columns]]`. A column that no item names
-- has been as it is since before this was kept. What staff allow by hand has columns of its own (`allowed_at`, `allowed_by`).
alter table people add column sources text not null default '[]';
alter table guardianships add column sources text not null default '[]';
alter table classes add column sources text not null default '[]';

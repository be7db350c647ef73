alter table classes drop column sources;
alter table guardianships drop column sources;
alter table people drop column sources;

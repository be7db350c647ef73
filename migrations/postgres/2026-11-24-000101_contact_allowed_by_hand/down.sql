alter table guardianships drop column allowed_by;
alter table guardianships drop column allowed_at;
alter table guardianships drop column contact_barred;

drop table evening_left_out;
alter table evenings drop column closed_at;
alter table evenings drop column published_at;

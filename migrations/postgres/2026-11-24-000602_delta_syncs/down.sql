alter table roster_sources drop column whole_since;
alter table roster_sources drop column changes_since;

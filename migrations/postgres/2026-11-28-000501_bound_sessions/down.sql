alter table people drop column device_generation;
alter table sessions drop column is_bound;

drop table roster_endings;
drop table roster_imports;

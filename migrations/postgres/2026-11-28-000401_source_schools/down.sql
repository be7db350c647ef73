drop table source_schools;

drop table roster_sources;

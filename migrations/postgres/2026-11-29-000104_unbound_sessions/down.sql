-- A session that has ended stays so.
select 1;

-- How a family reaches the school when the web app can't help.
alter table schools add column phone text;
alter table schools add column email text;
alter table schools add column office_hours text;

alter table schools drop column office_hours;
alter table schools drop column email;
alter table schools drop column phone;

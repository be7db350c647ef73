alter table enrolments drop column sources;

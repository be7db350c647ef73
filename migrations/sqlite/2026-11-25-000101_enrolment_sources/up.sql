-- Which source last set each value of a place in a class, as people, guardianships and classes keep it; that of the role gave the place.
alter table enrolments add column sources text not null default '[]';

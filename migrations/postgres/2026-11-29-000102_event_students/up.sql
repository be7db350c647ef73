-- The student whom an event is about: a parent who may not act for the student any more does not read it.
alter table events add column student_id uuid references people (id);
-- Of the events until now only this action names a student.
update events set student_id = (
  select student.id from people as student
  join guardianships on guardianships.student_id = student.id and guardianships.parent_id = events.parent_id
  where events.summary like '% about ' || student.given_name || ' ' || student.family_name || '.'
  order by student.id limit 1
) where action = 'booking_made';

alter table events drop column student_id;

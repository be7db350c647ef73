alter table suppressions rename column bar_key to email_key;

alter table invite_students drop column restorations;
drop index login_links_standing;
alter table login_links drop column evening_id;
alter table login_links drop column used_key_hash;

-- A suppressed address is found without its `+tag`, as a barred one is. What is there is written in the new form beside the migrations
-- (store/address_keys.rs), where domains can be mapped as well.
alter table suppressions rename column email_key to bar_key;

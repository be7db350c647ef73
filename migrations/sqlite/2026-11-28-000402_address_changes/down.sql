drop table address_changes;

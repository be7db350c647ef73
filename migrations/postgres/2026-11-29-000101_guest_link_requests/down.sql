alter table outbox drop column guest_link_request_id;
drop table guest_link_requests;

-- Sessions by the standing link of a confirmation mail were not bound to the parent before `sessions.is_bound` came, and look like any other one. Those that could
-- become a member of staff or a teacher end: their browsers log in anew.
update sessions set revoked_at = created_at, revoked_reason = 'logged_out'
where revoked_at is null and kind = 'person' and is_bound = false
  and exists (
    select 1 from login_links where login_links.school_id = sessions.school_id and login_links.email_key = sessions.address_key
      and login_links.is_standing = true and login_links.created_at <= sessions.created_at
  )
  and exists (
    select 1 from people where people.school_id = sessions.school_id and people.email_key = sessions.address_key
      and (people.is_staff = true or people.is_teacher = true)
  );

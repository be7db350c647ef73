//! Invites as mails show them, and whether their guests may get mail.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::id::{CallCodeId, EveningId, GuestLinkRequestId, InviteId, PersonId, SchoolId};

use crate::{
    mail_text::{clean, full_name},
    schema::{
        call_codes, guest_link_requests, invite_students, invites, outbox, people, suppressions,
    },
    store::{
        Db, Result, access,
        outbox::LEASE,
        sql_types::{At, Key, at, key},
    },
};

/// An invite with the students that it covers or, once it has ended, covered at its end.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The invite's id.
    pub id: InviteId,
    /// The evening.
    pub evening: EveningId,
    /// The parent who invited.
    pub parent: PersonId,
    /// The guest's name.
    pub name: String,
    /// The guest's address.
    pub email: String,
    bar_key: String,
    /// The generation of its valid link.
    pub generation: i32,
    /// Time when it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended.
    pub ended_reason: Option<String>,
    /// The students, by id, with their names.
    pub students: Vec<(PersonId, String)>,
}

type InviteColumns = (Key, Key, String, String, String, i32, Option<At>, Option<String>);

/// Loads an invite.
///
/// # Errors
/// Fails if the database fails, or there is no such invite.
pub fn invite(db: &mut Db, id: InviteId) -> Result<Invite> {
    let (evening, parent, name, email, bar_key, generation, ended_at, ended_reason): InviteColumns =
        invites::table
            .find(key(id))
            .select((
                invites::evening_id,
                invites::parent_id,
                invites::name,
                invites::email,
                invites::bar_key,
                invites::generation,
                invites::ended_at,
                invites::ended_reason,
            ))
            .get_result(db)?;
    let students: Vec<(Key, Option<At>, String, String)> = invite_students::table
        .inner_join(people::table.on(people::id.eq(invite_students::student_id)))
        .filter(invite_students::invite_id.eq(key(id)))
        .order((people::given_name, people::id))
        .select((people::id, invite_students::ended_at, people::given_name, people::family_name))
        .load(db)?;
    let covered = |student_ended_at: Option<At>| {
        student_ended_at.is_none_or(|at| ended_at.is_some_and(|ended_at| at >= ended_at))
    };
    Ok(Invite {
        id,
        evening: evening.into(),
        parent: parent.into(),
        name: clean(&name),
        email,
        bar_key,
        generation,
        ended_at: ended_at.map(Into::into),
        ended_reason,
        students: students
            .into_iter()
            .filter(|row| covered(row.1))
            .map(|(id, _, given, family)| (id.into(), full_name(None, &given, &family)))
            .collect(),
    })
}

/// Loads the live invites to the address of a guest who asked for their links, oldest first.
///
/// # Errors
/// Fails if the database fails, or there is no such request.
pub fn invites_of_request(db: &mut Db, request: GuestLinkRequestId) -> Result<Vec<InviteId>> {
    let (school, email_key): (Key, String) = guest_link_requests::table
        .find(key(request))
        .select((guest_link_requests::school_id, guest_link_requests::email_key))
        .get_result(db)?;
    let ids: Vec<Key> = invites::table
        .filter(
            invites::school_id
                .eq(school)
                .and(invites::email_key.eq(email_key))
                .and(invites::ended_at.is_null()),
        )
        .order((invites::created_at, invites::id))
        .select(invites::id)
        .load(db)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Counts how often invites of this parent for each student of the evening have ended, including
/// those that an import ended and staff restored.
///
/// # Errors
/// Errors of the database.
pub fn ended_invites(db: &mut Db, invite: &Invite) -> Result<HashMap<PersonId, i32>> {
    let of_parent: Vec<(Key, Option<At>, i32)> = invite_students::table
        .filter(
            invite_students::evening_id
                .eq(key(invite.evening))
                .and(invite_students::parent_id.eq(key(invite.parent))),
        )
        .select((
            invite_students::student_id,
            invite_students::ended_at,
            invite_students::restorations,
        ))
        .load(db)?;
    let mut count = HashMap::new();
    for (student, ended_at, restorations) in of_parent {
        *count.entry(student.into()).or_default() += restorations + i32::from(ended_at.is_some());
    }
    Ok(count)
}

/// The expiry of a guest's call code; `None` when the code was used.
///
/// # Errors
/// Fails if the database fails, or there is no such code.
pub fn call_code(db: &mut Db, id: CallCodeId) -> Result<Option<DateTime<Utc>>> {
    let (expires_at, used_at): (At, Option<At>) = call_codes::table
        .find(key(id))
        .select((call_codes::expires_at, call_codes::used_at))
        .get_result(db)?;
    Ok(used_at.is_none().then_some(expires_at.0))
}

/// Returns whether a mail with the invite's link was sent, or was claimed by a worker when the
/// invite ended.
///
/// # Errors
/// Errors of the database.
pub fn was_mailed(db: &mut Db, invite: &Invite) -> Result<bool> {
    let in_hand = invite.ended_at.map(|ended_at| at(ended_at + LEASE));
    let sent = outbox::table
        .filter(outbox::invite_id.eq(key(invite.id)).and(outbox::template.eq("invite")))
        .filter(outbox::state.eq("sent").or(
            outbox::state.eq("queued").and(outbox::leased_until.lt(in_hand)).assume_not_null(),
        ));
    Ok(sent.count().get_result::<i64>(db)? > 0)
}

/// Returns whether mail to the invite's address is suppressed.
///
/// # Errors
/// Errors of the database.
pub fn is_suppressed(db: &mut Db, school: SchoolId, invite: &Invite) -> Result<bool> {
    let rows = suppressions::table.filter(
        suppressions::school_id.eq(key(school)).and(suppressions::bar_key.eq(&invite.bar_key)),
    );
    Ok(rows.count().get_result::<i64>(db)? > 0)
}

/// Returns whether the guest is a contact whom the school has barred from any student covered.
///
/// # Errors
/// Errors of the database.
pub fn is_barred_guest(db: &mut Db, school: SchoolId, invite: &Invite) -> Result<bool> {
    let students: Vec<Key> = invite.students.iter().map(|(id, _)| key(*id)).collect();
    Ok(!access::students_barred_for_address(db, school, &students, &invite.bar_key)?.is_empty())
}

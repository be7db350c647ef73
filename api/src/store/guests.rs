//! The guest's side of invites: opening a link, guest sessions, and the data that a guest may see.

mod operations;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::id::{InviteId, SchoolId, SessionId};

pub use self::operations::{
    LinkPreview, at_door, create_guest_session, delete_guest_sessions, get_guest_call,
    newest_open_session, preview_guest_link, renew_guest_link,
};
use super::{
    Db, Error, LinkError, Result, access,
    bookings::{self, Booking},
    evenings::EveningRow,
    events::{self, Actor, NewEvent},
    invites::{self, InviteRow},
    locks::{LockRank, lock_row},
    people::{self, PersonRow},
    sessions,
    sql_types::{At, Key, at, key},
};
use crate::{
    context::Context,
    schema::{invites as invites_table, sessions as sessions_table},
};

/// An invite with the data that its guest may see.
#[derive(Clone, Debug)]
pub struct GuestView {
    /// The invite.
    pub invite: InviteRow,
    /// Its evening.
    pub evening: EveningRow,
    /// The parent who invited.
    pub parent: PersonRow,
    /// The students covered.
    pub students: Vec<PersonRow>,
    /// The appointments of the inviting parent for these students.
    pub bookings: Vec<Booking>,
    /// Time when the link expires.
    pub link_ends_at: DateTime<Utc>,
}

/// Returns the generation of an invite's link. Tokens of other generations are void.
///
/// # Errors
/// [`Error::NotFound`] when the school has no such invite.
pub fn generation(db: &mut Db, school: SchoolId, invite: InviteId) -> Result<i32> {
    Ok(invites::find(db, school, None, invite)?.generation)
}

/// Returns the live invite that a verified token names, with its evening and the parent.
///
/// # Errors
/// [`Error::NotFound`] when the school has no such invite; [`LinkError`] when the invite has ended
/// or expired, or the parent has lost access.
pub fn open(
    db: &mut Db,
    school: SchoolId,
    invite: InviteId,
    now: DateTime<Utc>,
) -> Result<GuestView> {
    let row = invites::find(db, school, None, invite)?;
    if let Some(dead) = row.dead() {
        return Err(Error::Link(dead));
    }
    let evening = invites::evening_of(db, &row)?;
    let link_ends_at = invites::link_ends_at(db, &row, &evening, now)?;
    if now >= link_ends_at {
        return Err(Error::Link(LinkError::Link));
    }
    let parent = people::find(db, school, row.parent_id.into())
        .map_err(|_| Error::Link(LinkError::Access))?;
    let covered = invites::with_students(db, vec![row.clone()])?
        .pop()
        .map(|invite| invite.students)
        .unwrap_or_default();
    let allowed: BTreeSet<Key> = access::students_of(db, row.parent_id.into())?
        .into_iter()
        .map(|student| student.id)
        .collect();
    let covered_ids: Vec<Key> = covered.iter().map(|student| student.id).collect();
    let barred = access::students_barred_for_address(db, school, &covered_ids, &row.bar_key)?;
    if !barred.is_empty() || covered_ids.iter().any(|student| !allowed.contains(student)) {
        return Err(Error::Link(LinkError::Access));
    }
    let mut bookings = bookings::of_parent(db, evening.id(), row.parent_id.into())?;
    bookings.retain(|booking| covered_ids.contains(&booking.row.student_id));
    Ok(GuestView { invite: row, evening, parent, students: covered, bookings, link_ends_at })
}

/// Starts a guest's session by a link of this generation, after the guest pressed the button. It
/// locks the invite, so that a concurrent renewal of the link either prevents the session or ends
/// it.
///
/// # Errors
/// [`LinkError::Renewed`] for a link of another generation; the errors of [`open`].
pub fn start_session(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    invite: InviteId,
    generation: i32,
) -> Result<(SessionId, GuestView)> {
    lock_row(db, LockRank::Invite, invite)?;
    if self::generation(db, school, invite)? != generation {
        return Err(Error::Link(LinkError::Renewed));
    }
    let view = open(db, school, invite, ctx.now)?;
    let unopened = invites_table::table.filter(
        invites_table::id
            .eq(key(invite))
            .and(invites_table::opened_at.is_null())
            .and(invites_table::ended_at.is_null()),
    );
    if diesel::update(unopened).set(invites_table::opened_at.eq(Some(at(ctx.now)))).execute(db)?
        == 1
    {
        let actor = Actor { person: None, name: view.invite.name.clone() };
        let summary = format!("{} opened the invite.", view.invite.name);
        let event = NewEvent {
            school,
            evening: Some(view.evening.id()),
            parent: Some(view.parent.id()),
            student: None,
            action: "invite_opened",
            summary,
            actor: &actor,
        };
        events::record(db, ctx, &event)?;
    }
    let session = sessions::start_guest(
        db,
        ctx,
        school,
        invite,
        view.evening.ends_at.0 + parlour_domain::invite::LINK_GRACE,
    )?;
    Ok((session, view))
}

/// The invites that a browser's guest sessions still open, and why the other sessions are dead.
#[derive(Debug, Default)]
pub struct OpenGuestSessions {
    /// One entry for each invite, newest session first.
    pub views: Vec<GuestView>,
    /// The reason of the last dead session, if any.
    pub dead: Option<LinkError>,
}

/// Returns the invites that these guest sessions open.
///
/// # Errors
/// Errors of the database.
pub fn of_sessions(
    db: &mut Db,
    school: SchoolId,
    ids: &[SessionId],
    now: DateTime<Utc>,
) -> Result<OpenGuestSessions> {
    type Row = (Key, Option<Key>, At, Option<At>, Option<String>);
    let keys: Vec<Key> = ids.iter().map(|id| key(*id)).collect();
    let rows: Vec<Row> = sessions_table::table
        .filter(
            sessions_table::id
                .eq_any(keys)
                .and(sessions_table::school_id.eq(key(school)))
                .and(sessions_table::invite_id.is_not_null()),
        )
        .order(sessions_table::created_at.desc())
        .select((
            sessions_table::id,
            sessions_table::invite_id,
            sessions_table::expires_at,
            sessions_table::revoked_at,
            sessions_table::revoked_reason,
        ))
        .load(db)?;
    let mut opened = OpenGuestSessions::default();
    let mut seen = BTreeSet::new();
    for (_, invite, expires_at, revoked_at, reason) in rows {
        let Some(invite) = invite.filter(|invite| seen.insert(*invite)) else { continue };
        if revoked_at.is_some() && reason.as_deref() == Some("logged_out") {
            continue;
        }
        if now >= *expires_at {
            opened.dead = Some(LinkError::Link);
            continue;
        }
        match open(db, school, invite.into(), now) {
            Ok(view) => opened.views.push(view),
            Err(Error::Link(dead)) => opened.dead = Some(dead),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(opened)
}

/// Returns the invites of guest sessions that were not logged out, newest session first. It does
/// not check whether the sessions or invites are still valid.
///
/// # Errors
/// Errors of the database.
pub fn invites_of(
    db: &mut Db,
    school: SchoolId,
    ids: &[SessionId],
) -> Result<Vec<(SessionId, InviteId)>> {
    let keys: Vec<Key> = ids.iter().map(|id| key(*id)).collect();
    let rows: Vec<(Key, Key)> = sessions_table::table
        .filter(
            sessions_table::id
                .eq_any(keys)
                .and(sessions_table::school_id.eq(key(school)))
                .and(sessions_table::invite_id.is_not_null()),
        )
        .filter(
            sessions_table::revoked_reason
                .is_null()
                .or(sessions_table::revoked_reason.ne("logged_out")),
        )
        .order(sessions_table::created_at.desc())
        .select((sessions_table::id, sessions_table::invite_id.assume_not_null()))
        .load(db)?;
    Ok(rows.into_iter().map(|(session, invite)| (session.into(), invite.into())).collect())
}

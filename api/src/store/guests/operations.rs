//! The contract's operations of guests, each in one transaction and under its operation's name.

use chrono::{DateTime, Utc};
use parlour_domain::id::{BookingId, InviteId, SchoolId, SessionId};

use super::{
    GuestView, OpenGuestSessions, generation, invites_of, of_sessions, open, start_session,
};
use crate::{
    context::Context,
    store::{
        Db, Error, LinkError, Result,
        bookings::OnBehalfOf,
        calls::{self, CallIdentity, Visitor},
        events::Actor,
        idempotency::{RequestKey, Response, with_idempotency_key},
        invites, sessions,
    },
};

/// Maximum number of guest sessions of one browser.
const MAX_SESSIONS: usize = 8;

/// Preview of a guest's link before its button is pressed (I8).
#[derive(Clone, Debug)]
pub struct LinkPreview {
    /// The invite.
    pub view: GuestView,
    /// True if this browser has a session of the invite.
    pub in_session: bool,
    /// True if the guest has a seat in a call now.
    pub in_call: bool,
}

/// Loads the preview of a guest's link for a browser that has these sessions.
///
/// # Errors
/// Those of [`open`].
pub fn preview_guest_link(
    db: &mut Db,
    school: SchoolId,
    invite: InviteId,
    sessions: &[SessionId],
    now: DateTime<Utc>,
) -> Result<LinkPreview> {
    let view = open(db, school, invite, now)?;
    let opened = of_sessions(db, school, sessions, now)?;
    let in_session = opened.views.iter().any(|one| one.invite.id == view.invite.id);
    let in_call = calls::is_in_call(db, invite, now)?;
    Ok(LinkPreview { view, in_session, in_call })
}

/// Starts a guest's session with a link of this generation. The browser keeps the newest of its
/// other sessions. Answers with all of its sessions, the new one first, and the invites that they
/// open.
///
/// # Errors
/// Those of [`start_session`].
pub fn create_guest_session(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    (invite, generation): (InviteId, i32),
    old: &[SessionId],
) -> Result<(Vec<SessionId>, OpenGuestSessions)> {
    let (started, _) = start_session(db, ctx, school, invite, generation)?;
    let mut ids = vec![started];
    ids.extend(old.iter().copied().take(MAX_SESSIONS - 1));
    let opened = of_sessions(db, school, &ids, ctx.now)?;
    Ok((ids, opened))
}

/// Ends a browser's guest sessions.
///
/// # Errors
/// Errors of the database.
pub fn delete_guest_sessions(db: &mut Db, ctx: &Context, ids: &[SessionId]) -> Result<()> {
    ids.iter().try_for_each(|id| sessions::end(db, ctx, *id))
}

/// Renews a guest's link: the old link stops working and a new one is mailed. `of_link` is the
/// generation of the link that asks for it, and must be the newest. A retry of `request` does not
/// renew it again.
///
/// # Errors
/// [`LinkError::Renewed`] for a link of another generation; those of [`open`] and
/// [`invites::renew`]; [`Error::KeyReused`].
pub fn renew_guest_link(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    invite: InviteId,
    of_link: Option<i32>,
    request: Option<&RequestKey>,
) -> Result<Response> {
    with_idempotency_key(db, ctx, request, |db| {
        // A retry must get the stored response, so this check runs inside the idempotent closure:
        // the first request has already made the link's generation an older one.
        if let Some(of_link) = of_link
            && generation(db, school, invite)? != of_link
        {
            return Err(Error::Link(LinkError::Renewed));
        }
        let view = open(db, school, invite, ctx.now)?;
        let acting = OnBehalfOf {
            parent: view.parent.id(),
            actor: Actor { person: None, name: view.invite.name.clone() },
            is_staff: false,
        };
        invites::renew(db, ctx, &view.evening, &acting, &view.invite)?;
        Ok(Response::empty(204))
    })
}

/// Finds the session of a browser whose invite covers the booking, and loads the door of the call
/// for that guest; `None` when the browser has no guest session.
///
/// # Errors
/// Those of [`calls::door`].
pub fn at_door(
    db: &mut Db,
    school: SchoolId,
    sessions: &[SessionId],
    booking: BookingId,
    now: DateTime<Utc>,
) -> Result<Option<(Visitor, calls::Door)>> {
    let mut answer = Ok(None);
    for (session, invite) in invites_of(db, school, sessions)? {
        let visitor = Visitor { school, booking, who: CallIdentity::Guest(invite), session };
        match calls::door(db, school, visitor.who, booking, now) {
            Ok(door) => return Ok(Some((visitor, door))),
            // An error of another invite takes precedence: `NotFound` only means that this invite
            // does not cover the booking.
            Err(Error::NotFound) if !matches!(answer, Ok(None)) => {}
            Err(error) => answer = Err(error),
        }
    }
    answer
}

/// Finds the newest of these guest sessions that opens an invite.
///
/// # Errors
/// [`LinkError`] when none opens an invite and the link of one is dead.
pub fn newest_open_session(
    db: &mut Db,
    school: SchoolId,
    ids: &[SessionId],
    now: DateTime<Utc>,
) -> Result<Option<SessionId>> {
    let opened = of_sessions(db, school, ids, now)?;
    let opens = |invite| opened.views.iter().any(|view| InviteId::from(view.invite.id) == invite);
    let found = invites_of(db, school, ids)?.into_iter().find(|(_, invite)| opens(*invite));
    match (found, opened.dead) {
        (None, Some(dead)) => Err(Error::Link(dead)),
        (found, _) => Ok(found.map(|(session, _)| session)),
    }
}

/// Loads what a guest sees before entering the call of a booking ([`at_door`]).
///
/// # Errors
/// Those of [`calls::door`].
pub fn get_guest_call(
    db: &mut Db,
    school: SchoolId,
    sessions: &[SessionId],
    booking: BookingId,
    now: DateTime<Utc>,
) -> Result<Option<(Visitor, calls::DoorAndNext)>> {
    let Some((visitor, door)) = at_door(db, school, sessions, booking, now)? else {
        return Ok(None);
    };
    let next = calls::next_call(db, visitor.who, &door, now)?;
    Ok(Some((visitor, (door, next))))
}

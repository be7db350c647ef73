//! What the contract's operations of guests do, each in one transaction and under the operation's
//! name.

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

/// How many guest sessions one browser holds.
const MAX_SESSIONS: usize = 8;

/// What a guest's link shows before its button is pressed.
#[derive(Clone, Debug)]
pub struct LinkPreview {
    /// The invite.
    pub view: GuestView,
    /// This browser has a session of the invite.
    pub in_session: bool,
    /// The guest sits in a call now.
    pub in_call: bool,
}

/// Shows what a guest's link is, to a browser with these sessions.
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

/// Starts a guest's session by a link of this generation, beside the newest of those that the
/// browser has. Answers with all of them, the new one first, and what they open.
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

/// Logs a browser's guest sessions out.
///
/// # Errors
/// When the database fails.
pub fn delete_guest_sessions(db: &mut Db, ctx: &Context, ids: &[SessionId]) -> Result<()> {
    ids.iter().try_for_each(|id| sessions::end(db, ctx, *id))
}

/// Makes a guest's link dead and mails a new one; a link that asks for it must be of the newest
/// generation. A retry of `request` makes nothing dead again.
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
        // Asked here, since the first of two same requests makes the link of both an older one.
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

/// The guest at a call's door, whose invite covers the booking, among these sessions of a browser;
/// none where the browser has none.
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
            // What another invite of theirs says counts more than that this one has nothing to do
            // with the booking.
            Err(Error::NotFound) if !matches!(answer, Ok(None)) => {}
            Err(error) => answer = Err(error),
        }
    }
    answer
}

/// The newest of these guest sessions that opens something, or why none does.
///
/// # Errors
/// [`LinkError`] when the link of one is dead and none opens anything.
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

/// What the guest whose invite covers the booking sees before entering its call ([`at_door`]).
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

//! Login sessions: rows that a cookie refers to. Revoking one takes effect at once in every
//! process.

mod operations;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{dsl::exists, prelude::*};
use parlour_domain::{
    EmailAddress,
    id::{InviteId, PersonId, SchoolId, SessionId},
};

pub use self::operations::{
    WithIdentities, choose_identity, create_session_by_code, create_session_by_link,
    find_login_link,
};
use super::{
    Db, Error, LinkError, Result, access,
    calls::{self, EvictionTarget},
    login,
    people::{self, PersonRow},
    sql_types::{At, Key, at, key},
};
use crate::{
    context::Context,
    schema::{guardianships, people as people_table, sessions},
    with_conn,
};

/// Time for which a person stays logged in.
pub const PERSON_LIFE: TimeDelta = TimeDelta::days(14);

/// The role of a person at the school.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Role {
    Parent,
    Teacher,
    Staff,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Teacher => "teacher",
            Self::Staff => "staff",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Parent, Self::Teacher, Self::Staff].into_iter().find(|role| role.as_str() == text)
    }

    const fn is_of(self, person: &PersonRow) -> bool {
        match self {
            Self::Parent => person.is_parent,
            Self::Teacher => person.is_teacher,
            Self::Staff => person.is_staff,
        }
    }
}

/// A live session of a person.
#[derive(Clone, Debug)]
pub struct PersonSession {
    /// Its id.
    pub id: SessionId,
    /// Its school.
    pub school: SchoolId,
    /// The address that logged in.
    pub address_key: String,
    /// The chosen person and role; `None` until one is chosen.
    pub identity: Option<(PersonRow, Role)>,
    /// Time when it ends.
    pub expires_at: DateTime<Utc>,
    /// True if it began by a confirmation mail's link. Such a session belongs to that parent
    /// alone.
    pub is_bound: bool,
}

/// One person in one role, with the first names of a parent's students.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The person.
    pub person: PersonRow,
    /// The role.
    pub role: Role,
    /// The first names of the students.
    pub students: Vec<String>,
}

#[derive(Insertable)]
#[diesel(table_name = sessions)]
struct NewRow<'a> {
    id: Key,
    school_id: Key,
    kind: &'static str,
    address_key: Option<&'a str>,
    person_id: Option<Key>,
    role: Option<&'static str>,
    invite_id: Option<Key>,
    created_at: At,
    expires_at: At,
    is_bound: bool,
}

/// The proof of identity by which a session starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// The person has just read the address's mail: they may be any identity of the address.
    Address,
    /// The person has just read this parent's mail, and entered a code as the parent.
    Parent(PersonId),
    /// The person has a confirmation mail of this parent. It may be old or forwarded, so they can
    /// only be this parent.
    StandingLink(PersonId),
}

/// Starts a session for an address. The identity is set at once when the address has only one, or
/// when the proof is for one person.
///
/// # Errors
/// [`LinkError::Link`] when nobody has the address any more.
pub fn start(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    address_key: &str,
    proof: Proof,
) -> Result<PersonSession> {
    let mut known = identities(db, school, address_key)?;
    if let Proof::Parent(person) | Proof::StandingLink(person) = proof {
        // A link for a person comes from the confirmation mail of their appointments, so the role
        // is parent.
        known.retain(|identity| identity.person.id() == person && identity.role == Role::Parent);
    }
    let identity = match known.as_slice() {
        [] => return Err(Error::Link(LinkError::Link)),
        [one] => Some((one.person.clone(), one.role)),
        _ => None,
    };
    let is_bound = matches!(proof, Proof::StandingLink(_));
    let session = PersonSession {
        id: ctx.new_id(),
        school,
        address_key: address_key.to_owned(),
        identity,
        expires_at: ctx.now + PERSON_LIFE,
        is_bound,
    };
    let row = NewRow {
        id: session.id.into(),
        school_id: key(school),
        kind: "person",
        address_key: Some(address_key),
        person_id: session.identity.as_ref().map(|(person, _)| person.id),
        role: session.identity.as_ref().map(|(_, role)| role.as_str()),
        invite_id: None,
        created_at: at(ctx.now),
        expires_at: at(session.expires_at),
        is_bound,
    };
    diesel::insert_into(sessions::table).values(&row).execute(db)?;
    Ok(session)
}

/// Starts a guest's session.
///
/// # Errors
/// Errors of the database.
pub fn start_guest(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    invite: InviteId,
    expires_at: DateTime<Utc>,
) -> Result<SessionId> {
    let id: SessionId = ctx.new_id();
    let row = NewRow {
        id: id.into(),
        school_id: key(school),
        kind: "guest",
        address_key: None,
        person_id: None,
        role: None,
        invite_id: Some(key(invite)),
        created_at: at(ctx.now),
        expires_at: at(expires_at),
        is_bound: false,
    };
    diesel::insert_into(sessions::table).values(&row).execute(db)?;
    Ok(id)
}

/// Returns the live session of a person, by id.
///
/// # Errors
/// [`Error::NotFound`] when the session has ended, [`LinkError::Access`] when it ended by I13.
pub fn find(
    db: &mut Db,
    school: SchoolId,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<PersonSession> {
    type Row =
        (String, Option<String>, At, Option<At>, Option<String>, Option<PersonRow>, bool, bool);
    let has_student = exists(
        guardianships::table
            .filter(guardianships::parent_id.nullable().eq(sessions::person_id))
            .filter(access::may_act()),
    );
    let row: Option<Row> = with_conn!(db, conn => sessions::table
        .left_join(people_table::table.on(people_table::id.nullable().eq(sessions::person_id)))
        .filter(
            sessions::id
                .eq(key(session))
                .and(sessions::school_id.eq(key(school)))
                .and(sessions::address_key.is_not_null())
        )
        .select((
            sessions::address_key.assume_not_null(),
            sessions::role,
            sessions::expires_at,
            sessions::revoked_at,
            sessions::revoked_reason,
            Option::<PersonRow>::as_select(),
            has_student,
            sessions::is_bound,
        ))
        .get_result(conn)
        .optional())?;
    let (address_key, role, expires_at, revoked_at, revoked_reason, person, has_student, is_bound) =
        row.ok_or(Error::NotFound)?;
    if revoked_at.is_some() {
        return Err(if revoked_reason.as_deref() == Some("access_ended") {
            Error::Link(LinkError::Access)
        } else {
            Error::NotFound
        });
    }
    if now >= *expires_at {
        return Err(Error::NotFound);
    }
    let identity = person.zip(role.as_deref().and_then(Role::parse));
    if let Some((person, role)) = &identity {
        let still = person.removed_at.is_none()
            && person.email_key.as_deref() == Some(address_key.as_str())
            && role.is_of(person);
        let has_access =
            has_student || *role != Role::Parent || access::may_be_parent(db, school, person.id())?;
        if !still || !has_access {
            return Err(Error::Link(LinkError::Access));
        }
    }
    Ok(PersonSession {
        id: session,
        school,
        address_key,
        identity,
        expires_at: *expires_at,
        is_bound,
    })
}

/// Returns all identities of an address at the school. A parent who is barred and may act for no
/// student has no parent identity.
///
/// # Errors
/// Errors of the database.
pub fn identities(db: &mut Db, school: SchoolId, address_key: &str) -> Result<Vec<Identity>> {
    let mut all = Vec::new();
    for person in people::with_address(db, school, address_key)? {
        for role in [Role::Parent, Role::Teacher, Role::Staff] {
            if role.is_of(&person)
                && (role != Role::Parent || access::may_be_parent(db, school, person.id())?)
            {
                let students =
                    if role == Role::Parent { first_names(db, person.id())? } else { Vec::new() };
                all.push(Identity { person: person.clone(), role, students });
            }
        }
    }
    Ok(all)
}

/// Sets the identity of the session.
///
/// # Errors
/// [`Error::NotFound`] when the address has no such identity, [`LinkError::CodeRequired`] when the
/// session is bound to another identity.
pub fn choose(
    db: &mut Db,
    session: &PersonSession,
    person: PersonId,
    role: Role,
) -> Result<PersonSession> {
    let chosen = identities(db, session.school, &session.address_key)?
        .into_iter()
        .find(|identity| identity.person.id() == person && identity.role == role)
        .ok_or(Error::NotFound)?;
    let is_same = session
        .identity
        .as_ref()
        .is_some_and(|(who, as_role)| who.id() == person && *as_role == role);
    if session.is_bound && !is_same {
        return Err(Error::Link(LinkError::CodeRequired));
    }
    diesel::update(sessions::table.find(key(session.id)))
        .set((sessions::person_id.eq(Some(key(person))), sessions::role.eq(Some(role.as_str()))))
        .execute(db)?;
    Ok(PersonSession { identity: Some((chosen.person, role)), ..session.clone() })
}

/// Ends one session. A person who is in a call by this session is removed from it.
///
/// # Errors
/// Errors of the database.
pub fn end(db: &mut Db, ctx: &Context, session: SessionId) -> Result<()> {
    let live =
        sessions::table.filter(sessions::id.eq(key(session)).and(sessions::revoked_at.is_null()));
    diesel::update(live)
        .set((
            sessions::revoked_at.eq(Some(at(ctx.now))),
            sessions::revoked_reason.eq(Some("logged_out")),
        ))
        .execute(db)?;
    calls::evict(db, ctx, EvictionTarget::Sessions(&[key(session)]), "logged_out")
}

/// Logs an address out everywhere at the school: all its sessions end, the login links in its mails
/// end, and remembered browsers of its people are forgotten.
///
/// # Errors
/// Errors of the database.
pub fn end_all(db: &mut Db, ctx: &Context, school: SchoolId, address_key: &str) -> Result<()> {
    // The links end first. A session that one of these links is just starting then exists when the
    // sessions are ended.
    login::expire_of_address(db, school, address_key, ctx.now)?;
    let of_address = sessions::table.filter(
        sessions::school_id
            .eq(key(school))
            .and(sessions::address_key.eq(address_key))
            .and(sessions::revoked_at.is_null()),
    );
    let live: Vec<Key> = of_address.select(sessions::id).load(db)?;
    diesel::update(of_address)
        .set((
            sessions::revoked_at.eq(Some(at(ctx.now))),
            sessions::revoked_reason.eq(Some("logged_out")),
        ))
        .execute(db)?;
    people::forget_devices(db, school, address_key)?;
    calls::evict(db, ctx, EvictionTarget::Sessions(&live), "logged_out")
}

/// Returns the session's address as the roster writes it, for a mail to its person.
///
/// # Errors
/// [`LinkError::Access`] when nobody has the address any more.
pub fn address_of(db: &mut Db, session: &PersonSession) -> Result<EmailAddress> {
    let known = people::with_address(db, session.school, &session.address_key)?;
    known
        .into_iter()
        .find_map(|person| EmailAddress::parse(&person.email?).ok())
        .ok_or(Error::Link(LinkError::Access))
}

/// Ends the guest sessions of an invite whose link was renewed.
///
/// # Errors
/// Errors of the database.
pub fn end_of_invite(db: &mut Db, ctx: &Context, invite: InviteId) -> Result<()> {
    let live = sessions::table
        .filter(sessions::invite_id.eq(key(invite)).and(sessions::revoked_at.is_null()));
    diesel::update(live)
        .set((
            sessions::revoked_at.eq(Some(at(ctx.now))),
            sessions::revoked_reason.eq(Some("logged_out")),
        ))
        .execute(db)?;
    calls::evict(db, ctx, EvictionTarget::Participants(&[key(invite)]), "link_renewed")
}

/// Marks the ended sessions of a restored invite as logged out. The guest comes in again by the
/// link that is mailed again.
///
/// # Errors
/// Errors of the database.
pub fn forget_guests(db: &mut Db, invite: InviteId) -> Result<()> {
    let ended = sessions::table
        .filter(sessions::invite_id.eq(key(invite)).and(sessions::revoked_at.is_not_null()));
    diesel::update(ended).set(sessions::revoked_reason.eq(Some("logged_out"))).execute(db)?;
    Ok(())
}

/// Ends the sessions of people who lost access, and of guests whose invites ended. The caller must
/// end their seats in calls afterwards.
///
/// # Errors
/// Errors of the database.
pub fn revoke(db: &mut Db, ctx: &Context, persons: &[Key], invites: &[Key]) -> Result<()> {
    let ended = (
        sessions::revoked_at.eq(Some(at(ctx.now))),
        sessions::revoked_reason.eq(Some("access_ended")),
    );
    if !persons.is_empty() {
        diesel::update(sessions::table.filter(
            sessions::person_id.eq_any(persons.to_vec()).and(sessions::revoked_at.is_null()),
        ))
        .set(ended)
        .execute(db)?;
    }
    if !invites.is_empty() {
        diesel::update(sessions::table.filter(
            sessions::invite_id.eq_any(invites.to_vec()).and(sessions::revoked_at.is_null()),
        ))
        .set(ended)
        .execute(db)?;
    }
    Ok(())
}

fn first_names(db: &mut Db, parent: PersonId) -> Result<Vec<String>> {
    Ok(guardianships::table
        .inner_join(people_table::table.on(people_table::id.eq(guardianships::student_id)))
        .filter(
            guardianships::parent_id
                .eq(key(parent))
                .and(people_table::removed_at.is_null())
                .and(access::may_act()),
        )
        .order(people_table::given_name)
        .select(people_table::given_name)
        .load(db)?)
}

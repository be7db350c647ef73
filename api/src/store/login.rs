//! Login links and codes: asked for, looked at, used. Known and unknown addresses take the same steps here; who they are is looked up by the outbox worker.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    EmailAddress,
    id::{LoginLinkId, PersonId, SchoolId},
};
use uuid::Uuid;

use super::{
    Db, Dead, Error, Result,
    evenings::EveningRow,
    outbox::{self, NewMail, Template},
    people,
    sql_types::{At, Key, at, key},
};
use crate::{
    context::Context,
    each,
    schema::{code_failures, login_links},
};

/// How long a login link and its code live.
pub const LINK_LIFE: TimeDelta = TimeDelta::minutes(30);
/// Wrong codes before the code is dead; the link goes on.
const MAX_TRIES: i32 = 5;
/// Login mails to one address in 15 minutes. Links already sent keep working.
const MAILS_PER_ADDRESS: i64 = 5;
/// Login mails asked for by one client in 15 minutes: a school's whole staff room may share an address.
const MAILS_PER_CLIENT: i64 = 60;
/// The time over which mails are counted.
const MAIL_WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Wrong codes in an hour, per address and per client; then codes pause for them.
const FAILURES_PER_ADDRESS: i64 = 15;
const FAILURES_PER_CLIENT: i64 = 30;
/// Wrong codes in an hour at a school before codes pause there and links go on.
const FAILURES_PER_SCHOOL: i64 = 300;

/// A request for a login mail.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = login_links)]
#[expect(missing_docs, reason = "the columns are told in the migration")]
pub struct LoginLinkRow {
    pub id: Key,
    pub school_id: Key,
    pub email: String,
    pub email_key: String,
    pub person_id: Option<Key>,
    pub browser_hash: String,
    pub expires_at: At,
    pub used_at: Option<At>,
    pub tries: i32,
    pub is_standing: bool,
}

#[derive(Insertable)]
#[diesel(table_name = login_links)]
struct NewRow<'a> {
    id: Key,
    school_id: Key,
    email: &'a str,
    email_key: &'a str,
    person_id: Option<Key>,
    browser_hash: &'a str,
    client_hash: &'a str,
    created_at: At,
    expires_at: At,
    tries: i32,
    is_standing: bool,
}

/// Asks for a login mail.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// At which school.
    pub school: SchoolId,
    /// To which address.
    pub email: EmailAddress,
    /// As which parent it is to log in, when a confirmation mail's link asked for the code.
    pub person: Option<PersonId>,
    /// The hash of the secret that the asking browser keeps.
    pub browser_hash: String,
    /// The hash of the client's network address.
    pub client_hash: String,
}

/// Writes the request and queues its mail.
///
/// # Errors
/// [`Error::TooMany`] when the address or the client asked too often.
pub fn request(db: &mut Db, ctx: &Context, new: &NewLogin) -> Result<(LoginLinkId, DateTime<Utc>)> {
    let since = at(ctx.now - MAIL_WINDOW);
    let email_key = new.email.key();
    let recent = login_links::table.filter(login_links::created_at.gt(since).and(login_links::is_standing.eq(false)));
    let to_address: i64 = recent.filter(login_links::school_id.eq(key(new.school)).and(login_links::email_key.eq(&email_key))).count().get_result(db)?;
    let by_client: i64 = recent.filter(login_links::client_hash.eq(&new.client_hash)).count().get_result(db)?;
    if to_address >= MAILS_PER_ADDRESS || by_client >= MAILS_PER_CLIENT {
        return Err(Error::TooMany(u32::try_from(MAIL_WINDOW.num_seconds()).unwrap_or(900)));
    }
    let (id, expires_at): (LoginLinkId, _) = (ctx.new_id(), ctx.now + LINK_LIFE);
    insert(db, ctx, id, new, expires_at, false)?;
    outbox::enqueue(db, ctx, NewMail { login_link: Some(id), person: new.person, ..NewMail::new(new.school, Template::Login) })?;
    Ok((id, expires_at))
}

/// The link of a parent's confirmation mails for an evening: one row, which works until the evening is over.
///
/// # Errors
/// When the database fails. `None` when the parent has no address.
pub fn standing(db: &mut Db, ctx: &Context, parent: PersonId, evening: &EveningRow) -> Result<Option<LoginLinkId>> {
    let (school, ends_at) = (evening.school(), evening.ends_at);
    let person = people::find(db, school, parent)?;
    let Some(email) = person.email.as_deref().and_then(|email| EmailAddress::parse(email).ok()) else { return Ok(None) };
    let known: Option<Key> = each!(db, conn => login_links::table
        .filter(login_links::school_id.eq(key(school)).and(login_links::email_key.eq(email.key())))
        .filter(login_links::person_id.eq(Some(key(parent))).and(login_links::is_standing.eq(true)).and(login_links::expires_at.eq(ends_at)))
        .select(login_links::id)
        .get_result(conn)
        .optional())?;
    if let Some(id) = known {
        return Ok(Some(id.into()));
    }
    let id: LoginLinkId = ctx.new_id();
    let new = NewLogin { school, email, person: Some(parent), browser_hash: String::new(), client_hash: String::new() };
    insert(db, ctx, id, &new, *ends_at, true)?;
    Ok(Some(id))
}

/// Ends the links that log these people in: the standing ones of their confirmation mails, and those asked for from such a mail.
/// The next confirmation mail of somebody who still has other students brings a new one.
///
/// # Errors
/// When the database fails.
pub fn expire(db: &mut Db, persons: &[Key], now: DateTime<Utc>) -> Result<()> {
    if !persons.is_empty() {
        let live = login_links::table.filter(login_links::person_id.eq_any(persons.to_vec()).and(login_links::expires_at.gt(at(now))));
        diesel::update(live).set(login_links::expires_at.eq(at(now))).execute(db)?;
    }
    Ok(())
}

/// Ends all login links of an address, standing ones among them. The next confirmation mail brings a new one.
///
/// # Errors
/// When the database fails.
pub fn expire_of_address(db: &mut Db, school: SchoolId, email_key: &str, now: DateTime<Utc>) -> Result<()> {
    let live = login_links::table.filter(login_links::school_id.eq(key(school)).and(login_links::email_key.eq(email_key)));
    diesel::update(live.filter(login_links::expires_at.gt(at(now)))).set(login_links::expires_at.eq(at(now))).execute(db)?;
    Ok(())
}

/// A link that is alive.
///
/// # Errors
/// [`Error::NotFound`] for no row of this school, [`Dead::Link`] for one that is of no more use.
pub fn find_live(db: &mut Db, school: SchoolId, id: Uuid, now: DateTime<Utc>) -> Result<LoginLinkRow> {
    let row: LoginLinkRow =
        login_links::table.filter(login_links::id.eq(Key(id)).and(login_links::school_id.eq(key(school)))).select(LoginLinkRow::as_select()).first(db)?;
    let alive = now < *row.expires_at && row.used_at.is_none();
    if alive { Ok(row) } else { Err(Error::Dead(Dead::Link)) }
}

/// Uses a link up. A standing one stays.
///
/// # Errors
/// [`Dead::Link`] when another request was quicker.
pub fn use_up(db: &mut Db, link: &LoginLinkRow, now: DateTime<Utc>) -> Result<()> {
    if link.is_standing {
        return Ok(());
    }
    let unused = login_links::table.filter(login_links::id.eq(link.id).and(login_links::used_at.is_null()));
    let used = diesel::update(unused).set(login_links::used_at.eq(Some(at(now)))).execute(db)?;
    if used == 1 { Ok(()) } else { Err(Error::Dead(Dead::Link)) }
}

/// A code as somebody typed it, in the browser that keeps the secret with this hash.
pub struct GivenCode<'a> {
    /// At which school.
    pub school: SchoolId,
    /// For which request.
    pub login_link: Uuid,
    /// The hash of the browser's secret.
    pub browser_hash: &'a str,
    /// The hash of the client's network address.
    pub client_hash: &'a str,
    /// Whether the digits are right.
    pub is_right: bool,
}

/// Checks a code; the inner error is committed with its count, so that tries can't be had for nothing.
///
/// # Errors
/// The outer one when the database fails; the inner ones [`Dead::OtherBrowser`], [`Dead::Code`], [`Dead::CodeWrong`], [`Dead::CodesPaused`].
pub fn try_code(db: &mut Db, ctx: &Context, given: &GivenCode<'_>) -> Result<std::result::Result<LoginLinkRow, Dead>> {
    let row: Option<LoginLinkRow> = login_links::table
        .filter(login_links::id.eq(Key(given.login_link)).and(login_links::school_id.eq(key(given.school))).and(login_links::is_standing.eq(false)))
        .select(LoginLinkRow::as_select())
        .first(db)
        .optional()?;
    let Some(row) = row.filter(|row| row.browser_hash == given.browser_hash) else { return Ok(Err(Dead::OtherBrowser)) };
    if ctx.now >= *row.expires_at || row.used_at.is_some() || row.tries >= MAX_TRIES {
        return Ok(Err(Dead::Code));
    }
    if paused(db, ctx.now, given.school, &row.email_key, given.client_hash)? {
        return Ok(Err(Dead::CodesPaused));
    }
    // The count is taken by a conditional update, so that five tries at once are five tries.
    let untried = login_links::table.filter(login_links::id.eq(row.id).and(login_links::tries.eq(row.tries)).and(login_links::used_at.is_null()));
    if given.is_right {
        let used = diesel::update(untried).set(login_links::used_at.eq(Some(at(ctx.now)))).execute(db)?;
        return if used == 1 { Ok(Ok(row)) } else { Err(Error::Raced) };
    }
    if diesel::update(untried).set(login_links::tries.eq(row.tries + 1)).execute(db)? != 1 {
        return Err(Error::Raced);
    }
    count_failure(db, ctx, given.school, &row.email_key, given.client_hash)?;
    Ok(Err(if row.tries + 1 >= MAX_TRIES { Dead::Code } else { Dead::CodeWrong }))
}

/// Whether codes pause: too many wrong ones of this address, of this client or at this school in the last hour.
pub(super) fn paused(db: &mut Db, now: DateTime<Utc>, school: SchoolId, email_key: &str, client_hash: &str) -> Result<bool> {
    let recent = code_failures::table.filter(code_failures::school_id.eq(key(school)).and(code_failures::at.gt(at(now - TimeDelta::hours(1)))));
    let of_school: i64 = recent.count().get_result(db)?;
    let of_address: i64 = recent.filter(code_failures::email_key.eq(email_key)).count().get_result(db)?;
    let of_client: i64 = recent.filter(code_failures::client_hash.eq(client_hash)).count().get_result(db)?;
    Ok(of_school >= FAILURES_PER_SCHOOL || of_address >= FAILURES_PER_ADDRESS || of_client >= FAILURES_PER_CLIENT)
}

/// Counts a wrong code.
pub(super) fn count_failure(db: &mut Db, ctx: &Context, school: SchoolId, email_key: &str, client_hash: &str) -> Result<()> {
    diesel::insert_into(code_failures::table)
        .values((
            code_failures::id.eq(Key(ctx.new_id::<Uuid>())),
            code_failures::school_id.eq(key(school)),
            code_failures::email_key.eq(email_key),
            code_failures::client_hash.eq(client_hash),
            code_failures::at.eq(at(ctx.now)),
        ))
        .execute(db)?;
    Ok(())
}

fn insert(db: &mut Db, ctx: &Context, id: LoginLinkId, new: &NewLogin, expires_at: DateTime<Utc>, is_standing: bool) -> Result<()> {
    let email_key = new.email.key();
    let row = NewRow {
        id: key(id),
        school_id: key(new.school),
        email: new.email.as_str(),
        email_key: &email_key,
        person_id: new.person.map(Into::into),
        browser_hash: &new.browser_hash,
        client_hash: &new.client_hash,
        created_at: at(ctx.now),
        expires_at: at(expires_at),
        tries: 0,
        is_standing,
    };
    each!(db, conn => diesel::insert_into(login_links::table).values(&row).execute(conn))?;
    Ok(())
}

//! Login links and codes: requests, checks and use. Known and unknown addresses take the same steps
//! here; the outbox worker looks up who has the address.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    EmailAddress,
    id::{LoginLinkId, PersonId, SchoolId},
};
use uuid::Uuid;

use super::{
    Db, Error, LinkError, Result,
    evenings::EveningRow,
    outbox::{self, NewMail, Template},
    people,
    sql_types::{At, Key, at, key},
    throttles::{LockedBucket, ThrottleKind},
};
use crate::{context::Context, schema::login_links, with_conn};

/// Time for which a login link and its code are valid.
pub const LINK_LIFE: TimeDelta = TimeDelta::minutes(30);
/// The number of wrong codes after which the code is void. The link stays valid.
const MAX_TRIES: i32 = 5;

/// A request for a login mail.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = login_links)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct LoginLinkRow {
    pub id: Key,
    pub school_id: Key,
    pub email: String,
    pub email_key: String,
    pub person_id: Option<Key>,
    pub expires_at: At,
    pub used_at: Option<At>,
    pub tries: i32,
    pub is_standing: bool,
    pub used_key_hash: Option<String>,
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
    created_at: At,
    expires_at: At,
    tries: i32,
    is_standing: bool,
    evening_id: Option<Key>,
}

/// A login mail to be requested.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// The school.
    pub school: SchoolId,
    /// The recipient's address.
    pub email: EmailAddress,
    /// The parent to log in as, if the code was requested from a confirmation mail's link.
    pub person: Option<PersonId>,
    /// The hash of the secret that the requesting browser keeps.
    pub browser_hash: String,
    /// The hash of the client's network, by which mails are limited. It is not stored with the
    /// request.
    pub client_hash: String,
}

/// Stores the request and queues its mail.
///
/// # Errors
/// [`Error::TooMany`] while the address or the client's network must wait. The request is not
/// counted then.
pub fn request(db: &mut Db, ctx: &Context, new: &NewLogin) -> Result<(LoginLinkId, DateTime<Utc>)> {
    let email_key = new.email.key();
    let of_client = LockedBucket::new(
        db,
        new.school,
        ThrottleKind::LoginMailClient,
        &new.client_hash,
        ctx.now,
    )?;
    let of_address =
        LockedBucket::new(db, new.school, ThrottleKind::LoginMailAddress, &email_key, ctx.now)?;
    if let Some(seconds) = of_client.wait().max(of_address.wait()) {
        return Err(Error::TooMany(seconds));
    }
    of_client.take(db)?;
    of_address.take(db)?;
    let (id, expires_at): (LoginLinkId, _) = (ctx.new_id(), ctx.now + LINK_LIFE);
    insert(db, ctx, id, new, expires_at, None)?;
    outbox::enqueue(
        db,
        ctx,
        NewMail {
            login_link: Some(id),
            person: new.person,
            ..NewMail::new(new.school, Template::Login)
        },
    )?;
    Ok((id, expires_at))
}

/// Returns the standing link of a parent's confirmation mails for an evening. There is one row per
/// parent, address and evening, and it is valid until the evening is over.
///
/// # Errors
/// Fails if the database fails. `None` when the parent has no address.
pub fn standing_link(
    db: &mut Db,
    ctx: &Context,
    parent: PersonId,
    evening: &EveningRow,
) -> Result<Option<LoginLinkId>> {
    let (school, ends_at) = (evening.school(), evening.ends_at);
    let person = people::find(db, school, parent)?;
    let Some(email) = person.email.as_deref().and_then(|email| EmailAddress::parse(email).ok())
    else {
        return Ok(None);
    };
    let email_key = email.key();
    let find = |db: &mut Db| -> Result<Option<(Key, At)>> {
        Ok(with_conn!(db, conn => login_links::table
            .filter(
                login_links::person_id
                    .eq(Some(key(parent)))
                    .and(login_links::email_key.eq(&email_key))
                    .and(login_links::evening_id.eq(Some(evening.id)))
            )
            .select((login_links::id, login_links::expires_at))
            .get_result(conn)
            .optional())?)
    };
    let mut known = find(db)?;
    if known.is_none() {
        let (id, new) = (
            ctx.new_id(),
            NewLogin {
                school,
                email,
                person: Some(parent),
                browser_hash: String::new(),
                client_hash: String::new(),
            },
        );
        if insert(db, ctx, id, &new, *ends_at, Some(evening.id))? {
            return Ok(Some(id));
        }
        // Another request has inserted the link.
        known = find(db)?;
    }
    let Some((id, expires_at)) = known else { return Err(Error::UniqueViolation) };
    if expires_at != ends_at {
        diesel::update(login_links::table.find(id))
            .set(login_links::expires_at.eq(ends_at))
            .execute(db)?;
    }
    Ok(Some(id.into()))
}

/// Ends the links that log these people in: the standing links of their confirmation mails, and the
/// links requested from such a mail. A parent who still has other students gets a new standing link
/// with the next confirmation mail.
///
/// # Errors
/// Errors of the database.
pub fn expire(db: &mut Db, persons: &[Key], now: DateTime<Utc>) -> Result<()> {
    if !persons.is_empty() {
        let live = login_links::table.filter(
            login_links::person_id
                .eq_any(persons.to_vec())
                .and(login_links::expires_at.gt(at(now))),
        );
        diesel::update(live)
            .set((login_links::expires_at.eq(at(now)), login_links::evening_id.eq(None::<Key>)))
            .execute(db)?;
    }
    Ok(())
}

/// Ends all login links of an address, including standing ones. The next confirmation mail contains
/// a new one.
///
/// # Errors
/// Errors of the database.
pub fn expire_of_address(
    db: &mut Db,
    school: SchoolId,
    email_key: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let live = login_links::table
        .filter(login_links::school_id.eq(key(school)).and(login_links::email_key.eq(email_key)));
    let ended = (login_links::expires_at.eq(at(now)), login_links::evening_id.eq(None::<Key>));
    diesel::update(live.filter(login_links::expires_at.gt(at(now)))).set(ended).execute(db)?;
    Ok(())
}

/// Time for which a browser may repeat the use of a link with the same request key, in case the
/// response was lost.
const REPEATED_WITHIN: TimeDelta = TimeDelta::minutes(2);

/// Returns a link that is valid, or that a request with the same key used a moment ago. `key_hash`
/// is the hash of the request's key.
///
/// # Errors
/// The errors of [`find_live`].
pub fn find_usable(
    db: &mut Db,
    school: SchoolId,
    id: Uuid,
    now: DateTime<Utc>,
    key_hash: Option<&str>,
) -> Result<LoginLinkRow> {
    let of_school = login_links::table
        .filter(login_links::id.eq(Key(id)).and(login_links::school_id.eq(key(school))));
    let row: LoginLinkRow = of_school.select(LoginLinkRow::as_select()).first(db)?;
    let is_usable = row.used_at.is_none() || row.is_repeated(key_hash, now);
    if now < *row.expires_at && is_usable { Ok(row) } else { Err(Error::Link(LinkError::Link)) }
}

impl LoginLinkRow {
    /// Returns whether a request with the same key used the link a moment ago.
    fn is_repeated(&self, key_hash: Option<&str>, now: DateTime<Utc>) -> bool {
        key_hash.is_some()
            && self.used_key_hash.as_deref() == key_hash
            && self.used_at.is_some_and(|used_at| now < *used_at + REPEATED_WITHIN)
    }
}

/// Returns a link that is valid.
///
/// # Errors
/// [`Error::NotFound`] when the school has no such link, [`LinkError::Link`] when it has expired or
/// was used.
pub fn find_live(
    db: &mut Db,
    school: SchoolId,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<LoginLinkRow> {
    find_usable(db, school, id, now, None)
}

/// Marks a link as used by a request with this key. A standing link stays valid.
///
/// # Errors
/// [`LinkError::Link`] when the link has expired or another request has used it.
pub fn consume(
    db: &mut Db,
    link: &LoginLinkRow,
    now: DateTime<Utc>,
    key_hash: Option<&str>,
) -> Result<()> {
    let live = login_links::table
        .filter(login_links::id.eq(link.id).and(login_links::expires_at.gt(at(now))));
    let used = if link.is_standing || link.is_repeated(key_hash, now) {
        // This update changes nothing but locks the row. A transaction that ends all links of the
        // address then waits for the session that this link starts, and ends that session too.
        diesel::update(live).set(login_links::expires_at.eq(login_links::expires_at)).execute(db)?
    } else {
        let unused = live.filter(login_links::used_at.is_null());
        diesel::update(unused)
            .set((login_links::used_at.eq(Some(at(now))), login_links::used_key_hash.eq(key_hash)))
            .execute(db)?
    };
    if used == 1 { Ok(()) } else { Err(Error::Link(LinkError::Link)) }
}

/// A code as a person typed it, and the browser that sent it.
pub struct GivenCode {
    /// The school.
    pub school: SchoolId,
    /// The login request that it is for.
    pub login_link: Uuid,
    /// The hash of the browser's secret.
    pub browser_hash: String,
    /// The hash of the client's network address.
    pub client_hash: String,
    /// True if the digits are correct.
    pub is_right: bool,
    /// The hash of the request's key.
    pub key_hash: Option<String>,
}

/// Checks a code. The inner error is returned as a success of the transaction, so that the failed
/// try is counted.
///
/// # Errors
/// The outer error when the database fails, or [`Error::CodesPaused`]; the inner error
/// [`LinkError::OtherBrowser`], [`LinkError::Code`] or [`LinkError::CodeWrong`].
pub fn try_code(
    db: &mut Db,
    ctx: &Context,
    given: &GivenCode,
) -> Result<std::result::Result<LoginLinkRow, LinkError>> {
    let of_browser = login_links::table
        .filter(
            login_links::id
                .eq(Key(given.login_link))
                .and(login_links::school_id.eq(key(given.school))),
        )
        .filter(
            login_links::is_standing
                .eq(false)
                .and(login_links::browser_hash.eq(&given.browser_hash)),
        );
    let email_key: Option<String> =
        of_browser.select(login_links::email_key).first(db).optional()?;
    let Some(email_key) = email_key else { return Ok(Err(LinkError::OtherBrowser)) };
    let wrong_codes = WrongCodes::lock(db, ctx.now, given.school, &email_key, &given.client_hash)?;
    // The row is read after the lock was taken, so that concurrent tries are counted.
    let row: LoginLinkRow = of_browser.select(LoginLinkRow::as_select()).first(db)?;
    if given.is_right
        && ctx.now < *row.expires_at
        && row.is_repeated(given.key_hash.as_deref(), ctx.now)
    {
        consume(db, &row, ctx.now, given.key_hash.as_deref())?;
        return Ok(Ok(row));
    }
    if ctx.now >= *row.expires_at || row.used_at.is_some() || row.tries >= MAX_TRIES {
        return Ok(Err(LinkError::Code));
    }
    // The conditional update counts the try, so that five concurrent tries count as five. It also
    // fails if all links of the address were ended meanwhile.
    let untried = login_links::table
        .filter(
            login_links::id
                .eq(row.id)
                .and(login_links::tries.eq(row.tries))
                .and(login_links::used_at.is_null()),
        )
        .filter(login_links::expires_at.gt(at(ctx.now)));
    if given.is_right {
        let used_up = (
            login_links::used_at.eq(Some(at(ctx.now))),
            login_links::used_key_hash.eq(given.key_hash.as_deref()),
        );
        let used = diesel::update(untried).set(used_up).execute(db)?;
        return if used == 1 { Ok(Ok(row)) } else { Err(Error::UniqueViolation) };
    }
    if diesel::update(untried).set(login_links::tries.eq(row.tries + 1)).execute(db)? != 1 {
        return Err(Error::UniqueViolation);
    }
    wrong_codes.count(db)?;
    Ok(Err(if row.tries + 1 >= MAX_TRIES { LinkError::Code } else { LinkError::CodeWrong }))
}

/// The throttle buckets of wrong codes, locked in one order: the school's, the client network's and
/// the address's.
pub(super) struct WrongCodes<'a>([LockedBucket<'a>; 3]);

impl<'a> WrongCodes<'a> {
    /// Locks the buckets, for a correct code as well. Otherwise many concurrent guesses would all
    /// pass before the first one is counted.
    ///
    /// # Errors
    /// [`Error::CodesPaused`] when one of them is empty.
    pub(super) fn lock(
        db: &mut Db,
        now: DateTime<Utc>,
        school: SchoolId,
        email_key: &'a str,
        client_hash: &'a str,
    ) -> Result<Self> {
        let subjects = [
            (ThrottleKind::CodeSchool, ""),
            (ThrottleKind::CodeClient, client_hash),
            (ThrottleKind::CodeAddress, email_key),
        ];
        let [of_school, of_client, of_address] =
            subjects.map(|(kind, subject)| LockedBucket::new(db, school, kind, subject, now));
        let buckets = [of_school?, of_client?, of_address?];
        match buckets.iter().filter_map(LockedBucket::wait).max() {
            Some(seconds) => Err(Error::CodesPaused(seconds)),
            None => Ok(Self(buckets)),
        }
    }

    /// Counts a wrong code.
    pub(super) fn count(&self, db: &mut Db) -> Result<()> {
        self.0.iter().try_for_each(|bucket| bucket.take(db))
    }
}

/// Inserts a link. Returns false, and inserts nothing, when a standing link for the evening already
/// exists.
fn insert(
    db: &mut Db,
    ctx: &Context,
    id: LoginLinkId,
    new: &NewLogin,
    expires_at: DateTime<Utc>,
    standing: Option<Key>,
) -> Result<bool> {
    let email_key = new.email.key();
    let row = NewRow {
        id: key(id),
        school_id: key(new.school),
        email: new.email.as_str(),
        email_key: &email_key,
        person_id: new.person.map(Into::into),
        browser_hash: &new.browser_hash,
        created_at: at(ctx.now),
        expires_at: at(expires_at),
        tries: 0,
        is_standing: standing.is_some(),
        evening_id: standing,
    };
    let written = with_conn!(db, conn =>
        diesel::insert_into(login_links::table).values(&row).on_conflict_do_nothing().execute(conn)
    )?;
    Ok(written == 1)
}

//! Throttles: one row per bucket, locked while a token is taken, so that concurrent requests can't
//! take more than the bucket holds.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{id::SchoolId, throttle::Throttle};

use super::{
    Db, Result,
    locks::lock_throttle,
    sql_types::{At, at, key},
};
use crate::{schema::throttles, with_conn};

/// The kinds of throttles; each has a bucket per subject. A transaction that needs several buckets
/// locks them in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThrottleKind {
    /// Login mails requested from one network. The limit only stops floods, since a whole school
    /// may share one address.
    LoginMailClient,
    /// Login mails to one address. Links that were sent before keep working.
    LoginMailAddress,
    /// Wrong codes at a school. When the bucket is empty, no codes are checked; links still work.
    CodeSchool,
    /// Wrong codes from one network. The limit only stops floods, and one network can't use up the
    /// school's bucket.
    CodeClient,
    /// Wrong codes for one address.
    CodeAddress,
    /// Codes mailed for an invite whose link was taken over too often.
    GuestCodeMail,
}

impl ThrottleKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::LoginMailAddress => "login_mail_address",
            Self::LoginMailClient => "login_mail_client",
            Self::CodeAddress => "code_address",
            Self::CodeClient => "code_client",
            Self::CodeSchool => "code_school",
            Self::GuestCodeMail => "guest_code_mail",
        }
    }

    /// The size of the bucket and its refill interval.
    #[must_use]
    pub const fn throttle(self) -> Throttle {
        let (burst, seconds) = match self {
            Self::LoginMailAddress => (5, 180),
            Self::LoginMailClient => (600, 1),
            Self::CodeAddress => (15, 240),
            Self::CodeClient => (200, 15),
            Self::CodeSchool => (300, 12),
            Self::GuestCodeMail => (3, 200),
        };
        Throttle { burst, interval: TimeDelta::seconds(seconds) }
    }
}

/// A bucket whose row is locked until the transaction ends.
#[derive(Clone, Copy, Debug)]
pub struct LockedBucket<'a> {
    school: SchoolId,
    kind: ThrottleKind,
    subject: &'a str,
    next: std::result::Result<DateTime<Utc>, TimeDelta>,
}

impl<'a> LockedBucket<'a> {
    /// Locks a subject's bucket. Lock several in the order of [`ThrottleKind`].
    ///
    /// # Errors
    /// Errors of the database.
    pub fn new(
        db: &mut Db,
        school: SchoolId,
        kind: ThrottleKind,
        subject: &'a str,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let row = throttles::table.find((key(school), kind.as_str(), subject));
        let full = (
            throttles::school_id.eq(key(school)),
            throttles::kind.eq(kind.as_str()),
            throttles::subject.eq(subject),
            throttles::full_at.eq(at(now)),
        );
        with_conn!(db, conn =>
            diesel::insert_into(throttles::table)
                .values(full)
                .on_conflict_do_nothing()
                .execute(conn)
        )?;
        lock_throttle(db, kind as u8, (key(school), kind.as_str(), subject))?;
        let full_at: Option<At> =
            with_conn!(db, conn => row.select(throttles::full_at).get_result(conn).optional())?;
        // The bucket was deleted as full after the insert found it. The transaction must start
        // again.
        let full_at = full_at.ok_or(super::Error::UniqueViolation)?;
        Ok(Self { school, kind, subject, next: kind.throttle().take(Some(*full_at), now) })
    }

    /// Number of seconds until a token is available; `None` if one is available now.
    #[must_use]
    pub fn wait(&self) -> Option<u32> {
        let wait = self.next.err()?;
        // Rounds up to the next second, when a token is available.
        u32::try_from((wait + TimeDelta::seconds(1) - TimeDelta::nanoseconds(1)).num_seconds()).ok()
    }

    /// Takes a token, if one is available.
    ///
    /// # Errors
    /// Errors of the database.
    pub fn take(&self, db: &mut Db) -> Result<()> {
        if let Ok(next) = self.next {
            let row = throttles::table.find((key(self.school), self.kind.as_str(), self.subject));
            diesel::update(row).set(throttles::full_at.eq(at(next))).execute(db)?;
        }
        Ok(())
    }
}

/// Deletes a batch of full buckets. Returns whether there may be more.
///
/// # Errors
/// Errors of the database.
pub fn purge(db: &mut Db, now: DateTime<Utc>) -> Result<bool> {
    const BATCH_SIZE: i64 = 500;
    let full = throttles::table.filter(throttles::full_at.lt(at(now)));
    let last: Option<At> = full
        .order(throttles::full_at)
        .offset(BATCH_SIZE - 1)
        .limit(1)
        .select(throttles::full_at)
        .first(db)
        .optional()?;
    match last {
        Some(last) => {
            diesel::delete(throttles::table.filter(throttles::full_at.le(last))).execute(db)?
        }
        None => diesel::delete(full).execute(db)?,
    };
    Ok(last.is_some())
}

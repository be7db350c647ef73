//! Revocation (I13): ends the bookings, invites, sessions and seats in calls of people who have
//! lost access, in the transaction that took the access.

mod lost;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour_domain::id::{BookingId, InviteId, PersonId, SchoolId};

use super::{
    Db, Result, access, bookings, calls,
    events::Actor,
    invites, login,
    outbox::{self, NewMail, Template},
    sessions,
    sql_types::{Key, at, key},
    staff_alerts,
};
use crate::{
    context::Context,
    schema::{bookings as bookings_table, evenings, invite_students, invites as invites_table},
};

/// Number of things [`Revocation::sweep`] has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Revoked {
    /// Parents who were logged out.
    pub parents: usize,
    /// Future bookings cancelled.
    pub bookings: usize,
    /// Invites ended.
    pub invites: usize,
}

/// The revocations of one transaction. They collect the people whose seats in calls end, and
/// [`finish`] ends all these seats at once: calls are locked last, by ascending id
/// ([`super::locks::LockRank::Call`]).
///
/// [`finish`]: Revocation::finish
#[derive(Debug, Default)]
#[must_use = "places in calls end when it is finished"]
pub struct Revocation {
    bookings: BTreeSet<Key>,
    participants: Vec<Key>,
}

impl Revocation {
    /// Logs out parents who lost a student, whether or not they had bookings. The login links in
    /// their mails end as well.
    ///
    /// # Errors
    /// Errors of the database.
    pub fn log_out(&mut self, db: &mut Db, ctx: &Context, parents: &[PersonId]) -> Result<()> {
        let parents: Vec<Key> = parents.iter().map(|parent| key(*parent)).collect();
        self.end_sessions(db, ctx, &parents, &[])
    }

    /// Ends everything at a school that lost access no longer permits: future bookings, invites and
    /// sessions of parents who lost a student, and invites of barred guests. Call it after a
    /// guardianship, a person or a bar has changed. It does nothing if no access was lost.
    ///
    /// # Errors
    /// Errors of the database.
    pub fn sweep(
        &mut self,
        db: &mut Db,
        ctx: &Context,
        school: SchoolId,
        actor: &Actor,
    ) -> Result<Revoked> {
        let lost_bookings = bookings_without_access(db, ctx, school)?;
        let (lost_invites, lost_parents) = invites_without_access(db, ctx, school)?;
        let summaries = lost::summaries(db, school, &lost_bookings, &lost_invites)?;
        for (booking, _) in &lost_bookings {
            bookings::end(db, ctx, BookingId::from(*booking), actor, bookings::Ending::AccessLost)?;
        }
        for invite in &lost_invites {
            invites::end_for_access(db, ctx, InviteId::from(*invite), actor)?;
        }
        let booked: BTreeSet<Key> = lost_bookings.iter().map(|(_, parent)| *parent).collect();
        update_calendars(db, ctx, school, &booked)?;
        let parents: Vec<Key> = lost_parents.union(&booked).copied().collect();
        self.bookings.extend(lost_bookings.iter().map(|(booking, _)| *booking));
        self.end_sessions(db, ctx, &parents, &lost_invites)?;
        let withdrawn = Revoked {
            parents: parents.len(),
            bookings: lost_bookings.len(),
            invites: lost_invites.len(),
        };
        if withdrawn != Revoked::default() {
            staff_alerts::alert_of_each(db, ctx, school, actor, "access_ended", &summaries)?;
        }
        Ok(withdrawn)
    }

    /// Removes all people concerned from their calls.
    ///
    /// # Errors
    /// Errors of the database.
    pub fn finish(self, db: &mut Db, ctx: &Context) -> Result<()> {
        calls::close_and_put_out(db, ctx, &self.bookings, &self.participants, "access_ended")
    }

    fn end_sessions(
        &mut self,
        db: &mut Db,
        ctx: &Context,
        parents: &[Key],
        invites: &[Key],
    ) -> Result<()> {
        sessions::revoke(db, ctx, parents, invites)?;
        self.participants.extend(parents.iter().chain(invites));
        login::expire(db, parents, ctx.now)
    }
}

/// Mails the parents, so that the ended appointments leave their calendars. Barred contacts get no
/// mail; that is checked when the mail is sent.
fn update_calendars(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    parents: &BTreeSet<Key>,
) -> Result<()> {
    for parent in parents {
        let mail = NewMail::new(school, Template::AccessEnded);
        outbox::enqueue(db, ctx, NewMail { person: Some((*parent).into()), ..mail })?;
    }
    Ok(())
}

fn bookings_without_access(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
) -> Result<Vec<(Key, Key)>> {
    let live: Vec<(Key, Key, Key)> = bookings_table::table
        .filter(
            bookings_table::school_id
                .eq(key(school))
                .and(bookings_table::cancelled_at.is_null())
                .and(bookings_table::ends_at.gt(at(ctx.now))),
        )
        .select((bookings_table::id, bookings_table::parent_id, bookings_table::student_id))
        .load(db)?;
    let allowed = access::allowed_pairs(db, school)?;
    Ok(live
        .into_iter()
        .filter(|(_, parent, student)| !allowed.contains(&(*parent, *student)))
        .map(|(booking, parent, _)| (booking, parent))
        .collect())
}

fn invites_without_access(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
) -> Result<(Vec<Key>, BTreeSet<Key>)> {
    let live: Vec<(Key, Key, Key, String)> = invite_students::table
        .inner_join(invites_table::table)
        .inner_join(evenings::table.on(evenings::id.eq(invites_table::evening_id)))
        .filter(invites_table::school_id.eq(key(school)).and(invites_table::ended_at.is_null()))
        // The link of an invite ends with the last appointment, or a short time after its evening
        // at the latest.
        .filter(evenings::ends_at.gt(at(ctx.now - TimeDelta::days(1))))
        .select((
            invites_table::id,
            invites_table::parent_id,
            invite_students::student_id,
            invites_table::bar_key,
        ))
        .load(db)?;
    let allowed = access::allowed_pairs(db, school)?;
    let barred = access::barred_addresses(db, school)?;
    let (mut ended, mut parents) = (BTreeSet::new(), BTreeSet::new());
    for (invite, parent, student, bar_key) in live {
        let parent_lost = !allowed.contains(&(parent, student));
        if parent_lost {
            parents.insert(parent);
        }
        if parent_lost || barred.contains(&(bar_key, student)) {
            ended.insert(invite);
        }
    }
    Ok((ended.into_iter().collect(), parents))
}

//! Alerts to a school's staff: an event in the audit log, and a mail to each member of staff.

use diesel::prelude::*;
use parlour_domain::id::SchoolId;

use super::{
    Db, Result,
    events::{self, Actor},
    outbox::{self, NewMail, Template},
    sql_types::{Key, key},
};
use crate::{context::Context, schema::people};

/// Alerts the school's staff: records an event, and queues a mail to each of them.
///
/// # Errors
/// Errors of the database.
pub fn alert(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    actor: &Actor,
    action: &'static str,
    summary: &str,
) -> Result<()> {
    alert_of_each(db, ctx, school, actor, action, &[summary.to_owned()])
}

/// Alerts the school's staff of several things, with one mail to each of them.
///
/// # Errors
/// Errors of the database.
pub fn alert_of_each(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    actor: &Actor,
    action: &'static str,
    summaries: &[String],
) -> Result<()> {
    for summary in summaries {
        events::record_for_school(db, ctx, school, actor, action, summary.clone())?;
    }
    let staff: Vec<Key> = people::table
        .filter(
            people::school_id
                .eq(key(school))
                .and(people::is_staff.eq(true))
                .and(people::email.is_not_null())
                .and(people::removed_at.is_null()),
        )
        .select(people::id)
        .load(db)?;
    for person in staff {
        outbox::enqueue(
            db,
            ctx,
            NewMail { person: Some(person.into()), ..NewMail::new(school, Template::StaffAlert) },
        )?;
    }
    Ok(())
}

//! Setup of an evening: checks, writes and publication. Settings that live bookings rest on are
//! never changed.

mod operations;
mod plan;
mod resting;
mod save;
mod settings;
mod states;
mod stranded;

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use diesel::prelude::*;
use parlour_domain::{
    evening::{BookingWindow, Mode, Timing},
    id::{ClassId, EveningId, SchoolId},
};

pub use self::{
    operations::{change_evening, close_evening, create_evening, delete_evening, publish_evening},
    plan::{Planned, plan},
    resting::{Resting, RestsOn},
    save::{Saved, add, change, save},
    settings::{LockedEvening, Settings, SettingsClass, Stored, lock_evening, settings},
    states::{close, delete, publish},
};
use super::{
    Db, Result,
    events::{self, Actor, NewEvent},
    schools::SchoolRow,
    sql_types::{Key, key},
    webhooks::{self, WebhookEvent},
};
use crate::{
    context::Context,
    evening_spec::{Lack, SchoolClass},
    schema::{classes, enrolments, people, schools},
};

/// The complete settings of an evening that is to be written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct NewEvening {
    pub school: SchoolId,
    pub name: String,
    pub title: String,
    pub timing: Timing,
    pub slot_minutes: u32,
    pub gap_seconds: u32,
    pub window: BookingWindow,
    pub zone: Tz,
    pub mode: Mode,
    pub capacity: u32,
    /// The classes that take part, with whether they meet by video.
    pub classes: BTreeMap<ClassId, bool>,
    /// Classes that were chosen but can't take part.
    pub left_out: BTreeMap<ClassId, Lack>,
}

/// Finds a school by its slug, or else by its id in the roster.
///
/// # Errors
/// Errors of the database.
pub fn find_school(db: &mut Db, named: &str) -> Result<Option<SchoolRow>> {
    let by_slug = schools::table
        .filter(schools::slug.eq(named))
        .select(SchoolRow::as_select())
        .first(db)
        .optional()?;
    match by_slug {
        Some(school) => Ok(Some(school)),
        None => Ok(schools::table
            .filter(schools::sourced_id.eq(named))
            .select(SchoolRow::as_select())
            .first(db)
            .optional()?),
    }
}

/// Loads the school's classes by title, with their current numbers of teachers and students.
///
/// # Errors
/// Errors of the database.
pub fn classes_of(db: &mut Db, school: SchoolId) -> Result<Vec<SchoolClass>> {
    let members: Vec<(Key, Key, String)> = enrolments::table
        .inner_join(people::table)
        .filter(
            enrolments::school_id
                .eq(key(school))
                .and(enrolments::removed_at.is_null())
                .and(people::removed_at.is_null()),
        )
        .select((enrolments::class_id, enrolments::person_id, enrolments::role))
        .load(db)?;
    let (mut teachers, mut students): (BTreeMap<Key, BTreeSet<Key>>, BTreeMap<Key, usize>) =
        Default::default();
    for (class, person, role) in members {
        match role.as_str() {
            "teacher" => _ = teachers.entry(class).or_default().insert(person),
            _ => *students.entry(class).or_default() += 1,
        }
    }
    let rows: Vec<(Key, String, String, String)> = classes::table
        .filter(classes::school_id.eq(key(school)).and(classes::removed_at.is_null()))
        .order((classes::title, classes::id))
        .select((classes::id, classes::sourced_id, classes::title, classes::subject))
        .load(db)?;
    let class = |(id, sourced_id, title, subject): (Key, String, String, String)| SchoolClass {
        id: id.into(),
        sourced_id,
        title,
        subject,
        teachers: teachers.remove(&id).map_or(0, |of| of.len()),
        students: students.remove(&id).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(class).collect())
}

/// Returns whether a class meets by video in an evening of this mode; in a hybrid one `by_video`
/// decides.
#[must_use]
pub const fn meets(mode: Mode, by_video: bool) -> bool {
    match mode {
        Mode::Video => true,
        Mode::InPerson => false,
        Mode::Hybrid => by_video,
    }
}

/// Records an action in the audit log and enqueues a webhook event for the school's endpoints.
fn record(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    evening: EveningId,
    actor: &Actor,
    action: &'static str,
    summary: String,
) -> Result<()> {
    webhooks::enqueue(db, ctx, school, &[WebhookEvent::evening(evening)])?;
    events::record(
        db,
        ctx,
        &NewEvent {
            school,
            evening: Some(evening),
            parent: None,
            student: None,
            action,
            summary,
            actor,
        },
    )
}

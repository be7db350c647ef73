//! Settings of an evening: its row, the classes that take part, and those that were left out.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use diesel::prelude::*;
use parlour_domain::{
    evening::{Mode, State},
    id::{ClassId, EveningId, SchoolId},
};

use crate::{
    evening_spec::{EveningSpec, Lack, LocalWindow},
    schema::{classes, evening_classes, evening_left_out, evenings},
    store::{
        Db, Result,
        evenings::EveningRow,
        locks::{LockRank, lock_row},
        schools::SchoolRow,
        sql_types::{At, Key, key},
    },
};

/// An evening's row with its name.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The row.
    pub row: EveningRow,
    /// Its name, unique in the school.
    pub name: String,
}

impl Stored {
    /// Its time zone.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.row.zone()
    }

    /// Returns whether people meet by video, in person or either.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.row.mode()
    }

    /// Returns whether it is a draft, published or closed.
    #[must_use]
    pub const fn state(&self) -> State {
        self.row.state()
    }

    /// The spec that would produce this evening, without classes. Its times are local: those of the
    /// evening in the evening's zone, those of the booking window in the school's.
    #[must_use]
    pub fn spec(&self, school: &SchoolRow) -> EveningSpec {
        let row = &self.row;
        let local = |at: At, zone: Tz| at.with_timezone(&zone).naive_local();
        let (starts, ends) = (local(row.starts_at, self.zone()), local(row.ends_at, self.zone()));
        EveningSpec {
            name: self.name.clone(),
            title: row.title.clone(),
            date: starts.date(),
            starts: starts.time(),
            ends: ends.time(),
            zone: Some(self.zone()),
            slot_minutes: u32::try_from(row.slot_minutes).unwrap_or_default(),
            gap_seconds: u32::try_from(row.gap_seconds).unwrap_or_default(),
            mode: self.mode(),
            capacity: u32::try_from(row.capacity).unwrap_or_default(),
            booking: LocalWindow {
                opens: local(row.booking_opens_at, school.zone()),
                closes: local(row.booking_closes_at, school.zone()),
            },
            classes: Vec::new(),
        }
    }
}

/// A class of an evening, with its setting there: whether it meets by video, or why it was left
/// out.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct SettingsClass<T> {
    pub id: ClassId,
    pub sourced_id: String,
    pub title: String,
    pub says: T,
}

/// All settings of an evening.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The evening.
    pub stored: Stored,
    /// The classes that take part, by title, with whether they meet by video.
    pub classes: Vec<SettingsClass<bool>>,
    /// Classes that were chosen but can't take part, by title.
    pub left_out: Vec<SettingsClass<Lack>>,
}

/// An evening whose row is locked.
#[derive(Clone, Debug)]
pub struct LockedEvening {
    /// The evening.
    pub stored: Stored,
    /// The classes that take part, with whether they meet by video.
    pub classes: BTreeMap<ClassId, bool>,
    /// Classes that were chosen but can't take part.
    pub left_out: BTreeMap<ClassId, Lack>,
}

/// Loads the settings of an evening of the school, without classes that were removed from the
/// roster.
///
/// # Errors
/// [`Error::NotFound`](crate::store::Error::NotFound).
pub fn settings(db: &mut Db, school: SchoolId, evening: EveningId) -> Result<Settings> {
    let stored = stored(db, school, evening)?;
    let taking_part = evening_classes::table
        .inner_join(classes::table.on(classes::id.eq(evening_classes::class_id)))
        .filter(evening_classes::evening_id.eq(key(evening)).and(classes::removed_at.is_null()))
        .order((classes::title, classes::id))
        .select((classes::id, classes::sourced_id, classes::title, evening_classes::video));
    let taking_part: Vec<(Key, String, String, bool)> = taking_part.load(db)?;
    let left_out = evening_left_out::table
        .inner_join(classes::table.on(classes::id.eq(evening_left_out::class_id)))
        .filter(evening_left_out::evening_id.eq(key(evening)).and(classes::removed_at.is_null()))
        .order((classes::title, classes::id))
        .select((classes::id, classes::sourced_id, classes::title, evening_left_out::lacks));
    let left_out: Vec<(Key, String, String, String)> = left_out.load(db)?;
    Ok(Settings {
        stored,
        classes: taking_part
            .into_iter()
            .map(|(id, sourced_id, title, says)| SettingsClass {
                id: id.into(),
                sourced_id,
                title,
                says,
            })
            .collect(),
        left_out: left_out
            .into_iter()
            .map(|(id, sourced_id, title, lacks)| SettingsClass {
                id: id.into(),
                sourced_id,
                title,
                says: Lack::parse(&lacks),
            })
            .collect(),
    })
}

/// Locks an evening of the school until the transaction ends, and loads its row and classes.
///
/// # Errors
/// [`Error::NotFound`](crate::store::Error::NotFound).
pub fn lock_evening(db: &mut Db, school: SchoolId, evening: EveningId) -> Result<LockedEvening> {
    // The school is checked before the lock, so that nobody can lock another school's evening.
    stored(db, school, evening)?;
    lock_row(db, LockRank::Evening, evening)?;
    Ok(LockedEvening {
        stored: stored(db, school, evening)?,
        classes: classes_taking_part(db, key(evening))?,
        left_out: left_out(db, key(evening))?,
    })
}

fn stored(db: &mut Db, school: SchoolId, evening: EveningId) -> Result<Stored> {
    let of_school = evenings::table
        .filter(evenings::id.eq(key(evening)).and(evenings::school_id.eq(key(school))));
    let (row, name) = of_school.select((EveningRow::as_select(), evenings::name)).first(db)?;
    Ok(Stored { row, name })
}

pub(super) fn classes_taking_part(
    db: &mut Db,
    evening: Key,
) -> QueryResult<BTreeMap<ClassId, bool>> {
    let rows: Vec<(Key, bool)> = evening_classes::table
        .filter(evening_classes::evening_id.eq(evening))
        .select((evening_classes::class_id, evening_classes::video))
        .load(db)?;
    Ok(rows.into_iter().map(|(class, video)| (class.into(), video)).collect())
}

pub(super) fn left_out(db: &mut Db, evening: Key) -> QueryResult<BTreeMap<ClassId, Lack>> {
    let rows: Vec<(Key, String)> = evening_left_out::table
        .filter(evening_left_out::evening_id.eq(evening))
        .select((evening_left_out::class_id, evening_left_out::lacks))
        .load(db)?;
    Ok(rows.into_iter().map(|(class, lacks)| (class.into(), Lack::parse(&lacks))).collect())
}

//! Bookings: made together or not at all, moved, cancelled, listed. The claims' primary key decides
//! every race.

mod began;
mod change;
mod claims;
mod grounds;
mod kept;
mod list;
mod make;
mod restore;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    booking::Stranded,
    evening::State,
    id::{ClassId, PersonId},
};

pub use self::{
    change::{cancel, change, end},
    grounds::{Grounds, Live, say_stranded, stranded},
    kept::kept_class,
    list::{
        count, find, lock_parent, of_acting, of_parent, of_teacher, students_booked, with_names,
    },
    make::make,
    restore::{may_act, restore, tell_restored},
};
use super::{
    Db, Error, Result,
    evenings::{EveningRow, Whose},
    events::{self, Actor, NewEvent},
    invites,
    outbox::{self, NewMail, Template},
    people::PersonRow,
    sql_types::{At, Key},
};
use crate::{context::Context, schema::bookings};

/// A booking.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = bookings)]
#[expect(missing_docs, reason = "the columns are told in the migration")]
pub struct BookingRow {
    pub id: Key,
    pub school_id: Key,
    pub evening_id: Key,
    pub parent_id: Key,
    pub student_id: Key,
    pub class_id: Key,
    pub starts_at: At,
    pub ends_at: At,
    pub video: bool,
    pub sequence: i32,
    pub cancelled_at: Option<At>,
}

/// A booking with the names that belong to it.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The booking.
    pub row: BookingRow,
    /// About whom.
    pub student: PersonRow,
    /// With whom.
    pub teachers: Vec<PersonRow>,
    /// The subject.
    pub subject: String,
    /// Guests whom the parent invited for the student.
    pub guests: Vec<String>,
    /// Why it is stranded, where somebody has asked ([`say_stranded`]) who may know.
    pub stranded: Option<Stranded>,
}

/// An appointment that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewBooking {
    /// About whom.
    pub student: PersonId,
    /// With whose teachers.
    pub class: ClassId,
    /// A slot's start.
    pub starts_at: DateTime<Utc>,
}

/// An appointment that could not be made, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Which.
    pub booking: NewBooking,
    /// Why.
    pub refusal: Refusal,
}

/// For whom and by whom bookings are changed.
#[derive(Clone, Debug)]
pub struct Acting {
    /// The parent whose bookings these are.
    pub parent: PersonId,
    /// Who does it.
    pub actor: Actor,
    /// Staff are not held by the booking window.
    pub is_staff: bool,
}

impl Acting {
    /// The evenings that are seen in the parent's name.
    #[must_use]
    pub const fn whose(&self) -> Whose {
        if self.is_staff { Whose::ParentForStaff(self.parent) } else { Whose::Parent(self.parent) }
    }

    fn check_window(&self, evening: &EveningRow, now: DateTime<Utc>) -> Result<()> {
        if evening.state() == State::Draft {
            return Err(Error::NotFound);
        }
        if now >= *evening.ends_at {
            return Err(Refusal::EveningOver.into());
        }
        if self.is_staff { Ok(()) } else { evening.window().check(now).map_err(Error::from) }
    }
}

/// Why a booking ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The parent cancelled it.
    Cancelled,
    /// The school cancelled it.
    CancelledBySchool,
    /// The parent lost access (I13).
    AccessLost,
}

/// `16:05` on the evening's clock.
#[must_use]
pub fn when(evening: &EveningRow, at: DateTime<Utc>) -> String {
    at.with_timezone(&evening.zone()).format("%H:%M").to_string()
}

fn record(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &Acting,
    student: PersonId,
    action: &'static str,
    summary: String,
) -> Result<()> {
    events::record(
        db,
        ctx,
        &NewEvent {
            school: evening.school(),
            evening: Some(evening.id()),
            parent: Some(acting.parent),
            student: Some(student),
            action,
            summary,
            actor: &acting.actor,
        },
    )
}

/// Tells the guests of these students that what they may join has changed. `starts` are the times
/// of the appointments concerned, as they were and as they are.
fn tell_guests(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &Acting,
    students: &BTreeSet<PersonId>,
    starts: &[DateTime<Utc>],
) -> Result<()> {
    let first = starts.iter().copied().filter(|at| *at > ctx.now).min();
    for invite in invites::live_covering(db, evening.id(), acting.parent, students)? {
        let mail = NewMail {
            invite: Some(invite),
            evening: Some(evening.id()),
            ..NewMail::new(evening.school(), Template::GuestUpdate)
        };
        if acting.is_staff {
            outbox::enqueue(db, ctx, mail)?
        } else {
            outbox::enqueue_for_guest(db, ctx, mail, first)?
        }
    }
    Ok(())
}

//! Bookings: created all together or not at all, moved, cancelled and listed. The primary key of
//! the claims decides every race.

mod change;
mod claims;
mod create;
mod dependencies;
mod list;
mod operations;
mod own;
mod restore;
mod stranded_class;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::{
    booking::{BookingError, By, Stranded, Terms},
    evening::State,
    id::{PersonId, SchoolId},
};

pub use parlour_domain::booking::NewBooking;

pub use self::{
    change::{cancel, change, end},
    create::create,
    dependencies::{BookingDependencies, LiveBooking, mark_stranded, stranded},
    list::{
        count, find, list_on_behalf_of, lock_parent, of_parent, of_teacher, students_booked,
        with_names,
    },
    operations::{
        BookingDetails, MyBookings, NewBookings, cancel_booking, change_booking, create_bookings,
        get_booking, get_bookings, get_calendar,
    },
    restore::{may_act, notify_restored, restore},
    stranded_class::stranded_class,
};
use super::{
    Db, Error, Result,
    evenings::{EveningRow, EveningVisibility},
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
#[expect(missing_docs, reason = "the migration documents the columns")]
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

/// A booking with names.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The booking.
    pub row: BookingRow,
    /// The student it is about.
    pub student: PersonRow,
    /// The teachers it is with.
    pub teachers: Vec<PersonRow>,
    /// The subject.
    pub subject: String,
    /// The names of the guests whom the parent invited for the student.
    pub guests: Vec<String>,
    /// Why it is stranded. It is only set by [`mark_stranded`], for readers who may know.
    pub stranded: Option<Stranded>,
}

/// The parent and the actor of a change to bookings.
#[derive(Clone, Debug)]
pub struct OnBehalfOf {
    /// The parent whose bookings are changed.
    pub parent: PersonId,
    /// The person who makes the change.
    pub actor: Actor,
    /// True if the actor is staff. The booking window does not apply to staff.
    pub is_staff: bool,
}

impl OnBehalfOf {
    /// The evenings that the actor sees in the parent's name.
    #[must_use]
    pub const fn evening_visibility(&self) -> EveningVisibility {
        if self.is_staff {
            EveningVisibility::ParentForStaff(self.parent)
        } else {
            EveningVisibility::Parent(self.parent)
        }
    }

    /// The actor's role for the domain's booking rules.
    const fn by(&self) -> By {
        if self.is_staff { By::Staff } else { By::Parent }
    }

    /// The slots and the booking window of an evening, for the domain's booking rules.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a draft.
    fn terms(&self, evening: &EveningRow) -> Result<Terms> {
        if evening.state() == State::Draft {
            return Err(Error::NotFound);
        }
        Ok(Terms { by: self.by(), timing: evening.timing()?, window: evening.window() })
    }
}

/// A person who edits bookings and invites: a parent their own, staff those of any parent.
#[derive(Clone, Debug)]
pub struct Editor {
    /// The school.
    pub school: SchoolId,
    /// The parent who must own them; `None` for staff.
    pub owner: Option<PersonId>,
    /// The person, for the history.
    pub actor: Actor,
}

impl Editor {
    /// Returns how this person acts on bookings and invites of this parent.
    #[must_use]
    pub fn on_behalf_of_parent(&self, parent: PersonId) -> OnBehalfOf {
        OnBehalfOf { parent, actor: self.actor.clone(), is_staff: self.owner.is_none() }
    }
}

/// The reason why a booking ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The parent cancelled it.
    Cancelled,
    /// The school cancelled it.
    CancelledBySchool,
    /// The parent lost access (I13).
    AccessLost,
}

/// Formats a time in the evening's time zone, such as `16:05`.
#[must_use]
pub fn when(evening: &EveningRow, at: DateTime<Utc>) -> String {
    at.with_timezone(&evening.zone()).format("%H:%M").to_string()
}

/// Converts an error of the booking rules. Lost appointments get the evening's time zone.
fn refused(error: BookingError, evening: &EveningRow) -> Error {
    match error {
        BookingError::Refused(refusal) => refusal.into(),
        BookingError::Lost(lost) => Error::BookingsLost { lost, zone: evening.zone() },
    }
}

fn record(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
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

/// Notifies the guests of these students that the appointments they may join have changed. `starts`
/// are the old and new times of the changed appointments.
fn notify_guests(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
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

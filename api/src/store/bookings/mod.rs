//! Bookings: made together or not at all, moved, cancelled, listed. The claims' primary key decides
//! every race.

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
    /// Why it is stranded, where somebody has asked ([`mark_stranded`]) who may know.
    pub stranded: Option<Stranded>,
}

/// For whom and by whom bookings are changed.
#[derive(Clone, Debug)]
pub struct OnBehalfOf {
    /// The parent whose bookings these are.
    pub parent: PersonId,
    /// Who does it.
    pub actor: Actor,
    /// Staff are not held by the booking window.
    pub is_staff: bool,
}

impl OnBehalfOf {
    /// The evenings that are seen in the parent's name.
    #[must_use]
    pub const fn evening_visibility(&self) -> EveningVisibility {
        if self.is_staff {
            EveningVisibility::ParentForStaff(self.parent)
        } else {
            EveningVisibility::Parent(self.parent)
        }
    }

    /// Who asks, for the rules of booking.
    const fn by(&self) -> By {
        if self.is_staff { By::Staff } else { By::Parent }
    }

    /// The times of an evening that this person may book in, as the rules of booking take them.
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

/// A person who changes bookings and invites: a parent their own, staff anybody's.
#[derive(Clone, Debug)]
pub struct Editor {
    /// The school.
    pub school: SchoolId,
    /// The parent whose they must be; none for staff.
    pub owner: Option<PersonId>,
    /// Who it is, for the history.
    pub actor: Actor,
}

impl Editor {
    /// How this person acts on what is this parent's.
    #[must_use]
    pub fn on_behalf_of_parent(&self, parent: PersonId) -> OnBehalfOf {
        OnBehalfOf { parent, actor: self.actor.clone(), is_staff: self.owner.is_none() }
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

/// A refusal of the rules of booking; lost appointments are told on the evening's clock.
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

/// Tells the guests of these students that what they may join has changed. `starts` are the times
/// of the appointments concerned, as they were and as they are.
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

//! Live bookings that a change of their evening would break.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::id::{BookingId, ClassId, PersonId};

use super::NewEvening;
use crate::{
    schema::{bookings, classes, people},
    store::{
        Db, Result,
        people::full_name,
        sql_types::{At, Key},
    },
};

/// A live booking that a change would break.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resting {
    /// The booking's id.
    pub booking: BookingId,
    /// The student's id.
    pub student_id: PersonId,
    /// The parent's id.
    pub parent_id: PersonId,
    /// The class's id.
    pub class: ClassId,
    /// Time when it starts.
    pub starts_at: DateTime<Utc>,
    /// The class's subject.
    pub subject: String,
    /// The student's name.
    pub student: String,
    /// The parent's name.
    pub parent: String,
    /// The setting that would change under it.
    pub why: RestsOn,
}

/// The setting of an evening that a booking rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RestsOn {
    /// The class takes part.
    Class,
    /// Its time is a slot of the evening.
    Slot,
    /// The length of its slot.
    Length,
    /// True if the class meets by video or in person.
    Meeting,
}

impl RestsOn {
    /// The stable name, as in the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Class => "class_out",
            Self::Slot => "not_a_slot",
            Self::Length => "other_length",
            Self::Meeting => "other_meeting",
        }
    }
}

impl fmt::Display for RestsOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Class => "the class would no more take part",
            Self::Slot => "its time would be no slot",
            Self::Length => "its slot would have another length",
            Self::Meeting => "video would become in person, or the other way round",
        })
    }
}

/// Loads the live bookings that would not fit the new evening, ordered by time.
pub(super) fn resting(db: &mut Db, evening: Key, new: &NewEvening) -> Result<Vec<Resting>> {
    let (students, parents) = diesel::alias!(people as students, people as parents);
    type Found = ((Key, Key, Key, Key), At, At, bool, String, (String, String), (String, String));
    let rows: Vec<Found> = bookings::table
        .inner_join(classes::table.on(classes::id.eq(bookings::class_id)))
        .inner_join(students.on(students.field(people::id).eq(bookings::student_id)))
        .inner_join(parents.on(parents.field(people::id).eq(bookings::parent_id)))
        .filter(bookings::evening_id.eq(evening).and(bookings::cancelled_at.is_null()))
        .order((bookings::starts_at, bookings::id))
        .select((
            (bookings::id, bookings::student_id, bookings::parent_id, bookings::class_id),
            bookings::starts_at,
            bookings::ends_at,
            bookings::video,
            classes::subject,
            students.fields((people::given_name, people::family_name)),
            parents.fields((people::given_name, people::family_name)),
        ))
        .load(db)?;
    let why =
        |class: ClassId, starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, video: bool| match new
            .classes
            .get(&class)
        {
            None => Some(RestsOn::Class),
            Some(_) if new.timing.check_slot(starts_at).is_err() => Some(RestsOn::Slot),
            Some(_) if starts_at + new.timing.slot_length() != ends_at => Some(RestsOn::Length),
            Some(meets) => (*meets != video).then_some(RestsOn::Meeting),
        };
    let resting = rows.into_iter().filter_map(
        |(
            (booking, student_id, parent_id, class),
            starts_at,
            ends_at,
            video,
            subject,
            student,
            parent,
        )| {
            let why = why(class.into(), *starts_at, *ends_at, video)?;
            Some(Resting {
                booking: booking.into(),
                student_id: student_id.into(),
                parent_id: parent_id.into(),
                class: class.into(),
                starts_at: *starts_at,
                subject,
                student: full_name(&student.0, &student.1),
                parent: full_name(&parent.0, &parent.1),
                why,
            })
        },
    );
    Ok(resting.collect())
}

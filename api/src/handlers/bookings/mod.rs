//! Bookings.

mod cancel_booking;
mod change_booking;
mod create_bookings;
mod get_booking;
mod get_bookings;
mod get_calendar;
mod list_attendance;
mod list_bookings;
mod set_record;

use chrono::{DateTime, Utc};
use parlour_domain::id::{BookingId, PersonId, SchoolId};
use parlour_wire::Booking;

pub use cancel_booking::cancel_booking;
pub use change_booking::change_booking;
pub use create_bookings::{create_bookings, with_lost};
pub use get_booking::get_booking;
pub use get_bookings::get_bookings;
pub use get_calendar::get_calendar;
pub use list_attendance::list_attendance;
pub use list_bookings::list_bookings;
pub use set_record::set_record;

use crate::{
    store::{Db, Result, bookings, evenings},
    views,
};

/// A booking as `get_booking` shows it at this time. Its parent is not told that the roster has
/// stranded it: it stands until the school says otherwise.
fn current(
    db: &mut Db,
    school: SchoolId,
    owner: Option<PersonId>,
    booking: BookingId,
    now: DateTime<Utc>,
) -> Result<Booking> {
    let mut found = bookings::find(db, school, owner, booking)?;
    if owner.is_none() {
        bookings::say_stranded(db, now, [&mut found])?;
    }
    let zone = evenings::find(db, school, found.row.evening_id.into())?.zone();
    Ok(views::booking(&found, zone))
}

//! Tests of the call over real WebSockets: its door, its seats and its messages.

mod access;
mod ending;
mod limits;
mod liveness;
mod nodes;
mod relayed;
mod seats;
mod takeover;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::{
    schema::{booking_teachers, call_seats, people},
    store::{
        Db,
        people::PersonRow,
        sql_types::{Key, at, key},
    },
};
use uuid::Uuid;

use crate::harness::{Actor, School, wait_until};

/// Sophie Aaron's appointment with Anita Abell, to which Rachel Aaron has invited Jordan Aaron.
pub struct Meeting {
    pub school: School,
    booking: Uuid,
    /// Path of the call's door for parent and teachers.
    pub door: String,
    /// Path of the call's door for the guest.
    guest_door: String,
}

fn starts_at() -> DateTime<Utc> {
    "2026-11-26T16:00:00Z".parse().unwrap()
}

impl Meeting {
    /// Starts a school, five minutes before the appointment begins.
    async fn starting_soon() -> Self {
        Self::of(School::start().await).await
    }

    /// Uses a school that is already running, five minutes before the appointment begins.
    pub async fn of(school: School) -> Self {
        Self::at(school, starts_at() - TimeDelta::minutes(5)).await
    }

    async fn at(school: School, now: DateTime<Utc>) -> Self {
        school.clock.set(now);
        let bookings = school.parent().await.get(&school.evening("/bookings")).await.is(200);
        let booking: Uuid = bookings.text_at("/rows/0/id").parse().unwrap();
        Self {
            school,
            booking,
            door: format!("/bookings/{booking}/call"),
            guest_door: format!("/guest/appointments/{booking}/call"),
        }
    }

    /// Makes the appointment a joint one with three teachers and returns the two further ones.
    async fn with_two_more_teachers(&self) -> [PersonRow; 2] {
        let (booking, abell) = (key(self.booking), key(self.school.people.teacher));
        let store = &self.school.app.store;
        let write = store.write(move |db| {
            let others = people::table
                .filter(people::is_teacher.eq(true))
                .filter(people::is_parent.eq(false))
                .filter(people::email_key.is_not_null());
            let found: Vec<PersonRow> = others
                .filter(people::id.ne(abell))
                .order(people::sourced_id)
                .limit(2)
                .select(PersonRow::as_select())
                .load(db)?;
            for (position, teacher) in (1..).zip(&found) {
                let row: (_, _, _) = (
                    booking_teachers::booking_id.eq(booking),
                    booking_teachers::teacher_id.eq::<Key>(teacher.id),
                    booking_teachers::position.eq(position),
                );
                diesel::insert_into(booking_teachers::table).values(row).execute(db)?;
            }
            Ok(found)
        });
        write.await.unwrap().try_into().unwrap()
    }

    pub async fn abell(&self) -> Actor {
        self.school.teacher().await
    }

    async fn rachel(&self) -> Actor {
        self.school.parent().await
    }

    async fn jordan(&self) -> Actor {
        self.school.guest().await
    }

    fn advance_clock(&self, seconds: i64) {
        self.school.advance_clock(TimeDelta::seconds(seconds));
    }

    /// Waits until the lease of the seat with this connection has been renewed since the clock last
    /// moved.
    async fn wait_for_renewal(&self, connection: i32) {
        let (booking, long) = (key(self.booking), at(self.school.now() + TimeDelta::seconds(20)));
        let seat = move |db: &mut Db| {
            let seat = call_seats::table.filter(
                call_seats::booking_id.eq(booking).and(call_seats::connection.eq(connection)),
            );
            Ok(seat.filter(call_seats::lease_ends_at.gt(long)).count().get_result::<i64>(db)? == 1)
        };
        wait_until("the place is renewed", async || self.school.read(seat).await).await;
    }

    fn invite(&self) -> String {
        format!("/invites/{}", self.school.people.invite.unwrap().0)
    }
}

/// The names as other participants see them.
const ABELL: &str = "Mrs Anita Abell";
const RACHEL: &str = "Rachel Aaron";
const JORDAN: &str = "Jordan Aaron";

//! Participants of a call without a browser: only their rows, as the server stores them.

use chrono::TimeDelta;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use parlour::{
    schema::{call_seats, calls, sessions},
    store::{
        Db,
        sql_types::{Key, at, key},
    },
};
use uuid::Uuid;

use super::School;

impl School {
    /// Inserts the row of a call that participants have already entered.
    pub async fn start_call(&self, booking: Uuid) {
        let row = (
            calls::booking_id.eq(Key(booking)),
            calls::school_id.eq(key(self.people.school)),
            calls::version.eq(0),
            calls::next_connection.eq(3),
            calls::extended_seconds.eq(0),
            calls::created_at.eq(at(self.now())),
        );
        self.app
            .store
            .write(move |db| Ok(diesel::insert_into(calls::table).values(row).execute(db)?))
            .await
            .expect("a call");
    }

    /// Seats Rachel Aaron in a call with a lease that has just been renewed.
    pub async fn seat_parent(&self, booking: Uuid) {
        let (parent, now) = (key(self.people.parent), self.now());
        let write = move |db: &mut Db| {
            let session: Key = sessions::table.select(sessions::id).first(db)?;
            let row = (
                call_seats::booking_id.eq(Key(booking)),
                call_seats::number.eq(1),
                call_seats::participant_id.eq(parent),
                call_seats::role.eq("parent"),
                call_seats::session_id.eq(session),
                call_seats::device_hash.eq("x"),
                call_seats::connection.eq(1),
                call_seats::is_present.eq(true),
                call_seats::lease_ends_at.eq(at(now + TimeDelta::seconds(30))),
                call_seats::joined_at.eq(at(now)),
            );
            Ok(diesel::insert_into(call_seats::table).values(row).execute(db)?)
        };
        self.app.store.write(write).await.expect("a seat");
    }
}

//! Appointments of the generated school, moved to one start time and with three teachers each, and
//! the sessions of their participants.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use chrono::TimeDelta;
use diesel::{dsl::count_star, prelude::*};
use parlour::{
    config::Config,
    context::{Clock, Context, Random, SystemClock},
    keys::{Audience, Keys},
    schema::{booking_teachers, bookings, call_seats, evenings, people},
    store::{
        Db, Store,
        schools::{self, SchoolAddress, SchoolRow},
        sessions,
        sql_types::{Key, at},
    },
};
use uuid::Uuid;

/// One call: three teachers and a parent.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) booking: Uuid,
    /// The path of the call's page.
    pub(crate) page: String,
    pub(crate) people: Vec<Person>,
}

impl Call {
    /// The number of participants.
    pub(crate) const SIZE: usize = 4;
}

/// A participant of a call.
#[derive(Clone)]
pub(crate) struct Person {
    /// The `Cookie` header.
    pub(crate) cookie: String,
    /// The path of the WebSocket.
    pub(crate) path: String,
}

/// The generated school in its database.
pub(crate) struct School {
    store: Store,
    keys: Keys,
    row: SchoolRow,
}

impl School {
    /// Opens the database with the settings of a demo server, like the server of this benchmark.
    pub(crate) async fn open(database: &str) -> Result<Self> {
        let settings = [("PARLOUR_MODE", "demo"), ("DATABASE_URL", database)];
        let config = Config::from_values(
            &settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        )?;
        let store = Store::open(&config.database, 1)?;
        let row = store
            .read(|db| schools::find(db, &SchoolAddress::Host("localhost".to_owned())))
            .await
            .context("the school is not loaded")?;
        Ok(Self { store, keys: Keys::new(config.key)?, row })
    }

    /// Moves appointments to a time relative to now, ignoring conflicts of their people, and logs
    /// all of them in.
    pub(crate) async fn prepare(&self, count: usize, begins_in: TimeDelta) -> Result<Vec<Call>> {
        let ctx = Context::new(SystemClock::default().now(), Random::from_os());
        let (school, limit) = (self.row.id, i64::try_from(count)?);
        let starts_at = ctx.now + begins_in;
        let prepare = move |db: &mut Db| {
            let evening: Key = evenings::table
                .filter(evenings::name.eq(crate::school::READ))
                .select(evenings::id)
                .first(db)?;
            let live = bookings::table
                .filter(bookings::evening_id.eq(evening).and(bookings::cancelled_at.is_null()));
            let chosen: Vec<(Key, Key)> = live
                .order(bookings::id)
                .limit(limit)
                .select((bookings::id, bookings::parent_id))
                .load(db)?;
            let teachers: Vec<Key> = people::table
                .filter(people::school_id.eq(school).and(people::is_teacher.eq(true)))
                .order(people::id)
                .select(people::id)
                .load(db)?;
            let mut meet = Vec::with_capacity(chosen.len());
            for (number, (booking, parent)) in chosen.into_iter().enumerate() {
                let times = (
                    bookings::starts_at.eq(at(starts_at)),
                    bookings::ends_at.eq(at(starts_at + TimeDelta::minutes(5))),
                    bookings::video.eq(true),
                );
                diesel::update(bookings::table.find(booking)).set(times).execute(db)?;
                let first: Key = booking_teachers::table
                    .filter(booking_teachers::booking_id.eq(booking))
                    .select(booking_teachers::teacher_id)
                    .first(db)?;
                let others: Vec<Key> = teachers
                    .iter()
                    .copied()
                    .cycle()
                    .skip(number % teachers.len())
                    .filter(|teacher| *teacher != first)
                    .take(2)
                    .collect();
                for (position, teacher) in (1..).zip(&others) {
                    let row = (
                        booking_teachers::booking_id.eq(booking),
                        booking_teachers::teacher_id.eq(*teacher),
                        booking_teachers::position.eq(position),
                    );
                    diesel::insert_into(booking_teachers::table).values(row).execute(db)?;
                }
                meet.push((booking, [first, others[0], others[1], parent]));
            }
            Ok(meet)
        };
        let meet: Vec<(Key, [Key; Call::SIZE])> = self.store.write(prepare).await?;
        let cookies =
            self.log_in(meet.iter().flat_map(|(_, people)| people).copied().collect()).await?;
        let call = |(booking, people): (Key, [Key; Call::SIZE])| {
            let path = format!("/s/{}/api/v1/bookings/{booking}/call/socket", self.row.slug);
            let person =
                |key: Key| Some(Person { cookie: cookies.get(&key)?.clone(), path: path.clone() });
            let page = format!("/s/{}/calls/{booking}", self.row.slug);
            Some(Call {
                booking: booking.0,
                page,
                people: people.into_iter().filter_map(person).collect(),
            })
        };
        let calls: Vec<Call> = meet.into_iter().filter_map(call).collect();
        ensure!(
            calls.iter().all(|call| call.people.len() == Call::SIZE),
            "somebody could not log in"
        );
        Ok(calls)
    }

    async fn log_in(&self, who: std::collections::BTreeSet<Key>) -> Result<HashMap<Key, String>> {
        let ctx = Context::new(SystemClock::default().now(), Random::from_os());
        let (school, ends_at) = (self.row.id(), ctx.now + sessions::PERSON_LIFE);
        let start = move |db: &mut Db| {
            let known: Vec<(Key, Option<String>)> = people::table
                .filter(people::id.eq_any(who.iter().copied().collect::<Vec<_>>()))
                .select((people::id, people::email_key))
                .load(db)?;
            let begin = |(id, address): (Key, Option<String>)| {
                Ok((
                    id,
                    sessions::start(
                        db,
                        &ctx,
                        school,
                        &address.unwrap_or_default(),
                        sessions::Proof::Address,
                    )?
                    .id,
                ))
            };
            known.into_iter().map(begin).collect::<parlour::store::Result<Vec<_>>>()
        };
        let started = self.store.write(start).await?;
        let cookie = |(id, session): (Key, parlour_domain::id::SessionId)| {
            Ok((
                id,
                format!(
                    "parlour_session={}",
                    self.keys.cookie(Audience::Person, &[session.into()], ends_at)?
                ),
            ))
        };
        started.into_iter().map(cookie).collect()
    }

    /// The number of calls with more people than seats, and of people with two seats in a call:
    /// both must be 0.
    pub(crate) async fn broken_rules(&self) -> Result<(usize, usize)> {
        let read = |db: &mut Db| {
            let seats: Vec<(Key, i64)> = call_seats::table
                .group_by(call_seats::booking_id)
                .select((call_seats::booking_id, count_star()))
                .load(db)?;
            let people: Vec<((Key, Key), i64)> = call_seats::table
                .group_by((call_seats::booking_id, call_seats::participant_id))
                .select(((call_seats::booking_id, call_seats::participant_id), count_star()))
                .load(db)?;
            let over = seats.iter().filter(|(_, count)| *count > Call::SIZE as i64).count();
            Ok((over, people.iter().filter(|(_, count)| *count > 1).count()))
        };
        Ok(self.store.read(read).await?)
    }
}

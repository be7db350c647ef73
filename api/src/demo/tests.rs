//! Tests that the demo school matches the docs, keeps every rule and is loaded only once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{booking::claimed_minutes, evening::Mode as Meeting};
use uuid::Uuid;

use super::{actors, load};
use crate::{
    config::Mode,
    context::{Context, Random},
    schema::{booking_teachers, bookings, claims, evenings, invites, people, schools},
    store::{
        Db, Store, bookings as booking_store, evenings as evening_store,
        metadata::{self, WrongDatabase},
        slots,
        sql_types::{At, Key, key},
        test_database::TestDatabase,
    },
};

async fn store(mode: Option<Mode>) -> (TestDatabase, Store) {
    let database = TestDatabase::new();
    let store = database.store(2);
    if let Some(mode) = mode {
        store.write(move |db| metadata::claim_for_mode(db, mode)).await.unwrap().unwrap();
    }
    (database, store)
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn context(now: &str) -> Context {
    Context::new(at(now), Random::seeded(7))
}

/// A Monday.
const NOW: &str = "2026-11-23T10:00:00Z";

type Counts = (i64, i64, i64, i64, i64);

fn counts(db: &mut Db) -> crate::store::Result<Counts> {
    Ok((
        people::table.count().get_result(db)?,
        evenings::table.count().get_result(db)?,
        bookings::table.count().get_result(db)?,
        claims::table.count().get_result(db)?,
        invites::table.count().get_result(db)?,
    ))
}

#[tokio::test]
async fn loading_twice_is_idempotent() {
    let (_database, store) = store(Some(Mode::Demo)).await;
    let first = load(&store, &context(NOW)).await.unwrap();
    assert_eq!(
        first.evenings,
        ["Year 9 Settling-in Evening", "Year 9 Parents’ Evening", "Year 10 & 11 Options Evening"]
    );
    assert!(first.roster.findings.is_empty(), "{}", first.roster);
    let before = store.read(counts).await.unwrap();
    let again = load(&store, &context("2026-11-24T10:00:00Z")).await.unwrap();
    assert_eq!((again.evenings.len(), again.bookings), (0, 0));
    assert_eq!(store.read(counts).await.unwrap(), before);
    let next = load(&store, &context("2026-11-27T10:00:00Z")).await.unwrap();
    assert_eq!(
        next.evenings,
        ["Year 9 Parents’ Evening"],
        "when the evening is over, the next one is made"
    );
}

#[tokio::test]
async fn documented_example_is_loaded() {
    let (_database, store) = store(Some(Mode::Dev)).await;
    load(&store, &context(NOW)).await.unwrap();
    let actors = store.read(actors).await.unwrap();
    assert!(actors.invite.is_some());
    let rows = store
        .read(move |db| {
            let evening = evening_store::find(db, actors.school, actors.evening)?;
            assert_eq!(
                (*evening.starts_at, *evening.ends_at),
                (at("2026-11-26T16:00:00Z"), at("2026-11-26T19:00:00Z"))
            );
            assert_eq!(
                (evening.slot_minutes, evening.gap_seconds, evening.mode(), evening.capacity),
                (5, 0, Meeting::Video, 4)
            );
            evening.window().check(at(NOW)).map_err(crate::store::Error::from)?;
            booking_store::of_parent(db, actors.evening, actors.parent)
        })
        .await
        .unwrap();
    let told = rows.iter().map(|booking| {
        let teachers: Vec<String> =
            booking.teachers.iter().map(|teacher| teacher.formal_name()).collect();
        format!(
            "{} {} {} {}",
            booking.row.starts_at.format("%H:%M"),
            teachers.join(" and "),
            booking.student.name(),
            booking.subject
        )
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "16:00 Mrs Anita Abell Sophie Aaron Science",
            "16:05 Mr Geraint Davies Liz Aaron Music",
            "16:20 Mr John Atkinson Chris Aaron English"
        ]
    );
    assert_eq!(
        rows.iter().map(|booking| booking.guests.len()).collect::<Vec<_>>(),
        [1, 0, 0],
        "Jordan Aaron is invited for Sophie"
    );
}

#[tokio::test]
async fn every_booking_has_claims_for_its_participants() {
    let (_database, store) = store(Some(Mode::Demo)).await;
    load(&store, &context(NOW)).await.unwrap();
    store
        .read(|db| {
            let teachers: Vec<(Key, Key)> = booking_teachers::table
                .select((booking_teachers::booking_id, booking_teachers::teacher_id))
                .load(db)?;
            let mut of_booking: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
            for (booking, teacher) in teachers {
                of_booking.entry(booking).or_default().insert(teacher);
            }
            assert!(
                of_booking.values().any(|teachers| teachers.len() == 2)
                    && of_booking.values().any(|teachers| teachers.len() == 3)
            );
            let rows: Vec<(Key, Key, Key, Key, Key, At, At)> = bookings::table
                .select((
                    bookings::id,
                    bookings::evening_id,
                    bookings::parent_id,
                    bookings::student_id,
                    bookings::class_id,
                    bookings::starts_at,
                    bookings::ends_at,
                ))
                .load(db)?;
            let mut expected = BTreeSet::new();
            for (id, evening, parent, student, class, starts_at, ends_at) in rows {
                let school: Key =
                    evenings::table.find(evening).select(evenings::school_id).first(db)?;
                let evening = evening_store::find(db, school.into(), evening.into())?;
                evening.timing()?.check_slot(*starts_at).map_err(crate::store::Error::from)?;
                let offered = slots::offered_classes(db, &evening, &[student])?;
                let offered =
                    offered[&student].iter().find(|offered| key(offered.id) == class).unwrap();
                let with: BTreeSet<Key> =
                    offered.teachers.iter().map(|teacher| teacher.id).collect();
                assert_eq!(of_booking.remove(&id), Some(with.clone()));
                for person in with.into_iter().chain([parent, student]) {
                    expected.extend(
                        claimed_minutes(*starts_at, *ends_at - *starts_at)
                            .map(|minute| (person, minute, id)),
                    );
                }
            }
            assert!(of_booking.is_empty());
            let claimed: BTreeSet<(Key, i32, Key)> = claims::table
                .select((claims::person_id, claims::minute, claims::booking_id))
                .load(db)?
                .into_iter()
                .collect();
            assert!(
                claimed == expected && expected.len() > 1000,
                "{} claims, {} expected",
                claimed.len(),
                expected.len()
            );
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn demo_has_one_nearly_full_teacher() {
    let (_database, store) = store(Some(Mode::Demo)).await;
    load(&store, &context(NOW)).await.unwrap();
    let counts = store
        .read(|db| {
            let actors = actors(db)?;
            let rows: Vec<String> = bookings::table
                .inner_join(booking_teachers::table)
                .inner_join(people::table.on(people::id.eq(booking_teachers::teacher_id)))
                .filter(bookings::evening_id.eq(key(actors.evening)))
                .select(people::sourced_id)
                .load(db)?;
            Ok(rows.into_iter().fold(BTreeMap::<String, usize>::new(), |mut counts, teacher| {
                *counts.entry(teacher).or_default() += 1;
                counts
            }))
        })
        .await
        .unwrap();
    assert_eq!(counts.len(), 14, "{counts:?}");
    assert_eq!(counts["t-hussain"], 33, "{counts:?}");
    assert!(counts.values().filter(|count| **count <= 20).count() == 13, "{counts:?}");
}

#[tokio::test]
async fn refuses_to_load_into_other_databases() {
    for (mode, part) in
        [(Some(Mode::Production), "is marked as \"production\""), (None, "is not marked")]
    {
        let (_database, store) = store(mode).await;
        let said = load(&store, &context(NOW))
            .await
            .err()
            .map(|error| format!("{error:#}"))
            .unwrap_or_default();
        assert!(said.contains(part), "{said}");
        assert_eq!(store.read(counts).await.unwrap().0, 0);
    }
}

#[tokio::test]
async fn database_mode_cannot_be_changed() {
    let (_database, store) = store(None).await;
    let set = |mode| store.write(move |db| metadata::claim_for_mode(db, mode));
    assert_eq!(set(Mode::Demo).await.unwrap(), Ok(()));
    assert_eq!(set(Mode::Dev).await.unwrap(), Ok(()), "demo and development share a mark");
    let wrong = WrongDatabase::Other { found: "playground".to_owned(), needed: "production" };
    assert_eq!(set(Mode::Production).await.unwrap(), Err(wrong.clone()));
    assert_eq!(
        store.read(|db| metadata::check_mode(db, Mode::Production)).await.unwrap(),
        Err(wrong)
    );
    let (_database, unmarked) = self::store(None).await;
    unmarked
        .write(|db| {
            let row = (
                (
                    schools::id.eq(Key(Uuid::from_u128(1))),
                    schools::sourced_id.eq("s"),
                    schools::name.eq("s"),
                    schools::slug.eq("s"),
                ),
                (schools::time_zone.eq("UTC"), schools::created_at.eq(At::from(at(NOW)))),
            );
            Ok(diesel::insert_into(schools::table).values(row).execute(db)?)
        })
        .await
        .unwrap();
    assert_eq!(
        unmarked.write(|db| metadata::claim_for_mode(db, Mode::Demo)).await.unwrap(),
        Err(WrongDatabase::Unmarked)
    );
}

#[tokio::test]
async fn demo_evening_is_the_next_thursday_at_least_two_days_ahead() {
    for (now, evening) in [
        ("2026-11-23T10:00:00Z", "2026-11-26T16:00:00Z"),
        ("2026-11-24T23:30:00Z", "2026-11-26T16:00:00Z"),
        ("2026-11-25T00:30:00Z", "2026-12-03T16:00:00Z"),
        ("2026-07-22T10:00:00Z", "2026-07-30T15:00:00Z"),
    ] {
        let (_database, store) = store(Some(Mode::Demo)).await;
        load(&store, &context(now)).await.unwrap();
        let (starts_at, opens_at, other_opens_at) = store
            .read(|db| {
                let actors = actors(db)?;
                let evening = evening_store::find(db, actors.school, actors.evening)?;
                let other: At = evenings::table
                    .filter(evenings::mode.eq("hybrid"))
                    .select(evenings::booking_opens_at)
                    .first(db)?;
                Ok((*evening.starts_at, *evening.booking_opens_at, *other))
            })
            .await
            .unwrap();
        assert_eq!(starts_at, at(evening), "at {now}");
        assert!(opens_at + TimeDelta::days(1) < at(now) && at(now) < other_opens_at, "at {now}");
    }
}

//! Baseline without a server: the same store functions, called sequentially on one thread and one
//! connection, on a copy of the database that nothing else uses.

use std::time::{Duration, Instant};

use anyhow::Result;
use diesel::Connection;
use parlour::store::{
    Db, Error,
    bookings::{self, NewBooking},
    evenings::{self, EveningRow, EveningVisibility},
    idempotency::{self, RequestKey, Response},
    invites, sessions,
};

use super::families::{self, Bench, Cookie};
use crate::school;

/// The size of the response that a server stores for an idempotency key, in bytes.
const SAVED_ANSWERS: usize = 600;

/// The rate per second of the reads of `get_bookings`, including the session.
pub(super) async fn read(bench: &Bench, length: Duration) -> Result<f64> {
    let (cookies, day) = (bench.log_in().await?, bench.evening(school::READ).await?);
    let mut db = bench.config.database.connect()?;
    let (began_at, mut count) = (Instant::now(), 0_u32);
    for (family, cookie) in bench.families.iter().zip(&cookies).cycle() {
        let parent = family.parent.id();
        sessions::find(&mut db, bench.school.id(), cookie.session, families::now().now)?;
        let row = evenings::find_for(
            &mut db,
            bench.school.id(),
            EveningVisibility::Parent(parent),
            day.id(),
        )?;
        let booked = bookings::of_parent(&mut db, row.id(), parent)?;
        anyhow::ensure!(!booked.is_empty(), "nothing to read");
        invites::live_of(&mut db, row.id(), parent)?;
        count += 1;
        if began_at.elapsed() >= length {
            break;
        }
    }
    Ok(f64::from(count) / began_at.elapsed().as_secs_f64())
}

/// The rate per second of the writes of `create_bookings`, each in a transaction of its own.
pub(super) async fn book(bench: &Bench, round: usize, count: usize) -> Result<f64> {
    let (cookies, day) = (bench.log_in().await?, bench.evening(&school::booked(round)).await?);
    let plan = families::plan_bookings(&bench.families, &day, count);
    let mut db = bench.config.database.connect()?;
    let began_at = Instant::now();
    for appointment in &plan {
        book_one(
            &mut db,
            bench,
            &day,
            &cookies[appointment.family],
            appointment.family,
            appointment.booking,
        )?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few thousand appointments")]
    let made = plan.len() as f64;
    Ok(made / began_at.elapsed().as_secs_f64())
}

fn book_one(
    db: &mut Db,
    bench: &Bench,
    day: &EveningRow,
    cookie: &Cookie,
    family: usize,
    booking: NewBooking,
) -> Result<(), Error> {
    let (ctx, school, parent) =
        (families::now(), bench.school.id(), &bench.families[family].parent);
    sessions::find(db, school, cookie.session, ctx.now)?;
    let row = evenings::find_for(db, school, EveningVisibility::Parent(parent.id()), day.id())?;
    let request = RequestKey {
        owner: parent.id().into(),
        key: format!("{}-{}-{}", booking.class, booking.student, booking.starts_at.timestamp()),
        request_hash: "-".repeat(43),
    };
    db.transaction(|db| {
        idempotency::with_idempotency_key(db, &ctx, Some(&request), |db| {
            bookings::create(db, &ctx, &row, &families::acting(parent), &[booking])?;
            Response::created(&"-".repeat(SAVED_ANSWERS))
        })
    })?;
    Ok(())
}

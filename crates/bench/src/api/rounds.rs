//! One round on one database: static files, My Bookings and booking over HTTP, and direct calls of
//! the store.

use std::{
    fmt,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{
    ANSWER, direct_store_calls,
    families::{self, Bench, Cookie},
    load::{self, CONNECTIONS, Call},
};
use crate::school;

/// The duration of reading, and of the warm-up before it.
const READ_DURATION: Duration = Duration::from_secs(3);
const WARMUP: Duration = Duration::from_millis(500);
/// The number of appointments that a round books.
const BOOKED: usize = 5_000;

/// The figures of a round.
pub(super) struct Measured {
    pub(super) static_rps: f64,
    pub(super) read_rps: f64,
    pub(super) read_p99_ms: f64,
    pub(super) read_loop_rps: f64,
    pub(super) book_rps: f64,
    pub(super) book_p99_ms: f64,
    pub(super) book_loop_rps: f64,
    /// The difference between bookings in the database and success responses.
    pub(super) unexplained: usize,
    /// The number of a teacher's slots with more than one booking.
    pub(super) double_booked: usize,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "static {:.0}/s, My Bookings {:.0}/s (loop {:.0}/s), booking {:.0}/s (loop {:.0}/s)",
            self.static_rps, self.read_rps, self.read_loop_rps, self.book_rps, self.book_loop_rps
        )
    }
}

/// Runs a round.
///
/// # Errors
/// If a response is not as expected.
pub(super) async fn measure(
    server: SocketAddr,
    bench: &Bench,
    copy: &Bench,
    cookies: &[Cookie],
    round: usize,
) -> Result<Measured> {
    bench.wait_for_mail().await?;
    let asset = format!("/assets/{ANSWER}");
    let fixed = run_for(server, |_| Call::get(&asset, None)).await?;
    let path = bench.path(&bench.evening(school::READ).await?);
    let read = run_for(server, |nth| Call::get(&path, Some(&cookies[nth % cookies.len()]))).await?;
    let read_loop_rps = direct_store_calls::read(copy, READ_DURATION / 2).await?;

    let day = bench.evening(&school::booked(round)).await?;
    let path = bench.path(&day);
    let mut calls = families::plan_bookings(&bench.families, &day, BOOKED).into_iter();
    let book = load::run(server, CONNECTIONS, |_| {
        calls.next().map(|one| Call::book(&path, &cookies[one.family], &one.booking))
    })
    .await?;
    let (sold, double_booked) = bench.count_bookings(&day).await?;
    ensure!(book.count("201") == book.all(), "not everything could be booked: {:?}", book.kinds);
    bench.wait_for_mail().await?;
    let book_loop_rps = direct_store_calls::book(copy, round, BOOKED).await?;

    Ok(Measured {
        static_rps: fixed.per_second(),
        read_rps: read.per_second(),
        read_p99_ms: read.p99_ms(),
        read_loop_rps,
        book_rps: book.per_second(),
        book_p99_ms: book.p99_ms(),
        book_loop_rps,
        unexplained: sold.abs_diff(book.count("201")),
        double_booked,
    })
}

async fn run_for(server: SocketAddr, call: impl Fn(usize) -> Call) -> Result<load::Outcome> {
    let mut outcome = load::Outcome::default();
    for length in [WARMUP, READ_DURATION] {
        let (ends_at, mut nth) = (Instant::now() + length, 0);
        let next = |_| {
            nth += 1;
            (Instant::now() < ends_at).then(|| call(nth))
        };
        outcome = load::run(server, CONNECTIONS, next).await?;
        ensure!(
            outcome.count("200") == outcome.all(),
            "not everything could be read: {:?}",
            outcome.kinds
        );
    }
    Ok(outcome)
}

//! The rush: every family at once, each on a connection of its own, more requests than there are
//! slots.

use std::{fmt, net::SocketAddr};

use anyhow::{Result, ensure};
use parlour::store::evenings::EveningRow;

use super::{
    families::{self, Bench, Cookie},
    load::{self, Call, Outcome},
};

/// How many appointments a family tries for.
const POSTS: usize = 6;

/// What became of it.
pub(super) struct Rush {
    outcome: Outcome,
    /// How long it took.
    pub(super) seconds: f64,
    /// How many booked.
    pub(super) booked: usize,
    /// Slots of a teacher that were sold more than once.
    pub(super) double_booked: usize,
}

/// Lets all of them book.
///
/// # Errors
/// When a request fails otherwise than by a rule, or bookings and answers differ in number.
pub(super) async fn run(
    server: SocketAddr,
    bench: &Bench,
    cookies: &[Cookie],
    evening: &EveningRow,
) -> Result<Rush> {
    let path = bench.path(evening);
    let posts = |(at, family)| families::random_bookings(family, at, evening, POSTS).into_iter();
    let mut of_family: Vec<_> = bench.families.iter().enumerate().map(posts).collect();
    let next = |number: usize| {
        of_family[number].next().map(|booking| Call::book(&path, &cookies[number], &booking))
    };
    let outcome = load::run(server, cookies.len(), next).await?;
    let (booked, double_booked) = bench.count_bookings(evening).await?;
    ensure!(booked == outcome.count("201"), "{booked} bookings, but {:?}", outcome.kinds);
    ensure!(double_booked == 0, "{double_booked} slots were sold twice");
    let fine = |kind: &String| kind == "201" || kind.starts_with("409 ");
    ensure!(outcome.kinds.keys().all(fine), "the rush was too much: {:?}", outcome.kinds);
    Ok(Rush { seconds: outcome.seconds, booked, double_booked, outcome })
}

impl fmt::Display for Rush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} requests in {:.2} s, slowest of 100 {:.0} ms;",
            self.outcome.all(),
            self.seconds,
            self.outcome.p99_ms()
        )?;
        for (kind, count) in &self.outcome.kinds {
            write!(f, " {count} × {kind},")?;
        }
        write!(f, " slots sold twice: {}", self.double_booked)
    }
}

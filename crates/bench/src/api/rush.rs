//! The rush: all families book at once, each on a connection of its own, with more requests than
//! slots.

use std::{fmt, net::SocketAddr};

use anyhow::{Result, ensure};
use parlour::store::evenings::EveningRow;

use super::{
    families::{self, Bench, Cookie},
    load::{self, Call, Outcome},
};

/// The number of appointments that a family requests.
const POSTS: usize = 6;

/// The results of the rush.
pub(super) struct Rush {
    outcome: Outcome,
    /// The duration of the rush.
    pub(super) seconds: f64,
    /// The number of bookings.
    pub(super) booked: usize,
    /// The number of a teacher's slots that were booked more than once.
    pub(super) double_booked: usize,
}

/// Lets all families book at once.
///
/// # Errors
/// If a request fails for another reason than a rule, or the numbers of bookings and success
/// responses differ.
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

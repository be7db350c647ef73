//! Output of the figures of all rounds as a table and as JSON.

use serde_json::{Map, Value, json};

use super::{rounds::Measured, rush::Rush};
use crate::statistics::{median, rounded};

/// A name, its value, and the number of its decimal places.
pub(super) type Figure = (&'static str, f64, i32);

/// Computes medians. Ratios are computed within a round, so that a slow moment of the machine
/// affects both values.
pub(super) fn figures(rounds: &[Measured], rush: &Rush) -> Vec<Figure> {
    let of = |figure: fn(&Measured) -> f64| median(rounds.iter().map(figure));
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let sum = |figure: fn(&Measured) -> usize| rounds.iter().map(figure).sum::<usize>() as f64;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let booked = rush.booked as f64;
    vec![
        ("static_rps", of(|round| round.static_rps), 0),
        ("my_bookings_rps", of(|round| round.read_rps), 0),
        ("my_bookings_p99_ms", of(|round| round.read_p99_ms), 1),
        ("my_bookings_loop_rps", of(|round| round.read_loop_rps), 0),
        ("my_bookings_vs_static", of(|round| round.read_rps / round.static_rps), 3),
        ("my_bookings_vs_loop", of(|round| round.read_rps / round.read_loop_rps), 2),
        ("book_rps", of(|round| round.book_rps), 0),
        ("book_p99_ms", of(|round| round.book_p99_ms), 1),
        ("book_loop_rps", of(|round| round.book_loop_rps), 0),
        ("book_vs_static", of(|round| round.book_rps / round.static_rps), 3),
        ("book_vs_loop", of(|round| round.book_rps / round.book_loop_rps), 2),
        ("book_unexplained", sum(|round| round.unexplained), 0),
        ("book_doubled", sum(|round| round.double_booked), 0),
        ("rush_s", rush.seconds, 2),
        ("rush_booked", booked, 0),
    ]
}

/// The figures as JSON.
pub(super) fn json(figures: &[Figure]) -> Value {
    figures
        .iter()
        .map(|(name, value, digits)| ((*name).to_owned(), json!(rounded(*value, *digits))))
        .collect::<Map<_, _>>()
        .into()
}

/// Prints a table with one column per database.
pub(super) fn print(columns: &[(&str, Vec<Figure>)]) {
    print!("{:<24}", "");
    columns.iter().for_each(|(name, _)| print!("{name:>12}"));
    println!();
    let rows = columns.first().map_or(0, |(_, figures)| figures.len());
    for row in 0..rows {
        print!("{:<24}", columns[0].1[row].0);
        for (_, figures) in columns {
            let (_, value, digits) = figures[row];
            print!("{:>12}", rounded(value, digits));
        }
        println!();
    }
    println!();
}

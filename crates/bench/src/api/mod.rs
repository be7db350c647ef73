//! Benchmark of the API: static files, My Bookings and booking in interleaved rounds, on both
//! databases, compared with direct calls of the store.

mod direct_store_calls;
mod families;
mod load;
mod rounds;
mod rush;
mod table;

use std::{fs, net::SocketAddr, path::Path};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::Map;

use self::{
    families::Bench,
    load::{CONNECTIONS, Call, connect},
    rounds::Measured,
};
use crate::school::{READ, RUSH};

/// The number of rounds; the figures are medians.
pub const ROUNDS: usize = 3;
/// The number of appointments of each parent who reads them.
const READ_EACH: usize = 6;
/// The file with the bytes of a response.
const ANSWER: &str = "answer.txt";

/// The addresses of the servers and databases. The copies were made before any load; no server uses
/// them.
#[derive(Args)]
pub struct Arguments {
    #[arg(long)]
    sqlite_server: SocketAddr,
    #[arg(long)]
    sqlite: String,
    #[arg(long)]
    sqlite_copy: String,
    #[arg(long)]
    postgres_server: SocketAddr,
    #[arg(long)]
    postgres: String,
    #[arg(long)]
    postgres_copy: String,
}

/// A server with its database, and the copy of the database for direct calls.
struct DatabaseBench {
    name: &'static str,
    server: SocketAddr,
    bench: Bench,
    copy: Bench,
    measured: Vec<Measured>,
}

/// Books the appointments that the parents will read.
///
/// # Errors
/// If the database does not contain the generated school.
pub async fn seed(database: &str) -> Result<()> {
    let bench = Bench::open(database).await?;
    let day = bench.evening(READ).await?;
    let plan = families::plan_bookings(&bench.families, &day, bench.families.len() * READ_EACH);
    let count = plan.len();
    bench.book_all(&day, plan).await?;
    println!("{} families, {count} appointments to read", bench.families.len());
    Ok(())
}

/// Saves a response with a parent's appointments as a static file, which the server serves like the
/// web app's files.
///
/// # Errors
/// If the server does not answer.
pub async fn save_answer(server: SocketAddr, database: &str, folder: &Path) -> Result<()> {
    let bench = Bench::open(database).await?;
    let day = bench.evening(READ).await?;
    let cookies = bench.log_in().await?;
    let mut connection = connect(server).await?;
    let reply = connection.send(Call::get(&bench.path(&day), Some(&cookies[0]))).await?;
    ensure!(reply.status == 200, "My Bookings was answered with {}", reply.status);
    fs::create_dir_all(folder.join("assets"))?;
    fs::write(folder.join("index.html"), "<!doctype html>")?;
    fs::write(folder.join("assets").join(ANSWER), &reply.body)?;
    println!("an answer has {} bytes", reply.body.len());
    Ok(())
}

/// Measures both databases, and prints a table and one line of JSON.
///
/// # Errors
/// If a response is not as expected, or a slot is booked twice.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let mut sides = [
        DatabaseBench::open(
            "sqlite",
            arguments.sqlite_server,
            &arguments.sqlite,
            &arguments.sqlite_copy,
        )
        .await?,
        DatabaseBench::open(
            "postgres",
            arguments.postgres_server,
            &arguments.postgres,
            &arguments.postgres_copy,
        )
        .await?,
    ];
    let cookies = [sides[0].bench.log_in().await?, sides[1].bench.log_in().await?];
    for round in 0..ROUNDS {
        for (side, cookies) in sides.iter_mut().zip(&cookies) {
            let measured =
                rounds::measure(side.server, &side.bench, &side.copy, cookies, round).await;
            let measured =
                measured.with_context(|| format!("round {} on {}", round + 1, side.name))?;
            println!("round {} on {}: {measured}", round + 1, side.name);
            side.measured.push(measured);
        }
    }
    let mut line = Map::new();
    let mut columns = Vec::new();
    for (side, cookies) in sides.iter().zip(&cookies) {
        side.bench.wait_for_mail().await?;
        let rush =
            rush::run(side.server, &side.bench, cookies, &side.bench.evening(RUSH).await?).await?;
        println!("rush on {}: {rush}", side.name);
        let figures = table::figures(&side.measured, &rush);
        columns.push((side.name, figures.clone()));
        line.insert(side.name.to_owned(), table::json(&figures));
    }
    println!(
        "\n{CONNECTIONS} connections, medians of {ROUNDS} interleaved rounds, the load on the \
         same cores as the server:\n"
    );
    table::print(&columns);
    println!("{}", serde_json::Value::Object(line));
    Ok(())
}

impl DatabaseBench {
    async fn open(
        name: &'static str,
        server: SocketAddr,
        database: &str,
        copy: &str,
    ) -> Result<Self> {
        Ok(Self {
            name,
            server,
            bench: Bench::open(database).await?,
            copy: Bench::open(copy).await?,
            measured: Vec::new(),
        })
    }
}

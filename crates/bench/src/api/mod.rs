//! The API under load: static bytes, My Bookings and booking in interleaved rounds, on both
//! databases, against the same statements in a bare loop.

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

/// How often everything is measured; the figures are medians.
pub const ROUNDS: usize = 3;
/// How many appointments parents have who read theirs.
const READ_EACH: usize = 6;
/// The file that holds an answer's bytes.
const ANSWER: &str = "answer.txt";

/// Where the servers are. The copies are of the databases before any load, and nobody serves them.
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

/// A server on its database, and the database's copy for the loop.
struct DatabaseBench {
    name: &'static str,
    server: SocketAddr,
    bench: Bench,
    copy: Bench,
    measured: Vec<Measured>,
}

/// Books for all parents what they are to read.
///
/// # Errors
/// When the database is not that of the generated school.
pub async fn seed(database: &str) -> Result<()> {
    let bench = Bench::open(database).await?;
    let day = bench.evening(READ).await?;
    let plan = families::plan_bookings(&bench.families, &day, bench.families.len() * READ_EACH);
    let count = plan.len();
    bench.book_all(&day, plan).await?;
    println!("{} families, {count} appointments to read", bench.families.len());
    Ok(())
}

/// Keeps an answer with a parent's appointments as a file that the server will give out like any of
/// the client's.
///
/// # Errors
/// When the server does not answer.
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

/// Measures both, prints a table and one line of JSON.
///
/// # Errors
/// When an answer is not the one that it must be, or a slot is sold twice.
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

//! Benchmarks of a running server, from another process. `cargo xtask bench` builds, loads and
//! starts everything, then runs this program.

mod api;
mod calls;
mod join;
mod school;
mod statistics;
mod sync;
mod web;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;

/// The command line.
#[derive(Parser)]
enum Arguments {
    /// Writes a generated school: a roster in `FOLDER/roster`, and its evenings' files in
    /// `FOLDER/evenings`.
    School {
        /// The output folder.
        folder: PathBuf,
    },
    /// Books the appointments that the parents of that school, once it is loaded, will read.
    Seed {
        /// The URL of the database.
        database: String,
    },
    /// Writes a folder of static files whose one asset is a response of a running server.
    Answer {
        /// The address of the server.
        #[arg(long)]
        server: SocketAddr,
        /// The URL of its database.
        #[arg(long)]
        database: String,
        /// The output folder.
        #[arg(long)]
        folder: PathBuf,
    },
    /// Puts load on servers, one on each database, and prints the figures.
    Api(api::Arguments),
    /// Starts more and more calls on a server with the generated school, and prints the figures.
    Calls(calls::Arguments),
    /// Lets four browsers join a call on a server with the generated school, and prints the
    /// figures.
    Join(join::Arguments),
    /// Imports and syncs a school of 10,000 people, and prints the figures.
    Sync(sync::Arguments),
    /// Opens pages of a server with the demo school in a browser, and prints the figures.
    Web {
        /// The address of the server.
        server: SocketAddr,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The WebDriver client looks for a TLS provider when it is created.
    parlour::mail::install_tls();
    // One thread leaves the machine's cores to the server.
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(arguments)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    match arguments {
        Arguments::School { folder } => school::write(&folder),
        Arguments::Seed { database } => api::seed(&database).await,
        Arguments::Answer { server, database, folder } => {
            api::save_answer(server, &database, &folder).await
        }
        Arguments::Api(arguments) => api::run(&arguments).await,
        Arguments::Calls(arguments) => calls::run(&arguments).await,
        Arguments::Join(arguments) => join::run(&arguments).await,
        Arguments::Sync(arguments) => sync::run(&arguments).await,
        Arguments::Web { server } => web::run(server).await,
    }
}

//! Measures a running server from outside. `cargo xtask bench` builds, loads and starts everything,
//! then calls this.

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

/// What is asked for.
#[derive(Parser)]
enum Arguments {
    /// Writes a generated school: a roster in `FOLDER/roster`, and its evenings' files in
    /// `FOLDER/evenings`.
    School {
        /// Where to.
        folder: PathBuf,
    },
    /// Gives the parents of that school, once it is loaded, the appointments that they will read.
    Seed {
        /// The database's address.
        database: String,
    },
    /// Makes a folder of client files whose one file holds an answer of a running server.
    Answer {
        /// Where the server listens.
        #[arg(long)]
        server: SocketAddr,
        /// Its database.
        #[arg(long)]
        database: String,
        /// The folder.
        #[arg(long)]
        folder: PathBuf,
    },
    /// Puts load on servers, one on each database, and prints the figures.
    Api(api::Arguments),
    /// Lets more and more calls begin on a server with the generated school, and prints the
    /// figures.
    Calls(calls::Arguments),
    /// Lets four browsers join a call of a server with the generated school, and prints the
    /// figures.
    Join(join::Arguments),
    /// Imports and syncs a school of 10,000 people, and prints the figures.
    Sync(sync::Arguments),
    /// Opens pages of a server with the demo school in a browser, and prints the figures.
    Web {
        /// Where the server listens.
        server: SocketAddr,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The browser's driver is asked by a client that looks for TLS when it is made.
    parlour::mail::install_tls();
    // One thread: the machine's cores are the server's.
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

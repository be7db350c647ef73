//! The command line: parses arguments, runs the command, prints its result or a one-line error.
//! Holds no rules and no queries.

mod database;
mod restore;
mod run;
mod sandbox;
mod sync;

use std::{path::PathBuf, process::ExitCode};

use anyhow::bail;
use clap::{Parser, Subcommand};
use parlour_roster::Refusal;
use serde_json::{Value, json};
use uuid::Uuid;

pub use self::sandbox::SandboxArguments;
use crate::roster::{ImportReport, RemovalLimit, remote::Version};
use crate::telemetry::logging;

/// Parents' evenings: appointments, invites and calls.
#[derive(Parser, Debug)]
#[command(name = "parlour", version, after_help = AFTER_HELP)]
pub struct Arguments {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "Settings come from the environment and from the file that \
                          PARLOUR_CONFIG names (parlour.toml where there is one). PARLOUR_LOG \
                          says how much is logged to stderr: warn, info, debug, or a filter such \
                          as info,parlour::mail=debug; PARLOUR_LOG_FORMAT=json logs JSON.";

/// A command.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serves schools until it is told to end.
    Serve,
    /// Brings the database's tables up to date and marks a new database.
    Migrate,
    /// Works with schools' rosters.
    #[command(subcommand)]
    Roster(RosterCommand),
    /// Works with evenings.
    #[command(subcommand)]
    Evening(EveningCommand),
    /// Works with the feeds of changes that programs follow.
    #[command(subcommand)]
    Feed(FeedCommand),
    /// Works with the demo school.
    #[command(subcommand)]
    Demo(DemoCommand),
    /// Serves a school to play with, for whoever connects a program: with credentials, a clock that
    /// can be moved, and a fresh start at will (docs/integrate.md).
    Sandbox(SandboxArguments),
}

/// A command about rosters.
#[derive(Subcommand, Debug)]
pub enum RosterCommand {
    /// Imports people and classes: OneRoster 1.1 or 1.2 CSV, or Microsoft SDS v2.1 CSV.
    Import {
        /// The folder or zip.
        path: PathBuf,
        /// Compare and report, but write nothing.
        #[arg(long)]
        dry_run: bool,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
        /// Import only the school of this id or exact name.
        #[arg(long, value_name = "ID")]
        school: Option<String>,
        /// The time zone of schools that are new.
        #[arg(long, value_name = "IANA NAME", default_value_t = chrono_tz::Europe::London)]
        time_zone: chrono_tz::Tz,
        /// Limit on removals.
        #[command(flatten)]
        removals: RemovalArguments,
    },
    /// Fetches people and classes from a OneRoster 1.1 or 1.2 provider (docs/oneroster.md).
    /// PARLOUR_ONEROSTER_SECRET holds the client's secret.
    Sync(SyncArguments),
    /// Brings back what an import, sync or push ended within two weeks: people, classes,
    /// guardianships and enrolments, and the appointments and invites that fell with them,
    /// where their time is still free. Nothing that a bar ended.
    Restore {
        /// The import's id, which its report and the office's mail show.
        import: Uuid,
        /// Say what would come back, but write nothing.
        #[arg(long)]
        dry_run: bool,
        /// Print what came back as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Arguments of `parlour roster sync`.
#[derive(clap::Args, Debug)]
pub struct SyncArguments {
    /// The provider's address, with or without the standard's path.
    #[arg(long)]
    pub url: String,
    /// Token endpoint of the provider.
    #[arg(long, value_name = "URL")]
    pub token_url: String,
    /// The client's id.
    #[arg(long, value_name = "ID")]
    pub client_id: String,
    /// The version that the provider speaks: 1.1 or 1.2.
    #[arg(long, default_value_t)]
    pub version: Version,
    /// The scope to ask for; blank for none. By default the standard's roster-core.readonly.
    #[arg(long)]
    pub scope: Option<String>,
    /// A PEM file of authorities that the provider's certificate may be of, beside those that the
    /// system trusts.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Compare and report, but write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// A school that this source may write, by its id in the roster; once for each. When left out,
    /// those that it has written before.
    #[arg(long, value_name = "ID")]
    pub school: Vec<String>,
    /// The time zone of schools that are new.
    #[arg(long, value_name = "IANA NAME", default_value_t = chrono_tz::Europe::London)]
    pub time_zone: chrono_tz::Tz,
    /// Limit on removals.
    #[command(flatten)]
    pub removals: RemovalArguments,
}

/// Limit on what an import may remove.
#[derive(clap::Args, Debug)]
pub struct RemovalArguments {
    /// Share of a school's people, guardianships, classes, enrolments or coming appointments that
    /// may go at once.
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = RemovalLimit::default().percent,
        value_parser = clap::value_parser!(u8).range(0..=100)
    )]
    pub max_removals: u8,
    /// Remove however much is gone, also when a file lacks a column or has no rows.
    #[arg(long)]
    pub allow_removals: bool,
}

impl RemovalArguments {
    /// The removal limit; `None` with `--allow-removals`.
    fn limit(&self) -> Option<RemovalLimit> {
        (!self.allow_removals).then_some(RemovalLimit { percent: self.max_removals })
    }
}

/// A command about evenings.
#[derive(Subcommand, Debug)]
pub enum EveningCommand {
    /// Makes or changes an evening as a file says (docs/evening-file.md).
    Load {
        /// The TOML file.
        file: PathBuf,
    },
}

/// A command about the feeds of changes.
#[derive(Subcommand, Debug)]
pub enum FeedCommand {
    /// Lets every program that follows a school begin anew: after the database has gone back to a
    /// backup, which knows less than they do.
    Renew,
}

/// A command about the demo.
#[derive(Subcommand, Debug)]
pub enum DemoCommand {
    /// Fills the database with the demo school; demo and development modes only.
    Load,
}

/// Runs the program. The exit code is 0 on success, 1 on failure, and 2 for invalid arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The exporter of spans may use TLS.
    crate::mail::install_tls();
    // It is kept until the command has ended, because dropping it sends the last spans.
    let logging = logging::start();
    let outcome = logging
        .as_ref()
        .map_err(|error| anyhow::anyhow!("{error:#}"))
        .and_then(|_| actix_web::rt::System::new().block_on(run::run(arguments.command)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints an import's report; with `json`, an error is printed as JSON too.
///
/// # Errors
/// Has a message when the import was refused or, in a dry run, would be. The exit code then is 1.
fn finish(report: anyhow::Result<ImportReport>, json: bool) -> anyhow::Result<()> {
    match &report {
        Ok(report) if json => println!("{:#}", report_json(report)?),
        Ok(report) => print!("{report}"),
        Err(error) if json => println!("{:#}", refusal_json(error)),
        Err(_) => {}
    }
    let report = report?;
    match report.refusal() {
        None => Ok(()),
        Some(why) if report.dry_run => bail!("the import would be refused: {why}"),
        Some(why) if report.is_written_in_part() => {
            bail!("the import was refused in part; of these schools nothing was written: {why}")
        }
        Some(why) => bail!("the import was refused, and nothing was written: {why}"),
    }
}

/// The report as JSON, with the field `refused`: the reason why it was refused, or null.
fn report_json(report: &ImportReport) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(report)?;
    let code = if report.lacking.is_empty() { "too_much_removed" } else { "damaged" };
    value["refused"] =
        report.refusal().map_or(Value::Null, |why| json!({ "code": code, "message": why }));
    Ok(value)
}

/// The JSON for an import without a report: the error, and the findings until then.
fn refusal_json(error: &anyhow::Error) -> Value {
    let message = format!("{error:#}");
    match error.downcast_ref::<Refusal>() {
        Some(refusal) => json!({
            "refused": { "code": refusal.code(), "message": message },
            "findings": refusal.findings,
            "findings_left_out": refusal.findings_left_out,
        }),
        None => {
            json!({
                "refused": { "code": "failed", "message": message },
                "findings": [],
                "findings_left_out": 0,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::{CommandFactory, Parser, error::ErrorKind};
    use tempfile::TempDir;

    use super::{Arguments, finish, refusal_json, report_json};
    use crate::{
        context::{Context, Random},
        roster::{ImportOptions, import},
        store::test_database::TestDatabase,
    };

    /// Imports a roster of one school with these users.
    async fn run(
        users: &str,
        options: ImportOptions,
    ) -> anyhow::Result<crate::roster::ImportReport> {
        run_with("sch,School,school\n", users, options).await
    }

    async fn run_with(
        orgs: &str,
        users: &str,
        options: ImportOptions,
    ) -> anyhow::Result<crate::roster::ImportReport> {
        let (database, folder) = (TestDatabase::new(), TempDir::new()?);
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
        write("manifest.csv", "propertyName,value\noneroster.version,1.1\n")?;
        write("orgs.csv", &format!("sourcedId,name,type\n{orgs}"))?;
        write("users.csv", users)?;
        let ctx = Context::new("2026-11-23T16:00:00Z".parse()?, Random::seeded(1));
        import(&database.store(2), &ctx, folder.path(), options).await
    }

    #[tokio::test]
    async fn refused_import_fails_and_prints_findings_as_json() {
        let refused = run(
            "sourcedId,orgSourcedIds,role,givenName,familyName,email,agents\ns,sch,pupil,S,A,,\n",
            ImportOptions::default(),
        )
        .await
        .unwrap();
        let value = report_json(&refused).unwrap();
        assert_eq!(
            (value["refused"]["code"].as_str(), value["lacking"][0]["column"].as_str()),
            (Some("damaged"), Some("agentSourcedIds"))
        );
        assert!(
            value["findings"]
                .as_array()
                .unwrap()
                .iter()
                .any(|finding| finding["line"] == 2 && finding["reason"] == "synonym"),
            "{value}"
        );
        let sentence = finish(Ok(refused), true).unwrap_err().to_string();
        assert!(
            sentence.contains("nothing was written")
                && sentence.contains("agentSourcedIds is missing"),
            "{sentence}"
        );

        let orgs = "sch,School,school\n,Without an id,school\n";
        let unreadable =
            run_with(orgs, "sourcedId,orgSourcedIds,givenName\n", ImportOptions::default())
                .await
                .unwrap_err();
        let value = refusal_json(&unreadable.context("the folder was not imported"));
        assert_eq!(value["refused"]["code"], "missing_column");
        assert!(
            value["refused"]["message"].as_str().unwrap().contains("users.csv has no column role"),
            "{value}"
        );
        let files: Vec<&str> = value["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|finding| finding["file"].as_str())
            .collect();
        assert!(files.contains(&"orgs.csv"), "{value}");

        let dry_run = ImportOptions { dry_run: true, ..ImportOptions::default() };
        let good = run(
            "sourcedId,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds\ns,sch,\
             student,S,A,,\n",
            dry_run,
        )
        .await
        .unwrap();
        assert!(report_json(&good).unwrap()["refused"].is_null());
        finish(Ok(good), true).unwrap();
    }

    #[test]
    fn clap_command_passes_debug_assert() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn parses_arguments() {
        let check = |line: &str, error: Option<ErrorKind>| {
            let parsed = Arguments::try_parse_from(line.split(' '));
            assert_eq!(parsed.as_ref().err().map(clap::Error::kind), error, "{line}: {parsed:?}");
        };
        check("parlour serve", None);
        check("parlour migrate", None);
        check("parlour roster import school.zip --dry-run --json --school 42", None);
        check("parlour roster import school.zip --time-zone Europe/Berlin", None);
        check("parlour roster import school.zip --max-removals 20", None);
        check("parlour roster import school.zip --allow-removals", None);
        check(
            "parlour roster import school.zip --max-removals 101",
            Some(ErrorKind::ValueValidation),
        );
        let provider = "parlour roster sync --url https://sis.example.org --token-url \
                        https://sis.example.org/token --client-id parlour";
        check(
            &format!(
                "{provider} --version 1.2 --dry-run --json --school 42 --school 43 --max-removals \
                 20"
            ),
            None,
        );
        check(&format!("{provider} --allow-removals"), None);
        check(&format!("{provider} --version 2"), Some(ErrorKind::ValueValidation));
        check(&format!("{provider} --max-removals 101"), Some(ErrorKind::ValueValidation));
        check(
            "parlour roster sync --url https://sis.example.org",
            Some(ErrorKind::MissingRequiredArgument),
        );
        check("parlour roster restore 01a1f640-bc00-737b-91d1-94a7513e45b5 --dry-run --json", None);
        check("parlour roster restore yesterday", Some(ErrorKind::ValueValidation));
        check("parlour evening load spring.toml", None);
        check("parlour demo load", None);
        check("parlour feed renew", None);
        check("parlour sandbox", None);
        check("parlour sandbox --port 8091 --database vendor.db --reset", None);
        check("parlour sandbox --reset", Some(ErrorKind::MissingRequiredArgument));
        check("parlour", Some(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand));
        check("parlour sing", Some(ErrorKind::InvalidSubcommand));
        check("parlour roster import", Some(ErrorKind::MissingRequiredArgument));
        check(
            "parlour roster import school.zip --time-zone Mars",
            Some(ErrorKind::ValueValidation),
        );
    }
}

//! Fuzzing of every operation of the contract with generated requests, as nobody, as each role and
//! as an API client, against a demo school: first single operations, then sequences that follow the
//! contract's links.

mod coverage;
mod school;
mod seeds;

use std::{fs, path::Path};

use anyhow::{Result, bail, ensure};
use serde_json::json;

use self::{coverage::OperationCoverage, school::Principal};
use crate::{
    api, dependencies,
    install::{self, Mode},
    paths::Paths,
    postgres::TempFolder,
    shell,
};

/// The principals, and the tags of their operations, in which sequences follow links. The guest
/// comes before those who could end the invite: anybody who has its link, and its parent.
const ROLES: [(&str, &[&str]); 6] = [
    ("guest", &["Guests", "Calls"]),
    ("nobody", &[]),
    ("teacher", &["Logging in", "Evenings", "Bookings", "Calls"]),
    ("parent", &["Logging in", "Evenings", "Bookings", "Invites", "Calls"]),
    ("program", &["Evenings", "Bookings", "Invites", "Roster"]),
    (
        "staff",
        &[
            "Logging in",
            "Evenings",
            "Bookings",
            "Invites",
            "Staff",
            "Programs",
            "Webhooks",
            "Roster",
            "Calls",
        ],
    ),
];
/// All tags of the contract.
const TAGS: [&str; 12] = [
    "Logging in",
    "Evenings",
    "Bookings",
    "Invites",
    "Guests",
    "Calls",
    "Staff",
    "Programs",
    "Roster",
    "Webhooks",
    "Development",
    "Server",
];
/// These operations end the session, after which all responses would be 401: only nobody tries
/// them.
const SESSION_ENDING_OPERATIONS: [&str; 3] =
    ["delete_session", "delete_sessions", "delete_guest_sessions"];
/// These operations move the clock or reset the school, on which all other responses depend: they
/// are excluded.
const EXCLUDED_OPERATIONS: [&str; 2] = ["move_dev_clock", "reset_dev_school"];
const CHECKS: &str = "not_a_server_error,response_schema_conformance,status_code_conformance,\
                      content_type_conformance";
/// The number of sequences per single request to an operation.
const SEQUENCES: u16 = 4;
/// The random seeds of sequence runs. The fuzzer ends a run if a repeated sequence has another
/// result, which happens because the school's data has changed.
const SEEDS: [&str; 3] = ["1", "2", "3"];
/// The minimum share of operations with a success; a lower share shows that requests no longer
/// reach existing objects.
const MIN_SUCCESS_SHARE: f64 = 0.7;

/// Starts a server and fuzzes it as nobody, as each role and as an API client.
///
/// # Errors
/// If a response violates the contract, or too few operations had a success; all principals are
/// tried first.
pub fn run(paths: &Paths, mode: Mode, examples: u16) -> Result<()> {
    install::all(paths, mode, dependencies::FUZZER)?;
    let server = api::build(paths, mode, "release")?;
    let folder = TempFolder::new("fuzz")?;
    let database = folder.0.join("parlour.db");
    let (_running, port) = api::serve_demo(paths, &server, &database)?;
    prepare(port)?;

    let mut broken = Vec::new();
    for (who, tags) in ROLES {
        println!("As {who}:");
        let fuzz = Fuzz { paths, folder: &folder, port, who, tags, examples };
        if let Err(error) = fuzz.run() {
            shell::check_interrupted()?;
            eprintln!("error: {error:#}");
            broken.push(who);
        }
    }
    let coverage = OperationCoverage::of(&folder.0)?;
    let (reached, all, missed) = coverage.summary();
    println!("{reached} of {all} operations answered with success; not: {}", missed.join(", "));
    if !broken.is_empty() {
        bail!("the answers break the contract as {}", broken.join(", "));
    }
    #[expect(clippy::cast_precision_loss, reason = "the number of operations is small")]
    let share = reached as f64 / all as f64;
    ensure!(
        share >= MIN_SUCCESS_SHARE,
        "the requests reach too little: the links, or the seeds, lead nowhere"
    );
    Ok(())
}

/// Opens booking for the latest evening: lists begin with it, and most links lead to it. Sets the
/// clock to the other evening, so that calls can be entered, and mails were sent long enough ago to
/// be sent again.
fn prepare(port: u16) -> Result<()> {
    let staff = Principal::person(port, "staff")?;
    let evenings = staff.get("/evenings")?;
    let id = evenings["items"][0]["id"].as_str().unwrap_or_default();
    staff.send(
        "PATCH",
        &format!("/evenings/{id}"),
        &json!({ "booking": { "opens": "2026-09-01T08:00" } }),
    )?;
    staff.send("POST", "/dev/clock", &json!({}))?;
    Ok(())
}

/// The fuzzing as one principal.
struct Fuzz<'a> {
    paths: &'a Paths,
    folder: &'a TempFolder,
    port: u16,
    who: &'static str,
    tags: &'static [&'static str],
    examples: u16,
}

impl Fuzz<'_> {
    fn run(&self) -> Result<()> {
        let principal = match self.who {
            "nobody" => Principal::nobody(self.port),
            "program" => Principal::api_client(self.port)?,
            role => Principal::person(self.port, role)?,
        };
        let settings = self.folder.0.join(format!("{}.toml", self.who));
        fs::write(
            &settings,
            format!(
                "{}\n{}",
                seeds::settings(&principal, school::create_api_client(self.port)?)?,
                self.settings()
            ),
        )?;
        let alone = self.requests(&principal, &settings, "examples,coverage,fuzzing", "1");
        let together = SEEDS
            .iter()
            .filter(|_| !self.tags.is_empty())
            .map(|seed| self.requests(&principal, &settings, "stateful", seed));
        // Every run is executed, even after a failure.
        std::iter::once(alone).chain(together.collect::<Vec<_>>()).fold(Ok(()), Result::and)
    }

    fn requests(
        &self,
        principal: &Principal,
        settings: &Path,
        phases: &str,
        seed: &str,
    ) -> Result<()> {
        let origin = format!("http://127.0.0.1:{}", self.port);
        let mut schemathesis = self
            .paths
            .command(dependencies::SCHEMATHESIS.folder(self.paths).join("bin/schemathesis"));
        schemathesis
            // Schemathesis writes its database into the current folder.
            .current_dir(&self.folder.0)
            .arg("--config-file")
            .arg(settings)
            .arg("run")
            .arg(self.paths.root.join("openapi.yaml"))
            .args(["--url", &format!("{origin}{}", school::BASE)])
            .args(["--checks", CHECKS, "--phases", phases, "--seed", seed, "--warnings", "off"])
            .arg("--report-ndjson-path")
            .arg(self.folder.0.join(format!(
                "{}-{}-{seed}.ndjson",
                self.who,
                phases.replace(',', "-")
            )))
            .args(
                EXCLUDED_OPERATIONS
                    .iter()
                    .flat_map(|operation| ["--exclude-operation-id", operation]),
            )
            .args(["--header", &format!("Origin: {origin}")]);
        if !principal.header.is_empty() {
            schemathesis.args([
                "--header",
                &principal.header,
                "--generation-with-security-parameters",
                "false",
            ]);
            schemathesis.args(
                SESSION_ENDING_OPERATIONS
                    .iter()
                    .flat_map(|operation| ["--exclude-operation-id", operation]),
            );
        }
        shell::run(&mut schemathesis)
    }

    /// The settings of the generation. Sequences follow only the contract's own links and use only
    /// valid data; the earlier phases try invalid data.
    fn settings(&self) -> String {
        let Self { examples, tags, .. } = self;
        let foreign: Vec<&str> = TAGS.into_iter().filter(|tag| !tags.contains(tag)).collect();
        format!(
            "[generation]\nmax-examples = {examples}\n\n[phases.stateful]\nmax-steps = \
             20\ninference.algorithms = []\ngeneration = {{ mode = \"positive\", max-examples = \
             {} }}\n\n[[operations]]\ninclude-tag = {foreign:?}\nphases.stateful.enabled = false\n",
            examples.saturating_mul(SEQUENCES),
        )
    }
}

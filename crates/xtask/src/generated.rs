//! Integration test from a vendor's view: a client generated from the contract performs the steps
//! of an API client and of a parent, and the integration guide is executed literally.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};

use crate::{
    api, dependencies,
    install::{self, Mode},
    paths::Paths,
    postgres::TempFolder,
    shell,
};

/// Generates the client and runs it against a new demo school, then executes `docs/integrate.md`.
///
/// # Errors
/// If the contract can't be read, or a response is not as expected.
pub fn run(paths: &Paths, mode: Mode) -> Result<()> {
    install::all(paths, mode, dependencies::GENERATOR)?;
    let server = api::build(paths, mode, "release")?;
    let folder = TempFolder::new("generated")?;
    run_generated_client(paths, &server, &folder)?;
    run_integration_guide(paths, &server, &folder)
}

fn run_generated_client(paths: &Paths, server: &Path, folder: &TempFolder) -> Result<()> {
    let python = dependencies::OPENAPI_CLIENT_GENERATOR.folder(paths).join("bin");
    let package = folder.0.join("parlour_client");
    // The generator would format its output with a tool that is not installed.
    let config = folder.0.join("config.yaml");
    fs::write(&config, "post_hooks: []\n")?;
    let mut generate = paths.command(python.join("openapi-python-client"));
    generate
        .args(["generate", "--meta", "none", "--fail-on-warning", "--config"])
        .arg(config)
        .arg("--path")
        .arg(generator_input(paths, folder)?)
        .arg("--output-path")
        .arg(&package);
    shell::run(&mut generate)?;

    let database = folder.0.join("parlour.db");
    let (_running, port) = api::serve_demo(paths, server, &database)?;
    let mut walk = paths.command(python.join("python"));
    walk.arg(paths.root.join("tests/generated_client/journey.py"));
    let base = format!("http://127.0.0.1:{port}/s/hillcrest/api/v1");
    shell::run(walk.arg(&base).arg(&folder.0))
}

/// Executes all code blocks of the guide, with the programs that they name.
fn run_integration_guide(paths: &Paths, server: &Path, folder: &TempFolder) -> Result<()> {
    let own = [
        server.parent().unwrap_or(server).to_owned(),
        dependencies::STANDARD_WEBHOOKS.folder(paths).join("bin"),
    ];
    let others = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(own.into_iter().chain(env::split_paths(&others)))?;
    let boxes = shell_blocks(&fs::read_to_string(paths.root.join("docs/integrate.md"))?);
    // The trap ends background jobs of the guide.
    let script = format!("trap 'kill $(jobs -p) 2> /dev/null' EXIT\n{boxes}");
    let mut guide = paths.command("bash");
    guide.current_dir(&folder.0).args(["-euo", "pipefail", "-c", &script]).env("PATH", path);
    shell::run(
        guide
            .env("PORT", api::free_port()?.to_string())
            .env("RECEIVER_PORT", api::free_port()?.to_string()),
    )?;
    let fetched = fs::read_to_string(folder.0.join("bookings.jsonl"))?.lines().count();
    ensure!(fetched > 100, "the guide fetched {fetched} appointments, and the demo has more");
    println!("The guide works as it is written: {fetched} appointments.");
    Ok(())
}

/// All code blocks of the guide, concatenated.
fn shell_blocks(guide: &str) -> String {
    let boxes = guide.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    boxes.collect::<Vec<_>>().join("\n")
}

/// A copy of the contract without the media type of the one response that the generator does not
/// support: the contract itself, which is YAML.
fn generator_input(paths: &Paths, folder: &TempFolder) -> Result<PathBuf> {
    let contract = fs::read_to_string(paths.root.join("openapi.yaml"))?;
    let file = folder.0.join("openapi.yaml");
    fs::write(&file, contract.replace("            application/yaml:", "            text/plain:"))?;
    Ok(file)
}

//! What vendors do: a client that is generated from the contract alone goes the way of a program and of a parent, and the guide is followed to the letter.

use std::fs;

use anyhow::{Result, ensure};

use crate::{
    api, fuzz,
    install::{self, Mode},
    needs,
    paths::Paths,
    postgres::Folder,
    shell,
};

/// Generates the client anew and lets it walk through a demo school of its own; then does there what `docs/integrate.md` says.
///
/// # Errors
/// When the contract can't be read, or the server answers something else.
pub fn run(paths: &Paths, mode: Mode) -> Result<()> {
    install::all(paths, mode, needs::GENERATOR)?;
    let server = api::build(paths, mode, "release")?;
    let folder = Folder::new("generated")?;
    let python = needs::OPENAPI_CLIENT.folder(paths).join("bin");
    let package = folder.0.join("parlour_client");
    // It would format what it made, with a tool that nobody needs here.
    let config = folder.0.join("config.yaml");
    fs::write(&config, "post_hooks: []\n")?;
    let mut generate = paths.command(python.join("openapi-python-client"));
    generate
        .args(["generate", "--meta", "none", "--fail-on-warning", "--config"])
        .arg(config)
        .arg("--path")
        .arg(generatable(paths, &folder)?)
        .arg("--output-path")
        .arg(&package);
    shell::run(&mut generate)?;

    let database = folder.0.join("parlour.db");
    let (_running, port) = api::serve_demo(paths, &server, &database)?;
    let mut walk = paths.command(python.join("python"));
    walk.arg(paths.root.join("tests/generated_client/journey.py"));
    let base = format!("http://127.0.0.1:{port}/s/hillcrest/api/v1");
    shell::run(walk.arg(&base).arg(&folder.0))?;

    let (id, secret) = fuzz::connect(port)?;
    let mut guide = paths.command("bash");
    guide.current_dir(&folder.0).args(["-euo", "pipefail", "-c", &boxes(&fs::read_to_string(paths.root.join("docs/integrate.md"))?)]);
    shell::run(guide.env("PARLOUR", &base).env("CLIENT_ID", id).env("CLIENT_SECRET", secret))?;
    let fetched = fs::read_to_string(folder.0.join("bookings.jsonl"))?.lines().count();
    ensure!(fetched > 100, "the guide fetched {fetched} appointments, and the demo has more");
    println!("The guide works as it is written: {fetched} appointments.");
    Ok(())
}

/// What stands in the guide's boxes, one after the other.
fn boxes(guide: &str) -> String {
    let boxes = guide.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    boxes.collect::<Vec<_>>().join("\n")
}

/// The contract without the kind of the one answer that the generator does not know: the contract itself, which is YAML.
fn generatable(paths: &Paths, folder: &Folder) -> Result<std::path::PathBuf> {
    let contract = fs::read_to_string(paths.root.join("openapi.yaml"))?;
    let file = folder.0.join("openapi.yaml");
    fs::write(&file, contract.replace("            application/yaml:", "            text/plain:"))?;
    Ok(file)
}

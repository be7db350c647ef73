//! Made-up requests to every operation of the contract, as nobody and as each role, against a demo school of its own.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use anyhow::{Context, Result, bail};

use crate::{
    api,
    install::{self, Mode},
    needs,
    paths::Paths,
    postgres::Folder,
    shell::{self, Running},
};

const ROLES: [&str; 4] = ["parent", "guest", "teacher", "staff"];
const BASE: &str = "/s/hillcrest/api/v1";
const CHECKS: &str = "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance";

/// Starts a server and fuzzes it as nobody and as each role.
///
/// # Errors
/// When an answer breaks the contract, after all roles had their turn.
pub fn run(paths: &Paths, mode: Mode, examples: u16) -> Result<()> {
    install::all(paths, mode, needs::FUZZER)?;
    let server = api::build(paths, mode, "release")?;
    let folder = Folder::new("fuzz")?;
    let database = folder.0.join("parlour.db");
    api::load_demo(paths, &server, &database)?;

    let port = api::free_port()?;
    let mut serve = api::demo(paths, &server, &database);
    serve.arg("serve").env("PARLOUR_LISTEN", format!("127.0.0.1:{port}"));
    let mut running = Running::start(&mut serve)?;
    api::wait_for_port(port, &mut running).context("the server did not start")?;

    let mut broken = Vec::new();
    for role in std::iter::once(None).chain(ROLES.map(Some)) {
        let who = role.unwrap_or("nobody");
        println!("As {who}:");
        let cookie = role.map(|role| log_in(port, role)).transpose()?;
        if let Err(error) = fuzz(paths, port, cookie.as_deref(), examples) {
            shell::go_on()?;
            eprintln!("error: {error:#}");
            broken.push(who);
        }
    }
    if !broken.is_empty() {
        bail!("the answers break the contract as {}", broken.join(", "));
    }
    Ok(())
}

fn fuzz(paths: &Paths, port: u16, cookie: Option<&str>, examples: u16) -> Result<()> {
    let origin = format!("http://127.0.0.1:{port}");
    let mut schemathesis = paths.command(needs::SCHEMATHESIS.folder(paths).join("bin/schemathesis"));
    schemathesis
        .args(["run", "openapi.yaml", "--url", &format!("{origin}{BASE}")])
        .args(["--checks", CHECKS, "--seed", "1", "--generation-deterministic"])
        .args(["--max-examples", &examples.to_string()])
        .args(["--header", &format!("Origin: {origin}")]);
    if let Some(cookie) = cookie {
        schemathesis.args(["--header", &format!("Cookie: {cookie}")]);
    }
    shell::run(&mut schemathesis)
}

/// A fresh session of the demo school, as a cookie.
fn log_in(port: u16, role: &str) -> Result<String> {
    let body = format!("{{\"as\":\"{role}\"}}");
    let request = format!(
        "POST {BASE}/dev/logins HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let cookie = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_it = name.eq_ignore_ascii_case("set-cookie");
        is_it.then(|| value.split(';').next().unwrap_or(value).to_owned())
    });
    let first = answer.lines().next().unwrap_or("no answer");
    cookie.with_context(|| format!("no session as {role}: the server said {first}"))
}

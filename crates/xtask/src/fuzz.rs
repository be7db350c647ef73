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

/// The guest before those who could remove the invite.
const ROLES: [&str; 4] = ["guest", "teacher", "parent", "staff"];
const BASE: &str = "/s/hillcrest/api/v1";
/// They end the session, after which every further answer would be 401: only nobody tries them.
const ENDING: [&str; 3] = ["delete_session", "delete_sessions", "delete_guest_sessions"];
/// It moves the time that all other answers rest on: nobody tries it.
const MOVES_TIME: &str = "move_dev_clock";
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
        if let Err(error) = fuzz(paths, &folder, port, cookie.as_deref(), examples) {
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

fn fuzz(paths: &Paths, folder: &Folder, port: u16, cookie: Option<&str>, examples: u16) -> Result<()> {
    let origin = format!("http://127.0.0.1:{port}");
    let mut schemathesis = paths.command(needs::SCHEMATHESIS.folder(paths).join("bin/schemathesis"));
    schemathesis
        // It keeps notes where it runs.
        .current_dir(&folder.0)
        .arg("run")
        .arg(paths.root.join("openapi.yaml"))
        .args(["--url", &format!("{origin}{BASE}")])
        .args(["--checks", CHECKS, "--seed", "1", "--warnings", "off"])
        .args(["--max-examples", &examples.to_string()])
        .args(["--exclude-operation-id", MOVES_TIME])
        .args(["--header", &format!("Origin: {origin}")]);
    if let Some(cookie) = cookie {
        schemathesis.args(["--header", &format!("Cookie: {cookie}")]);
        schemathesis.args(["--generation-with-security-parameters", "false"]);
        for operation in ENDING {
            schemathesis.args(["--exclude-operation-id", operation]);
        }
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
    let cookies = answer.lines().filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let pair = value.split(';').next()?;
        // One with no value is a cookie that goes.
        (name.eq_ignore_ascii_case("set-cookie") && !pair.ends_with('=')).then_some(pair)
    });
    let cookies: Vec<&str> = cookies.collect();
    if cookies.is_empty() {
        bail!("no session as {role}: the server said {}", answer.lines().next().unwrap_or("nothing"));
    }
    Ok(cookies.join("; "))
}

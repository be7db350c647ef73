//! Made-up requests to every operation of the contract, as nobody, as each role and as a program, against a demo school of its own.

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
    shell,
};

/// The guest before those who could remove the invite.
const ROLES: [&str; 4] = ["guest", "teacher", "parent", "staff"];
const BASE: &str = "/s/hillcrest/api/v1";
/// They end the session, after which every further answer would be 401: only nobody tries them.
const ENDING: [&str; 3] = ["delete_session", "delete_sessions", "delete_guest_sessions"];
/// They move the time that all other answers rest on, and begin anew: nobody tries them.
const FOR_NOBODY: [&str; 2] = ["move_dev_clock", "reset_dev_school"];
const CHECKS: &str = "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance";

/// Starts a server and fuzzes it as nobody, as each role and as a program.
///
/// # Errors
/// When an answer breaks the contract, after all roles had their turn.
pub fn run(paths: &Paths, mode: Mode, examples: u16) -> Result<()> {
    install::all(paths, mode, needs::FUZZER)?;
    let server = api::build(paths, mode, "release")?;
    let folder = Folder::new("fuzz")?;
    let database = folder.0.join("parlour.db");
    let (_running, port) = api::serve_demo(paths, &server, &database)?;

    let mut broken = Vec::new();
    for role in std::iter::once(None).chain(ROLES.map(Some)) {
        let who = role.unwrap_or("nobody");
        println!("As {who}:");
        let header = role.map(|role| log_in(port, role)).transpose()?.map(|cookie| format!("Cookie: {cookie}"));
        if let Err(error) = fuzz(paths, &folder, port, header.as_deref(), examples) {
            shell::go_on()?;
            eprintln!("error: {error:#}");
            broken.push(who);
        }
    }
    println!("As a program:");
    let token = format!("Authorization: Bearer {}", token(port)?);
    if let Err(error) = fuzz(paths, &folder, port, Some(&token), examples) {
        shell::go_on()?;
        eprintln!("error: {error:#}");
        broken.push("a program");
    }
    if !broken.is_empty() {
        bail!("the answers break the contract as {}", broken.join(", "));
    }
    Ok(())
}

fn fuzz(paths: &Paths, folder: &Folder, port: u16, header: Option<&str>, examples: u16) -> Result<()> {
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
        .args(FOR_NOBODY.iter().flat_map(|operation| ["--exclude-operation-id", operation]))
        .args(["--header", &format!("Origin: {origin}")]);
    if let Some(header) = header {
        schemathesis.args(["--header", header]);
        schemathesis.args(["--generation-with-security-parameters", "false"]);
        for operation in ENDING {
            schemathesis.args(["--exclude-operation-id", operation]);
        }
    }
    shell::run(&mut schemathesis)
}

/// A fresh session of the demo school, as a cookie.
fn log_in(port: u16, role: &str) -> Result<String> {
    let answer = post(port, "/dev/logins", "application/json", "", &format!("{{\"as\":\"{role}\"}}"))?;
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

/// A token of a program that may do all that programs may, and often.
fn token(port: u16) -> Result<String> {
    let (id, secret) = connect(port)?;
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    text_of(&post(port, "/oauth/token", "application/x-www-form-urlencoded", "", &form)?, "access_token")
}

/// Connects a program that may do all that programs may, and often: its id and its secret.
fn connect(port: u16) -> Result<(String, String)> {
    let cookie = format!("Cookie: {}\r\n", log_in(port, "staff")?);
    let scopes = ["evenings:read", "evenings:write", "bookings:read", "attendance:read", "invites:read", "guests:read", "roster:write"]
        .map(|scope| format!("\"{scope}\""))
        .join(",");
    let new = format!("{{\"name\":\"Fuzz\",\"scopes\":[{scopes}],\"requests_per_minute\":6000}}");
    let made = post(port, "/clients", "application/json", &cookie, &new)?;
    Ok((text_of(&made, "id")?, text_of(&made, "client_secret")?))
}

/// A text of a JSON answer that holds no quotes.
fn text_of(answer: &str, name: &str) -> Result<String> {
    let after = answer.split_once(&format!("\"{name}\":\"")).with_context(|| format!("no {name} in {answer}"))?.1;
    Ok(after.split('"').next().unwrap_or_default().to_owned())
}

fn post(port: u16, path: &str, kind: &str, headers: &str, body: &str) -> Result<String> {
    let request = format!(
        "POST {BASE}{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n{headers}\
         Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

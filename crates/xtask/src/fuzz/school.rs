//! HTTP client for the demo school that is fuzzed, as one of its people or as an API client.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// The base path of the school's API.
pub const BASE: &str = "/s/hillcrest/api/v1";
/// All scopes of an API client.
const SCOPES: [&str; 8] = [
    "evenings:read",
    "evenings:write",
    "bookings:read",
    "attendance:read",
    "invites:read",
    "guests:read",
    "roster:write",
    "roster:write_staff",
];

/// The identity of a request: its header, which is empty for nobody.
#[derive(Clone)]
pub struct Principal {
    port: u16,
    /// `Cookie: …` or `Authorization: …`.
    pub header: String,
}

impl Principal {
    /// An anonymous principal.
    pub const fn nobody(port: u16) -> Self {
        Self { port, header: String::new() }
    }

    /// A person of the demo school, in a new session.
    ///
    /// # Errors
    /// If the login fails.
    pub fn person(port: u16, role: &str) -> Result<Self> {
        let answer = Self::nobody(port).request(
            "POST",
            "/dev/logins",
            "application/json",
            &json!({ "as": role }).to_string(),
        )?;
        let cookies: Vec<&str> = answer.head.lines().filter_map(cookie).collect();
        if cookies.is_empty() {
            bail!(
                "no session as {role}: the server said {}",
                answer.head.lines().next().unwrap_or("nothing")
            );
        }
        Ok(Self { port, header: format!("Cookie: {}", cookies.join("; ")) })
    }

    /// A new API client with all scopes and a high rate limit.
    ///
    /// # Errors
    /// If it can't be created.
    pub fn api_client(port: u16) -> Result<Self> {
        let (id, secret) = create_api_client(port)?;
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let answer = Self::nobody(port).request(
            "POST",
            "/oauth/token",
            "application/x-www-form-urlencoded",
            &form,
        )?;
        Ok(Self {
            port,
            header: format!("Authorization: Bearer {}", text(&answer.json()?["access_token"])?),
        })
    }

    /// The JSON of a response; null if this principal has no access.
    ///
    /// # Errors
    /// If the response is not JSON.
    pub fn get(&self, path: &str) -> Result<Value> {
        let answer = self.request("GET", path, "", "")?;
        if answer.is_success() { answer.json() } else { Ok(Value::Null) }
    }

    /// The JSON of the response to a JSON body.
    ///
    /// # Errors
    /// If the response is no success.
    pub fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let answer = self.request(method, path, "application/json", &body.to_string())?;
        if !answer.is_success() {
            bail!(
                "{method} {path}: {} {}",
                answer.head.lines().next().unwrap_or("nothing"),
                answer.body
            );
        }
        answer.json()
    }

    fn request(&self, method: &str, path: &str, kind: &str, body: &str) -> Result<Response> {
        let Self { port, header } = self;
        let mut request = format!(
            "{method} {BASE}{path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\
             Origin: http://127.0.0.1:{port}\r\n"
        );
        if !header.is_empty() {
            request.push_str(&format!("{header}\r\n"));
        }
        if !kind.is_empty() {
            request
                .push_str(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()));
        }
        let mut stream = TcpStream::connect(("127.0.0.1", *port))?;
        stream.write_all(format!("{request}\r\n{body}").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("the server broke off")?;
        Ok(Response { head: head.to_owned(), body: body.to_owned() })
    }
}

/// Creates an API client with all scopes and a high rate limit, and returns its id and secret.
///
/// # Errors
/// If the server refuses.
pub fn create_api_client(port: u16) -> Result<(String, String)> {
    let new = json!({ "name": "Fuzz", "scopes": SCOPES, "requests_per_minute": 6000 });
    let made = Principal::person(port, "staff")?.send("POST", "/clients", &new)?;
    Ok((text(&made["client"]["id"])?.to_owned(), text(&made["client_secret"])?.to_owned()))
}

struct Response {
    head: String,
    body: String,
}

impl Response {
    fn is_success(&self) -> bool {
        self.head.split(' ').nth(1).is_some_and(|status| status.starts_with('2'))
    }

    fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("no JSON: {}", self.body))
    }
}

/// The cookie in a header line; `None` for a cookie without a value, which deletes it.
fn cookie(line: &str) -> Option<&str> {
    let (name, value) = line.split_once(": ")?;
    let pair = value.split(';').next()?;
    (name.eq_ignore_ascii_case("set-cookie") && !pair.ends_with('=')).then_some(pair)
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("a text is missing in the answer")
}

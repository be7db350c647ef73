//! Benchmark of page loads in a browser with an empty cache: transferred bytes, first paint, and
//! time until usable.

mod browser;

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;

use self::browser::Browser;
use crate::statistics::{median, rounded};

/// The number of visits per page and speed; the figures are medians.
const VISITS_PER_PAGE: usize = 5;
/// The factor by which the processor is slowed down for the second half.
const CPU_SLOWDOWN: u32 = 4;
const TIMEOUT: Duration = Duration::from_secs(60);
const BASE: &str = "/s/hillcrest/";
const WATCH: &str = include_str!("watch.js");
const REPORT: &str = include_str!("report.js");

/// A page, with the selectors of elements that must exist before it is usable.
struct Page {
    name: &'static str,
    path: String,
    needed: [&'static str; 2],
    cookie: Option<String>,
}

/// Measures both speeds, and prints a table and one line of JSON.
///
/// # Errors
/// If a page does not become usable.
pub async fn run(server: SocketAddr) -> Result<()> {
    let cookie = log_in(server).await?;
    let pages = [
        Page {
            name: "login",
            path: format!("{BASE}login"),
            needed: ["input[type=email]", "form button[type=submit]"],
            cookie: None,
        },
        Page {
            name: "my_bookings",
            path: bookings_path(server, &cookie).await?,
            needed: ["table.bookings tbody tr", ".invite-control button"],
            cookie: Some(cookie),
        },
    ];
    let mut visits: Vec<[Vec<Value>; 2]> = vec![Default::default(); pages.len()];
    for visit in 0..VISITS_PER_PAGE {
        for (page, visits) in pages.iter().zip(&mut visits) {
            for (speed, visits) in [1, CPU_SLOWDOWN].into_iter().zip(visits) {
                let seen = measure_visit(server, page, speed)
                    .await
                    .with_context(|| format!("{} was not usable", page.name))?;
                println!(
                    "visit {} of {}, processor {speed} times slower: {seen}",
                    visit + 1,
                    page.name
                );
                visits.push(seen);
            }
        }
    }
    print(&pages.iter().map(|page| page.name).zip(visits.iter().map(figures)).collect::<Vec<_>>());
    Ok(())
}

/// Opens a page in a new browser.
async fn measure_visit(server: SocketAddr, page: &Page, speed: u32) -> Result<Value> {
    let browser = Browser::start().await?;
    let script = WATCH.replace("NEEDED", &json!(page.needed).to_string());
    browser.command("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await?;
    if let Some((name, value)) = page.cookie.as_ref().and_then(|cookie| cookie.split_once('=')) {
        let url = format!("http://{server}{BASE}");
        browser
            .command(
                "Network.setCookie",
                json!({ "url": url, "name": name, "value": value, "path": BASE, "httpOnly": true }),
            )
            .await?;
    }
    browser.slow_down(speed).await?;
    browser.open(&format!("http://{server}{}", page.path)).await?;
    let at_rest = async {
        loop {
            match browser.run(REPORT).await? {
                Value::Null => tokio::time::sleep(Duration::from_millis(200)).await,
                seen => return anyhow::Ok(seen),
            }
        }
    };
    let seen = tokio::time::timeout(TIMEOUT, at_rest).await;
    browser.close().await?;
    seen.context("it took too long")?
}

fn figures(visits: &[Vec<Value>; 2]) -> Vec<(&'static str, f64)> {
    let of = |speed: usize, name: &str| {
        rounded(median(visits[speed].iter().filter_map(|seen| seen[name].as_f64())), 0)
    };
    vec![
        ("bytes", of(0, "bytes")),
        ("requests", of(0, "requests")),
        ("fcp_ms", of(0, "fcp_ms")),
        ("tti_ms", of(0, "tti_ms")),
        ("fcp_cpu4x_ms", of(1, "fcp_ms")),
        ("tti_cpu4x_ms", of(1, "tti_ms")),
    ]
}

fn print(pages: &[(&str, Vec<(&str, f64)>)]) {
    println!(
        "\nmedians of {VISITS_PER_PAGE} first visits, server and browser on the same cores:\n"
    );
    print!("{:<16}", "");
    pages.iter().for_each(|(name, _)| print!("{name:>14}"));
    println!();
    for row in 0..pages[0].1.len() {
        print!("{:<16}", pages[0].1[row].0);
        pages.iter().for_each(|(_, figures)| print!("{:>14}", figures[row].1));
        println!();
    }
    let line: Map<String, Value> = pages
        .iter()
        .map(|(name, figures)| ((*name).to_owned(), figures.iter().copied().collect()))
        .collect();
    println!("\n{}", Value::Object(line));
}

/// Logs the demo's parent in and returns the cookie.
async fn log_in(server: SocketAddr) -> Result<String> {
    let (headers, _) = get(server, &format!("{BASE}dev/login/parent"), "").await?;
    let cookies = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    cookies
        .map(str::to_owned)
        .find(|cookie| cookie.starts_with("parlour_session="))
        .context("the demo's parent can't log in")
}

/// The path of the evening that the demo's parent has booked and can still change.
async fn bookings_path(server: SocketAddr, cookie: &str) -> Result<String> {
    let (_, body) = get(server, &format!("{BASE}api/v1/evenings"), cookie).await?;
    let evenings: Value = serde_json::from_slice(&body)?;
    let open = evenings["items"]
        .as_array()
        .and_then(|all| all.iter().find(|evening| evening["booking_state"] == "open"));
    match open.and_then(|evening| evening["id"].as_str()) {
        Some(id) => Ok(format!("{BASE}evenings/{id}")),
        None => bail!("the demo has no evening to book for"),
    }
}

async fn get(server: SocketAddr, path: &str, cookie: &str) -> Result<(header::HeaderMap, Bytes)> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(TcpStream::connect(server).await?)).await?;
    tokio::spawn(connection);
    let request =
        Request::get(path).header(header::HOST, server.to_string()).header(header::COOKIE, cookie);
    let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    let headers = response.headers().clone();
    Ok((headers, response.into_body().collect().await?.to_bytes()))
}

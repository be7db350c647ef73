//! Benchmark of joining a call: the time from the click on Join to the first moving picture of
//! another participant, in the product and between baseline pages.

mod baseline;

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use chrono::TimeDelta;
use clap::Args;
use parlour_browser::{Chromium, MEDIA, TurnServer};
use serde_json::{Value, json};

use self::baseline::Baseline;
use crate::{
    calls::school::{Call, Person, School},
    statistics::{median, rounded},
};

/// The number of rounds for each kind of page; the figures are medians.
const ROUNDS: usize = 7;
/// The participants whose joining is measured: the second, who meets one, and the fourth, who meets
/// three.
const MEASURED: [usize; 2] = [1, 3];
/// The pause after which the participants' earlier work is finished.
const REST: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(30);
const WATCH: &str = include_str!("watch.js");

/// The address of the server, and its settings.
#[derive(Args)]
pub struct Arguments {
    #[arg(long)]
    server: SocketAddr,
    #[arg(long)]
    database: String,
    /// The port for the TURN server, which the server announces to browsers.
    #[arg(long)]
    turn_port: u16,
    /// The server's `PARLOUR_TURN_SECRET`.
    #[arg(long)]
    turn_secret: String,
}

/// The kind of page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Kind {
    Product,
    Baseline,
}

/// Measures both kinds alternately, and prints a line for each round and a line of JSON.
///
/// # Errors
/// If a participant does not see the others.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let _turn = TurnServer::start_on(arguments.turn_port, &arguments.turn_secret).await?;
    let school = School::open(&arguments.database).await?;
    // The call began a moment ago, so that nobody waits for its start; the rounds take half of its
    // five minutes.
    let calls = school.prepare(1, TimeDelta::seconds(-5)).await?;
    let call = calls.first().context("nobody has booked anything")?;
    let mut browsers = Vec::new();
    for person in &call.people {
        browsers.push(start(arguments.server, person).await?);
    }
    let baseline =
        Baseline::serve(ice_servers(&browsers[0], arguments.server, call).await?).await?;
    let mut times: HashMap<(Kind, usize), Vec<f64>> = HashMap::new();
    for round in 1..=ROUNDS {
        for (kind, page) in [
            (Kind::Product, format!("http://{}{}", arguments.server, call.page)),
            (Kind::Baseline, baseline.page()),
        ] {
            let ms = measure_join(&browsers, &page)
                .await
                .with_context(|| format!("round {round}, {kind:?}"))?;
            println!("round {round}, {kind:?}: {ms:.0?} ms for the second and the fourth");
            for (place, ms) in MEASURED.into_iter().zip(ms) {
                times.entry((kind, place)).or_default().push(ms);
            }
        }
    }
    for browser in browsers {
        browser.close().await?;
    }
    let of = |kind, place| rounded(median(times[&(kind, place)].iter().copied()), 0);
    println!(
        "{}",
        json!({
            "first_frame_2_ms": of(Kind::Product, MEASURED[0]),
            "first_frame_4th_ms": of(Kind::Product, MEASURED[1]),
            "bare_2_ms": of(Kind::Baseline, MEASURED[0]),
            "bare_4th_ms": of(Kind::Baseline, MEASURED[1]),
        })
    );
    Ok(())
}

/// Starts a browser with this person's session.
async fn start(server: SocketAddr, person: &Person) -> Result<Chromium> {
    let browser = Chromium::start_with(1000, 800, &MEDIA).await?;
    browser.driver.set_script_timeout(TIMEOUT).await?;
    let (name, value) = person.cookie.split_once('=').context("no cookie")?;
    let path = person.path.split_inclusive('/').take(3).collect::<String>();
    let cookie = json!({
        "url": format!("http://{server}{path}"),
        "name": name,
        "value": value,
        "path": path,
        "httpOnly": true,
    });
    browser.driver.cdp().send_raw("Network.setCookie", cookie).await?;
    browser
        .driver
        .cdp()
        .send_raw("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH }))
        .await?;
    Ok(browser)
}

/// The STUN and TURN servers that the server sends to its pages, so that the baseline page uses the
/// same route.
async fn ice_servers(browser: &Chromium, server: SocketAddr, call: &Call) -> Result<Value> {
    browser.driver.goto(format!("http://{server}{}", call.page)).await?;
    let script = "const done = arguments[0]; fetch('api/v1/ice_servers').then((answer) => \
                  answer.json()).then(done);";
    let servers = browser.driver.execute_async(script, Vec::new()).await?.json().clone();
    ensure!(servers["ice_servers"].is_array(), "no servers: {servers}");
    Ok(servers)
}

/// Lets all participants join one after the other, and leave. Returns the times of the measured
/// ones, in milliseconds.
async fn measure_join(browsers: &[Chromium], page: &str) -> Result<Vec<f64>> {
    for browser in browsers {
        browser.driver.goto(page).await?;
        evaluate(browser, "until(() => watched.ready(), 'the door')").await?;
    }
    let mut measured = Vec::new();
    for (place, browser) in browsers.iter().enumerate() {
        let ms = evaluate(browser, &format!("watched.join({place})")).await?;
        if MEASURED.contains(&place) {
            measured.push(ms.as_f64().context("no time")?);
        }
        for before in &browsers[..place] {
            evaluate(before, &format!("until(() => watched.shown() === {place}, 'the others')"))
                .await?;
        }
        tokio::time::sleep(REST).await;
    }
    for browser in browsers {
        evaluate(browser, "watched.leave()").await?;
        browser.driver.goto("about:blank").await?;
    }
    tokio::time::sleep(REST).await;
    Ok(measured)
}

/// The result of a promise in the page.
async fn evaluate(browser: &Chromium, promise: &str) -> Result<Value> {
    let script = format!(
        "const done = arguments[0]; const {{ watched, until }} = globalThis; \
         ({promise}).then((is) => done({{ is }}), (error) => done({{ error: String(error) }}));"
    );
    let said = browser.driver.execute_async(script, Vec::new()).await?.json().clone();
    if let Some(error) = said["error"].as_str() {
        let page = browser
            .driver
            .execute("return document.body.innerText", Vec::new())
            .await?
            .json()
            .clone();
        bail!("{error}; the page says {page}");
    }
    Ok(said["is"].clone())
}

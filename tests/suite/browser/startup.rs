//! Tests of the web app's start: a failure is shown and reported once, and a tab that outlives a
//! deployment continues with the new build.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;
use tempfile::TempDir;

use super::{axe, client, driver::Browser, pages::check_page};
use crate::harness::School;

const PHONE: &str = "020 7946 0000";
const HEADING: &str = "This page has not started";
/// JavaScript expression: how many error reports this page load has sent.
const REPORTS: &str = "performance.getEntriesByType('resource').filter((one) => \
                       one.name.endsWith('/client_errors')).length";

/// A copy of the built web app that a test can damage.
struct ClientCopy(TempDir);

impl ClientCopy {
    fn new() -> Self {
        let copy = tempfile::tempdir().expect("a folder");
        let from = PathBuf::from(client());
        fs::create_dir(copy.path().join("assets")).expect("a folder");
        fs::copy(from.join("index.html"), copy.path().join("index.html"))
            .expect("the page is there");
        for file in fs::read_dir(from.join("assets")).expect("the assets are there").flatten() {
            fs::copy(file.path(), copy.path().join("assets").join(file.file_name()))
                .expect("a file can be copied");
        }
        Self(copy)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Changes the file with this name and extension, whatever its hash; `None` deletes it.
    fn change(&self, name: &str, ending: &str, change: impl Fn(Vec<u8>) -> Option<Vec<u8>>) {
        let files =
            fs::read_dir(self.path().join("assets")).expect("the assets are there").flatten();
        let named: Vec<PathBuf> =
            files.map(|file| file.path()).filter(|path| is_named(path, name)).collect();
        assert!(!named.is_empty(), "there is no {name}");
        for path in named {
            let bytes = fs::read(&path).expect("it can be read");
            fs::remove_file(&path).expect("it can be removed");
            if path.extension().is_some_and(|end| end == ending)
                && let Some(changed) = change(bytes)
            {
                fs::write(&path, changed).expect("it can be written");
            }
        }
    }

    async fn school(&self) -> School {
        let folder = self.path().display().to_string();
        let school =
            School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &folder)]).await;
        school
            .staff()
            .await
            .patch("/school", json!({ "phone": PHONE, "office_hours": "Monday to Friday" }))
            .await
            .is(200);
        school
    }
}

fn is_named(path: &Path, name: &str) -> bool {
    path.file_name()
        .and_then(|file| file.to_str())
        .is_some_and(|file| file.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

fn page(school: &School, path: &str) -> String {
    format!("{}/s/hillcrest/{path}", school.origin)
}

/// Opens the page and checks that its failure to start is shown with the school's contact and
/// reported once.
async fn does_not_start(browser: &Browser, school: &School, why: &str) {
    browser.open(&page(school, "login")).await;
    browser.heading(HEADING).await;
    browser.sees(PHONE).await;
    let text = browser.text().await;
    assert!(!text.contains("Loading"), "{why}: {text}");
    browser.wait_for_js(&format!("{REPORTS} === 1")).await;
    browser.reload().await;
    browser.heading(HEADING).await;
    assert_eq!(browser.run(&format!("return {REPORTS}")).await, json!(0), "{why}: told once");
}

#[actix_web::test]
async fn damaged_assets_show_an_error_and_are_reported_once() {
    let browser = Browser::start(375).await;
    let html = |_: Vec<u8>| Some(b"<!doctype html><title>Sign in to the network</title>".to_vec());
    let half = |bytes: Vec<u8>| Some(bytes[..bytes.len() / 2].to_vec());
    let gone = |_: Vec<u8>| None;
    type Change<'c> = &'c dyn Fn(Vec<u8>) -> Option<Vec<u8>>;
    let faults: [(&str, &str, &str, Change<'_>); 7] = [
        ("no WebAssembly", "app_bg", "wasm", &gone),
        ("half of the WebAssembly", "app_bg", "wasm", &half),
        ("a page instead of the WebAssembly", "app_bg", "wasm", &html),
        ("no start.js", "start", "js", &gone),
        ("no app.js", "app", "js", &gone),
        ("a page instead of app.js", "app", "js", &html),
        ("half of app.js", "app", "js", &half),
    ];
    for (why, name, ending, change) in faults {
        let copy = ClientCopy::new();
        copy.change(name, ending, change);
        does_not_start(&browser, &copy.school().await, why).await;
    }
    // A proxy's content security policy that forbids WebAssembly.
    let copy = ClientCopy::new();
    let index = fs::read_to_string(copy.path().join("index.html")).expect("the page is there");
    let strict = index.replace(
        "<head>",
        "<head><meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'self'\">",
    );
    fs::write(copy.path().join("index.html"), strict).expect("it can be written");
    let school = copy.school().await;
    does_not_start(&browser, &school, "a policy").await;
    check_page(&browser, "a page that has not started").await;
    browser.close().await;
}

#[actix_web::test]
async fn unsupported_browsers_show_an_error() {
    let faults = [
        ("no modules", "delete HTMLScriptElement.prototype.noModule"),
        ("no WebAssembly", "delete window.WebAssembly"),
        (
            "WebAssembly is refused",
            "WebAssembly.instantiate = WebAssembly.instantiateStreaming = () => \
             Promise.reject(new Error('refused'))",
        ),
        (
            "the WebAssembly is blocked",
            "const real = fetch; window.fetch = (url, ...more) => String(url.url ?? \
             url).includes('.wasm') ? Promise.reject(new TypeError('blocked')) : real(url, \
             ...more)",
        ),
    ];
    let copy = ClientCopy::new();
    let school = copy.school().await;
    for (why, script) in faults {
        let browser = Browser::start(375).await;
        browser.run_before_each_page(script).await;
        does_not_start(&browser, &school, why).await;
        browser.close().await;
    }
}

#[actix_web::test]
async fn page_without_scripts_shows_an_error_after_a_delay() {
    let copy = ClientCopy::new();
    copy.change("boot", "js", |_| None);
    let school = copy.school().await;
    let browser = Browser::start(375).await;
    browser.open(&page(&school, "login")).await;
    browser.sees("Loading").await;
    assert!(!browser.text().await.contains(HEADING), "the notice does not appear at once");
    // End the animation that delays the notice.
    browser.run("document.getAnimations().forEach((one) => one.finish())").await;
    browser.heading(HEADING).await;
    browser.sees(PHONE).await;
    axe::assert_no_violations(&browser, "a page without any script").await;
    browser.close().await;
}

/// Script that makes the server look like another build: files that were not fetched yet are gone.
const AFTER_DEPLOYMENT: &str = "const real = fetch; window.fetch = (input, ...more) => {
    const url = new URL(String(input.url ?? input), document.baseURI);
    if (url.pathname.endsWith('.wasm') && !url.pathname.includes('app_bg')) return \
                        Promise.resolve(new Response('', { status: 404 }));
    if (url.pathname === new URL(document.baseURI).pathname) return Promise.resolve(new \
                        Response('<!doctype html><title>another build</title>'));
    return real(input, ...more);
}; window.isOld = true;";

#[actix_web::test]
async fn open_tab_survives_a_deployment() {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await;
    let parent = Browser::start(375).await;
    parent.open(&page(&school, "dev/login/parent")).await;
    let evening = format!("evenings/{}", school.people.evening.0);
    parent.open(&page(&school, &format!("{evening}/book"))).await;
    parent.heading("Book appointments").await;
    parent
        .run(
            "document.querySelectorAll('details.chooser').forEach((one) => { one.open = true; }); \
             document.querySelector('button.slot').click()",
        )
        .await;
    parent.sees("1 chosen").await;
    parent.run(AFTER_DEPLOYMENT).await;
    parent.press("My bookings").await;
    parent.heading("My bookings").await;
    parent.sees("10 minute gap").await;
    assert_eq!(
        parent.run("return window.isOld ?? false").await,
        json!(false),
        "the page was loaded again"
    );
    parent.press("Book more").await;
    parent.sees("1 chosen").await;
    parent.close().await;
}

#[actix_web::test]
async fn missing_chunk_reloads_the_page_once() {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await;
    let count = "document.cookie = 'loads=' + (Number(/loads=(\\d+)/.exec(document.cookie)?.[1] \
                 ?? 0) + 1) + '; path=/';";
    let no_storage = "Object.defineProperty(window, 'sessionStorage', { get() { throw new \
                      Error('no storage'); } });";
    for storage in ["", no_storage] {
        let parent = Browser::start(375).await;
        parent.open(&page(&school, "dev/login/parent")).await;
        parent.heading("Parents’ evenings").await;
        parent.run_before_each_page(&[AFTER_DEPLOYMENT, count, storage].join("\n")).await;
        parent.open(&page(&school, &format!("evenings/{}", school.people.evening.0))).await;
        parent.sees("a part of this page could not be loaded").await;
        assert_eq!(
            parent.run("return /loads=(\\d+)/.exec(document.cookie)[1]").await,
            json!("2"),
            "the page reloads once only: {storage}"
        );
        parent.press("Load the page again").await;
        parent.wait_for_js("document.cookie.includes('loads=3')").await;
        parent.sees("a part of this page could not be loaded").await;
        parent.close().await;
    }
}

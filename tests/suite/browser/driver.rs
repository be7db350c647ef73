//! Chromium through ChromeDriver, started for one test; what a person does: open, read, type, press.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use thirtyfour::{extensions::query::ElementQueryable, prelude::*};

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// A browser of its own: no cookie of another is in it.
pub struct Browser {
    driver: WebDriver,
    // Ends with the browser.
    _process: Process,
    _profile: tempfile::TempDir,
}

/// A process that ends with its owner.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        // One that is gone already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}

/// Waits until somebody listens on a port.
pub async fn listening(port: u16) {
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody listens on port {port}");
}

impl Browser {
    /// Starts one of this width in CSS pixels.
    pub async fn start(width: u32) -> Self {
        let port = free_port();
        let program = std::env::var("PARLOUR_CHROMEDRIVER").unwrap_or_else(|_| "/usr/bin/chromedriver".to_owned());
        let process = Command::new(&program).arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = Process(process.expect("ChromeDriver starts; Debian's package is chromium-driver"));
        listening(port).await;
        let profile = tempfile::tempdir().expect("a folder");
        let mut capabilities = DesiredCapabilities::chrome();
        for flag in FLAGS {
            capabilities.add_arg(flag).expect("a flag");
        }
        capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display())).expect("a flag");
        capabilities.add_arg(&format!("--window-size={width},900")).expect("a flag");
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await.expect("Chromium starts");
        Self { driver, _process: process, _profile: profile }
    }

    /// Opens an address.
    pub async fn open(&self, address: &str) {
        self.driver.goto(address).await.expect("the page opens");
    }

    /// Reads the page again.
    pub async fn reload(&self) {
        self.driver.refresh().await.expect("the page opens again");
    }

    /// Waits for a heading of the page or of an open dialog.
    pub async fn heading(&self, text: &str) {
        self.find(&format!("//*[self::h1 or self::h2][normalize-space(.)={}]", quoted(text))).await;
    }

    /// Waits until a text is to be seen.
    pub async fn sees(&self, text: &str) {
        self.find(&format!("//body//*[contains(normalize-space(.), {})]", quoted(text))).await;
    }

    /// All that is to be read now.
    pub async fn text(&self) -> String {
        self.find("//body").await.text().await.expect("the page has text")
    }

    /// Presses the button or follows the link with this name.
    pub async fn press(&self, name: &str) {
        let name = quoted(name);
        let open = "ancestor::dialog[@open] or not(//dialog[@open])";
        let path = format!("//*[self::button or self::a][normalize-space(.)={name} or @aria-label={name}][{open}]");
        self.find(&path).await.click().await.expect("it can be pressed");
    }

    /// Presses a button of the entry of a list that holds a text.
    pub async fn press_of(&self, entry: &str, name: &str) {
        let path = format!("//*[self::li or self::article][contains(., {})]//button[normalize-space(.)={}]", quoted(entry), quoted(name));
        self.find(&path).await.click().await.expect("it can be pressed");
    }

    /// Types into the field with this label.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.labelled(label).await;
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.expect("it takes text");
    }

    /// Ticks the box with this label.
    pub async fn tick(&self, label: &str) {
        self.labelled(label).await.click().await.expect("it can be ticked");
    }

    async fn labelled(&self, label: &str) -> WebElement {
        let label = quoted(label);
        self.find(&format!("//label[contains(normalize-space(.), {label})]//input | //input[@id=//label[contains(normalize-space(.), {label})]/@for]")).await
    }

    async fn find(&self, path: &str) -> WebElement {
        let mut last = None;
        // An element may be replaced between being found and being looked at: then look again.
        for _ in 0..5 {
            match self.driver.query(By::XPath(path)).wait(PATIENCE, Duration::from_millis(100)).and_displayed().first().await {
                Ok(element) => return element,
                Err(error) if error.to_string().contains("stale") => last = Some(error),
                Err(error) => {
                    last = Some(error);
                    break;
                }
            }
        }
        panic!("not found: {path}\n{last:?}\non the page:\n{}", self.driver.source().await.unwrap_or_default());
    }

    /// Runs a script in the page and gives back what it returns.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        self.driver.execute(script, Vec::new()).await.expect("the script runs").json().clone()
    }

    /// Runs a script that answers through its last argument.
    pub async fn run_async(&self, script: &str) -> serde_json::Value {
        self.driver.execute_async(script, Vec::new()).await.expect("the script answers").json().clone()
    }

    /// Closes it.
    pub async fn close(self) {
        self.driver.clone().quit().await.expect("Chromium ends");
    }
}

/// A text as XPath writes it; one with both kinds of quotes is not needed.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}

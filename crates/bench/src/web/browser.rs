//! A Chromium of its own for one visit: an empty profile, so that nothing is in any cache, not even compiled code.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use tokio::net::TcpStream;

const CHROMEDRIVER: &str = "/usr/bin/chromedriver";
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1200,900",
];

/// ChromeDriver, which starts the browsers; it ends with its owner.
pub(super) struct Driver {
    process: Child,
    address: String,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // One that is gone already is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Driver {
    /// Starts it on a free port.
    pub(super) async fn start() -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(CHROMEDRIVER);
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().with_context(|| format!("can't start {CHROMEDRIVER}; Debian's package is chromium-driver"))?;
        let driver = Self { process, address: format!("http://127.0.0.1:{port}") };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Ok(driver);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("ChromeDriver does not answer")
    }
}

/// One browser.
pub(super) struct Browser {
    driver: WebDriver,
    // Goes after the browser that writes into it.
    _profile: TempDir,
}

impl Browser {
    /// Starts it and lets it come to rest.
    pub(super) async fn start(driver: &Driver) -> Result<Self> {
        let profile = TempDir::new()?;
        let mut capabilities = DesiredCapabilities::chrome();
        for flag in FLAGS {
            capabilities.add_arg(flag)?;
        }
        capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        let browser = Self { driver: WebDriver::new(&driver.address, capabilities).await.context("Chromium does not start")?, _profile: profile };
        browser.driver.goto("about:blank").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(browser)
    }

    /// Gives a command of the DevTools protocol.
    pub(super) async fn command(&self, name: &str, arguments: Value) -> Result<()> {
        self.driver.cdp().send_raw(name, arguments).await.with_context(|| format!("{name} failed"))?;
        Ok(())
    }

    /// Makes its processor this many times slower.
    pub(super) async fn slow_down(&self, times: u32) -> Result<()> {
        self.command("Emulation.setCPUThrottlingRate", json!({ "rate": times })).await
    }

    /// Opens an address.
    pub(super) async fn open(&self, address: &str) -> Result<()> {
        Ok(self.driver.goto(address).await?)
    }

    /// What a script in the page returns.
    pub(super) async fn run(&self, script: &str) -> Result<Value> {
        Ok(self.driver.execute(script, Vec::new()).await?.json().clone())
    }

    /// Closes it.
    pub(super) async fn close(self) -> Result<()> {
        Ok(self.driver.quit().await?)
    }
}

//! Browser for a single visit.

use std::time::Duration;

use anyhow::{Context as _, Result};
use parlour_browser::Chromium;
use serde_json::{Value, json};

/// A browser.
pub(super) struct Browser(Chromium);

impl Browser {
    /// Starts a browser and waits until it is idle.
    pub(super) async fn start() -> Result<Self> {
        let browser = Chromium::start(1200, 900).await?;
        browser.driver.goto("about:blank").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(Self(browser))
    }

    /// Sends a command of the DevTools protocol.
    pub(super) async fn command(&self, name: &str, arguments: Value) -> Result<()> {
        self.0
            .driver
            .cdp()
            .send_raw(name, arguments)
            .await
            .with_context(|| format!("{name} failed"))?;
        Ok(())
    }

    /// Slows its processor down by this factor.
    pub(super) async fn slow_down(&self, times: u32) -> Result<()> {
        self.command("Emulation.setCPUThrottlingRate", json!({ "rate": times })).await
    }

    /// Opens a URL.
    pub(super) async fn open(&self, address: &str) -> Result<()> {
        Ok(self.0.driver.goto(address).await?)
    }

    /// Runs a script in the page and returns its result.
    pub(super) async fn run(&self, script: &str) -> Result<Value> {
        Ok(self.0.driver.execute(script, Vec::new()).await?.json().clone())
    }

    /// Closes the browser.
    pub(super) async fn close(self) -> Result<()> {
        self.0.close().await
    }
}

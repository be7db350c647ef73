//! A browser for one visit.

use std::time::Duration;

use anyhow::{Context as _, Result};
use parlour_browser::Chromium;
use serde_json::{Value, json};

/// One browser.
pub(super) struct Browser(Chromium);

impl Browser {
    /// Starts it and lets it come to rest.
    pub(super) async fn start() -> Result<Self> {
        let browser = Chromium::start(1200, 900).await?;
        browser.driver.goto("about:blank").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(Self(browser))
    }

    /// Gives a command of the DevTools protocol.
    pub(super) async fn command(&self, name: &str, arguments: Value) -> Result<()> {
        self.0
            .driver
            .cdp()
            .send_raw(name, arguments)
            .await
            .with_context(|| format!("{name} failed"))?;
        Ok(())
    }

    /// Makes its processor this many times slower.
    pub(super) async fn slow_down(&self, times: u32) -> Result<()> {
        self.command("Emulation.setCPUThrottlingRate", json!({ "rate": times })).await
    }

    /// Opens an address.
    pub(super) async fn open(&self, address: &str) -> Result<()> {
        Ok(self.0.driver.goto(address).await?)
    }

    /// What a script in the page returns.
    pub(super) async fn run(&self, script: &str) -> Result<Value> {
        Ok(self.0.driver.execute(script, Vec::new()).await?.json().clone())
    }

    /// Closes it.
    pub(super) async fn close(self) -> Result<()> {
        self.0.close().await
    }
}

//! Chromium with an empty profile, controlled through ChromeDriver, and the TURN server for its
//! calls. The crate knows no page of the app.

mod process;
mod turn_server;

use std::{env, fs, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::prelude::*;

pub use process::Process;
pub use turn_server::TurnServer;

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

/// Flags for calls: a fake camera and microphone, permitted without a prompt, and no throttling of
/// background windows.
pub const MEDIA: [&str; 8] = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-default-apps",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
];

/// A browser with a new profile: without cookies, files or compiled code of other runs. Dropping it
/// ends it.
pub struct Chromium {
    /// The WebDriver session.
    pub driver: WebDriver,
    // The fields are dropped in this order: the browser ends before the profile that it writes is
    // removed.
    _process: Process,
    profile: TempDir,
}

/// The width of the smallest window that Chromium opens, in CSS pixels. A narrower page needs
/// emulated metrics, which hold in all tabs.
const MIN_WINDOW_WIDTH: u32 = 500;

impl Chromium {
    /// Starts a browser with a window of this size in CSS pixels. `PARLOUR_CHROMEDRIVER` overrides
    /// Debian's ChromeDriver.
    ///
    /// # Errors
    /// If ChromeDriver or Chromium does not start.
    pub async fn start(width: u32, height: u32) -> Result<Self> {
        Self::start_with(width, height, &[]).await
    }

    /// Starts a browser with additional flags, such as [`MEDIA`].
    ///
    /// # Errors
    /// If ChromeDriver or Chromium does not start.
    pub async fn start_with(width: u32, height: u32, flags: &[&str]) -> Result<Self> {
        let program =
            env::var("PARLOUR_CHROMEDRIVER").unwrap_or_else(|_| "/usr/bin/chromedriver".to_owned());
        let started =
            Process::start(Command::new(&program).arg("--port=0"), "started successfully on port")
                .await;
        let (process, said) = started.context("Debian's package for it is chromium-driver")?;
        let port =
            said.trim_end_matches('.').rsplit(' ').next().and_then(|port| port.parse::<u16>().ok());
        let port = port.with_context(|| format!("no port in what {program} said: {said}"))?;
        let profile = TempDir::new()?;
        let mut capabilities = DesiredCapabilities::chrome();
        let own = [
            format!("--user-data-dir={}", profile.path().display()),
            format!("--window-size={width},{height}"),
        ];
        for flag in
            FLAGS.into_iter().chain(flags.iter().copied()).chain(own.iter().map(String::as_str))
        {
            capabilities.add_arg(flag)?;
        }
        if width < MIN_WINDOW_WIDTH {
            let metrics = json!({
                "width": width,
                "height": height,
                "pixelRatio": 1.0,
                "touch": false,
                "mobile": false,
            });
            let emulation = json!({ "deviceMetrics": metrics });
            capabilities.add_experimental_option("mobileEmulation", emulation)?;
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities)
            .await
            .context("Chromium does not start")?;
        Ok(Self { driver, _process: process, profile })
    }

    /// Kills the browser, as in a power failure: it can't close its connections.
    ///
    /// # Errors
    /// If it has already exited.
    pub fn kill(self) -> Result<()> {
        // Chromium's lock on its profile is a symbolic link that names its machine and process id.
        let lock = fs::read_link(self.profile.path().join("SingletonLock"))
            .context("Chromium does not hold its profile")?;
        let lock = lock.to_string_lossy().into_owned();
        let id = lock.rsplit('-').next().context("the lock names no process")?;
        let killed = Command::new("kill").args(["-KILL", id]).status()?;
        ensure!(killed.success(), "Chromium was gone");
        Ok(())
    }

    /// Closes the browser.
    ///
    /// # Errors
    /// If it has already exited.
    pub async fn close(self) -> Result<()> {
        Ok(self.driver.clone().quit().await?)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The process is killed next. Asking it to close first would wait a minute for an answer,
        // because no other task of the runtime runs during a drop. This fails if the browser is
        // already closed.
        let _ = self.driver.clone().leak();
    }
}

//! A Chromium with an empty profile, driven through ChromeDriver, and the TURN server that its
//! calls need. It knows no page; tests and benches do.

mod process;
mod turn_server;

use std::{env, fs, process::Command};

use anyhow::{Context as _, Result, ensure};
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

/// For calls: a camera and a microphone that are made up, allowed without a question, and no window
/// that is less awake than another.
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

/// A browser of its own: no cookie, file or compiled code of another is in it. It ends when it is
/// dropped.
pub struct Chromium {
    /// The way to it.
    pub driver: WebDriver,
    // In this order: the profile goes after the browser that writes into it.
    _process: Process,
    profile: TempDir,
}

impl Chromium {
    /// Starts one with a window of this size in CSS pixels. `PARLOUR_CHROMEDRIVER` names another
    /// ChromeDriver than Debian's.
    ///
    /// # Errors
    /// When ChromeDriver or Chromium does not start.
    pub async fn start(width: u32, height: u32) -> Result<Self> {
        Self::start_with(width, height, &[]).await
    }

    /// Starts one with more flags, such as [`MEDIA`].
    ///
    /// # Errors
    /// When ChromeDriver or Chromium does not start.
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
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities)
            .await
            .context("Chromium does not start")?;
        Ok(Self { driver, _process: process, profile })
    }

    /// Ends it as a machine does that loses its power: it has no time to say goodbye.
    ///
    /// # Errors
    /// When it has gone before.
    pub fn kill(self) -> Result<()> {
        // Chromium locks its profile with a link to its machine and process id.
        let lock = fs::read_link(self.profile.path().join("SingletonLock"))
            .context("Chromium does not hold its profile")?;
        let lock = lock.to_string_lossy().into_owned();
        let id = lock.rsplit('-').next().context("the lock names no process")?;
        let killed = Command::new("kill").args(["-KILL", id]).status()?;
        ensure!(killed.success(), "Chromium was gone");
        Ok(())
    }

    /// Closes it.
    ///
    /// # Errors
    /// When it has gone before.
    pub async fn close(self) -> Result<()> {
        Ok(self.driver.clone().quit().await?)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its process is ended next. To ask it to end first would wait a minute for an answer,
        // since no other task of the runtime goes on in a drop. It was closed already when
        // this fails.
        let _ = self.driver.clone().leak();
    }
}

//! A program that runs beside this one: started, waited for until it says that it is ready, and
//! ended with all that it started.

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::sync::mpsc;

/// A process that ends with its owner.
pub struct Process(Child);

impl Process {
    /// Starts a program and waits for the line that holds `ready`, which is given back.
    ///
    /// # Errors
    /// When it can't be started, or ends before it says so.
    pub async fn start(command: &mut Command, ready: &'static str) -> Result<(Self, String)> {
        // A group of its own, so that what it starts can be ended with it.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process =
            Self(command.spawn().with_context(|| format!("{command:?} does not start"))?);
        let (found, mut lines) = mpsc::unbounded_channel();
        if let (Some(output), Some(errors)) = (process.0.stdout.take(), process.0.stderr.take()) {
            read_lines(output, ready, found.clone());
            read_lines(errors, ready, found);
        }
        let line = lines
            .recv()
            .await
            .with_context(|| format!("{command:?} ended before it said {ready:?}"))?;
        Ok((process, line))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // ChromeDriver leaves its browser behind, whichever signal ends it. A group that is gone
        // already is as good.
        let _ = killpg(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

/// Reads to the end, or the program would wait for a reader; tells of the lines that hold `ready`.
fn read_lines(
    stream: impl Read + Send + 'static,
    ready: &'static str,
    found: mpsc::UnboundedSender<String>,
) {
    thread::spawn(move || {
        for line in
            BufReader::new(stream).lines().map_while(Result::ok).filter(|line| line.contains(ready))
        {
            // Only the first is waited for.
            let _ = found.send(line);
        }
    });
}

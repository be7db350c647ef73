//! Child process: it is started, awaited until it reports that it is ready, and killed with all of
//! its own children.

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

/// A process that ends when this value is dropped.
pub struct Process(Child);

impl Process {
    /// Starts a program, waits for a line that contains `ready`, and returns that line.
    ///
    /// # Errors
    /// If the program can't be started, or exits before it prints the line.
    pub async fn start(command: &mut Command, ready: &'static str) -> Result<(Self, String)> {
        // The process gets a group of its own, so that its children can be killed with it.
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
        // ChromeDriver leaves its browser behind, whichever signal ends it. An error is ignored:
        // the group has already ended.
        let _ = killpg(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

/// Reads to the end, since the program would block otherwise; sends the lines that contain `ready`.
fn read_lines(
    stream: impl Read + Send + 'static,
    ready: &'static str,
    found: mpsc::UnboundedSender<String>,
) {
    thread::spawn(move || {
        for line in
            BufReader::new(stream).lines().map_while(Result::ok).filter(|line| line.contains(ready))
        {
            // The receiver waits only for the first line.
            let _ = found.send(line);
        }
    });
}

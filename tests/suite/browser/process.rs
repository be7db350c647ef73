//! A program that runs beside a test: started, waited for until it says that it is ready, and ended.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    thread,
};

use tokio::sync::mpsc;

/// A process that ends with its owner.
pub struct Process(Child);

impl Process {
    /// Starts a program and waits for the line that holds `ready`, which is given back.
    pub async fn start(command: &mut Command, ready: &'static str) -> (Self, String) {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let (found, mut lines) = mpsc::unbounded_channel();
        follow(child.stdout.take().expect("its output"), ready, found.clone());
        follow(child.stderr.take().expect("its errors"), ready, found);
        let line = lines.recv().await.unwrap_or_else(|| panic!("{command:?} ended before it said {ready:?}"));
        (Self(child), line)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that is gone already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads to the end, or the program would wait for a reader; tells of the lines that hold `ready`.
fn follow(stream: impl Read + Send + 'static, ready: &'static str, found: mpsc::UnboundedSender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok).filter(|line| line.contains(ready)) {
            // Only the first is waited for.
            let _ = found.send(line);
        }
    });
}

//! The log of all servers in this process, as JSON. Each test reads the lines of its own requests.

use std::{
    io,
    sync::{Mutex, OnceLock, PoisonError},
};

use serde_json::Value;
use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

static LINES: Mutex<String> = Mutex::new(String::new());

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

/// Starts recording the log, before the first server of the test.
pub fn start_log() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let lines = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(LevelFilter::INFO)
            .with_writer(Lines)
            .finish();
        tracing_subscriber::util::SubscriberInitExt::init(lines);
    });
}

/// The lines with this request id.
pub fn lines_of(request_id: &str) -> Vec<Value> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["request_id"] == request_id)
        .collect()
}

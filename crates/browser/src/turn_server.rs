//! TURN server on this machine: on loopback Chromium finds no direct connection, so all media go
//! through it.

use std::{net::TcpListener, process::Command};

use anyhow::Result;

use crate::Process;

/// A running coturn; dropping it ends it.
pub struct TurnServer {
    /// Its URL, in the form of `PARLOUR_TURN_URLS`.
    pub url: String,
    // The process ends before its folder is removed.
    _process: Process,
    _folder: tempfile::TempDir,
}

impl TurnServer {
    /// Starts the server on a free port; it accepts credentials made with this secret.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(secret: &str) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Self::start_on(port, secret).await
    }

    /// Starts the server on this port.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start_on(port: u16, secret: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = |name: &str| folder.path().join(name).display().to_string();
        let mut command = Command::new("/usr/bin/turnserver");
        command
            .args([
                "-n",
                "--listening-ip=127.0.0.1",
                "--relay-ip=127.0.0.1",
                "--min-port=49200",
                "--max-port=49299",
            ])
            .args([
                format!("--listening-port={port}"),
                format!("--static-auth-secret={secret}"),
                "--use-auth-secret".to_owned(),
            ])
            .args([
                "--realm=parlour.test",
                "--allow-loopback-peers",
                "--no-cli",
                "--no-tls",
                "--no-dtls",
                "--no-multicast-peers",
                "--no-rfc5780",
            ])
            .args([
                format!("--userdb={}", file("turndb")),
                format!("--pidfile={}", file("turn.pid")),
            ])
            .args(["--log-file=stdout", "--simple-log"]);
        // coturn listens before it starts the threads that print this line last.
        let (process, _) = Process::start(&mut command, "SQLite DB connection success").await?;
        Ok(Self {
            url: format!("turn:127.0.0.1:{port}?transport=udp"),
            _process: process,
            _folder: folder,
        })
    }

    /// The settings that make a server send media only through this TURN server.
    #[must_use]
    pub fn settings(&self, secret: &str) -> [(&'static str, String); 3] {
        [
            ("PARLOUR_TURN_URLS", self.url.clone()),
            ("PARLOUR_TURN_SECRET", secret.to_owned()),
            ("PARLOUR_TURN_POLICY", "relay".to_owned()),
        ]
    }
}

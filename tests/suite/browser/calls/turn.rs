//! A TURN server on this machine: on loopback Chromium finds no way of its own, so all media of these tests go through it.

use std::{net::TcpListener, process::Command};

use parlour_browser::Process;

/// The secret shared with the server under test.
pub const SECRET: &str = "a secret of the tests alone";

/// coturn; it ends with its owner.
pub struct Turn {
    /// Its address, as `PARLOUR_TURN_URLS` takes it.
    pub url: String,
    // Ends before its folder goes.
    _process: Process,
    _folder: tempfile::TempDir,
}

impl Turn {
    /// Starts one on a free port; it takes credentials made with this secret.
    pub async fn start(secret: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name).display().to_string();
        let mut command = Command::new("/usr/bin/turnserver");
        command
            .args(["-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--min-port=49200", "--max-port=49299"])
            .args([format!("--listening-port={port}"), format!("--static-auth-secret={secret}"), "--use-auth-secret".to_owned()])
            .args(["--realm=parlour.test", "--allow-loopback-peers", "--no-cli", "--no-tls", "--no-dtls", "--no-multicast-peers", "--no-rfc5780"])
            .args([format!("--userdb={}", file("turndb")), format!("--pidfile={}", file("turn.pid"))])
            .args(["--log-file=stdout", "--simple-log"]);
        // It listens before it starts the threads of which this is the last word.
        let (process, _) = Process::start(&mut command, "SQLite DB connection success").await.expect("coturn starts");
        Self { url: format!("turn:127.0.0.1:{port}?transport=udp"), _process: process, _folder: folder }
    }

    /// The settings of a server that lets media flow through it alone.
    pub fn settings(&self) -> [(&'static str, String); 3] {
        [("PARLOUR_TURN_URLS", self.url.clone()), ("PARLOUR_TURN_SECRET", SECRET.to_owned()), ("PARLOUR_TURN_POLICY", "relay".to_owned())]
    }
}

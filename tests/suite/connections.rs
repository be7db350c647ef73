//! Tests of many and slow connections: they do not keep others out, and no connection in use is
//! closed in their favour.

use std::{
    fs,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use parlour::connections::IDLE_TIMEOUT;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    calls::Meeting,
    harness::{School, wait_until},
};

async fn connect(school: &School) -> TcpStream {
    TcpStream::connect(school.origin.trim_start_matches("http://")).await.unwrap()
}

/// Reads until the server closes the connection and counts the bytes.
async fn rest(mut stream: TcpStream) -> usize {
    let (mut buffer, mut read) = (vec![0; 64 * 1024], 0);
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return read,
            Ok(bytes) => read += bytes,
        }
    }
}

/// The time by which the server has closed a connection that stalls from now on.
fn after_timeout() -> Instant {
    Instant::now() + IDLE_TIMEOUT + Duration::from_secs(1)
}

#[tokio::test]
async fn connection_limit_holds_across_workers_for_new_clients_too() {
    const MAX_CONNECTIONS: usize = 16;
    const IDLE: usize = 200;
    let school = School::start_with(&[
        ("PARLOUR_MODE", "demo"),
        ("PARLOUR_MAX_CONNECTIONS", "16"),
        ("PARLOUR_WORKERS", "2"),
    ])
    .await;
    let meeting = Meeting::of(school).await;
    let mut teacher = meeting.abell().await.join_call(&meeting.door, "desk").await;
    teacher.seated().await;
    let (mut idle, mut most) = (Vec::new(), 0);
    for number in 0..IDLE {
        idle.push(connect(&meeting.school).await);
        if number % 20 == 0 {
            // Each of these requests opens a new connection.
            meeting.school.nobody().get("/school").await.is(200);
        }
        most = most.max(meeting.school.app.connections.count());
    }
    assert!(most <= MAX_CONNECTIONS, "{most} at a time");
    idle.truncate(IDLE - MAX_CONNECTIONS);
    let closed = join_all(idle.into_iter().map(rest)).await;
    assert_eq!(closed.len(), IDLE - MAX_CONNECTIONS, "all that came too early were closed");
    teacher.sync().await;
}

#[tokio::test]
async fn check_sockets_are_evicted_for_new_connections() {
    const MAX_CONNECTIONS: usize = 16;
    let school = School::start_with(&[
        ("PARLOUR_MODE", "demo"),
        ("PARLOUR_MAX_CONNECTIONS", "16"),
        ("PARLOUR_WORKERS", "1"),
    ])
    .await;
    let own = school.origin.clone();
    let mut checks = Vec::new();
    for parent in school.other_parents().await.into_iter().take(MAX_CONNECTIONS) {
        let actor = school.as_parent(&parent).await;
        checks.push(
            actor
                .try_call_socket("/check_socket", Some(&own))
                .await
                .unwrap_or_else(|refusal| panic!("{refusal:?}")),
        );
    }
    assert_eq!(checks.len(), MAX_CONNECTIONS);
    // Idle sockets have taken all places, and new connections are still served.
    for _ in 0..MAX_CONNECTIONS {
        school.nobody().get("/school").await.is(200);
    }
    assert!(school.app.connections.count() <= MAX_CONNECTIONS);
}

#[tokio::test]
async fn stalled_request_heads_time_out() {
    let school = School::start().await;
    let mut stream = connect(&school).await;
    stream
        .write_all(b"GET /s/hillcrest/api/v1/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let read = stream.read_buf(&mut answer).await.unwrap();
        assert_ne!(read, 0, "closed after {:?}", String::from_utf8_lossy(&answer));
    }
    stream.write_all(b"GET / HTTP/1.1\r\nHost: local").await.unwrap();
    wait_until("it is closed", async || school.app.connections.sweep(after_timeout()) == 1).await;
    assert_eq!(rest(stream).await, 0);
}

#[tokio::test]
async fn unread_response_times_out() {
    const LARGE: usize = 32 * 1024 * 1024;
    let files = tempfile::tempdir().unwrap();
    fs::create_dir(files.path().join("assets")).unwrap();
    fs::write(files.path().join("index.html"), "").unwrap();
    fs::write(files.path().join("assets/large.js"), vec![b' '; LARGE]).unwrap();
    let school = School::start_with(&[
        ("PARLOUR_MODE", "demo"),
        ("PARLOUR_CLIENT_DIR", files.path().to_str().unwrap()),
    ])
    .await;
    // A client that keeps reading gets the whole file.
    let whole = reqwest::get(format!("{}/assets/large.js", school.origin)).await.unwrap();
    assert_eq!(whole.content_length(), Some(LARGE as u64));
    assert_eq!(whole.bytes().await.unwrap().len(), LARGE);
    wait_until("nobody else is connected", async || school.app.connections.count() == 0).await;
    let mut stream = connect(&school).await;
    stream.write_all(b"GET /assets/large.js HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    stream.readable().await.unwrap();
    wait_until("it is closed", async || school.app.connections.sweep(after_timeout()) == 1).await;
    let read = rest(stream).await;
    assert!(read < LARGE, "{read}");
    wait_until("nothing is left of it", async || school.app.connections.count() == 0).await;
}

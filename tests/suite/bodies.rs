//! Tests of request bodies: encoded ones are refused, waiting has a timeout, and truncated,
//! oversized and slow bodies get different errors.

use std::net::Shutdown;

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

use crate::harness::{School, contract};

/// Sends the head of a `POST /login_links` that announces a body, and only these bytes of it.
async fn begin(school: &School, headers: &str, body: &[u8]) -> TcpStream {
    let host = school.origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST /s/hillcrest/api/v1/login_links HTTP/1.1\r\nHost: {host}\r\nContent-Type: \
         application/json\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream
}

/// Reads until the server closes the connection and returns the status and the whole response.
async fn rest(mut stream: TcpStream) -> (u16, String) {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let status = answer
        .split(' ')
        .nth(1)
        .unwrap_or_else(|| panic!("no status: {answer:?}"))
        .parse()
        .unwrap();
    (status, answer)
}

fn closed(stream: TcpStream) -> TcpStream {
    let stream = stream.into_std().unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    TcpStream::from_std(stream).unwrap()
}

#[tokio::test]
async fn every_operation_refuses_encoded_bodies() {
    let school = School::start().await;
    let nobody = school.nobody();
    let mut refused = 0;
    for operation in contract::operations() {
        let path = operation.path.split('/').map(|part| {
            if part.starts_with('{') { Uuid::nil().to_string() } else { part.to_owned() }
        });
        let path = path.collect::<Vec<_>>().join("/");
        let ask = async |coding: &str| {
            let request = nobody
                .request(&operation.method, &path)
                .header("content-type", "application/json")
                .header("content-encoding", coding);
            nobody.send(&operation.method, &path, request.body(vec![0; 16])).await
        };
        if operation.method == "GET" {
            // A GET has no body that could be decoded.
            let plain = nobody.get(&path).await.status;
            assert_eq!(ask("br").await.status, plain, "{}", operation.id);
            continue;
        }
        for coding in ["br", "gzip", "deflate", "zstd", "x-gzip", "identity, BR"] {
            let answer = ask(coding).await.refuses(415, "unsupported_media_type");
            assert_eq!(answer.header("accept-encoding"), Some("identity"), "{}", operation.id);
        }
        refused += 1;
    }
    assert!(refused > 30, "{refused} operations were asked");
    let plain = nobody
        .request("POST", "/login_links")
        .header("content-type", "application/json")
        .header("content-encoding", "identity");
    nobody.send("POST", "/login_links", plain.body("{")).await.refuses(400, "malformed_json");
}

#[tokio::test]
async fn encoded_body_is_refused_before_it_is_read() {
    let school = School::start().await;
    // The body is never sent, so the server must answer from the headers alone.
    let stream = begin(&school, "Content-Encoding: br\r\nContent-Length: 3000\r\n", b"").await;
    let (status, answer) = rest(stream).await;
    assert_eq!(status, 415, "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
}

#[tokio::test]
async fn truncated_and_oversized_bodies_get_distinct_errors() {
    let school = School::start().await;
    for (headers, body, expected, code) in [
        ("Content-Length: 100\r\n", "{\"email\":", 400, "bad_request"),
        ("Transfer-Encoding: chunked\r\n", "5\r\n{\"ema\r\n", 400, "bad_request"),
        ("Content-Length: 2\r\n", "{}", 422, "invalid"),
        ("Content-Length: 65537\r\n", "{}", 413, "too_large"),
    ] {
        let (status, answer) = rest(closed(begin(&school, headers, body.as_bytes()).await)).await;
        assert_eq!(status, expected, "{headers}{answer}");
        assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{headers}{answer}");
    }
}

#[tokio::test]
async fn stalled_bodies_all_time_out() {
    const SLOW: usize = 60;
    let school = School::start().await;
    let streams =
        join_all((0..SLOW).map(|_| begin(&school, "Content-Length: 1000\r\n", b"{"))).await;
    // The stalled requests do not block others.
    school.nobody().get("/school").await.is(200);
    let answers = join_all(streams.into_iter().map(rest)).await;
    assert_eq!(
        answers
            .iter()
            .filter(|(status, answer)| *status == 408 && answer.contains("request_timeout"))
            .count(),
        SLOW,
        "{:?}",
        answers.first()
    );
}

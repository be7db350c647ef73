//! Tests of untrusted input: unusual texts in every place of the contract that takes a text, and in
//! roster files.

use std::fmt::Write as _;

use base64::{Engine, prelude::BASE64_STANDARD};
use parlour::{
    roster::{self, ImportOptions},
    store::Store,
};
use serde_json::{Value, json};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{Actor, School, case, contract};
use crate::operations;

fn unusual_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\0",
        "a\0b",
        "\u{1}\u{1b}[31m\u{7f}",
        "a\u{85}\u{9f}",
        "\u{202e}\u{feff}\u{200b}\u{ad}",
        "\u{fffe}\u{ffff}",
        "%_\\'\";--",
        "１٢३",
        "a@0x7f.１",
        "<mailto:a@ⓔxample.org>,",
        "",
    ]
    .map(str::to_owned)
    .into();
    texts.extend(["x".repeat(7000), "🌟".repeat(2000)]);
    texts
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "%{byte:02X}");
        all
    })
}

/// Sends a request with one of its texts replaced, as an actor who may use the operation.
async fn send(
    actors: &[Actor],
    operation: &contract::Operation,
    path: &str,
    body: Option<&Value>,
) -> (u16, String) {
    let mut last = (0, String::new());
    for actor in actors {
        let mut request = actor.request(&operation.method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = actor.send(&operation.method, path, request).await;
        last = (answer.status, answer.text.clone());
        if !matches!(answer.status, 401 | 403) {
            break;
        }
    }
    last
}

#[tokio::test]
async fn unusual_text_never_causes_a_server_error() {
    let school = School::start().await;
    let actors =
        [school.staff().await, school.parent().await, school.teacher().await, school.guest().await];
    let sample_ids = operations::sample_ids(&school).await;
    let (mut broken, mut tried) = (Vec::new(), 0);
    // This operation resets the school and so changes every id.
    for operation in
        contract::operations().into_iter().filter(|operation| operation.id != "reset_dev_school")
    {
        let path = operations::path(&operation, &sample_ids);
        let body = operation.takes_body.then(|| operations::body(&operation.id, &sample_ids));
        for place in operation.text_locations() {
            for text in unusual_texts() {
                let (path, body) = match &place {
                    contract::TextLocation::Path(name) => (
                        operations::path_with(&operation, &sample_ids, name, &escaped(&text)),
                        body.clone(),
                    ),
                    contract::TextLocation::Query(name) => {
                        (format!("{path}?{name}={}", escaped(&text)), body.clone())
                    }
                    contract::TextLocation::Body(steps) => (
                        path.clone(),
                        body.clone().map(|body| contract::with_text(body, steps, &text)),
                    ),
                };
                let (status, answer) = send(&actors, &operation, &path, body.as_ref()).await;
                tried += 1;
                if status >= 500 {
                    let text: String = text.chars().take(20).collect();
                    broken.push(format!("{} {place:?} {text:?}: {status} {answer}", operation.id));
                }
            }
        }
    }
    assert!(tried > 1500, "{tried} requests");
    assert!(broken.is_empty(), "{} of {tried}: {broken:#?}", broken.len());
    school.ignore_mail("accepted requests may have sent mail");
}

#[test]
fn contract_limits_the_length_of_every_body_text() {
    for operation in contract::operations() {
        assert_eq!(
            contract::unbounded_texts(&operation),
            Vec::<Vec<String>>::new(),
            "{}",
            operation.id
        );
    }
}

#[tokio::test]
async fn search_query_length_is_limited() {
    let school = School::start().await;
    let staff = school.staff().await;
    for words in ["x".repeat(52_000), "é".repeat(101), "a%00b".to_owned(), "a%0Ab".to_owned()] {
        let refused = staff.get(&format!("/parents?q={words}")).await.refuses(422, "invalid");
        assert_eq!(refused.text_at("/errors/0/field"), "q");
    }
    staff.get(&format!("/parents?q={}", "x".repeat(100))).await.is(200);
}

#[tokio::test]
async fn unusual_school_slugs_are_not_found() {
    let school = School::start().await;
    for slug in ["%00", "hill%00crest", "%1b", &"x".repeat(5000)] {
        Actor::for_school(&school.origin, slug).get("/school").await.refuses(404, "unknown_school");
    }
}

#[tokio::test]
async fn control_characters_are_refused_with_field() {
    let school = School::start().await;
    let (staff, teacher) = (school.staff().await, school.teacher().await);
    let student =
        staff.get(&format!("/parents/{}", school.people.parent.0)).await.is(200).list("/students")
            [0]["student"]["id"]
            .clone();
    let bar =
        |note: &str| json!({ "student_id": student, "email": "barred@example.org", "note": note });
    let refused = staff.post("/bars", bar("a\0b")).await.refuses(422, "invalid");
    assert_eq!(
        (refused.text_at("/errors/0/field"), refused.text_at("/errors/0/code")),
        ("note".to_owned(), "format".to_owned())
    );
    staff.post("/bars", bar("one\ntwo")).await.is(201);
    let booking = teacher
        .get(&school.evening("/schedule"))
        .await
        .is(200)
        .text_at("/appointments/0/booking_id");
    let record = format!("/bookings/{booking}/record");
    teacher
        .put(&record, json!({ "no_show": false, "note": "a\u{1b}" }))
        .await
        .refuses(422, "invalid");
    assert_eq!(
        teacher
            .put(&record, json!({ "no_show": false, "note": "one\r\ntwo" }))
            .await
            .is(200)
            .text_at("/note"),
        "one\ntwo"
    );
    for name in ["MIS\0", "MIS\nother"] {
        let refused = staff
            .post("/clients", json!({ "name": name, "scopes": ["evenings:read"] }))
            .await
            .refuses(422, "invalid");
        assert_eq!(refused.text_at("/errors/0/field"), "name");
    }
    school.ignore_mail("access.rs tests the mails about a bar");
}

#[tokio::test]
async fn import_drops_only_the_row_with_a_long_id() {
    let school = School::start().await;
    let store = Store::open(&school.app.config.database, 2).unwrap();
    let import = async |name: &str| {
        roster::import(&store, &school.app.context(), &case(name), ImportOptions::default()).await
    };
    import("00-good").await.unwrap();
    let report = import("long-id").await.unwrap().to_string();
    assert!(
        report.contains("sourcedId is longer than 255 characters; the row is not used"),
        "{report}"
    );
    school.ignore_mail("another test reads the mails of an import");
}

#[tokio::test]
async fn push_refuses_only_rows_with_invalid_text() {
    let school = School::start().await;
    let staff = school.staff().await;
    let row = |id: &str, name: &str| {
        json!({
            "sourced_id": id,
            "roles": ["student"],
            "given_name": name,
            "family_name": "Marsh",
        })
    };
    let rows = [
        row("ok", "Ines"),
        row("nul", "a\0b"),
        row(&"x".repeat(256), "Ines"),
        row("esc", "\u{1b}[31m"),
        row("long", &"x".repeat(201)),
        row("tail", "Ines\n"),
    ];
    let answer = staff.put("/roster/people", json!({ "items": rows })).await.is(200);
    let outcomes: Vec<String> = answer
        .list("/items")
        .iter()
        .map(|row| row["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        outcomes,
        ["added", "refused", "refused", "refused", "refused", "added"],
        "{}",
        answer.text
    );
}

/// Unusual bytes for a header or a form.
fn unusual_bytes() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        &b"\0"[..],
        b"a\0b",
        b"\xff\xfe",
        b"a\xc3(",
        b"\xed\xa0\x80",
        b"\x1b[31m",
        b"%00",
        b"\"';--",
        b"=;=,",
        b"",
    ]
    .map(<[u8]>::to_vec)
    .into();
    all.extend([vec![b'x'; 7_000], vec![b'x'; 52_000], "\u{1f31f}".repeat(2_000).into_bytes()]);
    all
}

/// Sends a request as raw bytes that no HTTP client would write; returns the status, or `None` if
/// there was no response.
async fn send_bytes(
    school: &School,
    method: &str,
    path: &str,
    headers: &[(&str, &[u8])],
    body: &[u8],
) -> Option<u16> {
    let address = school.origin.trim_start_matches("http://");
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: \
         {}\r\n",
        body.len()
    )
    .into_bytes();
    for (name, value) in headers {
        request.extend([name.as_bytes(), b": ", *value, b"\r\n"].concat());
    }
    request.extend([b"\r\n", body].concat());
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may answer and close the connection before it has read everything.
    let _ = stream.write_all(&request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok())
}

const HEADERS: [&str; 12] = [
    "Accept",
    "Authorization",
    "Content-Type",
    "Cookie",
    "If-Match",
    "If-None-Match",
    "Origin",
    "Parlour-Person",
    "User-Agent",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Request-Id",
];

#[tokio::test]
async fn unusual_headers_never_cause_a_server_error() {
    let school = School::start().await;
    let staff = school.staff().await;
    let sample_ids = operations::sample_ids(&school).await;
    let (mut broken, mut tried, mut answered) = (Vec::new(), 0, 0);
    for operation in contract::operations() {
        let names: &[&str] = match operation.id.as_str() {
            "get_me"
            | "get_booking"
            | "change_booking"
            | "create_login_link"
            | "create_guest_session"
            | "list_evenings"
            | "issue_token" => &HEADERS,
            "reset_dev_school" => continue,
            _ if operation.method != "GET" => &["Idempotency-Key"],
            _ => continue,
        };
        let path = format!("/s/hillcrest/api/v1{}", operations::path(&operation, &sample_ids));
        let body = if operation.takes_body {
            operations::body(&operation.id, &sample_ids).to_string()
        } else {
            String::new()
        };
        let cookies = staff.cookies("/me").expect("staff are logged in");
        for name in names {
            for odd in unusual_bytes() {
                // Cookies of these names are looked up as sessions.
                let values = if *name == "Cookie" {
                    vec![
                        odd.clone(),
                        [b"parlour_session=", &odd[..]].concat(),
                        [b"parlour_guest=", &odd[..]].concat(),
                    ]
                } else {
                    vec![odd]
                };
                for value in values {
                    let own = [
                        ("Cookie", cookies.as_bytes()),
                        ("Origin", school.origin.as_bytes()),
                        ("Content-Type", &b"application/json"[..]),
                    ];
                    let mut headers: Vec<(&str, &[u8])> =
                        own.into_iter().filter(|(own, _)| own != name).collect();
                    headers.push((name, &value));
                    let status =
                        send_bytes(&school, &operation.method, &path, &headers, body.as_bytes())
                            .await;
                    tried += 1;
                    answered += usize::from(status.is_some());
                    if status.is_some_and(|status| status >= 500) {
                        broken.push(format!(
                            "{} {name} {:?}: {status:?}",
                            operation.id,
                            String::from_utf8_lossy(&value[..value.len().min(30)])
                        ));
                    }
                }
            }
        }
    }
    assert!(
        tried > 1500 && answered * 10 > tried * 9,
        "{answered} of {tried} requests were answered"
    );
    assert!(broken.is_empty(), "{} of {tried}: {broken:#?}", broken.len());
    school.ignore_mail("accepted requests may have sent mail");
}

#[tokio::test]
async fn unusual_token_forms_never_cause_a_server_error() {
    let school = School::start().await;
    let client = school
        .staff()
        .await
        .post("/clients", json!({ "name": "MIS", "scopes": ["evenings:read"] }))
        .await
        .is(201);
    let (id, secret) = (client.text_at("/client/id"), client.text_at("/client_secret"));
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
        ("scope", "evenings:read"),
    ];
    let form = |own: &[(&str, Vec<u8>)]| {
        own.iter()
            .map(|(name, value)| [name.as_bytes(), b"=", value].concat())
            .collect::<Vec<_>>()
            .join(&b'&')
    };
    let path = "/s/hillcrest/api/v1/oauth/token";
    let media_type = ("Content-Type", &b"application/x-www-form-urlencoded"[..]);
    let good: Vec<(&str, Vec<u8>)> =
        fields.iter().map(|(name, value)| (*name, value.as_bytes().to_vec())).collect();
    assert_eq!(send_bytes(&school, "POST", path, &[media_type], &form(&good)).await, Some(200));
    let mut broken = Vec::new();
    for place in 0..fields.len() {
        for odd in unusual_bytes() {
            let percent = odd.iter().fold(String::new(), |mut all, byte| {
                let _ = write!(all, "%{byte:02X}");
                all
            });
            for value in [odd.clone(), percent.into_bytes()] {
                let mut changed = good.clone();
                changed[place].1 = value;
                let status =
                    send_bytes(&school, "POST", path, &[media_type], &form(&changed)).await;
                if status.is_none_or(|status| !(400..500).contains(&status))
                    && !(odd.is_empty() && status == Some(200))
                {
                    broken.push(format!(
                        "{} {:?}: {status:?}",
                        fields[place].0,
                        String::from_utf8_lossy(&odd[..odd.len().min(30)])
                    ));
                }
            }
        }
    }
    for odd in unusual_bytes() {
        let basic =
            format!("Basic {}", BASE64_STANDARD.encode([&odd[..], b":", &odd[..]].concat()));
        let headers = [media_type, ("Authorization", basic.as_bytes())];
        let status =
            send_bytes(&school, "POST", path, &headers, b"grant_type=client_credentials").await;
        if status.is_none_or(|status| !(400..500).contains(&status)) {
            broken.push(format!(
                "Basic {:?}: {status:?}",
                String::from_utf8_lossy(&odd[..odd.len().min(30)])
            ));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

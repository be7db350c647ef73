//! Tests that all errors have one shape and all lists one way of paging.

use serde_json::Value;

use crate::harness::{Actor, School, lines_of, start_log};

#[tokio::test]
async fn internal_error_is_logged_once_with_its_request_id() {
    start_log();
    let school = School::start().await;
    let staff = school.staff().await;
    school.execute("alter table bars rename to bars_gone").await;
    let id = staff.get("/bars").await.refuses(500, "internal").text_at("/request_id");
    let is_fault = |line: &Value| line["message"] == "request failed" && line["level"] == "ERROR";
    let lines: Vec<Value> = lines_of(&id)
        .into_iter()
        .filter(|line| is_fault(line) && line["cause"].to_string().contains("bars"))
        .collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
}

#[tokio::test]
async fn every_error_is_problem_json() {
    let school = School::start().await;
    let (nobody, staff) = (school.nobody(), school.staff().await);
    nobody.get("/nothing").await.refuses(404, "not_found");
    let refused = nobody.delete("/school").await.refuses(405, "method_not_allowed");
    assert_eq!(refused.header("allow"), Some("GET, HEAD, PATCH"));
    let check = async |kind: Option<&str>, body: String, status: u16, code: &str| {
        let mut request = nobody.request("POST", "/login_links").body(body);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        nobody.send("POST", "/login_links", request).await.refuses(status, code);
    };
    check(Some("application/json"), "{".to_owned(), 400, "malformed_json").await;
    check(Some("application/json"), "[]".to_owned(), 422, "invalid").await;
    check(Some("text/plain"), "{}".to_owned(), 415, "unsupported_media_type").await;
    check(None, "{}".to_owned(), 415, "unsupported_media_type").await;
    check(
        Some("application/json"),
        format!("{{\"email\":\"{}\"}}", "x".repeat(65 * 1024)),
        413,
        "too_large",
    )
    .await;
    staff.get("/bookings/none").await.refuses(404, "not_found");
    let elsewhere =
        [(reqwest::header::ORIGIN, "http://evil.example".parse().unwrap())].into_iter().collect();
    let foreign = staff.request("POST", "/bars").headers(elsewhere).json(&serde_json::json!({}));
    staff.send("POST", "/bars", foreign).await.refuses(403, "bad_origin");
}

#[tokio::test]
async fn head_matches_get() {
    let school = School::start().await;
    let (nobody, staff) = (school.nobody(), school.staff().await);
    let ask = async |actor: &Actor, path: &str| actor.request("HEAD", path).send().await.unwrap();
    let booking = format!(
        "/bookings/{}",
        school.parent().await.get(&school.evening("/bookings")).await.is(200).text_at("/rows/0/id")
    );
    for path in ["/school", "/evenings", "/bookings?limit=3", &booking] {
        let read = staff.get(path).await.is(200);
        let asked = ask(&staff, path).await;
        assert_eq!(
            (asked.status().as_u16(), asked.headers().get("etag").map(|tag| tag.to_str().unwrap())),
            (200, read.header("etag")),
            "{path}"
        );
        assert_eq!(
            asked.headers()["content-length"].to_str().unwrap(),
            read.text.len().to_string(),
            "{path}"
        );
        assert_eq!(asked.text().await.unwrap(), "", "{path}");
    }
    assert_eq!(ask(&nobody, "/evenings").await.status(), 401);
    assert_eq!(ask(&staff, "/bookings/none").await.status(), 404);
    assert_eq!(ask(&staff, "/sessions").await.status(), 405);
}

#[tokio::test]
async fn pages_concatenate_to_the_whole_list() {
    let school = School::start().await;
    let staff = school.staff().await;
    for limit in ["0", "101"] {
        staff.get(&format!("/parents?limit={limit}")).await.refuses(422, "invalid");
    }
    staff.get("/parents?limit=x").await.refuses(400, "bad_request");
    let first = staff.get("/parents?limit=100").await.is(200);
    let rest = staff
        .get(&format!("/parents?limit=100&cursor={}", first.text_at("/next_cursor")))
        .await
        .is(200);
    let whole: Vec<_> = first.list("/items").into_iter().chain(rest.list("/items")).collect();
    let (mut pages, mut path) = (Vec::new(), "/parents?limit=7".to_owned());
    loop {
        let page = staff.get(&path).await.is(200);
        pages.extend(page.list("/items"));
        assert!(pages.len() <= whole.len(), "there are more pages than items");
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/parents?limit=7&cursor={cursor}");
    }
    assert_eq!(pages, whole);
    let foreign = staff.get("/parents?limit=1").await.text_at("/next_cursor");
    staff.get(&format!("/bars?cursor={foreign}")).await.refuses(400, "bad_cursor");
}

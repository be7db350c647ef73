//! Tests of the protection against other sites: headers, cookies, origins and addresses.

use std::fs;

use parlour::store::sessions::Role;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::json;

use crate::harness::School;

const PRODUCTION: [(&str, &str); 5] = [
    ("PARLOUR_MODE", "production"),
    ("PARLOUR_KEY", "0123456789abcdef0123456789abcdef"),
    ("PARLOUR_SMTP_URL", "smtp://127.0.0.1:9"),
    ("PARLOUR_PUBLIC_URL", "https://{host}"),
    ("PARLOUR_MAIL_FROM", "school@example.org"),
];

const HOST: &str = "evening.hillcrest.example";

/// A production server with a host for each school, of which Hillcrest is one.
async fn production(more: &[(&str, &str)]) -> School {
    let school = School::start_with(&[&PRODUCTION, more].concat()).await;
    school.ignore_mail("no mail server takes it here");
    school
        .execute("update schools set host = 'evening.hillcrest.example' where slug = 'hillcrest'")
        .await;
    school
}

/// A request to the school's host.
fn ask(school: &School, method: &str, path: &str) -> RequestBuilder {
    Client::new()
        .request(method.parse().unwrap(), format!("{}{path}", school.origin))
        .header("host", HOST)
}

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name).and_then(|value| value.to_str().ok())
}

const EVERYTHING: [(&str, &str, u16); 11] = [
    ("GET", "/", 200),
    ("GET", "/bookings", 200),
    ("GET", "/assets/app.js", 200),
    ("GET", "/assets/none.js", 404),
    ("POST", "/bookings", 404),
    ("GET", "/api/docs", 200),
    ("GET", "/api/v1/school", 200),
    ("GET", "/api/v1/me", 401),
    ("GET", "/api/v1/nothing", 404),
    ("DELETE", "/api/v1/school", 405),
    ("GET", "/api/v1/history?limit=%ff", 404),
];

#[tokio::test]
async fn non_html_responses_have_a_deny_all_csp() {
    let school = School::start().await;
    let (staff, parent) = (school.staff().await, school.parent().await);
    let json = parent.get("/me").await.is(200);
    let problem = parent.get("/clients").await.is(403);
    let calendar = parent.get(&school.evening("/calendar")).await.is(200);
    let nothing = parent.delete("/sessions/current").await.is(204);
    let contract = staff.get("/openapi.yaml").await.is(200);
    let types =
        ["application/json", "application/problem+json", "text/calendar", "", "application/yaml"];
    for (answer, media_type) in [json, problem, calendar, nothing, contract].iter().zip(types) {
        assert!(
            answer.header("content-type").unwrap_or_default().starts_with(media_type),
            "{:?}",
            answer.header("content-type")
        );
        assert_eq!(
            answer.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'"),
            "{media_type}"
        );
    }
}

#[tokio::test]
async fn every_response_has_nosniff_and_hsts_in_production() {
    let files = tempfile::tempdir().unwrap();
    fs::create_dir(files.path().join("assets")).unwrap();
    fs::write(files.path().join("index.html"), "<title>{{school}}</title>").unwrap();
    fs::write(files.path().join("assets/app.js"), "//").unwrap();
    let files = [("PARLOUR_CLIENT_DIR", files.path().to_str().unwrap())];
    let (real, demo) = (
        production(&files).await,
        School::start_with(&[&[("PARLOUR_MODE", "demo")], &files[..]].concat()).await,
    );
    for (method, path, status) in EVERYTHING {
        for (school, hsts) in [(&real, Some("max-age=63072000; includeSubDomains")), (&demo, None)]
        {
            let request = if hsts.is_some() {
                ask(school, method, path)
            } else {
                Client::new().request(method.parse().unwrap(), format!("{}{path}", school.origin))
            };
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), status, "{method} {path}");
            assert_eq!(
                header(&answer, "x-content-type-options"),
                Some("nosniff"),
                "{method} {path}"
            );
            assert_eq!(header(&answer, "strict-transport-security"), hsts, "{method} {path}");
            let policy = header(&answer, "content-security-policy").unwrap_or_default();
            for part in ["default-src 'none'", "frame-ancestors 'none'"] {
                assert!(policy.contains(part), "{method} {path}: {policy}");
            }
        }
    }
}

#[tokio::test]
async fn origin_header_is_checked_against_settings() {
    let school = production(&[]).await;
    let log_in = async |origin: &str| {
        let request = ask(&school, "POST", "/api/v1/login_links").header("origin", origin);
        request
            .json(&json!({ "email": "nobody@example.org" }))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(log_in("https://evening.hillcrest.example").await, 202);
    for origin in [
        "http://evening.hillcrest.example",
        "https://evening.hillcrest.example:8443",
        "https://evil.example",
        "https://{host}",
        "null",
    ] {
        assert_eq!(log_in(origin).await, 403, "{origin}");
    }
    // Another site that points its own name to this server sends that name in both headers.
    let demo = School::start().await;
    let port = demo.origin.rsplit_once(':').unwrap().1;
    for (host, status) in
        [(format!("evil.example:{port}"), 403), (format!("localhost:{port}"), 201)]
    {
        let headers = [("host", host.clone()), ("origin", format!("http://{host}"))]
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let nobody = demo.nobody();
        let request = nobody
            .request("POST", "/dev/logins")
            .headers(headers.into_iter().collect())
            .json(&json!({ "as": "parent" }));
        assert_eq!(nobody.send("POST", "/dev/logins", request).await.status, status, "{host}");
    }
}

#[tokio::test]
async fn cookies_are_bound_to_the_schools_host() {
    let school = production(&[("PARLOUR_SCHOOL_PATHS", "allow")]).await;
    let address = json!({ "email": "nobody@example.org" });
    let set = async |base: &str| {
        let answer = ask(&school, "POST", &format!("{base}/api/v1/login_links"))
            .json(&address)
            .send()
            .await
            .unwrap();
        header(&answer, "set-cookie").unwrap().to_owned()
    };
    let own = set("").await;
    assert!(own.starts_with("__Host-parlour_login="), "{own}");
    for part in ["; HttpOnly", "; SameSite=Strict", "; Secure", "; Path=/;"] {
        assert!(own.replace("Path=/", "Path=/;").contains(part), "{own} has no {part}");
    }
    assert!(!own.contains("Domain"), "{own}");
    let by_path = set("/s/hillcrest").await;
    assert!(
        by_path.starts_with("__Secure-parlour_login=") && by_path.contains("Path=/s/hillcrest/"),
        "{by_path}"
    );
    // A cookie that another host of the domain could have set is ignored.
    let session = school.session_of(&school.other_parents().await[0], Role::Parent).await;
    for (name, status) in [
        ("__Host-parlour_session", 200),
        ("__Secure-parlour_session", 401),
        ("parlour_session", 401),
    ] {
        let answer = ask(&school, "GET", "/api/v1/me")
            .header("cookie", format!("{name}={session}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{name}");
        // With any of these cookies, a request that may change something needs an allowed origin.
        let answer = ask(&school, "DELETE", "/api/v1/sessions/current")
            .header("cookie", format!("{name}={session}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403, "{name}");
    }
}

#[tokio::test]
async fn school_paths_are_disabled_in_production_unless_allowed() {
    let ask_all = async |school: &School| {
        let mut statuses = Vec::new();
        for path in [
            "/s/hillcrest/api/v1/school",
            "/s/hillcrest/",
            "/s/hillcrest/api/docs",
            "/s/hillcrest/bookings",
        ] {
            statuses.push(ask(school, "GET", path).send().await.unwrap().status().as_u16());
        }
        statuses
    };
    let school = production(&[]).await;
    assert_eq!(ask_all(&school).await, [404; 4]);
    assert_eq!(ask(&school, "GET", "/api/v1/school").send().await.unwrap().status(), 200);
    assert_eq!(ask_all(&production(&[("PARLOUR_SCHOOL_PATHS", "allow")]).await).await, [200; 4]);
}

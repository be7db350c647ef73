//! Tests of API clients: connected by staff, with tokens of their own, rate limited, rotated,
//! revoked, and valid at one school only.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::harness::{Actor, School, TestResponse};

/// The credentials of an API client.
struct Credentials {
    id: String,
    secret: String,
}

/// Connects an API client, as staff do.
async fn connect(office: &Actor, scopes: &[&str]) -> Credentials {
    let made = office.post("/clients", json!({ "name": "MIS", "scopes": scopes })).await.is(201);
    Credentials { id: made.text_at("/client/id"), secret: made.text_at("/client_secret") }
}

/// Requests a token with a form.
async fn ask(actor: &Actor, form: &[(&str, &str)]) -> TestResponse {
    actor.send("POST", "/oauth/token", actor.request("POST", "/oauth/token").form(form)).await
}

async fn token_of(actor: &Actor, of: &Credentials) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &of.id),
        ("client_secret", &of.secret),
    ];
    ask(actor, &form).await.is(200).text_at("/access_token")
}

/// Sends a GET with a token.
async fn get(actor: &Actor, path: &str, token: &str) -> TestResponse {
    actor.send("GET", path, actor.request("GET", path).bearer_auth(token)).await
}

#[tokio::test]
async fn api_client_reads_what_its_scopes_allow() {
    let school = School::start().await;
    let (office, api_client) = (school.staff().await, school.nobody());
    let credentials = connect(&office, &["evenings:read"]).await;
    let token = token_of(&api_client, &credentials).await;
    let evenings = get(&api_client, "/evenings", &token).await.is(200);
    assert_eq!(
        evenings.body["items"],
        office.get("/evenings").await.is(200).body["items"],
        "the client sees what the office sees"
    );
    get(&api_client, &school.evening(""), &token).await.is(200);
    // A client's token does not count as a login on operations for people.
    get(&api_client, "/me", &token).await.refuses(401, "not_logged_in");
    get(&api_client, "/clients", &token).await.refuses(401, "not_logged_in");
    let other = connect(&office, &["bookings:read"]).await;
    let refused = get(&api_client, "/evenings", &token_of(&api_client, &other).await)
        .await
        .refuses(403, "scope_missing");
    assert_eq!(
        refused.header("www-authenticate"),
        Some("Bearer error=\"insufficient_scope\", scope=\"evenings:read\"")
    );
}

#[tokio::test]
async fn token_endpoint_follows_rfc_6749() {
    let school = School::start().await;
    let (office, api_client) = (school.staff().await, school.nobody());
    let of = connect(&office, &["evenings:read", "bookings:read"]).await;
    let (id, secret) = (("client_id", of.id.as_str()), ("client_secret", of.secret.as_str()));
    let grant = ("grant_type", "client_credentials");
    let refuses = async |form: &[(&str, &str)], status: u16, error: &str| {
        let answer = ask(&api_client, form).await.is(status);
        assert_eq!(answer.text_at("/error"), error, "{form:?}: {}", answer.text);
        answer
    };
    refuses(&[], 400, "invalid_request").await;
    refuses(&[("grant_type", "password"), id, secret], 400, "unsupported_grant_type").await;
    refuses(&[grant, grant, id, secret], 400, "invalid_request").await;
    refuses(&[grant, id, secret, ("scope", "everything")], 400, "invalid_scope").await;
    refuses(&[grant, id, secret, ("scope", "guests:read")], 400, "invalid_scope").await;
    for form in [
        vec![grant, id],
        vec![grant, id, ("client_secret", "wrong")],
        vec![grant, ("client_id", "x"), secret],
    ] {
        let answer = refuses(&form, 401, "invalid_client").await;
        assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"parlour\""));
    }
    let some = ask(&api_client, &[grant, id, secret, ("scope", "bookings:read")]).await.is(200);
    assert_eq!(
        (some.text_at("/scope"), some.text_at("/token_type"), some.body["expires_in"].as_u64()),
        ("bookings:read".into(), "Bearer".into(), Some(600))
    );
    // The credentials are sent in the `Authorization` header.
    let by_header = |form: Value| {
        api_client.request("POST", "/oauth/token").basic_auth(&of.id, Some(&of.secret)).form(&form)
    };
    let all = api_client
        .send("POST", "/oauth/token", by_header(json!({ "grant_type": "client_credentials" })))
        .await
        .is(200);
    assert_eq!(all.text_at("/scope"), "evenings:read bookings:read");
    let twice =
        by_header(json!({ "grant_type": "client_credentials", "client_secret": of.secret }));
    assert_eq!(
        api_client.send("POST", "/oauth/token", twice).await.is(400).text_at("/error"),
        "invalid_request"
    );
    // Staff see when the client last requested a token.
    assert!(office.get(&format!("/clients/{}", of.id)).await.is(200).body["used_at"].is_string());
}

#[tokio::test]
async fn tokens_expire_and_are_verified_with_the_published_key() {
    let school = School::start().await;
    let (office, api_client) = (school.staff().await, school.nobody());
    let of = connect(&office, &["evenings:read"]).await;
    let token = token_of(&api_client, &of).await;
    let keys: jsonwebtoken::jwk::JwkSet =
        serde_json::from_value(api_client.get("/oauth/jwks").await.is(200).body).unwrap();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    let key = keys.find(header.kid.as_deref().unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["parlour:api"]);
    // Expiry is checked against the test's clock.
    validation.validate_exp = false;
    let read = jsonwebtoken::decode::<Value>(
        &token,
        &jsonwebtoken::DecodingKey::from_jwk(key).unwrap(),
        &validation,
    )
    .unwrap();
    assert_eq!(
        (read.claims["scope"].as_str(), read.claims["client_id"].as_str()),
        (Some("evenings:read"), Some(of.id.as_str()))
    );
    school.advance_clock(TimeDelta::seconds(599));
    get(&api_client, "/evenings", &token).await.is(200);
    school.advance_clock(TimeDelta::seconds(1));
    let refused = get(&api_client, "/evenings", &token).await.refuses(401, "token_invalid");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    for wrong in ["", "x", "a.b.c", &token[..token.len() - 2]] {
        get(&api_client, "/evenings", wrong).await.refuses(401, "token_invalid");
    }
}

#[tokio::test]
async fn client_secret_is_shown_once_and_can_be_rotated() {
    let school = School::start().await;
    let (office, api_client) = (school.staff().await, school.nobody());
    let request = || {
        office
            .request("POST", "/clients")
            .header("Idempotency-Key", "one")
            .json(&json!({ "name": "MIS", "scopes": ["evenings:read"] }))
    };
    let first = office.send("POST", "/clients", request()).await.is(201);
    let again = office.send("POST", "/clients", request()).await.is(201);
    assert_eq!(again.body["client"], first.body["client"]);
    assert!(again.body["client_secret"].is_null() && first.body["client_secret"].is_string());
    assert_eq!(office.get("/clients").await.is(200).list("/items").len(), 1);
    // Once the client has been removed, a retry does not bring it back.
    let gone = office
        .post_with_idempotency_key(
            "/clients",
            "two",
            json!({ "name": "Gone", "scopes": ["evenings:read"] }),
        )
        .await
        .is(201);
    office.delete(&format!("/clients/{}", gone.text_at("/client/id"))).await.is(204);
    office
        .post_with_idempotency_key(
            "/clients",
            "two",
            json!({ "name": "Gone", "scopes": ["evenings:read"] }),
        )
        .await
        .refuses(404, "not_found");
    let (id, old) = (first.text_at("/client/id"), first.text_at("/client_secret"));
    let secrets = format!("/clients/{id}/secrets");
    let with = async |secret: &str| {
        ask(
            &api_client,
            &[("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", secret)],
        )
        .await
        .status
    };
    let new = office.post(&secrets, json!({})).await.is(201);
    assert_eq!(new.list("/client/secrets").len(), 2);
    let new = new.text_at("/client_secret");
    assert_eq!(
        (with(&old).await, with(&new).await),
        (200, 200),
        "both secrets are valid for a day"
    );
    school.advance_clock(TimeDelta::hours(24));
    let office = school.staff().await;
    assert_eq!((with(&old).await, with(&new).await), (401, 200));
    // Of three secrets only the newest two are valid.
    let newer = office.post(&secrets, json!({})).await.is(201).text_at("/client_secret");
    let newest = office.post(&secrets, json!({})).await.is(201).text_at("/client_secret");
    assert_eq!((with(&new).await, with(&newer).await, with(&newest).await), (401, 200, 200));
    // The list of clients contains no secret.
    let listed = office.get("/clients").await.is(200);
    assert!(
        ![&old, &new, &newer, &newest].iter().any(|secret| listed.text.contains(secret.as_str()))
    );
}

#[tokio::test]
async fn revoking_scopes_or_client_takes_effect_at_once() {
    let school = School::start().await;
    let (office, api_client) = (school.staff().await, school.nobody());
    let of = connect(&office, &["evenings:read", "bookings:read"]).await;
    let token = token_of(&api_client, &of).await;
    let path = format!("/clients/{}", of.id);
    let changed =
        office.patch(&path, json!({ "scopes": ["bookings:read"], "name": "Arbor" })).await.is(200);
    assert_eq!(
        (changed.text_at("/name"), changed.body["requests_per_minute"].as_u64()),
        ("Arbor".into(), Some(600))
    );
    get(&api_client, "/evenings", &token).await.refuses(403, "scope_missing");
    office.patch(&path, json!({ "scopes": ["evenings:read"] })).await.is(200);
    get(&api_client, "/evenings", &token).await.is(200);
    office.delete(&path).await.is(204);
    get(&api_client, "/evenings", &token).await.refuses(401, "token_invalid");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", of.id.as_str()),
        ("client_secret", of.secret.as_str()),
    ];
    ask(&api_client, &form).await.is(401);
    for answer in [
        office.get(&path).await,
        office.delete(&path).await,
        office.post(&format!("{path}/secrets"), json!({})).await,
    ] {
        answer.refuses(404, "not_found");
    }
    for wrong in [
        json!({ "name": "", "scopes": ["evenings:read"] }),
        json!({ "name": "x", "scopes": [] }),
        json!({ "name": "x", "scopes": ["all"] }),
    ] {
        office.post("/clients", wrong).await.refuses(422, "invalid");
    }
}

#[tokio::test]
async fn api_client_requests_are_rate_limited() {
    let school = School::start().await;
    let (office, api_client) = (school.staff().await, school.nobody());
    let made = office
        .post(
            "/clients",
            json!({ "name": "MIS", "scopes": ["evenings:read"], "requests_per_minute": 2 }),
        )
        .await
        .is(201);
    let of = Credentials { id: made.text_at("/client/id"), secret: made.text_at("/client_secret") };
    let token = token_of(&api_client, &of).await;
    let told = |answer: &TestResponse| {
        (
            answer.header("ratelimit-policy").map(str::to_owned),
            answer.header("ratelimit").map(str::to_owned),
        )
    };
    let policy = Some("\"default\";q=2;w=60".to_owned());
    let first = get(&api_client, "/evenings", &token).await.is(200);
    let left = 60 - school.now().timestamp() % 60;
    assert_eq!(told(&first), (policy.clone(), Some(format!("\"default\";r=1;t={left}"))));
    get(&api_client, "/evenings", &token).await.is(200);
    let third = get(&api_client, "/evenings", &token).await.refuses(429, "too_many_requests");
    assert_eq!(told(&third), (policy, Some(format!("\"default\";r=0;t={left}"))));
    assert_eq!(third.header("retry-after"), Some(left.to_string().as_str()));
    school.advance_clock(TimeDelta::seconds(left));
    get(&api_client, "/evenings", &token).await.is(200);
    assert!(
        told(&office.get("/evenings").await.is(200)).0.is_none(),
        "responses to people have no rate limit headers"
    );
}

#[tokio::test]
async fn malformed_requests_count_towards_the_rate_limit() {
    let school = School::start().await;
    let (office, api_client) = (school.staff().await, school.nobody());
    let made = office
        .post(
            "/clients",
            json!({ "name": "MIS", "scopes": ["evenings:write"], "requests_per_minute": 5 }),
        )
        .await
        .is(201);
    let of = Credentials { id: made.text_at("/client/id"), secret: made.text_at("/client_secret") };
    let token = token_of(&api_client, &of).await;
    let send = async |method: &str, path: &str, body: &'static str| {
        let request = api_client
            .request(method, path)
            .bearer_auth(&token)
            .header("content-type", "application/json")
            .body(body);
        api_client.send(method, path, request).await
    };
    for (method, path, body, status) in [
        ("POST", "/evenings", "{", 400),
        ("GET", "/evenings?limit=x", "", 400),
        ("PATCH", "/evenings/none", "{}", 404),
        ("POST", "/evenings", "[]", 422),
    ] {
        let answer = send(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert!(answer.header("ratelimit").is_some(), "{method} {path} has a rate limit header");
    }
    let large = api_client
        .request("POST", "/evenings")
        .bearer_auth(&token)
        .header("content-type", "application/json")
        .body(" ".repeat(70_000));
    assert!(
        api_client.send("POST", "/evenings", large).await.is(413).header("ratelimit").is_some()
    );
    send("POST", "/evenings", "{").await.refuses(429, "too_many_requests");
}

#[tokio::test]
async fn token_requests_are_rate_limited() {
    let school = School::start().await;
    let (office, api_client) = (school.staff().await, school.nobody());
    let (one, other) =
        (connect(&office, &["evenings:read"]).await, connect(&office, &["evenings:read"]).await);
    let form = |of: &Credentials| {
        [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", of.id.clone()),
            ("client_secret", of.secret.clone()),
        ]
    };
    let ask_as = async |of: &Credentials| {
        api_client
            .send(
                "POST",
                "/oauth/token",
                api_client.request("POST", "/oauth/token").form(&form(of)),
            )
            .await
    };
    for _ in 0..60 {
        ask_as(&one).await.is(200);
    }
    let late = ask_as(&one).await.refuses(429, "too_many_requests");
    let left = 60 - school.now().timestamp() % 60;
    assert_eq!(late.header("retry-after"), Some(left.to_string().as_str()));
    ask_as(&other).await.is(200);
    // The limit counts by secret: the other client's secret gets 401 and not 429.
    let mixed = Credentials { id: one.id.clone(), secret: other.secret.clone() };
    ask_as(&mixed).await.is(401);
    school.advance_clock(TimeDelta::seconds(left));
    ask_as(&one).await.is(200);
}

#[tokio::test]
async fn api_client_is_unknown_at_another_school() {
    let school = School::start().await;
    let other_school = school.other_school().await;
    let office = school.staff().await;
    let theirs = connect(&other_school.staff, &["evenings:read"]).await;
    let token = token_of(&other_school.staff, &theirs).await;
    get(&other_school.staff, "/evenings", &token).await.is(200);
    get(&school.nobody(), "/evenings", &token).await.refuses(401, "token_invalid");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", theirs.id.as_str()),
        ("client_secret", theirs.secret.as_str()),
    ];
    ask(&school.nobody(), &form).await.is(401);
    office.get(&format!("/clients/{}", theirs.id)).await.refuses(404, "not_found");
    office
        .patch(&format!("/clients/{}", theirs.id), json!({ "name": "Mine" }))
        .await
        .refuses(404, "not_found");
    office.delete(&format!("/clients/{}", theirs.id)).await.refuses(404, "not_found");
    office
        .post(&format!("/clients/{}/secrets", theirs.id), json!({}))
        .await
        .refuses(404, "not_found");
    assert!(office.get("/clients").await.is(200).list("/items").is_empty());
}

//! Tests of a push as a whole: its limits, and two concurrent pushes.

use futures_util::future::join;
use serde_json::json;

use super::{PATHS, RosterClient};
use crate::harness::School;

#[tokio::test]
async fn push_request_size_is_limited() {
    let school = School::start().await;
    let api_client = RosterClient::of(&school).await;
    let row = |number: usize| {
        json!({
            "sourced_id": format!("s-{number:03}-pushed"),
            "roles": ["student"],
            "given_name": "Student",
            "family_name": format!("Number {number}"),
        })
    };
    let rows = |count: usize| json!({ "items": (0..count).map(row).collect::<Vec<_>>() });
    for path in PATHS {
        for (body, code) in [
            (rows(501), "length"),
            (rows(0), "length"),
            (json!({}), "required"),
            (json!({ "items": 5 }), "wrong_shape"),
            (json!([[{}]]), "wrong_shape"),
        ] {
            assert_eq!(
                api_client.put(path, body).await.refuses(422, "invalid").text_at("/errors/0/code"),
                code
            );
        }
        let actor = &api_client.actor;
        let raw = async |kind: &str, body: Vec<u8>| {
            actor
                .send(
                    "PUT",
                    path,
                    actor
                        .request("PUT", path)
                        .bearer_auth(&api_client.token)
                        .header("content-type", kind)
                        .body(body),
                )
                .await
        };
        raw("application/json", b"{".to_vec()).await.refuses(400, "malformed_json");
        raw("text/csv", b"a,b".to_vec()).await.refuses(415, "unsupported_media_type");
        let answer =
            raw("application/json", vec![b' '; 512 * 1024 + 1]).await.refuses(413, "too_large");
        assert!(answer.text_at("/detail").contains("512 KiB"), "{}", answer.text);
    }
    let answer = api_client.put("/roster/people", rows(500)).await.is(200);
    assert_eq!(answer.body["counts"]["added"], 500);
    assert_eq!(
        api_client.put("/roster/people", rows(500)).await.is(200).body["counts"]["unchanged"],
        500
    );
}

#[tokio::test]
async fn concurrent_pushes_both_succeed() {
    let school = School::start().await;
    let api_client = RosterClient::of(&school).await;
    let rows = |from: usize| {
        let row = |number: usize| {
            json!({
                "sourced_id": format!("n-{number}"),
                "roles": ["student"],
                "given_name": "N",
                "family_name": number.to_string(),
            })
        };
        json!({ "items": (from..from + 60).map(row).collect::<Vec<_>>() })
    };
    let (first, second) =
        join(api_client.put("/roster/people", rows(0)), api_client.put("/roster/people", rows(30)))
            .await;
    let (first, second) = (first.is(200), second.is(200));
    let count = |what: &str| {
        [&first, &second]
            .iter()
            .map(|answer| answer.body["counts"][what].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!((count("added"), count("unchanged")), (90, 30), "each person is added once");
}

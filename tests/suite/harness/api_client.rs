//! A program of another maker, with a token of its own.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{Actor, TestResponse};

/// A program that a school's staff have connected.
pub struct ApiClientActor {
    actor: Actor,
    token: String,
}

impl ApiClientActor {
    /// Staff connect it, and it gets a token.
    pub async fn connect(staff: &Actor, nobody: Actor, name: &str, scopes: &[&str]) -> Self {
        let made = staff
            .post(
                "/clients",
                json!({ "name": name, "scopes": scopes, "requests_per_minute": 6000 }),
            )
            .await
            .is(201);
        let (id, secret) = (made.text_at("/client/id"), made.text_at("/client_secret"));
        let form =
            [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
        let token = nobody
            .send("POST", "/oauth/token", nobody.request("POST", "/oauth/token").form(&form))
            .await
            .is(200)
            .text_at("/access_token");
        Self { actor: nobody, token }
    }

    /// The same access token at the addresses of another actor's school.
    pub fn at_school_of(&self, actor: Actor) -> Self {
        Self { actor, token: self.token.clone() }
    }

    /// Who sends its requests.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// A request that is not sent yet.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.actor.request(method, path).bearer_auth(&self.token)
    }

    /// A request without a body.
    pub async fn send(&self, method: &str, path: &str) -> TestResponse {
        self.actor.send(method, path, self.request(method, path)).await
    }

    /// A request with a body.
    pub async fn send_json(&self, method: &str, path: &str, body: Value) -> TestResponse {
        self.actor.send(method, path, self.request(method, path).json(&body)).await
    }

    /// A POST with a body and an `Idempotency-Key`.
    pub async fn post_with_idempotency_key(
        &self,
        path: &str,
        key: &str,
        body: Value,
    ) -> TestResponse {
        self.actor
            .send(
                "POST",
                path,
                self.request("POST", path).header("idempotency-key", key).json(&body),
            )
            .await
    }
}

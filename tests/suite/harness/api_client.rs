//! An API client with an access token.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{Actor, TestResponse};

/// An API client that a school's staff have connected.
pub struct ApiClientActor {
    actor: Actor,
    token: String,
}

impl ApiClientActor {
    /// Connects a client as staff and requests its token.
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

    /// The same access token at another actor's school.
    pub fn at_school_of(&self, actor: Actor) -> Self {
        Self { actor, token: self.token.clone() }
    }

    /// The actor that sends its requests.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Builds a request with the access token.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.actor.request(method, path).bearer_auth(&self.token)
    }

    /// Sends a request without a body.
    pub async fn send(&self, method: &str, path: &str) -> TestResponse {
        self.actor.send(method, path, self.request(method, path)).await
    }

    /// Sends a request with a body.
    pub async fn send_json(&self, method: &str, path: &str, body: Value) -> TestResponse {
        self.actor.send(method, path, self.request(method, path).json(&body)).await
    }

    /// Sends a POST with a body and an `Idempotency-Key`.
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

//! A user with cookies of their own, each of whose responses is checked against the contract.

use std::sync::Arc;

use reqwest::{
    Client, Method, RequestBuilder,
    cookie::{CookieStore, Jar},
    header::HeaderValue,
    redirect::Policy,
};
use serde_json::Value;

use super::{Server, contract, response::TestResponse};

/// A user who sends requests.
#[derive(Clone)]
pub struct Actor {
    client: Client,
    jar: Arc<Jar>,
    origin: String,
    base: String,
    school: String,
}

impl Actor {
    /// A user of Hillcrest without a cookie.
    pub fn new(origin: &str) -> Self {
        Self::for_school(origin, "hillcrest")
    }

    /// A user of this school without a cookie.
    pub fn for_school(origin: &str, school: &str) -> Self {
        let jar = Arc::new(Jar::default());
        let client = Client::builder()
            .tls_certs_only([])
            .cookie_provider(Arc::clone(&jar))
            .redirect(Policy::none())
            .build()
            .expect("a client");
        Self {
            client,
            jar,
            origin: origin.to_owned(),
            base: format!("{origin}/s/{school}/api/v1"),
            school: school.to_owned(),
        }
    }

    /// Another user of the same school, without a cookie.
    pub fn nobody(&self) -> Self {
        Self::for_school(&self.origin, &self.school)
    }

    /// The same cookies at another school of the server, although a browser would send them to one
    /// school only.
    pub fn at_school(&self, school: &str) -> Self {
        let other = Self::for_school(&self.origin, school);
        let cookies = self.cookies("/me").expect("they have a cookie");
        for cookie in cookies.to_str().expect("a text").split("; ") {
            let (name, value) = cookie.split_once('=').expect("a cookie has a value");
            other.set_cookie(name, value);
        }
        other
    }

    /// Adds a cookie to the jar.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let url = self.origin.parse().expect("an origin is a URL");
        self.jar.add_cookie_str(&format!("{name}={value}; Path=/s/{}/", self.school), &url);
    }

    /// The same cookies at another node of the school; cookies ignore the port.
    pub fn on_node(&self, node: &Server) -> Self {
        Self {
            origin: node.origin.clone(),
            base: format!("{}/s/{}/api/v1", node.origin, self.school),
            ..self.clone()
        }
    }

    /// Origin of the school's pages.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The URL of an operation.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The value that a browser would send as `Cookie`.
    pub fn cookies(&self, path: &str) -> Option<HeaderValue> {
        self.jar.cookies(&self.url(path).parse().expect("a URL"))
    }

    /// Builds a request with the school's own origin.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().expect("a method");
        let request = self.client.request(method.clone(), format!("{}{path}", self.base));
        if method.is_safe() { request } else { request.header("origin", &self.origin) }
    }

    /// Sends a request made with [`Actor::request`].
    pub async fn send(&self, method: &str, path: &str, request: RequestBuilder) -> TestResponse {
        let answer = TestResponse::read(request.send().await.expect("the server answers")).await;
        contract::check(method, path, &answer);
        answer
    }

    /// Sends a GET.
    pub async fn get(&self, path: &str) -> TestResponse {
        self.send("GET", path, self.request("GET", path)).await
    }

    /// Sends a POST with a body.
    pub async fn post(&self, path: &str, body: Value) -> TestResponse {
        self.send("POST", path, self.request("POST", path).json(&body)).await
    }

    /// Sends a POST with a body and an `Idempotency-Key`.
    pub async fn post_with_idempotency_key(
        &self,
        path: &str,
        key: &str,
        body: Value,
    ) -> TestResponse {
        self.send(
            "POST",
            path,
            self.request("POST", path).header("idempotency-key", key).json(&body),
        )
        .await
    }

    /// Sends a PUT with a body.
    pub async fn put(&self, path: &str, body: Value) -> TestResponse {
        self.send("PUT", path, self.request("PUT", path).json(&body)).await
    }

    /// Sends a PATCH with a body.
    pub async fn patch(&self, path: &str, body: Value) -> TestResponse {
        self.send("PATCH", path, self.request("PATCH", path).json(&body)).await
    }

    /// Sends a DELETE.
    pub async fn delete(&self, path: &str) -> TestResponse {
        self.send("DELETE", path, self.request("DELETE", path)).await
    }
}

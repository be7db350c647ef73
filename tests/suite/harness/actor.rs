//! Somebody with a browser: cookies of their own, and every answer they get is checked against the
//! contract.

use std::sync::Arc;

use reqwest::{
    Client, Method, RequestBuilder,
    cookie::{CookieStore, Jar},
    header::HeaderValue,
    redirect::Policy,
};
use serde_json::Value;

use super::{Server, contract, response::TestResponse};

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Actor {
    client: Client,
    jar: Arc<Jar>,
    origin: String,
    base: String,
    school: String,
}

impl Actor {
    /// Somebody without a cookie.
    pub fn new(origin: &str) -> Self {
        Self::for_school(origin, "hillcrest")
    }

    /// Somebody without a cookie, at this school.
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

    /// Somebody without a cookie, at the same school.
    pub fn nobody(&self) -> Self {
        Self::for_school(&self.origin, &self.school)
    }

    /// The same cookies at another school of the server: a browser sends them to one alone.
    pub fn at_school(&self, school: &str) -> Self {
        let other = Self::for_school(&self.origin, school);
        let cookies = self.cookies("/me").expect("they have a cookie");
        for cookie in cookies.to_str().expect("a text").split("; ") {
            let (name, value) = cookie.split_once('=').expect("a cookie has a value");
            other.set_cookie(name, value);
        }
        other
    }

    /// Puts a cookie into their browser.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let url = self.origin.parse().expect("an origin is a URL");
        self.jar.add_cookie_str(&format!("{name}={value}; Path=/s/{}/", self.school), &url);
    }

    /// The same browser at another node of the school; cookies mind no port.
    pub fn on_node(&self, node: &Server) -> Self {
        Self {
            origin: node.origin.clone(),
            base: format!("{}/s/{}/api/v1", node.origin, self.school),
            ..self.clone()
        }
    }

    /// Where the school's pages come from.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The address of an operation.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What the browser would send as `Cookie`.
    pub fn cookies(&self, path: &str) -> Option<HeaderValue> {
        self.jar.cookies(&self.url(path).parse().expect("a URL"))
    }

    /// A request that is not sent yet, with the school's own origin.
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

    /// GET.
    pub async fn get(&self, path: &str) -> TestResponse {
        self.send("GET", path, self.request("GET", path)).await
    }

    /// POST with a body.
    pub async fn post(&self, path: &str, body: Value) -> TestResponse {
        self.send("POST", path, self.request("POST", path).json(&body)).await
    }

    /// POST with a body and an `Idempotency-Key`.
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

    /// PUT with a body.
    pub async fn put(&self, path: &str, body: Value) -> TestResponse {
        self.send("PUT", path, self.request("PUT", path).json(&body)).await
    }

    /// PATCH with a body.
    pub async fn patch(&self, path: &str, body: Value) -> TestResponse {
        self.send("PATCH", path, self.request("PATCH", path).json(&body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> TestResponse {
        self.send("DELETE", path, self.request("DELETE", path)).await
    }
}

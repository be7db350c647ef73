//! A response of the server with its whole body.

use reqwest::Response;
use serde_json::Value;

/// A response of the server.
#[derive(Clone)]
pub struct TestResponse {
    /// HTTP status.
    pub status: u16,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; null if it is not JSON.
    pub body: Value,
    headers: reqwest::header::HeaderMap,
}

impl TestResponse {
    /// Reads a response to its end.
    pub async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("an answer has a body");
        let body = serde_json::from_str(&text).unwrap_or_default();
        Self { status, text, body, headers }
    }

    /// A header's value, if the header is present.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The content type without its parameters.
    pub fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default()
    }

    /// Code of the problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Panics unless the response has this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Panics unless the response is this refusal.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        self
    }

    /// The text at a JSON pointer.
    #[track_caller]
    pub fn text_at(&self, pointer: &str) -> String {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("nothing at {pointer} in {}", self.text)).to_owned()
    }

    /// The list at a JSON pointer.
    #[track_caller]
    pub fn list(&self, pointer: &str) -> Vec<Value> {
        let found = self.body.pointer(pointer).and_then(Value::as_array);
        found.unwrap_or_else(|| panic!("no list at {pointer} in {}", self.text)).clone()
    }
}

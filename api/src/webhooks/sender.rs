//! Sends one event to one endpoint. Follows no redirect, uses no proxy, reads at most a kibibyte of the answer and keeps none of it.

use std::{error::Error, time::Duration};

use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use url::Url;

use super::{
    address::{NotPublic, Reach, Resolver},
    message::Message,
};
use crate::{mail::install_tls, store::webhooks::NoAnswer};

/// How long an endpoint may take, from the connection to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of an answer is read, so that the connection can be used again.
const READ: usize = 1024;

/// Takes events to endpoints. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client,
    reach: Reach,
}

/// An answer, as far as it matters.
pub(super) struct Answered {
    /// The status.
    pub status: u16,
    /// What `Retry-After` says.
    pub retry_after: Option<String>,
}

impl Sender {
    /// One that reaches so far.
    ///
    /// # Errors
    /// When the system's certificates can't be read.
    pub fn new(reach: Reach) -> anyhow::Result<Self> {
        install_tls();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .https_only(reach == Reach::Public)
            .dns_resolver(Resolver(reach))
            .timeout(PATIENCE)
            .user_agent(concat!("Parlour/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, reach })
    }

    /// How far it reaches.
    #[must_use]
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// Sends an event.
    pub(super) async fn send(&self, url: &str, message: Message) -> Result<Answered, NoAnswer> {
        let url = Url::parse(url).map_err(|_| NoAnswer::Unreachable)?;
        self.reach.check(&url).map_err(|_| NoAnswer::AddressNotAllowed)?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", message.signature)
            .body(message.body);
        let response = request.send().await.map_err(|error| why(&error))?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let answered = Answered { status: response.status().as_u16(), retry_after };
        skim(response).await;
        Ok(answered)
    }
}

/// Reads the beginning of a body. The status has been said: whatever goes wrong from here on changes nothing.
async fn skim(mut response: Response) {
    let mut read = 0;
    while read < READ {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            Ok(None) | Err(_) => return,
        }
    }
}

fn why(error: &reqwest::Error) -> NoAnswer {
    if is_not_public(error) {
        NoAnswer::AddressNotAllowed
    } else if error.is_timeout() {
        NoAnswer::Timeout
    } else if error.is_connect() {
        NoAnswer::Unreachable
    } else {
        NoAnswer::Broken
    }
}

/// Whether it was the resolver that stood against it.
fn is_not_public(error: &(dyn Error + 'static)) -> bool {
    error.is::<NotPublic>() || error.source().is_some_and(is_not_public)
}

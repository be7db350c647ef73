//! The HTTP client that sends one event to one endpoint. It follows no redirects, uses no proxy,
//! reads about a kibibyte of the response body and stores none of it.

use std::{error::Error, time::Duration};

use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use url::Url;

use super::{
    address::{AllowedAddresses, NotPublic, Resolver},
    message::Message,
};
use crate::{mail::install_tls, store::webhooks::DeliveryError};

/// Time for which an endpoint may take, from connecting to the end of its response.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Length of a response body that is read, in bytes. A connection is reusable only if its response
/// was read to the end.
const MAX_BODY_READ: usize = 1024;

/// Sends events to endpoints. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client,
    reach: AllowedAddresses,
}

/// The parts of a response that matter.
pub(super) struct EndpointResponse {
    /// The status code.
    pub status: u16,
    /// The value of the header `Retry-After`.
    pub retry_after: Option<String>,
}

impl Sender {
    /// A sender that may connect to these addresses.
    ///
    /// # Errors
    /// Fails if the HTTP client can't be built, for instance because the system's certificates
    /// can't be read.
    pub fn new(reach: AllowedAddresses) -> anyhow::Result<Self> {
        Self::with_timeout(reach, TIMEOUT)
    }

    fn with_timeout(reach: AllowedAddresses, patience: Duration) -> anyhow::Result<Self> {
        install_tls();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .https_only(reach == AllowedAddresses::Public)
            .dns_resolver(Resolver(reach))
            .timeout(patience)
            .user_agent(concat!("Parlour/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, reach })
    }

    /// The addresses that it may connect to.
    #[must_use]
    pub const fn reach(&self) -> AllowedAddresses {
        self.reach
    }

    /// Sends an event, and returns the endpoint's response.
    pub(super) async fn send(
        &self,
        url: &str,
        message: Message,
    ) -> Result<EndpointResponse, DeliveryError> {
        let url = Url::parse(url).map_err(|_| DeliveryError::Unreachable)?;
        self.reach.check(&url).map_err(|_| DeliveryError::AddressNotAllowed)?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", message.signature)
            .body(message.body);
        let response = request.send().await.map_err(|error| classify_error(&error))?;
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let answered = EndpointResponse { status: response.status().as_u16(), retry_after };
        drain(response).await;
        Ok(answered)
    }
}

/// Reads the beginning of a response body. The status is known already, so errors from here on are
/// ignored.
async fn drain(mut response: Response) {
    let mut read = 0;
    while read < MAX_BODY_READ {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            Ok(None) | Err(_) => return,
        }
    }
}

fn classify_error(error: &reqwest::Error) -> DeliveryError {
    if is_not_public(error) {
        DeliveryError::AddressNotAllowed
    } else if error.is_timeout() {
        DeliveryError::Timeout
    } else if error.is_connect() {
        DeliveryError::Unreachable
    } else {
        DeliveryError::Broken
    }
}

/// Returns whether the resolver refused the address.
fn is_not_public(error: &(dyn Error + 'static)) -> bool {
    error.is::<NotPublic>() || error.source().is_some_and(is_not_public)
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        task::JoinHandle,
    };

    use super::*;

    /// A receiver that answers one request with `answer`, and returns how many bytes it could send.
    async fn receiver<F: Future<Output = usize> + Send + 'static>(
        answer: impl FnOnce(TcpStream) -> F + Send + 'static,
    ) -> (String, JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            answer(stream).await
        });
        (url, served)
    }

    fn message() -> Message {
        Message {
            id: "e".to_owned(),
            timestamp: "1".to_owned(),
            signature: "v1,x".to_owned(),
            body: "{}".to_owned(),
        }
    }

    #[tokio::test]
    async fn silent_receiver_times_out() {
        let (url, served) =
            receiver(async |mut stream| stream.read(&mut [0; 1]).await.unwrap_or_default()).await;
        let sender = Sender::with_timeout(AllowedAddresses::Anywhere, Duration::from_millis(200))
            .expect("a sender");
        assert_eq!(sender.send(&url, message()).await.err(), Some(DeliveryError::Timeout));
        assert_eq!(served.await.expect("it served"), 0, "the connection was closed");
    }

    #[tokio::test]
    async fn long_response_is_truncated() {
        let (url, served) = receiver(async |mut stream| {
            let mut sent = 0;
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
            // The receiver sends for as long as the connection takes data.
            while stream
                .write_all(format!("1000\r\n{}\r\n", "x".repeat(4096)).as_bytes())
                .await
                .is_ok()
            {
                sent += 4096;
            }
            sent
        })
        .await;
        let sender = Sender::new(AllowedAddresses::Anywhere).expect("a sender");
        let answered = sender.send(&url, message()).await.expect("an answer");
        assert_eq!(answered.status, 200);
        // The buffers of both ends hold a few megabytes at most. A sender that read the whole
        // response would never stop.
        assert!(served.await.expect("it served") < 64 << 20);
    }
}

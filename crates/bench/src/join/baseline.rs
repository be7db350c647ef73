//! Baseline page for the comparison, with a minimal server and signalling.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, Result};
use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use hyper::{
    Response, body::Bytes, header, header::HeaderValue, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, UnboundedSender},
    task::JoinHandle,
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

const PAGE: &str = include_str!("bare.html");

/// The connected pages, by number, each with a channel to it.
type Others = Arc<Mutex<BTreeMap<usize, UnboundedSender<Value>>>>;

/// The page's server; dropping it stops it.
pub(super) struct Baseline {
    address: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl Baseline {
    /// Serves the page with these STUN and TURN servers, and forwards messages between its
    /// visitors.
    ///
    /// # Errors
    /// If no port is free.
    pub(super) async fn serve(ice_servers: Value) -> Result<Self> {
        let (pages, sockets) =
            (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        let page = PAGE
            .replace("SERVERS", &ice_servers.to_string())
            .replace("SOCKET", &sockets.local_addr()?.to_string());
        let address = pages.local_addr()?;
        Ok(Self {
            address,
            tasks: [tokio::spawn(serve_page(pages, page)), tokio::spawn(relay_signals(sockets))],
        })
    }

    /// The URL of the page.
    pub(super) fn page(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn serve_page(listener: TcpListener, page: String) {
    while let Ok((stream, _)) = listener.accept().await {
        let page = page.clone();
        let answer = service_fn(move |_| {
            let mut response = Response::new(Full::new(Bytes::from(page.clone())));
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            async move { Ok::<_, Infallible>(response) }
        });
        // Disconnected browsers are ignored.
        tokio::spawn(async move {
            http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await
        });
    }
}

async fn relay_signals(listener: TcpListener) {
    let others = Others::default();
    let mut number = 0;
    while let Ok((stream, _)) = listener.accept().await {
        number += 1;
        tokio::spawn(relay_messages(stream, number, Arc::clone(&others)));
    }
}

/// Tells the newcomer who is connected, and forwards their messages with their number.
async fn relay_messages(stream: TcpStream, me: usize, others: Others) -> Result<()> {
    let (mut write, mut read) = accept_async(stream).await?.split();
    let (way, mut heard) = mpsc::unbounded_channel::<Value>();
    {
        let mut others = others.lock().unwrap_or_else(PoisonError::into_inner);
        way.send(json!({ "others": others.keys().collect::<Vec<_>>() }))?;
        others.insert(me, way);
    }
    let speak = async {
        while let Some(what) = heard.recv().await {
            write.send(Message::text(what.to_string())).await?;
        }
        anyhow::Ok(())
    };
    let hear = async {
        while let Some(Ok(Message::Text(said))) = read.next().await {
            let mut said: Value = serde_json::from_str(&said)?;
            let to = said["to"].as_u64().context("it is for nobody")?;
            said["from"] = me.into();
            if let Some(way) =
                others.lock().unwrap_or_else(PoisonError::into_inner).get(&usize::try_from(to)?)
            {
                way.send(said)?;
            }
        }
        anyhow::Ok(())
    };
    let ended = tokio::select! { ended = speak => ended, ended = hear => ended };
    others.lock().unwrap_or_else(PoisonError::into_inner).remove(&me);
    ended
}

//! OneRoster 1.1 provider in this process, with pages that are almost ready: the benchmark measures
//! the client, not the provider.

use std::{
    collections::BTreeMap, convert::Infallible, net::SocketAddr, path::Path, sync::Arc, thread,
};

use anyhow::{Context as _, Result};
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode, body::Bytes, body::Incoming, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

type Row = BTreeMap<String, String>;
/// The serialised objects of each collection.
type Collections = BTreeMap<String, Vec<String>>;

/// A running provider; it runs until the process ends.
pub struct Provider(SocketAddr);

impl Provider {
    /// Starts a provider with the school in these files, on a thread of its own.
    pub async fn start(roster: &Path) -> Result<Self> {
        let collections = Arc::new(collections(roster)?);
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || runtime.block_on(serve(listener, collections)));
        Ok(Self(address))
    }

    /// The origin of its URLs.
    pub fn origin(&self) -> String {
        format!("http://{}", self.0)
    }
}

async fn serve(listener: std::net::TcpListener, collections: Arc<Collections>) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let collections = Arc::clone(&collections);
        let service = service_fn(move |request| {
            std::future::ready(Ok::<_, Infallible>(answer(&collections, &request)))
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn answer(collections: &Collections, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    let (count, body) = match collections.get(name) {
        Some(objects) => {
            let (limit, offset) = (number(request, "limit="), number(request, "offset="));
            let page: Vec<&str> =
                objects.iter().skip(offset).take(limit).map(String::as_str).collect();
            (objects.len(), format!("{{\"{name}\":[{}]}}", page.join(",")))
        }
        None if name == "token" => {
            (0, r#"{"access_token":"bench","token_type":"bearer","expires_in":3600}"#.to_owned())
        }
        None => {
            let mut nothing = Response::new(Full::default());
            *nothing.status_mut() = StatusCode::NOT_FOUND;
            return nothing;
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    response.headers_mut().insert("x-total-count", count.into());
    response
}

fn number(request: &Request<Incoming>, name: &str) -> usize {
    let parts = request.uri().query().unwrap_or_default().split('&');
    parts.filter_map(|part| part.strip_prefix(name)?.parse().ok()).next().unwrap_or_default()
}

fn collections(roster: &Path) -> Result<Collections> {
    let names = ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"];
    names.into_iter().map(|name| Ok((name.to_owned(), objects(roster, name)?))).collect()
}

fn objects(roster: &Path, name: &str) -> Result<Vec<String>> {
    let path = roster.join(format!("{name}.csv"));
    let mut file =
        csv::Reader::from_path(&path).with_context(|| format!("can't read {}", path.display()))?;
    file.deserialize().map(|row| Ok(object(&row?).to_string())).collect()
}

/// Converts a row into the form of the REST binding: references and metadata as nested objects.
fn object(row: &Row) -> Value {
    let refer = |id: &str| {
        json!({
            "href": format!("https://sis.example.org/ims/oneroster/v1p1/x/{id}"),
            "sourcedId": id,
            "type": "x",
        })
    };
    let mut object = json!({ "metadata": {} });
    for (column, cell) in row.iter().filter(|(_, cell)| !cell.is_empty()) {
        if let Some(name) = column.strip_prefix("metadata.") {
            object["metadata"][name] = json!(cell);
        } else if let Some(name) = column.strip_suffix("SourcedIds") {
            object[format!("{name}s")] = cell.split(',').map(refer).collect();
        } else if let Some(name) = column.strip_suffix("SourcedId") {
            object[name] = refer(cell);
        } else if column == "subjects" {
            object[column] = json!([cell]);
        } else {
            object[column.as_str()] = json!(cell);
        }
    }
    object
}

//! Sets up logging: lines or JSON to stderr, and spans to an OTLP collector where one is set.

use std::{
    env,
    io::{self, IsTerminal},
};

use anyhow::{Context as _, bail};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Active logging. Keep it until the process ends: dropping it sends the spans that are still
/// queued.
#[must_use]
pub struct Logging(Option<SdkTracerProvider>);

impl Drop for Logging {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "span flush failed");
        }
    }
}

/// Starts logging by the environment variables `PARLOUR_LOG`, `PARLOUR_LOG_FORMAT` and
/// `PARLOUR_OTLP_URL`.
///
/// # Errors
/// Has a message that names the invalid variable.
pub fn start() -> anyhow::Result<Logging> {
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> =
        match env::var("PARLOUR_LOG_FORMAT").as_deref() {
            Err(_) | Ok("" | "text") => {
                lines.with_ansi(io::stderr().is_terminal()).with_filter(filter()?).boxed()
            }
            Ok("json") => lines.json().flatten_event(true).with_filter(filter()?).boxed(),
            Ok(other) => bail!("PARLOUR_LOG_FORMAT: {other:?} is none of text, json"),
        };
    let provider = env::var("PARLOUR_OTLP_URL")
        .ok()
        .filter(|url| !url.is_empty())
        .map(|url| tracer_provider(&url))
        .transpose()?;
    let spans = match &provider {
        Some(provider) => Some(
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("parlour"))
                .with_filter(filter()?),
        ),
        None => None,
    };
    tracing_subscriber::registry().with(lines).with(spans).init();
    Ok(Logging(provider))
}

fn filter() -> anyhow::Result<EnvFilter> {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .with_env_var("PARLOUR_LOG")
        .from_env();
    // The library's error repeats the cause three times, so this message replaces it.
    filter.map_err(|_| {
        anyhow::anyhow!(
            "PARLOUR_LOG: give error, warn, info, debug, trace, or a filter such as \
             info,parlour::mail=debug"
        )
    })
}

/// Sends spans in batches to a collector, by OTLP over HTTP with protobuf.
fn tracer_provider(url: &str) -> anyhow::Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder().with_http().with_endpoint(url).build();
    let exporter = exporter.with_context(|| {
        format!(
            "PARLOUR_OTLP_URL: can't send spans to {url:?}; give an address like \
             http://127.0.0.1:4318/v1/traces"
        )
    })?;
    let resource = Resource::builder().with_service_name("parlour").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

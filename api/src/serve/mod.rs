//! The server process of an [`App`]: the HTTP server, the background workers and graceful shutdown.

mod announcement;
mod background;

use std::{future::Future, sync::Arc};

use actix_web::{dev::ServerHandle, web::Data};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::{
    app::App,
    calls::Hub,
    config::Config,
    connections,
    context::{Random, SystemClock},
    mail, metrics_listener, server,
    store::Store,
    workers,
};

/// Serves until the process gets a signal to stop.
///
/// # Errors
/// Has a message that says what to do.
pub async fn run(mut config: Config, store: Store) -> anyhow::Result<()> {
    mail::install_tls();
    let listen = config.listen;
    config.max_connections = connections::reserve_files(config.max_connections);
    let app =
        Data::new(App::new(config, store, Arc::new(SystemClock::default()), Random::from_os())?);
    let stop = watch::Sender::new(false);
    let background = [
        tokio::spawn(workers::run(app.mail_worker(), stopped(&stop))),
        tokio::spawn(workers::run(app.webhook_worker(), stopped(&stop))),
        tokio::spawn(workers::run(app.purge_worker(), stopped(&stop))),
        tokio::spawn(workers::run(app.sync_worker(), stopped(&stop))),
        tokio::spawn(Arc::clone(&app.calls).run(stopped(&stop))),
    ];
    let listener = server::listen(listen)
        .map_err(|error| anyhow::anyhow!("PARLOUR_LISTEN: can't listen on {listen}: {error}"))?;
    tracing::info!(%listen, mode = ?app.config.mode, "server listening");
    if app.config.mode.has_dev_tools() {
        announcement::print(&app);
    }
    let server = server::start(&app, listener)?;
    if let Some(at) = app.config.metrics_listen {
        let listener = server::listen(at).map_err(|error| {
            anyhow::anyhow!("PARLOUR_METRICS_LISTEN: can't listen on {at}: {error}")
        })?;
        tokio::spawn(metrics_listener::start(&app, listener)?);
        tracing::info!(listen = %at, "metrics server listening");
    }
    tokio::spawn(stop_on_signal(Arc::clone(&app.calls), server.handle()));
    server.await?;
    stop.send_replace(true);
    for task in background {
        task.await?;
    }
    Ok(())
}

/// Completes when the server must stop, or when the sender was dropped.
fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + use<> {
    let mut stop = stop.subscribe();
    async move {
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

/// Waits for SIGTERM or SIGINT, then shuts the server down. Call sockets would stay open for ever,
/// so they are closed and their browsers reconnect to another node; other requests are finished.
async fn stop_on_signal(calls: Arc<Hub>, server: ServerHandle) {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    calls.close();
    server.stop(true).await;
}

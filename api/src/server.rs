//! The HTTP server of an app: its workers, its listener, and the sweep of its connections.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::{HttpServer, dev::Server, rt, web::Data};
use tokio::net::TcpSocket;

use crate::{app::App, connections, routes};

/// The listen backlog: the most connections that the system queues until a worker accepts them.
const BACKLOG: u32 = 1024;

/// Listens at an address. `SO_REUSEADDR` allows an address that was in use until just now.
///
/// # Errors
/// The errors of the operating system.
pub fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Serves an app on a listener with the configured number of workers. The server runs when it is
/// awaited.
///
/// # Errors
/// The errors of the operating system.
pub fn start(app: &Data<App>, listener: TcpListener) -> io::Result<Server> {
    let (state, connections) = (app.clone(), Arc::clone(&app.connections));
    let most = app.config.max_connections;
    let server = HttpServer::new(move || routes::application(state.clone()))
        .workers(app.config.workers)
        // Connections that were evicted may still be closing.
        .max_connections(most.saturating_mul(2))
        .disable_signals()
        // After this time only browsers that keep their connections open are left.
        .shutdown_timeout(5)
        .on_connect(move |io, data| connections.accept(io, data))
        .listen(listener)?
        .run();
    rt::spawn(connections::watch(Arc::clone(&app.connections)));
    Ok(server)
}

//! The HTTP server of an app: its workers, its listener, and the watch over its connections.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::{HttpServer, dev::Server, rt, web::Data};
use tokio::net::TcpSocket;

use crate::{app::App, connections, routes};

/// How many connections the system keeps that no worker has taken yet.
const BACKLOG: u32 = 1024;

/// Listens at an address. One that was just left may be taken again.
///
/// # Errors
/// What the system says.
pub fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Serves an app on a listener, with as many workers as the settings say. It runs when it is
/// awaited.
///
/// # Errors
/// What the system says.
pub fn start(app: &Data<App>, listener: TcpListener) -> io::Result<Server> {
    let (state, connections) = (app.clone(), Arc::clone(&app.connections));
    let most = app.config.max_connections;
    let server = HttpServer::new(move || routes::application(state.clone()))
        .workers(app.config.workers)
        // Those that are closed to make room may still be on their way out.
        .max_connections(most.saturating_mul(2))
        .disable_signals()
        // What is not finished by then is a browser that keeps its connection.
        .shutdown_timeout(5)
        .on_connect(move |io, data| connections.accept(io, data))
        .listen(listener)?
        .run();
    rt::spawn(connections::watch(Arc::clone(&app.connections)));
    Ok(server)
}

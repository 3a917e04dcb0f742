//! Socket options that let a client go which does not read.

use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use std::{any::Any, time::Duration};

/// What the kernel takes before a write waits, bytes. Its own choice is megabytes.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// How long data may lie unacknowledged, or the peer's window stay closed, before the kernel drops the connection.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// Sets the options of an accepted connection; for `HttpServer::on_connect`.
pub fn tune_socket(io: &dyn Any) {
    let Some(tcp) = io.downcast_ref::<TcpStream>() else { return };
    let socket = SockRef::from(tcp);
    let set = socket
        .set_send_buffer_size(SEND_BUFFER_BYTES)
        .and_then(|()| socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED)))
        .and_then(|()| socket.set_tcp_nodelay(true));
    if let Err(error) = set {
        tracing::warn!(%error, "a connection keeps the system's own buffers and time limits");
    }
}

//! The peer of ingest: a bare actix-ws server that sends every text back, with the same sockets' options.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures_util::StreamExt;
use sigap::ws;

/// The variable that makes this program an echo server on a port.
pub const PORT: &str = "SIGAP_BENCH_ECHO_PORT";

/// Serves until killed.
pub fn serve(port: u16) {
    let server = async move {
        let app = || {
            App::new()
                .route("/readyz", web::get().to(|| async { HttpResponse::Ok().finish() }))
                .route("/api/v1/ws", web::get().to(open))
        };
        let server = HttpServer::new(app).on_connect(|io, _| ws::tune_socket(io)).workers(1).backlog(4_096);
        server.max_connections(100_000).bind(("127.0.0.1", port))?.run().await
    };
    actix_web::rt::System::new().block_on(server).expect("the port is free");
}

async fn open(request: HttpRequest, body: web::Payload) -> Result<HttpResponse, actix_web::Error> {
    let (response, mut socket, mut messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            if let actix_ws::Message::Text(text) = message
                && socket.text(text).await.is_err()
            {
                return;
            }
        }
    });
    Ok(response)
}

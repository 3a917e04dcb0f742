//! Whether the process lives, and whether it can work.

use super::State;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// How long the database may take for a sign of life.
const PING: Duration = Duration::from_secs(1);

/// Whether the service can work.
#[derive(Serialize, ToSchema)]
pub struct ReadyBody {
    /// `ready`, `draining` or `degraded`.
    status: &'static str,
    /// Whether the database answers within a second.
    database: bool,
}

/// The process lives.
#[utoipa::path(
    tag = "operations",
    security(()),
    responses((status = 200, description = "It does.", content_type = "text/plain", body = String)),
)]
#[get("/livez")]
pub async fn livez() -> &'static str {
    "ok"
}

/// The service can work: the database answers, and the node is not about to stop.
#[utoipa::path(
    tag = "operations",
    security(()),
    responses(
        (status = 200, description = "It can.", body = ReadyBody),
        (status = 503, description = "It cannot.", body = ReadyBody),
    ),
)]
#[get("/readyz")]
pub async fn readyz(state: State) -> HttpResponse {
    let database = matches!(tokio::time::timeout(PING, state.engine.ping()).await, Ok(Ok(())));
    let (mut answer, status) = match (database, state.is_draining()) {
        (true, false) => (HttpResponse::Ok(), "ready"),
        (true, true) => (HttpResponse::ServiceUnavailable(), "draining"),
        (false, _) => (HttpResponse::ServiceUnavailable(), "degraded"),
    };
    answer.json(ReadyBody { status, database })
}

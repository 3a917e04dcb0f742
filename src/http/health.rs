//! Whether the process lives, and whether it can work.

use super::State;
use crate::engine::Shared;
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
    /// Whether Redis answers; absent on a node without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<bool>,
    /// What does not work, where something does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
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

/// The service can work: the database answers, and the node is not about to stop. With Redis away the node works on,
/// `degraded`: it assigns by the positions that it hears itself and by those in the database, and hears of other nodes'
/// events within a second.
#[utoipa::path(
    tag = "operations",
    security(()),
    responses(
        (status = 200, description = "It can; `degraded` while Redis is away.", body = ReadyBody),
        (status = 503, description = "It cannot.", body = ReadyBody),
    ),
)]
#[get("/readyz")]
pub async fn readyz(state: State) -> HttpResponse {
    let database = matches!(tokio::time::timeout(PING, state.engine.ping()).await, Ok(Ok(())));
    let shared = state.engine.shared();
    let (status, reason) = match (database, state.is_draining(), shared) {
        (false, ..) => ("degraded", Some("the database does not answer")),
        (true, true, _) => ("draining", None),
        (true, false, Some(Shared { positions: false, .. })) => {
            ("degraded", Some("Redis is away: positions of this node and of the database"))
        }
        (true, false, Some(Shared { words: false, .. })) => {
            ("degraded", Some("Redis is away: other nodes are heard within a second"))
        }
        (true, false, _) => ("ready", None),
    };
    let can = database && status != "draining";
    let mut answer = if can { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    answer.json(ReadyBody { status, database, redis: shared.map(|s| s.positions && s.words), reason })
}

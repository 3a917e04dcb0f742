//! Messages to and from citizens: the desk's side, and WhatsApp's webhook.

use super::{
    Answer, Created, Failure, State, created,
    errors::{CommandProblems, DoorProblems, ReadProblems, no_route},
    extract::Asker,
};
use crate::{
    domain::{ids::ReportId, message::Message},
    engine::Unheard,
    wire::{
        bodies::messages::{MessageBody, QueuedBody, VerifyQuery, WEBHOOK_BYTES_MAX},
        problem::{self, Problem},
    },
};
use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Json, Path, Payload, Query},
};
use std::time::Duration;

/// How long a webhook's body may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Bodies of the webhook that are read at once: each may take three megabytes.
pub(super) const BODIES_AT_ONCE: usize = 64;

impl From<Unheard> for Failure {
    fn from(unheard: Unheard) -> Self {
        match unheard {
            Unheard::NotSetUp => no_route().into(),
            Unheard::Forged | Unheard::Late => Problem::new(problem::UNAUTHENTICATED, unheard.to_string()).into(),
            Unheard::Failed(error) => error.into(),
        }
    }
}

/// Our messages about a report, with what they say, how far they came, and what went wrong. Desk roles only.
#[utoipa::path(
    tag = "messages",
    params(("id" = ReportId, Path, description = "The report, as in `BPN-R1024`.")),
    responses((status = 200, description = "In the order in which they were written.", body = Vec<Message>), ReadProblems),
)]
#[get("/reports/{id}/messages")]
pub async fn list_messages(asker: Asker, state: State, id: Path<ReportId>) -> Answer<Vec<Message>> {
    Ok(Json(state.engine.messages(&asker.scope, *id).await?))
}

/// Write to the citizen who wrote to us about a report within a day: `no_conversation` otherwise. It is sent at least once,
/// and tried again for an hour.
#[utoipa::path(
    tag = "messages",
    params(("id" = ReportId, Path, description = "The report, as in `BPN-R1024`.")),
    responses((status = 201, description = "It waits to be sent.", body = QueuedBody), CommandProblems),
)]
#[post("/reports/{id}/messages")]
pub async fn write_message(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<MessageBody>,
) -> Created<QueuedBody> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    let message = state.engine.write_message(&cause, *id, body.text.into_string()).await?;
    created(QueuedBody { message })
}

/// Meta's question when the webhook is set up: the challenge comes back where the token is the one that was set.
#[utoipa::path(
    tag = "messages",
    security(()),
    params(VerifyQuery),
    responses(
        (status = 200, description = "The challenge.", content_type = "text/plain", body = String),
        (status = 404, description = "WhatsApp is not set up."),
        DoorProblems
    ),
)]
#[get("/channels/whatsapp")]
pub async fn whatsapp_verify(state: State, query: Query<VerifyQuery>) -> Result<HttpResponse, Failure> {
    let VerifyQuery { mode, verify_token, challenge } = query.into_inner();
    state.engine.whatsapp_verify(&verify_token)?;
    let plain = (1..=256).contains(&challenge.len()) && challenge.bytes().all(|b| b.is_ascii_graphic());
    if mode != "subscribe" || !plain {
        return Err(
            Problem::new(problem::MALFORMED, "hub.mode is subscribe, hub.challenge up to 256 characters").into()
        );
    }
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(challenge))
}

/// Meta's webhook. 200 says that all of it is stored or is none of ours; 401 that the signature is wrong, or that all of it
/// is older than eight days, and nothing was stored; 503 that it has to come again.
#[utoipa::path(
    tag = "messages",
    security(()),
    params(("X-Hub-Signature-256" = Option<String>, Header, description = "`sha256=` and the HMAC-SHA256 of the body.")),
    request_body(content = String, content_type = "application/json", description = "As Meta's reference says."),
    responses(
        (status = 200, description = "Taken."),
        (status = 404, description = "WhatsApp is not set up."),
        DoorProblems
    ),
)]
#[post("/channels/whatsapp")]
pub async fn whatsapp_heard(request: HttpRequest, state: State, body: Payload) -> Result<HttpResponse, Failure> {
    // Who sends is not known before the body was read: so many may be read at once, and for so long.
    let busy = || Problem::new(problem::UNAVAILABLE, "too many bodies are read at once");
    let turn = state.webhooks.try_acquire().map_err(|_| busy())?;
    let read = tokio::time::timeout(BODY_TIME, body.to_bytes_limited(WEBHOOK_BYTES_MAX)).await;
    drop(turn);
    let too_large = || Problem::new(problem::TOO_LARGE, format!("a body may have {WEBHOOK_BYTES_MAX} bytes"));
    let slow = || Problem::new(problem::MALFORMED, "the body did not come within ten seconds");
    let body = read.map_err(|_| slow())?.map_err(|_| too_large())?;
    let body = body.map_err(|error| super::errors::malformed(&error))?;
    let signature = request.headers().get("X-Hub-Signature-256").and_then(|value| value.to_str().ok());
    state.engine.whatsapp_heard(signature, &body).await?;
    Ok(HttpResponse::Ok().finish())
}

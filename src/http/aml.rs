//! The door of the gateway that hands on what callers' phones send by themselves: Advanced Mobile Location.
//!
//! Invariants: without a secret there is no door, and nothing is taken from who does not know it; an answer and an error
//! name fields, never where somebody is.

use super::{Failure, State, errors::AmlProblems, extract::peer, limit::PeerLimit};
use crate::{
    domain::{
        aml::{self, Aml, BrokenAml},
        phone::PhoneNumber,
    },
    engine::Located,
    wire::{
        params::Params,
        problem::{self, Problem},
    },
};
use actix_web::{
    HttpRequest,
    http::header,
    post,
    web::{Bytes, Json},
};
use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use utoipa::ToSchema;

/// A message may be this long, bytes.
const BYTES_MAX: usize = 16 * 1024;
/// Wrong secrets that one address may try at once.
const BURST: u32 = 20;
/// Time for one more, milliseconds.
const REFILL_MS: i64 = 3_000;

/// What became of a message, by its name in answers and figures.
const OUTCOMES: [&str; 7] = ["placed", "kept", "waits", "nowhere", "not_now", "broken", "unknown"];
const BROKEN: usize = 5;
const UNKNOWN: usize = 6;

/// The gateway's secret, as a hash, and what was counted.
pub struct Door {
    secret: Option<digest::Digest>,
    limit: PeerLimit,
    counts: [AtomicU64; OUTCOMES.len()],
}

impl Default for Door {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Door {
    /// A door for who knows the secret; none is a wall.
    pub fn new(secret: Option<&str>) -> Self {
        let secret = secret.filter(|s| !s.is_empty()).map(|s| digest::digest(&digest::SHA256, s.as_bytes()));
        Self { secret, limit: PeerLimit::new(BURST, REFILL_MS), counts: Default::default() }
    }

    fn count(&self, outcome: usize) {
        self.counts[outcome].fetch_add(1, Ordering::Relaxed);
    }

    /// Messages so far, by outcome.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        OUTCOMES.iter().zip(&self.counts).map(|(outcome, n)| (*outcome, n.load(Ordering::Relaxed)))
    }
}

/// What became of a message.
#[derive(Serialize, ToSchema)]
pub struct LocatedBody {
    /// `placed`: its call has this place. `kept`: its call has a better one. `waits`: no call of this number yet, it waits
    /// for five minutes. `nowhere`: the phone did not know. `not_now`: the place is of another time.
    outcome: &'static str,
}

/// Lets the gateway in.
fn admit(state: &State, request: &HttpRequest) -> Result<(), Failure> {
    let door = &state.aml;
    let Some(secret) = &door.secret else { return Err(super::errors::no_route().into()) };
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.split_once(' ')).map(|(_, secret)| secret.trim()).unwrap_or_default();
    let given = digest::digest(&digest::SHA256, given.as_bytes());
    if verify_slices_are_equal(given.as_ref(), secret.as_ref()).is_ok() {
        return Ok(());
    }
    let tried = door.limit.admit(peer(request, state.settings.behind_proxy), state.engine.now());
    tried.map_err(|wait_ms| Problem::new(problem::TOO_MANY, "too many wrong secrets").after_ms(wait_ms))?;
    door.count(UNKNOWN);
    Err(Problem::new(problem::BAD_TOKEN, "send Authorization: Bearer and the gateway's secret").into())
}

/// The parameters of a body: JSON where the content type says so, a form otherwise; and those of the query.
fn params(request: &HttpRequest, bytes: &Bytes) -> Result<Params, BrokenAml> {
    if is(request, "json") {
        let body = serde_json::from_slice(bytes).ok().as_ref().and_then(Params::of_json);
        return body.ok_or(BrokenAml { field: "body", reason: "no JSON object" });
    }
    Ok(Params::read(request.query_string(), if is(request, "text/plain") { b"" } else { bytes }))
}

fn is(request: &HttpRequest, kind: &str) -> bool {
    let content = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content.to_ascii_lowercase().contains(kind)
}

fn number(params: &Params, names: &[&'static str]) -> Result<PhoneNumber, BrokenAml> {
    let text = params.get(names).filter(|text| !text.trim().is_empty());
    let text = text.ok_or(BrokenAml { field: names[0], reason: "missing: whose phone it is" })?;
    // A plus that nobody escaped in a form reads as a blank.
    let text = if text.starts_with(' ') { text.replacen(' ', "+", 1) } else { text.to_owned() };
    PhoneNumber::parse(&text).map_err(|_| BrokenAml { field: names[0], reason: "no telephone number" })
}

async fn take(state: &State, read: Result<(PhoneNumber, Aml), BrokenAml>) -> Result<Json<LocatedBody>, Failure> {
    let (number, aml) = read.map_err(|broken| {
        state.aml.count(BROKEN);
        Problem::field(broken.field, broken.reason)
    })?;
    let outcome = match state.engine.locate(&number, aml).await? {
        Located::Placed => 0,
        Located::Kept => 1,
        Located::Waits => 2,
        Located::Nowhere => 3,
        Located::NotNow => 4,
    };
    state.aml.count(outcome);
    Ok(Json(LocatedBody { outcome: OUTCOMES[outcome] }))
}

fn body(bytes: Result<Bytes, actix_web::Error>) -> Result<Bytes, Failure> {
    let too_large = || Problem::new(problem::TOO_LARGE, format!("a message may have {BYTES_MAX} bytes"));
    match bytes {
        Ok(bytes) if bytes.len() <= BYTES_MAX => Ok(bytes),
        Ok(_) => Err(too_large().into()),
        Err(error) if error.as_response_error().status_code().as_u16() == 413 => Err(too_large().into()),
        Err(error) => Err(super::errors::malformed(&error).into()),
    }
}

/// A caller's place as fields, as phones send it over HTTPS. For the gateway.
#[utoipa::path(
    tag = "aml",
    security(("gateway" = [])),
    request_body(
        content = serde_json::Value, content_type = "application/json",
        description = "An object, or a form with the same names: `number` (or `device_number`), and the fields of ETSI TS \
                       103 625: `lt`, `lg`, `rd`, `top`, `pm`, `lc`; or `et`, `lo`, `lt`, `ls`, `lc`; or \
                       `location_latitude`, `location_longitude`, `location_accuracy`, `location_time`, `location_source`.",
    ),
    responses((status = 200, description = "Taken.", body = LocatedBody), AmlProblems),
)]
#[post("/aml")]
pub async fn aml_fields(
    request: HttpRequest,
    state: State,
    bytes: Result<Bytes, actix_web::Error>,
) -> Result<Json<LocatedBody>, Failure> {
    admit(&state, &request)?;
    let bytes = body(bytes)?;
    let read = params(&request, &bytes).and_then(|params| {
        let number = number(&params, &["number", "device_number", "msisdn", "from"])?;
        Ok((number, aml::from_fields(|name| params.get(&[name]))?))
    });
    take(&state, read).await
}

/// The text of an SMS that a caller's phone sent by itself, version 1 or 2. For the gateway.
#[utoipa::path(
    tag = "aml",
    security(("gateway" = [])),
    params(("from" = Option<String>, Query, description = "The sender's number, where the body is the bare text.")),
    request_body(
        content = String, content_type = "text/plain",
        description = "The bare text; or a form or JSON object with `from` and `text`.",
    ),
    responses((status = 200, description = "Taken.", body = LocatedBody), AmlProblems),
)]
#[post("/aml/sms")]
pub async fn aml_sms(
    request: HttpRequest,
    state: State,
    bytes: Result<Bytes, actix_web::Error>,
) -> Result<Json<LocatedBody>, Failure> {
    admit(&state, &request)?;
    let bytes = body(bytes)?;
    let plain = is(&request, "text/plain").then(|| String::from_utf8_lossy(&bytes));
    let read = params(&request, &bytes).and_then(|params| {
        let number = number(&params, &["from", "sender", "number"])?;
        let text = plain.as_deref().or_else(|| params.get(&["text", "message", "body"]));
        let text = text.ok_or(BrokenAml { field: "text", reason: "missing" })?;
        Ok((number, aml::from_sms(text)?))
    });
    take(&state, read).await
}

//! The doors of stock apps: OsmAnd, Traccar Client, OwnTracks.
//!
//! Invariants: nothing is taken from who does not know a tracker's secret, and an unknown tracker, a revoked one and a
//! wrong secret are answered alike. A fix that is readable is answered with 200 whatever is wrong with it: these apps
//! send their oldest first and again until it is taken, OsmAnd without a pause, so that one that is refused for ever
//! would stop all that come after it.

use super::{
    Failure, State,
    errors::{self, TrackerProblems},
    extract::peer,
    limit::PeerLimit,
};
use crate::{
    domain::{fix::RawFix, ids::TrackerId},
    engine::{KnownTracker, ingest::Taken},
    wire::{
        bodies::trackers::{TakenBody, basic, split_secret},
        params::Params,
        problem::{self, Problem},
        trackers::{BYTES_MAX, Broken, osmand, owntracks, traccar},
    },
};
use actix_web::{
    HttpRequest, get,
    http::header,
    post,
    web::{Bytes, Json},
};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Wrong secrets that one address may try at once. A mobile network hides thousands of phones behind one: good ones
/// that were heard before are let in whatever others try.
const BURST: u32 = 100;
/// Time for one more, milliseconds.
const REFILL_MS: i64 = 1_000;

const FORMATS: [&str; 3] = ["osmand", "traccar", "owntracks"];
const OUTCOMES: [&str; 5] = ["taken", "ignored", "broken", "unknown", "limited"];

/// What a door spoke.
#[derive(Clone, Copy)]
enum Format {
    OsmAnd,
    Traccar,
    OwnTracks,
}

/// What became of a request.
#[derive(Clone, Copy)]
enum Outcome {
    Taken,
    /// Nothing in it was a fix.
    Ignored,
    /// Nothing in it could be read.
    Broken,
    Unknown,
    Limited,
}

/// The doors' limit and counts.
pub struct Doors {
    limit: PeerLimit,
    counts: [[AtomicU64; OUTCOMES.len()]; FORMATS.len()],
}

impl Default for Doors {
    fn default() -> Self {
        Self { limit: PeerLimit::new(BURST, REFILL_MS), counts: Default::default() }
    }
}

impl Doors {
    fn count(&self, format: Format, outcome: Outcome) {
        self.counts[format as usize][outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Requests so far, by format and outcome.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> + '_ {
        FORMATS.iter().zip(&self.counts).flat_map(|(format, row)| {
            OUTCOMES.iter().zip(row).map(|(outcome, n)| (*format, *outcome, n.load(Ordering::Relaxed)))
        })
    }
}

/// Lets a tracker in by `Authorization: Basic`, or by the identifier that its app sends.
async fn admit(
    state: &State,
    request: &HttpRequest,
    format: Format,
    id: Option<&str>,
) -> Result<Arc<KnownTracker>, Failure> {
    let unknown = || {
        state.trackers.count(format, Outcome::Unknown);
        Problem::new(problem::BAD_TRACKER, "send a tracker's name and its secret, as they were given when it was added")
    };
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = match header {
        Some(header) => basic(header),
        None => id.and_then(split_secret).map(|(id, secret)| (id.to_owned(), secret.to_owned())),
    };
    let parsed = given.and_then(|(id, secret)| Some((id.parse::<TrackerId>().ok()?, secret)));
    if let Some((id, secret)) = &parsed
        && let Some(known) = state.engine.known_tracker(*id, secret)
    {
        return Ok(known);
    }
    let peer = peer(request, state.settings.behind_proxy);
    state.trackers.limit.admit(peer, state.engine.now()).map_err(|wait_ms| {
        state.trackers.count(format, Outcome::Limited);
        Problem::new(problem::TOO_MANY, "too many wrong secrets from this address").after_ms(wait_ms)
    })?;
    let Some((id, secret)) = parsed else { return Err(unknown().into()) };
    match state.engine.admit_tracker(id, &secret).await? {
        Some(known) => {
            state.trackers.limit.give_back(peer);
            Ok(known)
        }
        None => Err(unknown().into()),
    }
}

/// Fixes of a request, and which of its points could not be read.
#[derive(Default)]
struct Points {
    fixes: Vec<RawFix>,
    places: Vec<u32>,
    broken: Vec<(u32, Broken)>,
}

impl FromIterator<Result<RawFix, Broken>> for Points {
    fn from_iter<I: IntoIterator<Item = Result<RawFix, Broken>>>(points: I) -> Self {
        let mut all = Self::default();
        for (index, point) in (0..).zip(points) {
            match point {
                Ok(fix) => {
                    all.fixes.push(fix);
                    all.places.push(index);
                }
                Err(broken) => all.broken.push((index, broken)),
            }
        }
        all
    }
}

/// Takes what could be read.
async fn take(state: &State, known: &KnownTracker, format: Format, points: &Points) -> Result<Taken, Failure> {
    let outcome = match (points.fixes.is_empty(), points.broken.is_empty()) {
        (false, _) => Outcome::Taken,
        (true, true) => Outcome::Ignored,
        (true, false) => Outcome::Broken,
    };
    match state.engine.take_tracked(known, &points.fixes).await? {
        Some(taken) => {
            state.trackers.count(format, outcome);
            Ok(taken)
        }
        None => {
            state.trackers.count(format, Outcome::Unknown);
            Err(Problem::new(problem::BAD_TRACKER, "this tracker was revoked").into())
        }
    }
}

/// What cannot be read at all: no app sends that, so that somebody who sets one up is told.
fn unreadable(state: &State, format: Format, broken: &Broken) -> Failure {
    state.trackers.count(format, Outcome::Broken);
    Problem::field(broken.field, &broken.reason).into()
}

fn body(bytes: Result<Bytes, actix_web::Error>) -> Result<Bytes, Failure> {
    bytes.map_err(|error| match error.as_response_error().status_code().as_u16() {
        413 => Problem::new(problem::TOO_LARGE, format!("a body may have {BYTES_MAX} bytes")).into(),
        _ => errors::malformed(&error).into(),
    })
}

/// A position of OsmAnd or Traccar Client, in the query.
#[utoipa::path(
    tag = "trackers",
    security(("tracker" = [])),
    params(
        ("id" = Option<String>, Query, description = "The tracker's name and secret with a dot between; also `deviceid`. Not needed with Basic."),
        ("lat" = Option<f64>, Query, description = "Degrees north. Or `location=LAT,LON`."),
        ("lon" = Option<f64>, Query, description = "Degrees east."),
        ("timestamp" = Option<String>, Query, description = "When, in seconds or milliseconds since 1970, or ISO 8601."),
        ("speed" = Option<f64>, Query, description = "Knots, unless `speed_unit` is `mps` or `kmh`."),
        ("bearing" = Option<f64>, Query, description = "Degrees; also `heading`."),
        ("accuracy" = Option<f64>, Query, description = "Radius, metres."),
        ("batt" = Option<f64>, Query, description = "Battery, percent."),
        ("valid" = Option<String>, Query, description = "`false` or `0`: the device itself calls the place invalid."),
        ("mock" = Option<String>, Query, description = "`true` or `1`: an app made the place up."),
    ),
    responses((status = 200, description = "Taken, or refused for good: send the next.", body = TakenBody), TrackerProblems),
)]
#[get("/osmand")]
pub async fn osmand_query(request: HttpRequest, state: State) -> Result<Json<TakenBody>, Failure> {
    from_params(&state, &request, &Params::read(request.query_string(), b"")).await
}

/// Positions of Traccar Client (JSON from version 9 on, a query or form before), or of OsmAnd. The content type decides.
#[utoipa::path(
    tag = "trackers",
    security(("tracker" = [])),
    request_body(
        content = serde_json::Value, content_type = "application/json",
        description = "`device_id` (the tracker's name and secret with a dot between) and `location`, one or a list: \
                       `timestamp`, `coords` {`latitude`, `longitude`, `accuracy`, `speed` in m/s, `heading`}, `battery` \
                       {`level` from 0 to 1}, `mock`. Any other content type: the fields of the query, as a form.",
    ),
    responses((status = 200, description = "Taken, or refused for good: send the next.", body = TakenBody), TrackerProblems),
)]
#[post("/osmand")]
pub async fn osmand_post(
    request: HttpRequest,
    state: State,
    bytes: Result<Bytes, actix_web::Error>,
) -> Result<Json<TakenBody>, Failure> {
    let bytes = body(bytes)?;
    let content = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content.to_ascii_lowercase().contains("json") {
        return from_params(&state, &request, &Params::read(request.query_string(), &bytes)).await;
    }
    let format = Format::Traccar;
    let parsed = serde_json::from_slice::<Value>(&bytes);
    let query = Params::read(request.query_string(), b"");
    let id = parsed.as_ref().ok().and_then(traccar::device_id).or_else(|| osmand::id(&query));
    let known = admit(&state, &request, format, id).await?;
    let points = parsed
        .map_err(|error| Broken { field: "body", reason: format!("not JSON: {error}") })
        .and_then(|body| traccar::read(&body));
    let points: Points = points.map_err(|broken| unreadable(&state, format, &broken))?.into_iter().collect();
    // One that cannot be read is told; among others it must not keep them.
    if let (true, [(_, broken)]) = (points.fixes.is_empty(), points.broken.as_slice()) {
        return Err(unreadable(&state, format, broken));
    }
    let taken = take(&state, &known, format, &points).await?;
    Ok(Json(TakenBody::new(&taken, &points.places, &points.broken)))
}

async fn from_params(state: &State, request: &HttpRequest, params: &Params) -> Result<Json<TakenBody>, Failure> {
    let known = admit(state, request, Format::OsmAnd, osmand::id(params)).await?;
    let fix = osmand::read(params).map_err(|broken| unreadable(state, Format::OsmAnd, &broken))?;
    let taken = take(state, &known, Format::OsmAnd, &[Ok(fix)].into_iter().collect()).await?;
    Ok(Json(TakenBody::new(&taken, &[], &[])))
}

/// Messages of OwnTracks in HTTP mode. Only locations are looked at; every other type is answered the same.
#[utoipa::path(
    tag = "trackers",
    security(("tracker" = [])),
    request_body(
        content = serde_json::Value, content_type = "application/json",
        description = "`_type`: `location`, `lat`, `lon`, `tst` in seconds, `acc` in metres, `vel` in km/h, `cog`, `batt`.",
    ),
    responses(
        (status = 200, description = "An empty list: nothing for the app. Also for what was refused, could not be read, or is no location.", body = Vec<String>),
        TrackerProblems,
    ),
)]
#[post("/owntracks")]
pub async fn owntracks_post(
    request: HttpRequest,
    state: State,
    bytes: Result<Bytes, actix_web::Error>,
) -> Result<Json<[String; 0]>, Failure> {
    let bytes = body(bytes)?;
    let known = admit(&state, &request, Format::OwnTracks, None).await?;
    let points = owntracks::read(&bytes).map_err(|broken| unreadable(&state, Format::OwnTracks, &broken))?;
    take(&state, &known, Format::OwnTracks, &points.into_iter().collect()).await?;
    Ok(Json([]))
}

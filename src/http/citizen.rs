//! What the holder of a citizen's link sees and says: a page that works without scripts, and the same as JSON.
//!
//! Invariants: an address that tries links, and the holder of one, may do so only so often; nothing is asked of the database
//! before the signature was found good; the page loads nothing from elsewhere, and nothing may load it into a frame.

mod page;

use super::{
    Failure, HttpState, State,
    errors::{DoorProblems, malformed},
    extract::peer,
    limit::{Limit, PeerLimit},
};
use crate::{
    domain::{
        ids::ReportId,
        link::{Link, Seen},
        place::Place,
        refusal::Refusal,
    },
    engine::LinkError,
    wire::{
        bodies::citizens::{
            CancelBody, ComplaintBody, ComplaintFiledBody, Language, PageQuery, RatingBody, SharedPlaceBody,
        },
        problem::{self, Problem},
    },
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::{StatusCode, header},
    post,
    web::{Bytes, Path, Query},
};
use serde::de::DeserializeOwned;

/// How often links may be used.
pub(super) struct LinkLimits {
    /// Anything, by address: many phones share one behind a carrier.
    peers: PeerLimit,
    /// Anything, by report.
    reads: Limit<ReportId>,
    /// What changes something, by report.
    writes: Limit<ReportId>,
}

impl Default for LinkLimits {
    fn default() -> Self {
        Self { peers: PeerLimit::new(600, 50), reads: Limit::new(60, 1_000), writes: Limit::new(12, 5_000) }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Unknown => Refusal::NotFound("link").into(),
            LinkError::Over => Problem::new(problem::LINK_OVER, error.to_string()).into(),
            LinkError::Failed(error) => error.into(),
        }
    }
}

/// The link of a request, if it may be used now.
fn link_of(request: &HttpRequest, state: &HttpState, token: &str, writes: bool) -> Result<Link, Failure> {
    let (limits, now) = (&state.links, state.engine.now());
    let slower = |wait_ms| Problem::new(problem::TOO_MANY, "too often").after_ms(wait_ms);
    limits.peers.admit(peer(request, state.settings.behind_proxy), now).map_err(slower)?;
    let link = state.engine.read_link(token).ok_or(LinkError::Unknown)?;
    let limit = if writes { &limits.writes } else { &limits.reads };
    limit.count(link.report, now).map_err(slower)?;
    Ok(link)
}

/// Whether the page's own form asks, and not a program.
fn is_form(request: &HttpRequest) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/x-www-form-urlencoded")
}

/// A body as JSON, or as a form.
fn read<T: DeserializeOwned>(request: &HttpRequest, body: &Bytes) -> Result<T, Failure> {
    if is_form(request) {
        let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
        return Ok(Query::<T>::from_query(text).map_err(|error| malformed(&error))?.into_inner());
    }
    Ok(serde_json::from_slice(body).map_err(|error| malformed(&error))?)
}

/// A form's answer is the page again; a program's is JSON.
fn answer(request: &HttpRequest, token: &str, lang: Language, json: impl FnOnce() -> HttpResponse) -> HttpResponse {
    if !is_form(request) {
        return json();
    }
    let lang = page::word(lang);
    let back = format!("/t/{token}?lang={lang}&said=true");
    HttpResponse::SeeOther().insert_header((header::LOCATION, back)).finish()
}

/// Where a failed form leads: a plain page that says so.
fn failed(request: &HttpRequest, lang: Language, failure: Failure) -> Result<HttpResponse, Failure> {
    if is_form(request) { Ok(page::failed(lang, failure.status())) } else { Err(failure) }
}

/// The page of a citizen's link: where the report stands, and what the citizen can say. It works without scripts.
#[utoipa::path(
    tag = "citizens",
    security(()),
    params(("token" = String, Path, description = "As in the link."), PageQuery),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 404, description = "No such link, as a page."),
        (status = 410, description = "The link is over, as a page."),
        DoorProblems
    ),
)]
#[get("/{token}")]
pub async fn citizen_page(
    request: HttpRequest,
    state: State,
    token: Path<String>,
    query: Query<PageQuery>,
) -> HttpResponse {
    let seen = match link_of(&request, &state, &token, false) {
        Ok(link) => state.engine.seen_by_citizen(link).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match seen {
        Ok(seen) => page::shown(&seen, &token, query.lang, query.said),
        Err(failure) => page::failed(query.lang, failure.status()),
    }
}

/// Where the report stands. Ask every ten seconds, not more often.
#[utoipa::path(
    tag = "citizens",
    security(()),
    params(("token" = String, Path, description = "As in the link.")),
    responses(
        (status = 200, description = "So it stands.", body = Seen),
        (status = 404, description = "No such link."),
        (status = 410, description = "The link is over: `link_over`."),
        DoorProblems
    ),
)]
#[get("/{token}/state")]
pub async fn citizen_state(request: HttpRequest, state: State, token: Path<String>) -> Result<HttpResponse, Failure> {
    let link = link_of(&request, &state, &token, false)?;
    Ok(HttpResponse::Ok().json(state.engine.seen_by_citizen(link).await?))
}

/// Share where you are: the report's place follows where this is more exact than what another machine told; what a person
/// said counts more.
#[utoipa::path(
    tag = "citizens",
    security(()),
    params(("token" = String, Path, description = "As in the link.")),
    request_body = SharedPlaceBody,
    responses(
        (status = 200, description = "Taken.", body = Seen),
        (status = 404, description = "No such link."),
        (status = 409, description = "The report is closed."),
        (status = 410, description = "The link is over: `link_over`."),
        (status = 422, description = "A value makes no sense."),
        DoorProblems
    ),
)]
#[post("/{token}/location")]
pub async fn citizen_location(
    request: HttpRequest,
    state: State,
    token: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Failure> {
    let link = link_of(&request, &state, &token, true)?;
    let body: SharedPlaceBody = read(&request, &body)?;
    let place = Place::new(body.lat, body.lng).map_err(|error| Refusal::invalid("lat", error.to_string()))?;
    Ok(HttpResponse::Ok().json(state.engine.share_place(link, place, body.accuracy_m).await?))
}

/// Say that help is no longer needed. The desk is told and decides: nothing is closed by this.
#[utoipa::path(
    tag = "citizens",
    security(()),
    params(("token" = String, Path, description = "As in the link."), PageQuery),
    request_body = CancelBody,
    responses(
        (status = 200, description = "The desk is told.", body = Seen),
        (status = 303, description = "The same, to the page's form."),
        (status = 404, description = "No such link."),
        (status = 409, description = "The report is closed."),
        (status = 410, description = "The link is over: `link_over`."),
        DoorProblems
    ),
)]
#[post("/{token}/cancel")]
pub async fn citizen_cancel(
    request: HttpRequest,
    state: State,
    token: Path<String>,
    query: Query<PageQuery>,
    body: Bytes,
) -> Result<HttpResponse, Failure> {
    let link = match link_of(&request, &state, &token, true) {
        Ok(link) => link,
        Err(failure) => return failed(&request, query.lang, failure),
    };
    let CancelBody {} = read(&request, &body)?;
    match state.engine.cancel_by_citizen(link).await {
        Ok(seen) => Ok(answer(&request, &token, query.lang, || HttpResponse::Ok().json(seen))),
        Err(error) => failed(&request, query.lang, error.into()),
    }
}

/// Rate how a closed report was handled: once.
#[utoipa::path(
    tag = "citizens",
    security(()),
    params(("token" = String, Path, description = "As in the link."), PageQuery),
    request_body = RatingBody,
    responses(
        (status = 200, description = "Taken.", body = Seen),
        (status = 303, description = "The same, to the page's form."),
        (status = 404, description = "No such link."),
        (status = 409, description = "Not closed yet (`not_closed`), or rated before (`exists`)."),
        (status = 410, description = "The link is over: `link_over`."),
        (status = 422, description = "A value makes no sense."),
        DoorProblems
    ),
)]
#[post("/{token}/rating")]
pub async fn citizen_rating(
    request: HttpRequest,
    state: State,
    token: Path<String>,
    query: Query<PageQuery>,
    body: Bytes,
) -> Result<HttpResponse, Failure> {
    let rated = async {
        let link = link_of(&request, &state, &token, true)?;
        let body: RatingBody = read(&request, &body)?;
        Ok(state.engine.rate(link, body.stars, body.text.map(|text| text.into_string())).await?)
    };
    match rated.await {
        Ok(seen) => Ok(answer(&request, &token, query.lang, || HttpResponse::Ok().json(seen))),
        Err(failure) => failed(&request, query.lang, failure),
    }
}

/// Complain of how the report was handled. It goes to the police's office for complaints about itself, Dumas Presisi.
#[utoipa::path(
    tag = "citizens",
    security(()),
    params(("token" = String, Path, description = "As in the link."), PageQuery),
    request_body = ComplaintBody,
    responses(
        (status = 201, description = "Filed.", body = ComplaintFiledBody),
        (status = 303, description = "The same, to the page's form."),
        (status = 404, description = "No such link."),
        (status = 409, description = "There are ten already: `enough`."),
        (status = 410, description = "The link is over: `link_over`."),
        DoorProblems
    ),
)]
#[post("/{token}/complaint")]
pub async fn citizen_complaint(
    request: HttpRequest,
    state: State,
    token: Path<String>,
    query: Query<PageQuery>,
    body: Bytes,
) -> Result<HttpResponse, Failure> {
    let filed = async {
        let link = link_of(&request, &state, &token, true)?;
        let body: ComplaintBody = read(&request, &body)?;
        Ok(state.engine.complain(link, body.text.into_string()).await?)
    };
    match filed.await {
        Ok(complaint) => {
            let made = || HttpResponse::build(StatusCode::CREATED).json(ComplaintFiledBody { complaint });
            Ok(answer(&request, &token, query.lang, made))
        }
        Err(failure) => failed(&request, query.lang, failure),
    }
}

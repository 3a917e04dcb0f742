//! Calls, and what a desk does with a report until it is closed.

use super::{
    Answer, Created, State, created,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{
        access::{Cause, Source},
        duplicate::Likeness,
        ids::{IncidentId, ReportId},
        incident::Incident,
        kinds::{KINDS, Kind},
        refusal::Refusal,
        report::Report,
    },
    engine::Verdict,
    wire::bodies::calls::*,
};
use actix_web::{
    get, patch, post, put,
    web::{Json, Path},
};

/// A call rings: told by the exchange, or by hand. It rings at the first desk of the flow with somebody on shift, until
/// somebody claims it.
#[utoipa::path(
    tag = "calls",
    responses((status = 201, description = "It rings.", body = Report), CommandProblems),
)]
#[post("/calls")]
pub async fn take_call(asker: Asker, state: State, Json(body): Json<CallBody>) -> Created<Report> {
    let cause = Cause { source: Source::Citizen, ..asker.cause(&state, "", &body)? };
    let (area, new) = (body.area, body.into_new(cause.now)?);
    created(state.engine.take_call(&cause, area, new).await?)
}

/// Take a report that rings: answer the call. One wins; the others learn who has it (409).
#[utoipa::path(
    tag = "calls",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "It is yours.", body = Report), CommandProblems),
)]
#[post("/reports/{id}/claim")]
pub async fn claim_report(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<ClaimBody>,
) -> Answer<Report> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.claim_report(&cause, *id, body.take_over).await?))
}

/// The call is on hold, goes on, is silent, was dropped, or is over.
#[utoipa::path(
    tag = "calls",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "The report.", body = Report), CommandProblems),
)]
#[put("/reports/{id}/call")]
pub async fn step_call(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<CallStepBody>,
) -> Answer<Report> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.change_call(&cause, *id, body.call).await?))
}

/// Pass a report to a desk, where it rings; with nobody on shift there, at the next one at once. Without a desk it goes
/// back to its own.
#[utoipa::path(
    tag = "calls",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "Where it rings now.", body = Report), CommandProblems),
)]
#[post("/reports/{id}/pass")]
pub async fn pass_report(asker: Asker, state: State, id: Path<ReportId>, Json(body): Json<PassBody>) -> Answer<Report> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.pass_report(&cause, *id, body.desk).await?))
}

/// Tell that the caller was tried to be reached again, and whether it worked.
#[utoipa::path(
    tag = "calls",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "The report.", body = Report), CommandProblems),
)]
#[post("/reports/{id}/callback")]
pub async fn call_back(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<CallbackBody>,
) -> Answer<Report> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.call_back(&cause, *id, body.way, body.reached).await?))
}

/// Where the exchange keeps the recording of the call.
#[utoipa::path(
    tag = "calls",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "The report.", body = Report), CommandProblems),
)]
#[put("/reports/{id}/recording")]
pub async fn set_recording(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<RecordingBody>,
) -> Answer<Report> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.set_recording(&cause, *id, body.into_url()?).await?))
}

/// More became known: caller, place, kind, how urgent, what was said. The incident's place follows.
#[utoipa::path(
    tag = "reports",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "The report.", body = Report), CommandProblems),
)]
#[patch("/reports/{id}")]
pub async fn amend_report(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<AmendBody>,
) -> Answer<Report> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.amend(&cause, *id, body.into_amendment()?).await?))
}

/// Valid or not. Of a valid one the incident opens, or it joins an open one, and the nearest unit is asked; it rings at
/// the desks that follow it up in the city. One that is not valid is closed at once unless said otherwise.
#[utoipa::path(
    tag = "reports",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "The report and its incident.", body = ReportBodyOut), CommandProblems),
)]
#[post("/reports/{id}/judge")]
pub async fn judge_report(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<JudgeBody>,
) -> Answer<ReportBodyOut> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    let (report, incident) = match (body.valid, body.reason) {
        (true, None) => {
            let verdict = body.incident.map_or(Verdict::New, Verdict::Same);
            state.engine.judge_valid(&cause, *id, verdict).await?
        }
        (false, Some(reason)) => (state.engine.judge_invalid(&cause, *id, reason, body.close).await?, None),
        (true, Some(_)) => return Err(Refusal::invalid("reason", "only of one that is not valid").into()),
        (false, None) => return Err(Refusal::invalid("reason", "say why it is not valid").into()),
    };
    let similar = state.engine.similar(&asker.scope, *id).await?;
    Ok(Json(ReportBodyOut { report, incident, similar }))
}

/// Open incidents that a report may tell of: near in place, time and kind; the nearest first.
#[utoipa::path(
    tag = "reports",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "The incidents.", body = Vec<Likeness>), ReadProblems),
)]
#[get("/reports/{id}/similar")]
pub async fn similar_incidents(asker: Asker, state: State, id: Path<ReportId>) -> Answer<Vec<Likeness>> {
    Ok(Json(state.engine.similar(&asker.scope, *id).await?))
}

/// Take a report out of an incident that it shares with others: it opens one of its own.
#[utoipa::path(
    tag = "reports",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "The report and its incident.", body = ReportBodyOut), CommandProblems),
)]
#[post("/reports/{id}/split")]
pub async fn split_report(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<SplitBody>,
) -> Answer<ReportBodyOut> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    let (report, incident) = state.engine.split_report(&cause, *id).await?;
    let similar = state.engine.similar(&asker.scope, *id).await?;
    Ok(Json(ReportBodyOut { report, incident, similar }))
}

/// Close a report that was judged. Its incident goes on.
#[utoipa::path(
    tag = "reports",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "The report.", body = Report), CommandProblems),
)]
#[post("/reports/{id}/close")]
pub async fn close_report(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<CloseReportBody>,
) -> Answer<Report> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.close_report(&cause, *id, body.closing, body.informed).await?))
}

/// Open a closed report again; it is yours to judge.
#[utoipa::path(
    tag = "reports",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "The report.", body = Report), CommandProblems),
)]
#[post("/reports/{id}/reopen")]
pub async fn reopen_report(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<ReopenBody>,
) -> Answer<Report> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.reopen_report(&cause, *id, body.reason.into_string()).await?))
}

/// Close an incident as the same as another one of its city, which gets its reports and starts at the earliest of them.
/// Its units are recalled.
#[utoipa::path(
    tag = "incidents",
    params(("id" = IncidentId, Path, description = "The incident, as in `BPN-1024`.")),
    responses((status = 200, description = "The incident that goes on.", body = Incident), CommandProblems),
)]
#[post("/incidents/{id}/merge")]
pub async fn merge_incident(
    asker: Asker,
    state: State,
    id: Path<IncidentId>,
    Json(body): Json<MergeBody>,
) -> Answer<Incident> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.merge_incident(&cause, *id, body.into).await?))
}

/// What people report: kinds and categories with their names in Indonesian and English.
#[utoipa::path(tag = "reports", responses((status = 200, description = "The kinds.", body = Vec<Kind>), ReadProblems))]
#[get("/kinds")]
pub async fn kinds(_asker: Asker) -> Answer<Vec<Kind>> {
    Ok(Json(KINDS.to_vec()))
}

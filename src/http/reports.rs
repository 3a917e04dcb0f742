//! Citizens' reports.

use super::{
    Answer, Created, State, created,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{
        access::{Cause, Source},
        ids::{AreaCode, ReportId},
        report::Report,
    },
    wire::bodies::reports::{ReceivedBody, ReportBody, ReportsQuery},
};
use actix_web::{
    get, post,
    web::{Json, Path, Query},
};

/// Receive a report. A valid one opens an incident in the city of its place, and the nearest free unit is asked; in no
/// city it goes to the region's dispatchers, with the nearest cities named.
#[utoipa::path(
    tag = "reports",
    responses((status = 201, description = "Received.", body = ReceivedBody), CommandProblems),
)]
#[post("/reports")]
pub async fn receive_report(asker: Asker, state: State, Json(body): Json<ReportBody>) -> Created<ReceivedBody> {
    let cause = Cause { source: Source::Citizen, ..asker.cause(&state, "", &body)? };
    let (area, valid, place) = (body.area, body.valid, body.place);
    let new = body.into_new(cause.now)?;
    let received = state.engine.receive(&cause, area, new, valid).await?;
    let catalog = state.engine.catalog();
    let name = |code: AreaCode| catalog.area(code).map(|a| a.name.clone()).unwrap_or_default();
    let located = place.map(|place| catalog.locate(place));
    created(ReceivedBody::new(received.report, received.incident, located, name))
}

/// One report, with its place. Desk roles only.
#[utoipa::path(
    tag = "reports",
    params(("id" = ReportId, Path, description = "The report, as in `BPN-R1024`.")),
    responses((status = 200, description = "The report.", body = Report), ReadProblems),
)]
#[get("/reports/{id}")]
pub async fn get_report(asker: Asker, state: State, id: Path<ReportId>) -> Answer<Report> {
    Ok(Json(state.engine.report(&asker.scope, *id).await?))
}

/// The newest reports of an area's own desk, without their places; at most 500. Desk roles only.
#[utoipa::path(
    tag = "reports",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`."), ReportsQuery),
    responses((status = 200, description = "The newest first.", body = Vec<Report>), ReadProblems),
)]
#[get("/areas/{code}/reports")]
pub async fn list_reports(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    query: Query<ReportsQuery>,
) -> Answer<Vec<Report>> {
    Ok(Json(state.engine.reports(&asker.scope, *code, query.outside, query.open).await?))
}

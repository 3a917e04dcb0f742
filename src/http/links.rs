//! The desks' side of citizens' links: making them, and reading what citizens complain of.

use super::{
    Created, Failure, State, created,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{
        access::{Cause, Source},
        ids::{AreaCode, ReportId},
        link::Complaint,
        time::UnixMs,
    },
    wire::bodies::citizens::{ComplaintsQuery, ExportFormat, LinkBody, LinkMadeBody, complaints_csv},
};
use actix_web::{
    HttpResponse, get, post,
    web::{Json, Path, Query},
};

/// Make a link by which the citizen who made a report follows it, shares their place, cancels, rates and complains; `send`
/// sends it, too. It is good for a week, and for three days after the report was closed, unless set otherwise. Desk roles
/// that take reports.
#[utoipa::path(
    tag = "links",
    params(("id" = ReportId, Path, description = "The report, as in `BPN-R1024`.")),
    responses((status = 201, description = "Made.", body = LinkMadeBody), CommandProblems),
)]
#[post("/reports/{id}/link")]
pub async fn make_link(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<LinkBody>,
) -> Created<LinkMadeBody> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    created(state.engine.make_link(&cause, *id, body.send).await?.into())
}

/// The complaints about reports of an area and of those below it, for Dumas Presisi: the oldest first in each area, 10,000 of
/// each at most. Commanders only; that they were read is in the journal.
#[utoipa::path(
    tag = "links",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`."), ComplaintsQuery),
    responses(
        (status = 200, description = "The complaints.", content(
            (Vec<Complaint> = "application/json"),
            (String = "text/csv"),
        )),
        ReadProblems
    ),
)]
#[get("/areas/{code}/complaints")]
pub async fn list_complaints(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    query: Query<ComplaintsQuery>,
) -> Result<HttpResponse, Failure> {
    let now = state.engine.now();
    let cause = Cause { scope: asker.scope, source: Source::Console, now, device_at: None, command: None };
    let to = query.to.map_or(now.plus(1), UnixMs);
    let complaints = state.engine.complaints(&cause, *code, UnixMs(query.from), to).await?;
    Ok(match query.format {
        ExportFormat::Json => HttpResponse::Ok().json(complaints),
        ExportFormat::Csv => HttpResponse::Ok()
            .content_type("text/csv; charset=utf-8")
            .insert_header(("Content-Disposition", format!("attachment; filename=\"complaints-{code}.csv\"")))
            .body(complaints_csv(&complaints)),
    })
}

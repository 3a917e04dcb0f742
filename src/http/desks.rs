//! Desks, who sits there, and the ladders that reports climb.

use super::{
    Answer, State,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{
        desk::{Desk, Flow, Shift},
        evaluation::Evaluation,
        ids::{AreaCode, DeskId},
        refusal::Refusal,
    },
    wire::bodies::desks::*,
};
use actix_web::{
    get, post, put,
    web::{Json, Path, Query},
};

/// The desks of an area, and who is on shift at them. Desk roles only.
#[utoipa::path(
    tag = "desks",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`.")),
    responses((status = 200, description = "Desks and shifts.", body = DesksBody), ReadProblems),
)]
#[get("/areas/{code}/desks")]
pub async fn list_desks(asker: Asker, state: State, code: Path<AreaCode>) -> Answer<DesksBody> {
    let shifts = state.engine.on_shift(&asker.scope, *code).await?;
    let desks = state.engine.catalog().desks(*code).cloned().collect();
    Ok(Json(DesksBody { desks, shifts }))
}

/// Set up a desk, or change its name, level or district. Admins only.
#[utoipa::path(
    tag = "desks",
    responses((status = 200, description = "The desk.", body = Desk), CommandProblems),
)]
#[put("/desks")]
pub async fn put_desk(asker: Asker, state: State, Json(body): Json<DeskBody>) -> Answer<Desk> {
    let cause = asker.cause(&state, "", &body)?;
    let desk = Desk::from(body);
    state.engine.put_desk(&cause, desk.clone()).await?;
    Ok(Json(desk))
}

/// Sit down at a desk; again: say that one still sits there. Whoever has an open socket is heard of by it; others say so
/// every 10 seconds, since after 20 they count as gone and what they hold rings again.
#[utoipa::path(
    tag = "desks",
    params(("id" = DeskId, Path, description = "The desk, as in `BPN.SPKT`.")),
    responses((status = 200, description = "The shift.", body = Shift), CommandProblems),
)]
#[post("/desks/{id}/shift")]
pub async fn begin_shift(asker: Asker, state: State, id: Path<DeskId>, Json(body): Json<ShiftBody>) -> Answer<Shift> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.begin_shift(&cause, *id).await?))
}

/// Get up. What one holds rings again at once.
#[utoipa::path(
    tag = "desks",
    responses((status = 204, description = "Nobody sits there any more."), CommandProblems),
)]
#[post("/shift/end")]
pub async fn end_shift(
    asker: Asker,
    state: State,
    Json(body): Json<ShiftEndBody>,
) -> Result<actix_web::HttpResponse, super::Failure> {
    let cause = asker.cause(&state, "", &body)?;
    state.engine.end_shift(&cause).await?;
    Ok(actix_web::HttpResponse::NoContent().finish())
}

/// By which ladder of desks an area's reports go.
#[utoipa::path(
    tag = "desks",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`.")),
    responses((status = 200, description = "Its flow.", body = AreaFlowBody), ReadProblems),
)]
#[get("/areas/{code}/flow")]
pub async fn get_flow(asker: Asker, state: State, code: Path<AreaCode>) -> Answer<AreaFlowBody> {
    let flow = state.engine.flow(&asker.scope, *code)?;
    Ok(Json(AreaFlowBody { area: *code, flow }))
}

/// Set an area's flow: one of its own, or a preset. What rings goes on by it from its next rung on. Admins only.
#[utoipa::path(
    tag = "desks",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`.")),
    responses((status = 200, description = "Its flow.", body = AreaFlowBody), CommandProblems),
)]
#[put("/areas/{code}/flow")]
pub async fn set_flow(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    Json(body): Json<FlowBody>,
) -> Answer<AreaFlowBody> {
    let cause = asker.cause(&state, &code.to_string(), &body)?;
    let flow = match (body.flow, body.preset) {
        (Some(flow), None) => flow,
        (None, Some(preset)) => Flow::preset(preset, &state.engine.catalog().path(*code)),
        _ => return Err(Refusal::invalid("flow", "either a flow or a preset").into()),
    };
    state.engine.set_flow(&cause, *code, flow.clone()).await?;
    Ok(Json(AreaFlowBody { area: *code, flow }))
}

/// What people told in a time: how much of what, where and when, what is complained of most, how much is no police work.
/// A region and the nation are the sums of what lies below. Desk roles only.
#[utoipa::path(
    tag = "areas",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`."), TimeQuery),
    responses((status = 200, description = "The counts.", body = Evaluation), ReadProblems),
)]
#[get("/areas/{code}/evaluation")]
pub async fn evaluation(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    query: Query<TimeQuery>,
) -> Answer<Evaluation> {
    Ok(Json(state.engine.evaluation(&asker.scope, *code, (query.from, query.to)).await?))
}

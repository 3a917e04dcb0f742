//! Dispatches: orders of a dispatcher, steps of a crew.

use super::{
    Answer, Created, Failure, State, created,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{
        dispatch::Dispatch,
        ids::{DispatchId, IncidentId},
    },
    wire::bodies::dispatches::*,
};
use actix_web::{
    HttpResponse, get, post,
    web::{Json, Path},
};

/// Send a unit to an incident: the first one, or another as backup. It may have no fresh fix. Dispatchers only.
#[utoipa::path(
    tag = "dispatches",
    params(("id" = IncidentId, Path, description = "The incident, as in `BPN-1024`.")),
    responses((status = 201, description = "The dispatch.", body = Dispatch), CommandProblems),
)]
#[post("/incidents/{id}/dispatches")]
pub async fn send_unit(
    asker: Asker,
    state: State,
    id: Path<IncidentId>,
    Json(body): Json<DispatchBody>,
) -> Created<Dispatch> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    created(state.engine.order(&cause, *id, body.order()).await?)
}

/// One dispatch, with the record of why this unit was picked.
#[utoipa::path(
    tag = "dispatches",
    params(("id" = DispatchId, Path, description = "The dispatch, as in `BPN-D1024`.")),
    responses((status = 200, description = "The dispatch.", body = Dispatch), ReadProblems),
)]
#[get("/dispatches/{id}")]
pub async fn get_dispatch(asker: Asker, state: State, id: Path<DispatchId>) -> Answer<Dispatch> {
    Ok(Json(state.engine.dispatch(&asker.scope, *id).await?))
}

/// Take a step: one of the crew, or a dispatcher on its behalf. An arrival is held against the unit's own fix.
#[utoipa::path(
    tag = "dispatches",
    params(("id" = DispatchId, Path, description = "The dispatch, as in `BPN-D1024`.")),
    responses((status = 200, description = "The dispatch.", body = Dispatch), CommandProblems),
)]
#[post("/dispatches/{id}/status")]
pub async fn step(asker: Asker, state: State, id: Path<DispatchId>, Json(body): Json<StatusBody>) -> Answer<Dispatch> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.step(&cause, *id, body.tap()).await?))
}

/// A phone of the crew has the offer. Repeats and late ones change nothing.
#[utoipa::path(
    tag = "dispatches",
    params(("id" = DispatchId, Path, description = "The dispatch, as in `BPN-D1024`.")),
    responses((status = 204, description = "Noted."), CommandProblems),
)]
#[post("/dispatches/{id}/delivered")]
pub async fn delivered(
    asker: Asker,
    state: State,
    id: Path<DispatchId>,
    Json(body): Json<DeliveredBody>,
) -> Result<HttpResponse, Failure> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    state.engine.deliver(&cause, *id, body.device).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Take the work from one unit and give it to another, in one go. Dispatchers only.
#[utoipa::path(
    tag = "dispatches",
    params(("id" = DispatchId, Path, description = "The dispatch, as in `BPN-D1024`.")),
    responses((status = 201, description = "The new dispatch.", body = Dispatch), CommandProblems),
)]
#[post("/dispatches/{id}/hand-over")]
pub async fn hand_over(
    asker: Asker,
    state: State,
    id: Path<DispatchId>,
    Json(body): Json<HandOverBody>,
) -> Created<Dispatch> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    created(state.engine.hand_over(&cause, *id, body.order()).await?)
}

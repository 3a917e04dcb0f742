//! Incidents: seen whole, noted, corrected, closed.

use super::{
    Answer, Created, State, created,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{
        ids::{AreaCode, IncidentId},
        incident::Incident,
    },
    engine::{Ranking, Risk},
    wire::bodies::incidents::*,
};
use actix_web::{
    get, post, put,
    web::{Json, Path, Query},
};

/// The incidents of an area, at most 500. Desk roles only.
#[utoipa::path(
    tag = "incidents",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`."), IncidentsQuery),
    responses((status = 200, description = "The incidents.", body = Vec<Incident>), ReadProblems),
)]
#[get("/areas/{code}/incidents")]
pub async fn list_incidents(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    query: Query<IncidentsQuery>,
) -> Answer<Vec<Incident>> {
    Ok(Json(state.engine.incidents(&asker.scope, *code, query.open).await?))
}

/// Open an incident that an officer found. The finder's unit, when free, is on scene at once.
#[utoipa::path(
    tag = "incidents",
    responses((status = 201, description = "The incident.", body = Incident), CommandProblems),
)]
#[post("/incidents")]
pub async fn open_incident(asker: Asker, state: State, Json(body): Json<NewIncidentBody>) -> Created<Incident> {
    let cause = asker.cause(&state, "", &body)?;
    created(state.engine.open_by_officer(&cause, body.into()).await?)
}

/// An incident with its dispatches, its notes, how long each part of the response took, and why it was too long.
#[utoipa::path(
    tag = "incidents",
    params(("id" = IncidentId, Path, description = "The incident, as in `BPN-1024`.")),
    responses((status = 200, description = "The whole picture.", body = IncidentBody), ReadProblems),
)]
#[get("/incidents/{id}")]
pub async fn get_incident(asker: Asker, state: State, id: Path<IncidentId>) -> Answer<IncidentBody> {
    let incident = state.engine.incident(&asker.scope, *id).await?;
    let dispatches = state.engine.dispatches(&asker.scope, *id).await?;
    let notes = state.engine.notes(&asker.scope, *id).await?;
    let spent = state.engine.spent(&asker.scope, *id).await?;
    Ok(Json(IncidentBody::new(incident, spent, dispatches, notes)))
}

/// Who could be sent, nearest first, with how long the ride takes, and who is near and could not, and why. Desk roles
/// only.
#[utoipa::path(
    tag = "incidents",
    params(("id" = IncidentId, Path, description = "The incident, as in `BPN-1024`.")),
    responses((status = 200, description = "The ranking.", body = Ranking), ReadProblems),
)]
#[get("/incidents/{id}/candidates")]
pub async fn candidates(asker: Asker, state: State, id: Path<IncidentId>) -> Answer<Ranking> {
    Ok(Json(state.engine.candidates(&asker.scope, *id).await?))
}

/// Whether help will be late, when it is expected, and what would help. Desk roles only.
#[utoipa::path(
    tag = "incidents",
    params(("id" = IncidentId, Path, description = "The incident, as in `BPN-1024`.")),
    responses((status = 200, description = "As far as can be said now.", body = Risk), ReadProblems),
)]
#[get("/incidents/{id}/risk")]
pub async fn risk(asker: Asker, state: State, id: Path<IncidentId>) -> Answer<Risk> {
    Ok(Json(state.engine.risk(&asker.scope, *id).await?))
}

/// Add a note.
#[utoipa::path(
    tag = "incidents",
    params(("id" = IncidentId, Path, description = "The incident, as in `BPN-1024`.")),
    responses((status = 201, description = "Its number.", body = NotedBody), CommandProblems),
)]
#[post("/incidents/{id}/notes")]
pub async fn add_note(
    asker: Asker,
    state: State,
    id: Path<IncidentId>,
    Json(body): Json<NoteBody>,
) -> Created<NotedBody> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    let no = state.engine.add_note(&cause, *id, body.text.into_string()).await?;
    created(NotedBody { no })
}

/// Another place became known. The ones before are kept.
#[utoipa::path(
    tag = "incidents",
    params(("id" = IncidentId, Path, description = "The incident, as in `BPN-1024`.")),
    responses((status = 200, description = "The incident.", body = Incident), CommandProblems),
)]
#[put("/incidents/{id}/place")]
pub async fn set_place(
    asker: Asker,
    state: State,
    id: Path<IncidentId>,
    Json(body): Json<PlaceBody>,
) -> Answer<Incident> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.move_incident(&cause, *id, body.place).await?))
}

/// More or less urgent. The promise follows.
#[utoipa::path(
    tag = "incidents",
    params(("id" = IncidentId, Path, description = "The incident, as in `BPN-1024`.")),
    responses((status = 200, description = "The incident.", body = Incident), CommandProblems),
)]
#[put("/incidents/{id}/priority")]
pub async fn set_priority(
    asker: Asker,
    state: State,
    id: Path<IncidentId>,
    Json(body): Json<PriorityBody>,
) -> Answer<Incident> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.set_priority(&cause, *id, body.priority).await?))
}

/// Close an incident. Its units are recalled, its reports closed.
#[utoipa::path(
    tag = "incidents",
    params(("id" = IncidentId, Path, description = "The incident, as in `BPN-1024`.")),
    responses((status = 200, description = "The incident.", body = Incident), CommandProblems),
)]
#[post("/incidents/{id}/close")]
pub async fn close_incident(
    asker: Asker,
    state: State,
    id: Path<IncidentId>,
    Json(body): Json<CloseBody>,
) -> Answer<Incident> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.close_incident(&cause, *id, body.disposition).await?))
}

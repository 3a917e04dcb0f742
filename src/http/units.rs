//! Units, their crews, their work, where they were.

use super::{
    Answer, Created, State, created,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{ids::*, incident::Incident, unit::Unit},
    engine::Brief,
    wire::bodies::{text::Text, units::*},
};
use actix_web::{
    get, post,
    web::{Json, Path, Query},
};

/// The units of an area itself, each with its newest fix.
#[utoipa::path(
    tag = "units",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`.")),
    responses((status = 200, description = "By call sign.", body = Vec<UnitBody>), ReadProblems),
)]
#[get("/areas/{code}/units")]
pub async fn list_units(asker: Asker, state: State, code: Path<AreaCode>) -> Answer<Vec<UnitBody>> {
    let units = state.engine.units(&asker.scope, *code).await?;
    Ok(Json(units.into_iter().map(UnitBody::from).collect()))
}

/// Set up a unit, off duty. Admins only.
#[utoipa::path(
    tag = "units",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`.")),
    responses((status = 201, description = "The unit.", body = UnitBody), CommandProblems),
)]
#[post("/areas/{code}/units")]
pub async fn add_unit(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    Json(body): Json<NewUnitBody>,
) -> Created<UnitBody> {
    let cause = asker.cause(&state, code.as_str(), &body)?;
    let id = UnitId::new(*code, &body.sign)?;
    state.engine.add_unit(&cause, id, body.kind).await?;
    created(state.engine.unit(&asker.scope, id).await?.into())
}

/// One unit with its crew and its newest fix.
#[utoipa::path(
    tag = "units",
    params(("id" = UnitId, Path, description = "The unit, as in `BPN-M12`.")),
    responses((status = 200, description = "The unit.", body = CrewedUnitBody), ReadProblems),
)]
#[get("/units/{id}")]
pub async fn get_unit(asker: Asker, state: State, id: Path<UnitId>) -> Answer<CrewedUnitBody> {
    let unit = state.engine.unit(&asker.scope, *id).await?.into();
    let crew = state.engine.crew(&asker.scope, *id).await?;
    Ok(Json(CrewedUnitBody { unit, crew }))
}

/// Sign on with a phone. The first one brings the unit on duty.
#[utoipa::path(
    tag = "units",
    params(("id" = UnitId, Path, description = "The unit, as in `BPN-M12`.")),
    responses((status = 200, description = "The unit.", body = Unit), CommandProblems),
)]
#[post("/units/{id}/sign-on")]
pub async fn sign_on(asker: Asker, state: State, id: Path<UnitId>, Json(body): Json<SignOnBody>) -> Answer<Unit> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.sign_on(&cause, *id, body.device, body.position_source).await?))
}

/// Sign a phone off. The last one takes the unit off duty.
#[utoipa::path(
    tag = "units",
    params(("id" = UnitId, Path, description = "The unit, as in `BPN-M12`.")),
    responses((status = 200, description = "The unit.", body = Unit), CommandProblems),
)]
#[post("/units/{id}/sign-off")]
pub async fn sign_off(asker: Asker, state: State, id: Path<UnitId>, Json(body): Json<SignOffBody>) -> Answer<Unit> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.sign_off(&cause, *id, body.device).await?))
}

/// Take a unit out of service, bring it back, or off duty: one of its crew, or a dispatcher.
#[utoipa::path(
    tag = "units",
    params(("id" = UnitId, Path, description = "The unit, as in `BPN-M12`.")),
    responses((status = 200, description = "The unit.", body = Unit), CommandProblems),
)]
#[post("/units/{id}/duty")]
pub async fn set_duty(asker: Asker, state: State, id: Path<UnitId>, Json(body): Json<DutyBody>) -> Answer<Unit> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    let reason = body.reason.map(Text::into_string);
    Ok(Json(state.engine.set_duty(&cause, *id, body.duty, reason).await?))
}

/// A unit's open work: what holds it, then what waits behind.
#[utoipa::path(
    tag = "units",
    params(("id" = UnitId, Path, description = "The unit, as in `BPN-M12`.")),
    responses((status = 200, description = "The work.", body = Vec<Brief>), ReadProblems),
)]
#[get("/units/{id}/work")]
pub async fn unit_work(asker: Asker, state: State, id: Path<UnitId>) -> Answer<Vec<Brief>> {
    Ok(Json(state.engine.work_of(&asker.scope, *id).await?))
}

/// Where a unit was. Desk roles only. The last half minute may be missing.
#[utoipa::path(
    tag = "units",
    params(("id" = UnitId, Path, description = "The unit, as in `BPN-M12`."), TrackQuery),
    responses((status = 200, description = "The points by time.", body = TrackBody), ReadProblems),
)]
#[get("/units/{id}/track")]
pub async fn unit_track(asker: Asker, state: State, id: Path<UnitId>, query: Query<TrackQuery>) -> Answer<TrackBody> {
    let to = query.to.unwrap_or_else(|| state.engine.now());
    let points = state.engine.track(&asker.scope, *id, query.from, to).await?;
    Ok(Json(TrackBody { unit: *id, points: points.into_iter().map(Into::into).collect() }))
}

/// An officer is in danger: a P1 incident where the unit is, for which the two nearest units are asked.
#[utoipa::path(
    tag = "units",
    params(("id" = UnitId, Path, description = "The unit, as in `BPN-M12`.")),
    responses((status = 201, description = "The incident.", body = Incident), CommandProblems),
)]
#[post("/units/{id}/panic")]
pub async fn panic(asker: Asker, state: State, id: Path<UnitId>, Json(body): Json<PanicBody>) -> Created<Incident> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    created(state.engine.panic(&cause, *id, body.place).await?)
}

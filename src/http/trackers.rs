//! Trackers of units: added, listed, revoked.

use super::{
    Answer, Created, State, created,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{ids::*, tracker::Tracker},
    wire::bodies::trackers::*,
};
use actix_web::{
    HttpRequest, get, post,
    web::{Json, Path},
};

/// Give a unit a tracker. The answer shows its secret, once, and what to type into the app. Dispatchers and admins.
#[utoipa::path(
    tag = "trackers",
    params(("id" = UnitId, Path, description = "The unit, as in `BPN-M12`.")),
    responses((status = 201, description = "The tracker.", body = AddedTrackerBody), CommandProblems),
)]
#[post("/units/{id}/trackers")]
pub async fn add_tracker(
    request: HttpRequest,
    asker: Asker,
    state: State,
    id: Path<UnitId>,
    Json(body): Json<NewTrackerBody>,
) -> Created<AddedTrackerBody> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    let new = state.engine.add_tracker(&cause, *id, body.position_source).await?;
    // As whoever asks reached this server, phones will.
    let connection = request.connection_info();
    let server = format!("{}://{}", connection.scheme(), connection.host());
    created(AddedTrackerBody::new(new, &server))
}

/// A unit's trackers, revoked ones too. Dispatchers and admins.
#[utoipa::path(
    tag = "trackers",
    params(("id" = UnitId, Path, description = "The unit, as in `BPN-M12`.")),
    responses((status = 200, description = "By number.", body = Vec<Tracker>), ReadProblems),
)]
#[get("/units/{id}/trackers")]
pub async fn list_trackers(asker: Asker, state: State, id: Path<UnitId>) -> Answer<Vec<Tracker>> {
    Ok(Json(state.engine.trackers(&asker.scope, id.area, Some(*id)).await?))
}

/// End a tracker: its secret counts no more. Dispatchers and admins.
#[utoipa::path(
    tag = "trackers",
    params(("id" = TrackerId, Path, description = "The tracker, as in `BPN-M12-T1`.")),
    responses((status = 200, description = "The tracker.", body = Tracker), CommandProblems),
)]
#[post("/trackers/{id}/revoke")]
pub async fn revoke_tracker(
    asker: Asker,
    state: State,
    id: Path<TrackerId>,
    Json(body): Json<RevokeTrackerBody>,
) -> Answer<Tracker> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.revoke_tracker(&cause, *id).await?))
}

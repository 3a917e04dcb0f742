//! Areas and their journals.

use super::{
    Answer, HttpState, State,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{access::Act, area::Area, ids::AreaCode, refusal::Refusal},
    wire::bodies::areas::{AreaBody, AreaPatchBody, JournalBody, JournalQuery},
};
use actix_web::{
    get, patch,
    web::{Json, Path, Query},
};

/// One area, if the asker sees it.
pub(super) fn seen(asker: &Asker, state: &HttpState, code: AreaCode) -> Result<Area, Refusal> {
    asker.scope.require(code, Act::See)?;
    state.engine.catalog().area(code).cloned().ok_or(Refusal::NotFound("area"))
}

/// The areas that you have a role in, and those below them.
#[utoipa::path(
    tag = "areas",
    responses((status = 200, description = "In code order.", body = Vec<Area>), ReadProblems),
)]
#[get("/areas")]
pub async fn list_areas(asker: Asker, state: State) -> Answer<Vec<Area>> {
    Ok(Json(state.engine.areas(&asker.scope)))
}

/// One area with its districts.
#[utoipa::path(
    tag = "areas",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`.")),
    responses((status = 200, description = "The area.", body = AreaBody), ReadProblems),
)]
#[get("/areas/{code}")]
pub async fn get_area(asker: Asker, state: State, code: Path<AreaCode>) -> Answer<AreaBody> {
    let area = seen(&asker, &state, *code)?;
    let districts = state.engine.catalog().districts(*code).iter().map(Into::into).collect();
    Ok(Json(AreaBody { area, districts }))
}

/// Change how an area offers, or its part in mutual aid. Admins only.
#[utoipa::path(
    tag = "areas",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`.")),
    responses((status = 200, description = "The area from now on.", body = AreaBody), CommandProblems),
)]
#[patch("/areas/{code}")]
pub async fn change_area(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    Json(body): Json<AreaPatchBody>,
) -> Answer<AreaBody> {
    let mut cause = asker.cause(&state, code.as_str(), &body)?;
    asker.scope.require(*code, Act::Manage)?;
    let mut area = seen(&asker, &state, *code)?;
    if let Some(offers) = body.offers {
        state.engine.set_offers(&cause, *code, offers).await?;
        area.offers = offers;
        // One command id names one write. The next is under none: a repeat finds it done and changes nothing.
        cause.command = None;
    }
    if let Some(aid_m) = body.aid_m {
        state.engine.set_aid(&cause, *code, aid_m).await?;
        area.aid_m = aid_m;
    }
    let districts = state.engine.catalog().districts(*code).iter().map(Into::into).collect();
    Ok(Json(AreaBody { area, districts }))
}

/// A page of an area's journal.
#[utoipa::path(
    tag = "areas",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`."), JournalQuery),
    responses((status = 200, description = "The page.", body = JournalBody), ReadProblems),
)]
#[get("/areas/{code}/journal")]
pub async fn area_journal(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    query: Query<JournalQuery>,
) -> Answer<JournalBody> {
    let events = state.engine.journal(&asker.scope, *code, query.after, query.limit).await?;
    let next = events.last().map_or(query.after, |e| e.seq);
    Ok(Json(JournalBody { area: *code, events, next }))
}

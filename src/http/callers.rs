//! Callers: what is known of one, their number, what supervisors say of one, their erasure.

use super::{
    Answer, Created, State, created,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{
        caller::{Erased, Flag, History},
        ids::{FlagId, ReportId},
        refusal::Refusal,
    },
    wire::{bodies::callers::*, problem::Problem},
};
use actix_web::{
    get, post,
    web::{Json, Path},
};

/// What is known of the caller of a report, over all areas that you may see: how often, how it ended, the newest reports,
/// and what supervisors said, with its evidence. Desk roles only.
#[utoipa::path(
    tag = "callers",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 200, description = "What is known.", body = History), ReadProblems),
)]
#[get("/reports/{id}/caller")]
pub async fn caller_history(asker: Asker, state: State, id: Path<ReportId>) -> Answer<History> {
    Ok(Json(state.engine.caller_history(&asker.scope, *id).await?))
}

/// What is known of a number. Commanders only; that somebody asked is in the journal.
#[utoipa::path(
    tag = "callers",
    responses((status = 200, description = "What is known.", body = History), CommandProblems),
)]
#[post("/callers/lookup")]
pub async fn look_up_caller(asker: Asker, state: State, Json(body): Json<LookUpBody>) -> Answer<History> {
    let cause = asker.cause(&state, "", &body)?;
    Ok(Json(state.engine.look_up_caller(&cause, body.number).await?))
}

/// See the whole number of a report's caller. Operators to call back the caller of a report that they hold; dispatchers
/// also for a rescue; commanders for anything. Each time is in the journal; 30 an hour.
#[utoipa::path(
    tag = "callers",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses(
        (status = 200, description = "The number.", body = NumberBody),
        (status = 429, description = "You saw too many: `too_many`.", body = Problem,
            content_type = "application/problem+json"),
        CommandProblems,
    ),
)]
#[post("/reports/{id}/caller/unmask")]
pub async fn unmask_caller(
    asker: Asker,
    state: State,
    id: Path<ReportId>,
    Json(body): Json<UnmaskBody>,
) -> Answer<NumberBody> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    let note = body.note.map(crate::wire::bodies::text::Text::into_string);
    let number = state.engine.unmask(&cause, *id, body.purpose, note).await?;
    Ok(Json(NumberBody { number }))
}

/// Say something of the caller of a report, for the area that received it and those below. Commanders only. Nobody is ever
/// blocked: at the highest grade new calls begin to ring at the end of the ladder, for seven days at most.
#[utoipa::path(
    tag = "callers",
    params(("id" = ReportId, Path, description = "The report, as in `KALTIM-R1024`.")),
    responses((status = 201, description = "What was said.", body = Flag), CommandProblems),
)]
#[post("/reports/{id}/caller/flags")]
pub async fn flag_caller(asker: Asker, state: State, id: Path<ReportId>, Json(body): Json<FlagBody>) -> Created<Flag> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    if body.evidence.len() > 100 {
        return Err(Refusal::invalid("evidence", "100 reports at most").into());
    }
    created(state.engine.flag_caller(&cause, *id, body.into()).await?)
}

/// Take back what was said of a caller. Commanders only.
#[utoipa::path(
    tag = "callers",
    params(("id" = FlagId, Path, description = "The flag's UUID.")),
    responses((status = 200, description = "What was said.", body = Flag), CommandProblems),
)]
#[post("/caller-flags/{id}/lift")]
pub async fn lift_flag(asker: Asker, state: State, id: Path<FlagId>, Json(body): Json<LiftBody>) -> Answer<Flag> {
    let cause = asker.cause(&state, &id.to_string(), &body)?;
    Ok(Json(state.engine.lift_flag(&cause, *id, body.reason.into_string()).await?))
}

/// Erase whoever calls with this number, in all areas that you manage: number, name, places, texts and flags can be read
/// no more by anybody. Admins only. Refused while one of their reports is open. Sent again, it finds nobody.
#[utoipa::path(
    tag = "callers",
    responses((status = 200, description = "What went.", body = Erased), CommandProblems),
)]
#[post("/callers/erase")]
pub async fn erase_caller(asker: Asker, state: State, Json(body): Json<EraseBody>) -> Answer<Erased> {
    let cause = asker.cause(&state, "", &body)?;
    Ok(Json(state.engine.erase_caller(&cause, body.number, body.reason.into_string()).await?))
}

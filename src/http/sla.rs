//! The promise: policies, presets, how an area stands.

use super::{
    Answer, Failure, State,
    areas::seen,
    errors::{CommandProblems, ReadProblems},
    extract::Asker,
};
use crate::{
    domain::{ids::AreaCode, sla::preset::Preset},
    wire::bodies::sla::{PoliciesBody, PolicySetBody, PresetBody, SlaBody},
};
use actix_web::{
    get, put,
    web::{Json, Path},
};

/// How an area stands with its promise: live counts, and today's share within target.
#[utoipa::path(
    tag = "sla",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`.")),
    responses((status = 200, description = "The counts.", body = SlaBody), ReadProblems),
)]
#[get("/areas/{code}/sla")]
pub async fn area_sla(asker: Asker, state: State, code: Path<AreaCode>) -> Answer<SlaBody> {
    let targets = seen(&asker, &state, *code)?.targets;
    let standing = state.engine.standing(&asker.scope, *code).await?;
    Ok(Json(SlaBody { area: *code, at: state.engine.now(), targets, standing }))
}

/// Every policy that a city has, had, or will have. An incident keeps the version that was in force when it began.
#[utoipa::path(
    tag = "sla",
    params(("code" = AreaCode, Path, description = "The city, as in `BPN`.")),
    responses((status = 200, description = "In the order of their versions.", body = PoliciesBody), ReadProblems),
)]
#[get("/areas/{code}/sla/policies")]
pub async fn list_policies(asker: Asker, state: State, code: Path<AreaCode>) -> Answer<PoliciesBody> {
    Ok(Json(policies(&asker, &state, *code).await?))
}

async fn policies(asker: &Asker, state: &State, code: AreaCode) -> Result<PoliciesBody, Failure> {
    seen(asker, state, code)?;
    let (policies, now) = (state.engine.policies(&asker.scope, code).await?, state.engine.now());
    let in_force = policies.iter().filter(|p| p.from <= now).max_by_key(|p| (p.from, p.version)).map(|p| p.version);
    Ok(PoliciesBody { area: code, in_force, policies })
}

/// Set a city's policy from a moment on. Admins only. One that contradicts itself is refused with the reason; the same
/// rules as those in force change nothing.
#[utoipa::path(
    tag = "sla",
    params(("code" = AreaCode, Path, description = "The city, as in `BPN`.")),
    responses((status = 200, description = "The policies from now on.", body = PoliciesBody), CommandProblems),
)]
#[put("/areas/{code}/sla/policy")]
pub async fn set_policy(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    Json(body): Json<PolicySetBody>,
) -> Answer<PoliciesBody> {
    let cause = asker.cause(&state, code.as_str(), &body)?;
    state.engine.set_policy(&cause, *code, body.rules, body.from).await?;
    Ok(Json(policies(&asker, &state, *code).await?))
}

/// Policies to begin with.
#[utoipa::path(
    tag = "sla",
    responses((status = 200, description = "Each with its rules.", body = Vec<PresetBody>), ReadProblems),
)]
#[get("/sla/presets")]
pub async fn list_presets(_asker: Asker) -> Answer<Vec<PresetBody>> {
    Ok(Json(Preset::ALL.iter().map(|preset| PresetBody { preset: *preset, rules: preset.rules() }).collect()))
}

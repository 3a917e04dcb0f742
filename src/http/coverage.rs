//! Where help would come in time now.

use super::{Failure, State, errors::ReadProblems, extract::Asker};
use crate::{
    domain::ids::AreaCode,
    wire::bodies::coverage::{CoverageBody, CoverageQuery},
};
use actix_web::{
    HttpResponse, get,
    web::{Path, Query},
};

/// Where help would come in time now: for each H3 cell of a city the quickest free unit with a fresh fix, whether it is
/// within the target, and what sending each unit uncovers. A neighbour's units are not counted. Desk roles only; a region,
/// the nation, and a city without a boundary are answered with 422.
#[utoipa::path(
    tag = "areas",
    params(("code" = AreaCode, Path, description = "The city, as in `BPN`."), CoverageQuery),
    responses(
        (status = 200, description = "The cells as GeoJSON.", content((CoverageBody = "application/geo+json"))),
        ReadProblems
    ),
)]
#[get("/areas/{code}/coverage")]
pub async fn area_coverage(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    query: Query<CoverageQuery>,
) -> Result<HttpResponse, Failure> {
    let coverage = state.engine.coverage(&asker.scope, *code, query.priority).await?;
    // The type is set first: `json` keeps one that is there.
    Ok(HttpResponse::Ok().content_type("application/geo+json").json(CoverageBody::from(coverage)))
}

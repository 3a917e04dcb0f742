//! How the promise was kept: figures as JSON or as a table, and the month as a page.

use super::{Failure, State, errors::ReadProblems, extract::Asker};
use crate::{
    domain::{ids::AreaCode, sla::compliance::By},
    wire::{
        bodies::compliance::{ComplianceBody, CompliancePageQuery, ComplianceQuery, Format, PAGE_LIMITS},
        compliance::{GROUPINGS, STYLE, csv, page},
    },
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, Accept, Header},
    web::{Path, Query},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::sync::LazyLock;

/// What a browser may do with the page: take its style, and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
});

/// How an area kept its promise over days: shares within the target with their intervals, percentiles of the response and
/// of each segment, what spent the time, what does not count, the latest cases. A region and the nation are the sums of
/// their cities, each by its own days. Read from sums that are kept with every event. Desk roles only. With `format=csv`
/// or `Accept: text/csv` the groups come as a table, one row each, in columns that stay.
#[utoipa::path(
    tag = "sla",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`."), ComplianceQuery),
    responses(
        (status = 200, description = "The figures.", content(
            (ComplianceBody = "application/json"),
            (String = "text/csv"),
        )),
        ReadProblems,
    ),
)]
#[get("/areas/{code}/sla/report")]
pub async fn compliance(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    query: Query<ComplianceQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let (days, limits) = (query.days()?, query.limits()?);
    let found = state.engine.compliance(&asker.scope, *code, days, (query.by, &[]), limits).await?;
    let body = ComplianceBody::new(&found, query.by, query.limit.into());
    let mut response = HttpResponse::Ok();
    response.insert_header((header::VARY, "Accept"));
    if query.format.unwrap_or_else(|| accepted(&request)) == Format::Json {
        return Ok(response.json(body));
    }
    // Codes and days hold nothing that a header could not.
    let name = format!("sigap-{}-{}-{}-{}.csv", body.area, body.from, body.to, body.by);
    response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    Ok(response.content_type(csv::MEDIA).body(csv::table(&body)))
}

/// What a request would rather have; JSON unless it says otherwise.
fn accepted(request: &HttpRequest) -> Format {
    let ranked = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
    let format = ranked.iter().find_map(|media| match media.essence_str() {
        "text/csv" => Some(Format::Csv),
        "application/json" | "application/*" | "*/*" => Some(Format::Json),
        _ => None,
    });
    format.unwrap_or(Format::Json)
}

/// The report of a month as a page for paper: one file without scripts, charts as SVG. Desk roles only.
#[utoipa::path(
    tag = "sla",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`."), CompliancePageQuery),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"), ReadProblems),
)]
#[get("/areas/{code}/sla/report.html")]
pub async fn compliance_page(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    query: Query<CompliancePageQuery>,
) -> Result<HttpResponse, Failure> {
    let by = (By::Day, &GROUPINGS[..]);
    let found = state.engine.compliance(&asker.scope, *code, query.month, by, PAGE_LIMITS).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(page(&found, query.lang)))
}

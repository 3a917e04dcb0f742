//! The screens: the pages that people work with, as the build of `web/` left them.
//!
//! Invariants: only what the build made is served; an asset's name tells its bytes, so that browsers keep it for good,
//! and every other file is asked for anew; a page loads nothing from elsewhere, and nothing may load it into a frame.

mod files;

pub use files::Screens;

use super::{Answer, Basemap, State, errors::ReadProblems, extract::Asker, methods::unknown};
use actix_web::{
    HttpRequest, HttpResponse, get, guard,
    http::{StatusCode, header},
    web::{self, Json, Path, ServiceConfig},
};
use files::{File, content_type};
use serde::Serialize;
use utoipa::ToSchema;

/// Addresses that people type, and the files behind them.
const PAGES: [(&str, &str); 4] =
    [("/", "index.html"), ("/console", "console.html"), ("/board", "board.html"), ("/unit", "unit.html")];

/// Files whose names hold a hash of their bytes.
const ASSETS: &str = "assets/";

/// What a page may load: its own files. Maps draw images and run workers that they make themselves. Where operations name
/// a basemap that lies elsewhere, pages may ask that origin too; tiles are fetched and drawn, so that this is all it takes.
pub(super) fn policy(basemap: Option<&Basemap>) -> String {
    let elsewhere = basemap.and_then(Basemap::origin).map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'self'; connect-src 'self'{elsewhere}; img-src 'self' data: blob:; worker-src 'self' blob:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// What a page may ask of the device.
const PERMISSIONS: &str = "geolocation=(self), screen-wake-lock=(self), camera=(), microphone=()";

/// What stands in for the pages where there are none.
const MISSING: &str = include_str!("screens/missing.html");

/// What the screens are told beside their files.
#[derive(Serialize, ToSchema)]
pub struct ScreensBody {
    /// What the maps lie on; null where operations name nothing.
    pub basemap: Option<Basemap>,
    /// A fix older than this makes no candidate for an automatic offer, milliseconds: it is shown as stale.
    pub stale_ms: i64,
}

/// What operations set for the screens. For whoever is logged in.
#[utoipa::path(
    tag = "screens",
    responses((status = 200, description = "The settings.", body = ScreensBody), ReadProblems),
)]
#[get("/screens/settings")]
pub async fn screens_settings(_asker: Asker, state: State) -> Answer<ScreensBody> {
    Ok(Json(ScreensBody { basemap: state.basemap.clone(), stale_ms: state.engine.settings().stale_ms }))
}

/// Adds the pages and their files to the root.
pub(super) fn configure(root: &mut ServiceConfig) {
    for (address, file) in PAGES {
        let slashed = format!("{address}/");
        let addresses = if address == "/" { vec![address] } else { vec![address, slashed.as_str()] };
        let answer = move |request: HttpRequest, state: State| async move { page(&request, &state, file) };
        root.service(only_read(web::resource(addresses)).route(reads().to(answer)));
    }
    root.service(only_read(web::resource("/assets/{file}")).route(reads().to(asset)));
    // Some files have to lie at the root: icons, the officer's app as it is installed.
    root.service(
        only_read(web::resource(r"/{file:[\w-]+\.(?:js|webmanifest|svg|png|ico|txt)}")).route(reads().to(other)),
    );
}

fn reads() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn only_read(resource: actix_web::Resource) -> actix_web::Resource {
    resource.default_service(web::to(|| async {
        HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET, HEAD")).finish()
    }))
}

fn page(request: &HttpRequest, state: &State, file: &str) -> HttpResponse {
    serve(request, state, file).unwrap_or_else(|| {
        let mut answer = HttpResponse::ServiceUnavailable();
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        answer.insert_header((header::CONTENT_SECURITY_POLICY, state.policy.as_str()));
        answer.content_type("text/html; charset=utf-8").body(MISSING)
    })
}

async fn asset(request: HttpRequest, state: State, file: Path<String>) -> HttpResponse {
    match serve(&request, &state, &format!("{ASSETS}{file}")) {
        Some(answer) => answer,
        None => unknown(request).await,
    }
}

async fn other(request: HttpRequest, state: State, file: Path<String>) -> HttpResponse {
    match serve(&request, &state, &file) {
        Some(answer) => answer,
        None => unknown(request).await,
    }
}

/// The file as this browser may have it: packed if it unpacks, nothing if it has it already.
fn serve(request: &HttpRequest, state: &State, path: &str) -> Option<HttpResponse> {
    let plain = state.screens.file(path)?;
    let packed = if unpacks(request) { state.screens.file(&format!("{path}.gz")) } else { None };
    let is_packed = packed.is_some();
    let File { bytes, tag } = packed.unwrap_or(plain);
    let tag = format!("\"{tag}\"");
    let status = if has(request, &tag) { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut answer = HttpResponse::build(status);
    let keep = if path.starts_with(ASSETS) { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer.insert_header((header::CACHE_CONTROL, keep));
    answer.insert_header((header::ETAG, tag));
    answer.insert_header((header::VARY, "Accept-Encoding"));
    answer.insert_header((header::CONTENT_SECURITY_POLICY, state.policy.as_str()));
    answer.insert_header((header::PERMISSIONS_POLICY, PERMISSIONS));
    answer.insert_header((header::REFERRER_POLICY, "same-origin"));
    answer.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if status == StatusCode::NOT_MODIFIED {
        return Some(answer.finish());
    }
    if is_packed {
        answer.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Some(answer.content_type(content_type(path)).body(bytes.into_owned()))
}

/// Whether the browser takes gzip.
fn unpacks(request: &HttpRequest) -> bool {
    let all = request.headers().get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let refused = |weight: &str| weight.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip")) && !parts.any(refused)
    })
}

/// Whether the browser has these bytes already.
fn has(request: &HttpRequest, tag: &str) -> bool {
    let all = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).any(|one| one.trim().trim_start_matches("W/") == tag)
}

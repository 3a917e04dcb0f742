//! What maps are drawn with: the shapes of areas.

use super::{Failure, State, errors::ReadProblems, extract::Asker};
use crate::{domain::ids::AreaCode, wire::bodies::outlines::OutlineBody};
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, EntityTag, Header, IfNoneMatch},
    web::Path,
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The outline of an area as GeoJSON, simplified for maps: of a city with its districts, of a region or the nation with
/// the cities in it. A `geometry` is null where no shape was imported. It changes rarely: keep it, and ask with
/// `If-None-Match`.
#[utoipa::path(
    tag = "areas",
    params(("code" = AreaCode, Path, description = "The area, as in `BPN`.")),
    responses(
        (status = 200, description = "The shapes.", content((OutlineBody = "application/geo+json"))),
        (status = 304, description = "The same as the one that the client has."),
        ReadProblems
    ),
)]
#[get("/areas/{code}/outline")]
pub async fn area_outline(
    asker: Asker,
    state: State,
    code: Path<AreaCode>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let body = OutlineBody::from(state.engine.outline(&asker.scope, *code).await?);
    let text = serde_json::to_string(&body).expect("shapes are numbers and texts");
    let tag = EntityTag::new_strong(URL_SAFE_NO_PAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16]));
    let known = match IfNoneMatch::parse(&request) {
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        Ok(IfNoneMatch::Any) | Err(_) => false,
    };
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // Each use asks: whoever may not see the area any more has no use of what a browser kept.
    answer.insert_header((header::CACHE_CONTROL, "private, no-cache")).insert_header(header::ETag(tag));
    if known { Ok(answer.finish()) } else { Ok(answer.content_type("application/geo+json").body(text)) }
}

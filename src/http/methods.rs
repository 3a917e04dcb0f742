//! Which methods each path has, so that a wrong method is told from a wrong path.
//!
//! Invariant: made from the API's description, which is made from the routes; nothing is listed here by hand.

use super::{errors, openapi};
use crate::wire::problem::Problem;
use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    dev::ResourceDef,
    http::header::{ALLOW, HeaderValue},
};
use std::sync::OnceLock;

/// Each path with what `Allow` says of it.
struct Methods(Vec<(ResourceDef, HeaderValue)>);

impl Methods {
    fn of_all_routes() -> Self {
        let paths = openapi().paths.paths;
        let allowed = paths.into_iter().filter_map(|(path, item)| {
            let methods = [
                ("GET", item.get.is_some()),
                ("POST", item.post.is_some()),
                ("PUT", item.put.is_some()),
                ("PATCH", item.patch.is_some()),
                ("DELETE", item.delete.is_some()),
            ];
            let names: Vec<_> = methods.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect();
            Some((ResourceDef::new(path), HeaderValue::from_str(&names.join(", ")).ok()?))
        });
        Self(allowed.collect())
    }

    fn of(&self, path: &str) -> Option<&HeaderValue> {
        self.0.iter().find(|(route, _)| route.is_match(path)).map(|(_, allowed)| allowed)
    }
}

/// Whatever no route takes: 405 with `Allow` where the path has other methods, else 404.
pub(super) async fn unknown(request: HttpRequest) -> HttpResponse {
    static METHODS: OnceLock<Methods> = OnceLock::new();
    let refuse = |problem: Problem| super::Failure::from(problem).error_response();
    match METHODS.get_or_init(Methods::of_all_routes).of(request.path()) {
        None => refuse(errors::no_route()),
        Some(allowed) => {
            let mut response = refuse(Problem::method_not_allowed());
            response.headers_mut().insert(ALLOW, allowed.clone());
            response
        }
    }
}

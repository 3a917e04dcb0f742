//! Problems as answers, and in the API's description.

use crate::{
    domain::{ids::InvalidId, refusal::Refusal},
    engine::{Error, auth::AuthError},
    wire::problem::{self, Problem},
};
use actix_web::{
    HttpResponse, ResponseError,
    error::JsonPayloadError,
    http::{StatusCode, header},
};
use std::{collections::BTreeMap, fmt};
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{Content, Ref, RefOr, Response, ResponseBuilder, header::HeaderBuilder},
};

/// The media type of RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem on its way to whoever asked.
#[derive(Debug)]
pub struct Failure(Problem);

impl Failure {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status_code()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.code)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.0.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.status_code() == StatusCode::UNAUTHORIZED {
            let scheme = if self.0.code == problem::BAD_TRACKER.0 { r#"Basic realm="trackers""# } else { "Bearer" };
            response.insert_header((header::WWW_AUTHENTICATE, scheme));
        }
        let text = serde_json::to_string(&self.0).unwrap_or_default();
        response.content_type(PROBLEM_JSON).body(text)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self((&refusal).into())
    }
}

impl From<InvalidId> for Failure {
    fn from(error: InvalidId) -> Self {
        Self(error.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        tell(&error);
        Self((&error).into())
    }
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        if let AuthError::Store(error) = &error {
            tell(error);
        }
        Self((&error).into())
    }
}

/// Failures that are nobody's fault outside are logged here, once, where they end.
fn tell(error: &Error) {
    match error {
        Error::Refused(_) => {}
        error if error.is_passing() => tracing::warn!(%error, "a request was not served"),
        error => tracing::error!(%error, "a request failed"),
    }
}

/// A body that could not be read.
pub fn json(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::Overflow { limit } | JsonPayloadError::OverflowKnownLength { limit, .. } => {
            Problem::new(problem::TOO_LARGE, format!("a body may have {limit} bytes"))
        }
        JsonPayloadError::ContentType => {
            Problem::new(problem::UNSUPPORTED, "the body must be JSON, with Content-Type: application/json")
        }
        // The text of serde_json says what was expected, and where.
        JsonPayloadError::Deserialize(error) => malformed(error),
        other => malformed(other),
    }
}

/// A path or query that could not be read.
pub fn malformed(error: &dyn fmt::Display) -> Problem {
    Problem::new(problem::MALFORMED, error.to_string())
}

/// No such route.
pub fn no_route() -> Problem {
    Problem::new(problem::NO_ROUTE, "see the API's description for what there is")
}

/// An answer of this status, whose body is a problem.
fn problem_response(description: &str, header: Option<&str>) -> RefOr<Response> {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    let mut response =
        ResponseBuilder::new().description(description).content(PROBLEM_JSON, Content::new(Some(schema)));
    if let Some(name) = header {
        response = response.header(name, HeaderBuilder::new().schema(Some(String::schema())).build());
    }
    response.build().into()
}

/// Lists of problems for the API's description.
macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident { $($status:literal $description:literal $($header:literal)?),* $(,)? })*) => { $(
        $(#[$doc])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$((
                    $status.to_owned(),
                    problem_response($description, None::<&str>$(.or(Some($header)))?),
                )),*].into()
            }
        }
    )* };
}

problems! {
    /// What can go wrong at the door.
    DoorProblems {
        "400" "Not what was expected: `malformed`.",
        "401" "Not let in: `bad_login`, `bad_token`, `expired_token`, `reused_token`." "WWW-Authenticate",
        "413" "The body is over 64 KiB: `too_large`.",
        "415" "The body is not JSON: `unsupported_media_type`.",
        "429" "Too many tries for this name, or from this address: `too_many`." "Retry-After",
        "500" "An error of ours: `internal`.",
        "503" "Come back in a moment: `unavailable`." "Retry-After",
    }

    /// What can go wrong at a tracker's door.
    TrackerProblems {
        "400" "A field cannot be read: `malformed`, with `field` and `reason`. No app sends this by itself: look at how it is set up.",
        "401" "The tracker's name or secret is missing, wrong or revoked: `bad_tracker`. Nothing was taken." "WWW-Authenticate",
        "413" "The body is over 256 KiB, or holds over 1,000 points: `too_large`.",
        "429" "Too many wrong secrets from this address: `too_many`." "Retry-After",
        "500" "An error of ours: `internal`.",
        "503" "Come back in a moment: `unavailable`." "Retry-After",
    }

    /// What can go wrong at the gateway's door.
    AmlProblems {
        "400" "A field is missing or makes no sense: `malformed`, with `field` and `reason`, never with the value.",
        "401" "The gateway's secret is missing or wrong: `bad_token`. Nothing was taken." "WWW-Authenticate",
        "404" "No secret is set, so that there is no such door: `no_route`.",
        "413" "The body is over 16 KiB: `too_large`.",
        "429" "Too many wrong secrets from this address: `too_many`." "Retry-After",
        "500" "An error of ours: `internal`.",
        "503" "Come back in a moment: `unavailable`." "Retry-After",
    }

    /// What can go wrong when reading.
    ReadProblems {
        "400" "Not what was expected: `malformed`.",
        "401" "Log in first: `unauthenticated`, `bad_token`, `expired_token`." "WWW-Authenticate",
        "403" "Your role there does not permit this: `forbidden`, `no_role`.",
        "404" "It does not exist, or not in your areas: `not_found`. The two are not told apart.",
        "422" "A value makes no sense: `invalid`.",
        "500" "An error of ours: `internal`.",
        "503" "Come back in a moment: `unavailable`." "Retry-After",
    }

    /// What can go wrong with a command.
    CommandProblems {
        "400" "Not what was expected: `malformed`.",
        "401" "Log in first: `unauthenticated`, `bad_token`, `expired_token`." "WWW-Authenticate",
        "403" "Your role there does not permit this: `forbidden`, `not_crew`, `no_role`, `bad_device`.",
        "404" "It does not exist, or not in your areas: `not_found`. The two are not told apart.",
        "409" "Not possible in the present state, which `state` names where there is one: `transition_not_allowed`, \
               `unit_busy`, `unit_off_duty`, `already_assigned`, `incident_closed`, `panic_incident`, `exists`, …",
        "413" "The body is over 64 KiB: `too_large`.",
        "415" "The body is not JSON: `unsupported_media_type`.",
        "422" "A value makes no sense (`invalid`), or the command id was used for something else (`command_reused`).",
        "500" "An error of ours: `internal`.",
        "503" "Come back in a moment, under the same command id: `unavailable`." "Retry-After",
    }
}

/// The problem's own schema, by the name that the answers refer to.
pub fn problem_schema() -> (String, RefOr<utoipa::openapi::schema::Schema>) {
    (Problem::name().into_owned(), Problem::schema())
}

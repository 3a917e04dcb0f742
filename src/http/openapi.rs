//! The API's description, made from the routes themselves.

use super::{API, LINKS, TRACKERS, api, citizens, doors, errors, operations};
use utoipa::{
    OpenApi,
    openapi::{
        Components, InfoBuilder, LicenseBuilder, OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

/// The name of the access token in the description.
const BEARER: &str = "access_token";

/// The name of the gateway's secret in the description.
const GATEWAY: &str = "gateway";
/// The name of a tracker's secret in the description.
const TRACKER: &str = "tracker";
/// How a tracker says who it is.
const TRACKER_ABOUT: &str = "A tracker's name and its secret; or both with a dot between as the app's own identifier (`id` in \
a query, `device_id` in JSON): `BPN-M12-T1.SECRET`.";

/// The OpenAPI document of all routes.
#[must_use]
pub fn openapi() -> Document {
    let document =
        operations::Routes::openapi().nest(API, api::Routes::openapi()).nest(TRACKERS, doors::Routes::openapi());
    let mut document = document.nest(LINKS, citizens::Routes::openapi());
    document.info = InfoBuilder::new()
        .title("Sigap")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()))
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    let (name, schema) = errors::problem_schema();
    components.schemas.insert(name, schema);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    let gateway =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The setting `aml.secret`.")).build();
    components.add_security_scheme(GATEWAY, SecurityScheme::Http(gateway));
    let basic = HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some(TRACKER_ABOUT)).build();
    components.add_security_scheme(TRACKER, SecurityScheme::Http(basic));
    // Routes that need no token say so themselves.
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(BEARER, [])]);
    document
}

/// What every reader has to know.
const ABOUT: &str = "The backend behind the police emergency number 110.

Times are Unix milliseconds, UTC. Places are degrees, WGS 84. What lies outside the asker's areas is answered like what \
does not exist.

A command may carry a `command_id`, a UUIDv7 that the client makes. A repeat under the same id gets the same answer and \
changes nothing; another body under it is refused with 422. Repeat a command whose answer was lost under its id.";

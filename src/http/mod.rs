//! The routes: parse, say who asks and how, call the engine, answer.
//!
//! Invariants: a handler decides nothing; every error is a problem of `wire::problem`; a route is registered and
//! documented by the same list, so that none is in one and not in the other.

mod aml;
mod areas;
mod auth;
mod basemap;
mod board;
mod callers;
mod calls;
mod citizen;
mod compliance;
mod coverage;
mod desks;
mod dispatches;
mod errors;
mod extract;
mod health;
mod incidents;
mod limit;
mod links;
mod messages;
mod methods;
mod metrics;
mod openapi;
mod outlines;
mod reports;
mod screens;
mod sla;
mod trackers;
mod tracking;
mod units;

pub use basemap::{BadBasemap, Basemap, BasemapKind};
pub use errors::Failure;
pub use metrics::{Gauge, Metrics};
pub use screens::Screens;

use crate::{
    engine::Engine,
    wire::{
        bodies::{BODY_BYTES_MAX, citizens::CITIZEN_BYTES_MAX},
        problem::Problem,
        trackers::BYTES_MAX,
    },
};
use actix_web::{
    Error,
    http::StatusCode,
    middleware::{DefaultHeaders, from_fn},
    web::{self, Json, JsonConfig, PathConfig, PayloadConfig, QueryConfig, ServiceConfig},
};
use limit::PeerLimit;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;

/// Where the API lies.
pub const API: &str = "/api/v1";

/// Where trackers knock.
pub const TRACKERS: &str = "/trackers";
/// Where citizens' links lie: short, since they go into messages.
const LINKS: &str = "/t";

/// What operations may set of the routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Logins that one peer address may try at once. A headquarters behind one address logs in at the change of shifts.
    pub login_burst: u32,
    /// Time for one more, milliseconds.
    pub login_refill_ms: i64,
    /// A proxy stands in front: the peer is the last address of `X-Forwarded-For`, which the proxy added.
    pub behind_proxy: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { login_burst: 100, login_refill_ms: 500, behind_proxy: false }
    }
}

/// What handlers work with.
pub struct HttpState {
    engine: Engine,
    settings: Settings,
    metrics: Metrics,
    logins: PeerLimit,
    trackers: tracking::Doors,
    links: citizen::LinkLimits,
    webhooks: Semaphore,
    aml: aml::Door,
    screens: Screens,
    basemap: Option<Basemap>,
    /// What a page may load, by the basemap.
    policy: String,
    draining: AtomicBool,
}

impl HttpState {
    /// The state of a server. `gauges` are what other rooms want to be seen in `/metrics`, as the number of sockets.
    #[must_use]
    pub fn new(engine: Engine, settings: Settings, gauges: Vec<Gauge>) -> Self {
        let logins = PeerLimit::new(settings.login_burst, settings.login_refill_ms);
        let (trackers, links, aml) = (tracking::Doors::default(), citizen::LinkLimits::default(), aml::Door::default());
        let (metrics, webhooks) = (Metrics::new(gauges), Semaphore::new(messages::BODIES_AT_ONCE));
        let (screens, draining) = (Screens::built(), AtomicBool::new(false));
        let (basemap, policy) = (None, screens::policy(None));
        Self { engine, settings, metrics, logins, trackers, links, webhooks, aml, screens, basemap, policy, draining }
    }

    /// Serves these screens instead of those that the program was built with.
    #[must_use]
    pub fn with_screens(self, screens: Screens) -> Self {
        Self { screens, ..self }
    }

    /// Lays the maps on this.
    #[must_use]
    pub fn with_basemap(self, basemap: Option<Basemap>) -> Self {
        let policy = screens::policy(basemap.as_ref());
        Self { basemap, policy, ..self }
    }

    /// Opens the door of the gateway that hands on what callers' phones send by themselves, to who knows this secret.
    #[must_use]
    pub fn with_aml(self, secret: Option<&str>) -> Self {
        Self { aml: aml::Door::new(secret), ..self }
    }

    /// From here on `/readyz` says no, so that a load balancer sends nobody here while what runs is finished.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// The state, as handlers take it.
type State = web::Data<HttpState>;

/// What a handler answers with 200.
type Answer<T> = Result<Json<T>, Failure>;

/// What a handler answers with 201.
type Created<T> = Result<(Json<T>, StatusCode), Failure>;

fn created<T>(body: T) -> Created<T> {
    Ok((Json(body), StatusCode::CREATED))
}

/// The one list of routes.
macro_rules! routes {
    ($($room:ident: $($route:ident),*;)*) => {
        fn register(scope: &mut ServiceConfig) {
            $($(scope.service($room::$route);)*)*
        }

        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($room::$route),*),*))]
        pub(super) struct Routes;
    };
}

mod api {
    use super::{
        ServiceConfig, areas, auth, board, callers, calls, compliance, coverage, desks, dispatches, incidents, links,
        messages, outlines, reports, screens, sla, trackers, units,
    };

    routes! {
        auth: login, refresh, logout, ws_ticket;
        areas: list_areas, get_area, change_area, area_journal;
        board: area_board;
        sla: area_sla, list_policies, set_policy, list_presets;
        compliance: compliance, compliance_page;
        coverage: area_coverage;
        outlines: area_outline;
        screens: screens_settings;
        units: list_units, add_unit, get_unit, sign_on, sign_off, set_duty, unit_work, unit_track, panic;
        desks: list_desks, put_desk, begin_shift, end_shift, get_flow, set_flow, evaluation;
        trackers: add_tracker, list_trackers, revoke_tracker;
        reports: receive_report, get_report, list_reports;
        calls: take_call, claim_report, step_call, pass_report, call_back, set_recording, amend_report, judge_report,
            similar_incidents, split_report, close_report, reopen_report, merge_incident, kinds;
        messages: list_messages, write_message, whatsapp_verify, whatsapp_heard;
        links: make_link, list_complaints;
        callers: caller_history, look_up_caller, unmask_caller, flag_caller, lift_flag, erase_caller;
        incidents: list_incidents, open_incident, get_incident, candidates, risk, add_note, set_place, set_priority,
            close_incident;
        dispatches: send_unit, get_dispatch, step, delivered, hand_over;
    }

    /// Adds the routes below [`super::API`].
    pub(super) fn configure(scope: &mut ServiceConfig) {
        register(scope);
    }
}

mod citizens {
    use super::{ServiceConfig, citizen};

    routes! {
        citizen: citizen_page, citizen_state, citizen_location, citizen_cancel, citizen_rating, citizen_complaint;
    }

    /// Adds the routes of citizens' links, below [`super::LINKS`].
    pub(super) fn configure(scope: &mut ServiceConfig) {
        register(scope);
    }
}

mod operations {
    use super::{ServiceConfig, aml, health, metrics};

    routes! {
        health: livez, readyz;
        metrics: metrics;
        aml: aml_fields, aml_sms;
    }

    /// Adds the routes for operations, at the root.
    pub(super) fn configure(root: &mut ServiceConfig) {
        register(root);
    }
}

/// The doors of stock apps, which know no bearer token.
mod doors {
    use super::{ServiceConfig, tracking};

    routes! {
        tracking: osmand_query, osmand_post, owntracks_post;
    }

    /// Adds the routes below [`super::TRACKERS`].
    pub(super) fn configure(scope: &mut ServiceConfig) {
        register(scope);
    }
}

pub use openapi::openapi;

/// Adds all routes to an app that holds a `web::Data<HttpState>`.
///
/// Whatever else lies below [`API`] has to be added before: the scope answers 404 to what it does not know,
/// and 405 to a method that a path does not have.
pub fn configure(root: &mut ServiceConfig) {
    root.configure(operations::configure).service(
        web::scope(API)
            .app_data(JsonConfig::default().limit(BODY_BYTES_MAX).error_handler(|e, _| refuse(errors::json(&e))))
            .app_data(PayloadConfig::new(BODY_BYTES_MAX))
            .app_data(PathConfig::default().error_handler(|e, _| refuse(errors::malformed(&e))))
            .app_data(QueryConfig::default().error_handler(|e, _| refuse(errors::malformed(&e))))
            // Answers are about people and change by the second.
            .wrap(DefaultHeaders::new().add(("Cache-Control", "no-store")).add(("X-Content-Type-Options", "nosniff")))
            .wrap(from_fn(metrics::measure))
            .configure(api::configure)
            .default_service(web::to(methods::unknown)),
    );
    root.service(
        web::scope(TRACKERS)
            .app_data(PayloadConfig::new(BYTES_MAX))
            .wrap(DefaultHeaders::new().add(("Cache-Control", "no-store")).add(("X-Content-Type-Options", "nosniff")))
            .wrap(from_fn(metrics::measure))
            .configure(doors::configure)
            .default_service(web::to(methods::unknown)),
    );
    root.service(
        web::scope(LINKS)
            .app_data(PayloadConfig::new(CITIZEN_BYTES_MAX))
            .app_data(PathConfig::default().error_handler(|e, _| refuse(errors::malformed(&e))))
            .app_data(QueryConfig::default().error_handler(|e, _| refuse(errors::malformed(&e))))
            .wrap(DefaultHeaders::new().add(("Cache-Control", "no-store")).add(("X-Content-Type-Options", "nosniff")))
            .wrap(from_fn(metrics::measure))
            .configure(citizens::configure)
            .default_service(web::to(methods::unknown)),
    );
    root.configure(screens::configure).default_service(web::to(methods::unknown));
}

fn refuse(problem: Problem) -> Error {
    Failure::from(problem).into()
}

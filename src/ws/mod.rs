//! Sockets: `GET /api/v1/ws`, subprotocol `sigap.v1`.
//!
//! A session is a reader task and a writer task with a bounded queue between them. The reader judges fixes at once and
//! starts commands; the writer answers, and *pulls* events and positions when the socket has room, so that nothing
//! piles up for a client that reads slowly. Invariants: a refused socket is accepted first and then closed with a code
//! that says why, since at a refused handshake a browser learns nothing; a session leaves [`Sessions`] exactly once;
//! no write waits longer than [`Settings::write_ms`].

mod asyncapi;
mod close;
mod counts;
mod door;
mod gate;
mod session;
mod sessions;
mod tune;

pub use asyncapi::asyncapi;
pub use close::Close;
pub use counts::Counts;
pub use sessions::Sessions;
pub use tune::tune_socket;

use crate::{
    domain::access::{Act, Scope},
    engine::{Closing, Engine, Seating},
    wire::{
        frames::{DESK_HEARTBEAT_MS, FRAME_BYTES_MAX, HEARTBEAT_MS, PROTOCOL},
        problem::{Problem, UPGRADE_REQUIRED},
    },
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev, error::PayloadError, http::header, web};
use futures_util::Stream;
use gate::Gate;
use std::{pin::Pin, sync::Arc};
use tokio::sync::broadcast::error::RecvError;

/// What the framework takes in place of a request's own bytes.
type BoxedPayloadStream = Pin<Box<dyn Stream<Item = Result<web::Bytes, PayloadError>>>>;

/// What may be set about sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Origins of pages that may open sockets, as in `https://110.example.id`; pages of this server may in any case.
    pub origins: Vec<String>,
    /// How often a heartbeat and a ping are sent, milliseconds. A client is given up after twice this without a sign.
    pub heartbeat_ms: i64,
    /// How often to a session with the role of a desk, where that is oftener, milliseconds.
    pub desk_heartbeat_ms: i64,
    /// How often a view of positions is brought up to date, milliseconds.
    pub positions_ms: i64,
    /// How long a write may wait for the client to read, milliseconds.
    pub write_ms: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            heartbeat_ms: HEARTBEAT_MS,
            desk_heartbeat_ms: DESK_HEARTBEAT_MS,
            positions_ms: 1_000,
            write_ms: 5_000,
        }
    }
}

impl Settings {
    /// How often a session of this scope hears a heartbeat, milliseconds.
    fn beat_ms(&self, scope: &Scope) -> i64 {
        let is_desk = scope.grants().iter().any(|grant| Act::SeeDesk.roles().contains(&grant.role));
        let beat_ms = if is_desk { self.heartbeat_ms.min(self.desk_heartbeat_ms) } else { self.heartbeat_ms };
        beat_ms.max(1)
    }
}

/// What every socket of this node shares.
pub struct Hub {
    engine: Engine,
    settings: Settings,
    sessions: Arc<Sessions>,
    counts: Counts,
}

impl Hub {
    /// A hub over an engine.
    #[must_use]
    pub fn new(engine: Engine, settings: Settings) -> Arc<Self> {
        Arc::new(Self { engine, settings, sessions: Arc::default(), counts: Counts::default() })
    }

    /// The open sessions.
    #[must_use]
    pub const fn sessions(&self) -> &Arc<Sessions> {
        &self.sessions
    }

    /// What was counted since the start.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Tells the sessions when their crews change, and when they have to close; runs until the engine is gone.
    pub async fn follow(self: Arc<Self>) {
        tokio::join!(self.follow_crews(), self.follow_closings());
    }

    async fn follow_crews(&self) {
        let mut changes = self.engine.crew_changes();
        loop {
            match changes.recv().await {
                Ok(change) => self.sessions.crew_changed(Some(change)),
                Err(RecvError::Lagged(_)) => self.sessions.crew_changed(None),
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn follow_closings(&self) {
        let mut closings = self.engine.closings();
        loop {
            match closings.recv().await {
                Ok(Closing::Replaced { device, seat }) => drop(self.sessions.replace(device, seat)),
                Ok(Closing::Account(account)) => drop(self.sessions.revoke(account)),
                Ok(Closing::Device(device)) => drop(self.sessions.revoke_device(device)),
                Err(RecvError::Lagged(_)) => self.look_at_all().await,
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Who fell behind what is told asks about each session.
    async fn look_at_all(&self) {
        for link in self.sessions.all() {
            match self.engine.standing_of(link.account, link.device, link.seat).await {
                Ok(Seating::Newest) => {}
                Ok(Seating::Replaced) => link.order(Close::Replaced),
                Ok(Seating::Revoked) => link.order(Close::Revoked),
                Err(error) => tracing::warn!(session = %link.id, %error, "could not look whether a session may stay"),
            }
        }
    }
}

/// Adds `GET /api/v1/ws` to an application.
pub fn configure(hub: &Arc<Hub>) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let hub = web::Data::from(Arc::clone(hub));
    move |config| {
        let others = || async {
            let mut response = HttpResponse::MethodNotAllowed();
            response.insert_header((header::ALLOW, "GET")).content_type("application/problem+json");
            response.json(Problem::method_not_allowed())
        };
        let socket = web::resource("/api/v1/ws").route(web::get().to(open)).default_service(web::to(others));
        config.app_data(hub).service(socket);
    }
}

/// Accepts the socket; whether it may stay is found out afterwards.
async fn open(request: HttpRequest, body: web::Payload, hub: web::Data<Hub>) -> Result<HttpResponse, actix_web::Error> {
    let ticket = door::ticket(&request, &hub.settings.origins);
    let gated: BoxedPayloadStream = Box::pin(Gate::new(body.into_inner(), FRAME_BYTES_MAX));
    let body = web::Payload::from_request(&request, &mut dev::Payload::from(gated)).await?;
    let Ok((response, socket, messages)) = actix_ws::handle_with_protocols(&request, body, &[PROTOCOL]) else {
        let problem = Problem::new(UPGRADE_REQUIRED, "this address speaks WebSocket only");
        return Ok(HttpResponse::UpgradeRequired().content_type("application/problem+json").json(problem));
    };
    let messages = messages.max_frame_size(FRAME_BYTES_MAX).aggregate_continuations();
    let hub = hub.into_inner();
    actix_web::rt::spawn(session::run(hub, ticket, socket, messages.max_continuation_size(FRAME_BYTES_MAX)));
    Ok(response)
}

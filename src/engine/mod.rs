//! The work itself: the only floor that knows the database, the live positions and the roads.
//!
//! A fix goes through [`ingest`], a report through `intake`, a dispatch through `assign`, time through `clocks`. What
//! was committed, here or on another node, comes back through `conductor` and the `line` of its area, which keeps the
//! live index in step, feeds the readers and starts what follows. Invariant: nothing here reads a clock of its own;
//! [`Now`] is given.

mod admin;
mod aid;
mod aml;
mod around;
mod assign;
mod audit;
pub mod auth;
mod board;
mod callers;
mod catalog;
mod citizen;
mod clocks;
mod compliance;
mod conductor;
mod coverage;
mod desk;
mod evaluation;
pub mod feed;
mod field;
mod health;
pub mod ingest;
mod intake;
mod ladder;
mod line;
mod outbox;
mod outline;
mod paced;
mod reports;
mod risk;
mod rounds;
mod seats;
mod settings;
mod sla;
mod track;
mod trackers;
mod whatsapp;

pub use crate::live::{Availability, Position, Positions};
pub use crate::post::{Post, whatsapp::Settings as WhatsappSettings};
pub use crate::store::{Rebuilt, StoreError as Error};
pub use admin::Imported;
pub use aml::Located;
pub use assign::Order;
pub use audit::Finding;
pub use board::BoardWatch;
pub use catalog::Catalog;
pub use citizen::{LinkError, Made};
pub use clocks::{Lane, TICK_MS, Ticked};
pub use compliance::{Compliance, PolicyTime};
pub use conductor::Conductor;
pub use coverage::{CityCoverage, Placed};
pub use desk::{Brief, Deskful, Ranking};
pub use field::Tap;
pub use health::Shared;
pub use outline::Outline;
pub use reports::Verdict;
pub use risk::Risk;
pub use seats::{Closing, Seating};
pub use settings::Settings;
pub use trackers::{KnownTracker, NewTracker};
pub use whatsapp::Unheard;

use crate::{
    domain::{
        access::*,
        ids::{DeviceId, UnitId},
        time::UnixMs,
    },
    live::{
        Live,
        bus::{Bus, Ear},
    },
    road::Road,
    store::Store,
};
use auth::{Auth, AuthError};
use board::Boards;
use catalog::Catalogs;
use coverage::Tilings;
use feed::Feed;
use ingest::Counters;
use line::Lines;
use rounds::Rounds;
use std::sync::Arc;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, broadcast, watch},
};

/// The time of day, given from above.
pub type Now = Arc<dyn Fn() -> UnixMs + Send + Sync>;

/// The engine, shared by cloning.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    auth: Auth,
    live: Live,
    road: Road,
    settings: Settings,
    now: Now,
    handle: Handle,
    catalogs: Catalogs,
    tilings: Tilings,
    feed: Feed,
    counters: Counters,
    tracks: ingest::TrackLog,
    trackers: trackers::Trackers,
    /// Crews that changed, and the phone that it was about.
    crews: broadcast::Sender<(UnitId, DeviceId)>,
    /// Sessions that have to close, whoever holds them.
    closings: broadcast::Sender<Closing>,
    bus: Bus,
    lines: Lines,
    boards: Boards,
    /// Set once: the engine is closed.
    stop: watch::Sender<bool>,
    rounds: Rounds,
    /// How often help was late.
    shares: risk::Shares,
    outbox: outbox::Outbox,
    /// What came in by WhatsApp.
    whatsapp: whatsapp::Counts,
    /// Bounds the work that follows from events and deadlines.
    follow_ups: Arc<Semaphore>,
}

/// Follow-ups that run at once; more wait.
const FOLLOW_UPS: usize = 64;
/// Changes of crews that a slow listener may fall behind by before it must look at all of them.
const CREW_CHANGES: usize = 1_024;
/// Sessions that a slow listener may be told of before it must look at all of its own.
const CLOSINGS: usize = 16_384;

impl Engine {
    /// An engine over these parts; reads the areas, the journals' heads and the units on duty.
    ///
    /// # Errors
    /// [`AuthError`] when the database cannot be read, or no keys can be made.
    pub async fn start(
        store: Store,
        live: Live,
        (bus, ear): (Bus, Ear),
        road: Road,
        settings: Settings,
        now: Now,
        handle: Handle,
    ) -> Result<(Self, Conductor), AuthError> {
        let auth = Auth::new(store.clone(), handle.clone()).await?;
        let boards = Boards::new(now());
        let inner = Inner {
            store,
            auth,
            live,
            road,
            settings,
            now,
            handle,
            catalogs: Catalogs::default(),
            tilings: Tilings::default(),
            feed: Feed::default(),
            counters: Counters::default(),
            tracks: ingest::TrackLog::default(),
            trackers: trackers::Trackers::default(),
            crews: broadcast::Sender::new(CREW_CHANGES),
            closings: broadcast::Sender::new(CLOSINGS),
            bus,
            lines: Lines::default(),
            boards,
            stop: watch::Sender::new(false),
            rounds: Rounds::default(),
            shares: risk::Shares::default(),
            outbox: outbox::Outbox::default(),
            whatsapp: whatsapp::Counts::default(),
            follow_ups: Arc::new(Semaphore::new(FOLLOW_UPS)),
        };
        let engine = Self { inner: Arc::new(inner) };
        // First the ear, then the heads: what is committed in between is heard twice and known by its number.
        let conductor = Conductor::new(engine.clone(), ear);
        let heads = engine.inner.store.journal_heads().await?;
        for &(area, head) in &heads {
            engine.inner.feed.open(area, head);
        }
        engine.reload_catalog().await?;
        engine.recall_units(&heads.into_iter().collect()).await?;
        Ok((engine, conductor))
    }

    /// Server time.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        (self.inner.now)()
    }

    /// Logins, tokens and tickets.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        &self.inner.auth
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Areas, boundaries, districts as last read.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.inner.catalogs.current()
    }

    /// What ingest counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.inner.counters
    }

    /// Crews as they change: the unit, and the phone that it was about. Who lagged behind looks at all crews.
    #[must_use]
    pub fn crew_changes(&self) -> broadcast::Receiver<(UnitId, DeviceId)> {
        self.inner.crews.subscribe()
    }

    /// A cause by the program itself, now.
    fn system(&self) -> Cause {
        Cause::system(self.now())
    }

    /// Runs what follows from an event or a deadline, bounded, apart from the caller.
    fn follow_up<F>(&self, what: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let turns = Arc::clone(&self.inner.follow_ups);
        self.inner.handle.spawn(async move {
            if let Ok(_turn) = turns.acquire_owned().await {
                what.await;
            }
        });
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Error`] when it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.inner.store.ping().await
    }

    /// Writes what is still in memory and closes the database.
    pub async fn close(&self) {
        self.inner.stop.send_replace(true);
        self.inner.outbox.finish().await;
        if let Err(error) = self.flush_tracks().await {
            tracing::error!(%error, "the last minutes of tracks were not written");
        }
        self.inner.store.close().await;
    }
}

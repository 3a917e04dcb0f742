//! What was committed, here or on another node, comes in here and goes to the line of its area.
//!
//! Own commits come from the store at once. Those of others are announced on the bus, and once a second every journal's
//! head is read in any case: with Redis away, or a word lost, an event crosses within that second.

use super::{Closing, Engine, Error};
use crate::{
    live::bus::{Ear, Note},
    store::Committed,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{
        Notify,
        broadcast::{Receiver, error::RecvError},
    },
    time::{MissedTickBehavior, interval},
};

/// How often the heads of all journals are read.
const LOOK: Duration = Duration::from_secs(1);
/// Sessions that began so long ago are looked at again each time, milliseconds: the nodes' clocks may differ by it.
const SEATS_MS: i64 = 10_000;

/// The one reader of what this node commits, and of what it hears of others.
pub struct Conductor {
    pub(super) engine: Engine,
    pub(super) commits: Receiver<Arc<Committed>>,
    ear: Ear,
}

impl Conductor {
    pub(super) fn new(engine: Engine, ear: Ear) -> Self {
        let commits = engine.inner.store.committed();
        Self { engine, commits, ear }
    }

    /// Runs until the engine is closed.
    pub async fn run(self) {
        let Self { engine, commits, ear } = self;
        let look_now = Notify::new();
        let mut stop = engine.inner.stop.subscribe();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = engine.conduct(commits, &look_now) => {}
            () = engine.hear(ear, &look_now) => {}
            () = engine.look(&look_now) => {}
            () = engine.remind() => {}
            () = engine.keep_boards() => {}
        }
    }
}

impl Engine {
    /// Takes what this node commits.
    async fn conduct(&self, mut commits: Receiver<Arc<Committed>>, look_now: &Notify) {
        loop {
            match commits.recv().await {
                Ok(commit) => {
                    if let Some(last) = commit.events.last() {
                        self.inner.bus.announce(commit.area, last.seq);
                    }
                    self.committed_here(commit.area, &commit.events);
                }
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "fell behind the commits; reading the journals");
                    look_now.notify_one();
                    // They are nobody's own now: the sweep does what they call for.
                    let engine = self.clone();
                    self.follow_up(async move { engine.sweep().await });
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Takes what other nodes say.
    async fn hear(&self, mut ear: Ear, look_now: &Notify) {
        loop {
            match ear.next().await {
                Note::Head { area, seq } => self.reaches(area, seq),
                Note::Seat { device, seat } => drop(self.inner.closings.send(Closing::Replaced { device, seat })),
                Note::Gap => look_now.notify_one(),
            }
        }
    }

    /// Looks into the database from time to time, and when words may have been lost.
    async fn look(&self, look_now: &Notify) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut away = false;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = look_now.notified() => {}
            }
            let looked = self.look_once().await;
            if let Err(error) = &looked
                && !away
            {
                tracing::warn!(%error, "could not look for what other nodes did; looking on");
            }
            away = looked.is_err();
        }
    }

    /// Tells the live index anew what it forgot, or did not hear while it was away.
    async fn remind(&self) {
        loop {
            let areas = self.inner.live.forgotten().await;
            while let Err(error) = self.recall_areas(&areas).await {
                tracing::warn!(%error, "could not read the units that the live index asks for; tried again");
                tokio::time::sleep(LOOK).await;
            }
            tracing::info!(areas = areas.len(), "told the live index anew which units can be sent");
        }
    }

    async fn look_once(&self) -> Result<(), Error> {
        let began = self.now();
        for (area, head) in self.inner.store.journal_heads().await? {
            self.reaches(area, head);
        }
        self.inner.boards.looked(began);
        for (device, seat) in self.inner.store.seats_since(self.now().plus(-SEATS_MS)).await? {
            // Nobody listens while no socket is open.
            let _ = self.inner.closings.send(Closing::Replaced { device, seat });
        }
        self.renew_stale_catalog().await;
        Ok(())
    }
}

//! What was committed comes back here, once, in order: the live index follows, readers are fed, what comes next starts.

use super::{Engine, Error};
use crate::{
    domain::event::{Event, Happened},
    domain::ids::IncidentId,
    domain::incident::Origin,
    live::Availability,
    store::Committed,
};
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// The one reader of what this node commits.
pub struct Conductor {
    engine: Engine,
    commits: Receiver<Arc<Committed>>,
}

impl Conductor {
    pub(super) fn new(engine: Engine) -> Self {
        let commits = engine.inner.store.committed();
        Self { engine, commits }
    }

    /// Runs until the store is gone.
    pub async fn run(mut self) {
        loop {
            match self.commits.recv().await {
                Ok(commit) => self.engine.conduct(&commit).await,
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "fell behind the commits; reading the journals");
                    if let Err(error) = self.engine.catch_up().await {
                        tracing::error!(%error, "could not catch up with the journals");
                    }
                }
                Err(RecvError::Closed) => return,
            }
        }
    }
}

impl Engine {
    async fn conduct(&self, commit: &Committed) {
        for event in &commit.events {
            self.keep_in_step(event).await;
        }
        if let Err(error) = self.inner.feed.publish(&self.inner.store, commit.area, commit.events.clone()).await {
            // The next publication of this area reads what is missing from the journal.
            tracing::error!(area = %commit.area, %error, "could not publish");
        }
        for event in &commit.events {
            if let Happened::CrewSignedOn { unit, device, .. }
            | Happened::CrewSignedOff { unit, device }
            | Happened::CrewSource { unit, device } = event.what
            {
                // Nobody listens while no socket is open.
                let _ = self.inner.crews.send((unit, device));
            }
            self.follow(event, &commit.events);
        }
    }

    /// The live index and the catalog follow the journal.
    async fn keep_in_step(&self, event: &Event) {
        if let Some((unit, can_be_sent)) = event.what.availability().filter(|(unit, _)| unit.area == event.area) {
            let availability = match (can_be_sent, &event.what) {
                (true, _) => Availability::Free,
                (false, Happened::UnitDuty { .. }) => Availability::Off,
                (false, _) => Availability::Busy,
            };
            if let Err(error) = self.inner.live.set_availability(unit, availability, event.seq).await {
                tracing::error!(%unit, %error, "the live index did not hear of it; the claim in SQL still holds");
            }
        }
        let changes_catalog = matches!(
            event.what,
            Happened::AreaCreated { .. } | Happened::AreaChanged { .. } | Happened::UnitAdded { .. }
        );
        if changes_catalog && let Err(error) = self.reload_catalog().await {
            tracing::error!(%error, "could not read the areas anew");
        }
    }

    /// Starts what an event calls for. Events that are heard of twice do no harm: every step is guarded in SQL.
    fn follow(&self, event: &Event, commit: &[Arc<Event>]) {
        let engine = self.clone();
        let asked = |id: IncidentId| {
            commit.iter().any(|e| matches!(&e.what, Happened::DispatchOffered { work, .. } if work.incident == id))
        };
        match &event.what {
            Happened::IncidentOpened { incident, origin: Origin::Citizen, .. } if asked(*incident) => {}
            Happened::IncidentOpened { incident, origin, .. } if *origin != Origin::Officer => {
                let id = *incident;
                self.follow_up(async move { engine.serve(id).await });
            }
            Happened::DispatchDeclined { work, .. }
            | Happened::DispatchExpired { work, .. }
            | Happened::DispatchRecalled { work, .. } => {
                let id = work.incident;
                self.follow_up(async move { engine.serve(id).await });
            }
            _ => {}
        }
        if let Some((unit, true)) = event.what.availability().filter(|(unit, _)| unit.area == event.area) {
            let engine = self.clone();
            self.follow_up(async move { engine.unit_free(unit).await });
        }
    }

    /// Reads every journal from where its feed stands, and the units as they are.
    async fn catch_up(&self) -> Result<(), Error> {
        for (area, head) in self.inner.store.journal_heads().await? {
            self.inner.feed.reach(&self.inner.store, area, head).await?;
        }
        self.recall_units().await?;
        self.sweep().await;
        Ok(())
    }
}

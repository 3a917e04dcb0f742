//! An engine whose time is told step by step, by a clock that stands still in between: for a past that is lived through in
//! seconds.
//!
//! Invariant: what follows from a command is done when [`Conductor::catch_up`] answers, in the order of the journal, and by
//! no task of its own: the same commands at the same moments make the same journal. Nobody else writes meanwhile.

use super::{Conductor, Engine, Error, clocks::Lane};
use crate::domain::{
    event::{Event, Happened},
    incident::Origin,
    time::UnixMs,
};
use std::sync::Arc;
use tokio::sync::broadcast::error::TryRecvError;

impl Conductor {
    /// Takes what was committed since the last time, in place of [`Self::run`]: the live index and the catalog follow, and
    /// where a unit came free or somebody needs one, whatever waits is tried. Gives the events.
    ///
    /// # Errors
    /// [`Error::TimedOut`] where more was committed than is kept for a reader.
    pub async fn catch_up(&mut self) -> Result<Vec<Arc<Event>>, Error> {
        let mut all = Vec::new();
        loop {
            let before = all.len();
            loop {
                match self.commits.try_recv() {
                    Ok(commit) => {
                        self.engine.take_in(commit.area, &commit.events).await;
                        all.extend(commit.events.iter().cloned());
                    }
                    Err(TryRecvError::Lagged(_)) => return Err(Error::TimedOut),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            if all.len() == before {
                return Ok(all);
            }
            if all[before..].iter().any(|event| calls_for_units(event)) {
                self.engine.sweep().await;
            }
        }
    }
}

/// Whether somebody may be sent, or has to be, from this event on.
fn calls_for_units(event: &Event) -> bool {
    match &event.what {
        Happened::IncidentOpened { origin, .. } => *origin != Origin::Officer,
        what => what.availability().is_some_and(|(_, can_be_sent)| can_be_sent),
    }
}

impl Engine {
    /// When something falls due next in each lane that has a deadline.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn next_due(&self) -> Result<Vec<(Lane, UnixMs)>, Error> {
        let due = self.inner.store.first_deadlines().await?;
        Ok(due.into_iter().map(|(kind, at)| (Lane::of(kind), at)).collect())
    }
}

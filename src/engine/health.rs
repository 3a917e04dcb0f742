//! What a node shares with others, and whether that works.

use super::{Engine, Error};
use crate::live;

/// What this node shares with other nodes of the moment: positions and doorbells. Journals and claims are in the
/// database, which another question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Positions of other nodes are known here, and ours there.
    pub positions: bool,
    /// Events and sessions of other nodes are heard of at once, and not only within a second.
    pub words: bool,
}

impl Engine {
    /// How it stands with what is shared; `None` where this node is on its own.
    #[must_use]
    pub fn shared(&self) -> Option<Shared> {
        let words = self.inner.bus.health()? == live::bus::Health::Ready;
        Some(Shared { positions: self.inner.live.health() == live::Health::Well, words })
    }

    /// Words told to other nodes, heard of them, and how often the line broke; `None` where there is none.
    #[must_use]
    pub fn words(&self) -> Option<(u64, u64, u64)> {
        let counts = self.inner.bus.counts()?;
        Some((counts.told(), counts.heard(), counts.broken()))
    }

    /// How long the oldest deadline is past and not done, milliseconds; 0 where none is.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn overdue_ms(&self) -> Result<i64, Error> {
        let oldest = self.inner.store.first_deadlines().await?.into_iter().map(|(_, at)| at).min();
        Ok(oldest.map_or(0, |due| self.now().since(due).max(0)))
    }
}

//! Words between nodes: how far a journal reaches, and which session of a device is the newest.
//!
//! Invariants: a word is a doorbell and never the truth, which is in the database; losing one costs the second until
//! the next look there. Telling never waits, whatever Redis does, and what waits to be told is bounded: the newest
//! number per area, the newest session per device.

mod line;
mod redis;
#[cfg(test)]
mod tests;

use super::address::{Address, BadAddress};
use crate::domain::ids::{AreaCode, DeviceId};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::{runtime::Handle, sync::mpsc};

/// Words that may wait to be taken in; what comes beyond is let go and found in the database.
const HEARD: usize = 4_096;

/// A word of another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// An area's journal reaches to this number, or beyond.
    Head {
        /// Whose journal.
        area: AreaCode,
        /// The number.
        seq: i64,
    },
    /// A device has a session that is newer than all before this number.
    Seat {
        /// Whose.
        device: DeviceId,
        /// The session's number among those of the device.
        seat: i64,
    },
    /// Words may have been lost: look into the database now.
    Gap,
}

/// Whether words cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// What this node says comes back to it.
    Ready,
    /// It does not: other nodes find out from the database.
    Away,
}

/// What a bus counts, since the start.
#[derive(Debug, Default)]
pub struct Counts {
    ready: AtomicBool,
    told: AtomicU64,
    heard: AtomicU64,
    broken: AtomicU64,
}

impl Counts {
    /// Words told to the other nodes.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }

    /// Words heard of other nodes.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// How often the line broke.
    #[must_use]
    pub fn broken(&self) -> u64 {
        self.broken.load(Ordering::Relaxed)
    }
}

/// The way to the other nodes.
#[derive(Debug)]
pub enum Bus {
    /// There is none, or none is known: they meet in the database.
    Local,
    /// Publish and subscribe of Redis; sharded on a cluster.
    Redis(redis::Redis),
}

/// Where the words of the others come in.
#[derive(Debug)]
pub struct Ear(Option<mpsc::Receiver<Note>>);

impl Ear {
    /// An ear that hears nothing.
    #[must_use]
    pub const fn deaf() -> Self {
        Self(None)
    }

    /// The next word; waits for ever where nobody can speak. Safe to drop while waiting.
    pub async fn next(&mut self) -> Note {
        let word = match &mut self.0 {
            Some(words) => words.recv().await,
            None => None,
        };
        match word {
            Some(note) => note,
            None => std::future::pending().await,
        }
    }
}

impl Bus {
    /// A bus over the Redis at `url`, or over the cluster whose nodes it names; its channels begin with `prefix`. It
    /// connects by itself, now or later, and its tasks live on the runtime of `handle`.
    ///
    /// # Errors
    /// [`BadAddress`] when the URL is none of a Redis.
    pub fn open(url: &str, prefix: &str, handle: &Handle) -> Result<(Self, Ear), BadAddress> {
        let route = line::Route::new(Address::parse(url)?, prefix);
        let (notes, ear) = mpsc::channel(HEARD);
        Ok((Self::Redis(redis::Redis::start(route, notes, handle)), Ear(Some(ear))))
    }

    /// Tells the others that an area's journal reaches to `seq`. Never waits.
    pub fn announce(&self, area: AreaCode, seq: i64) {
        if let Self::Redis(redis) = self {
            redis.announce(area, seq);
        }
    }

    /// Tells the others that session number `seat` of a device is here. Never waits.
    pub fn seated(&self, device: DeviceId, seat: i64) {
        if let Self::Redis(redis) = self {
            redis.seated(device, seat);
        }
    }

    /// How many other nodes come before this one in what any node may do for an area, and one is enough. All nodes that
    /// hear each other agree on it; where words do not cross, each is the first.
    #[must_use]
    pub fn rank(&self, area: AreaCode) -> usize {
        match self {
            Self::Local => 0,
            Self::Redis(redis) => redis.rank(area),
        }
    }

    /// Whether words cross; `None` where there is nobody to speak to.
    #[must_use]
    pub fn health(&self) -> Option<Health> {
        let ready = self.counts()?.ready.load(Ordering::Relaxed);
        Some(if ready { Health::Ready } else { Health::Away })
    }

    /// What was counted; `None` where there is nobody to speak to.
    #[must_use]
    pub fn counts(&self) -> Option<&Counts> {
        match self {
            Self::Local => None,
            Self::Redis(redis) => Some(redis.counts()),
        }
    }
}

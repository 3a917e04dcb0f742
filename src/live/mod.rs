//! Where the units are now: an index that can be lost and is filled again from the phones within seconds.
//!
//! Invariant: nothing here is the truth about who may be sent. A unit is claimed in the store, and this index is told
//! of it afterwards, so what it offers is a proposal.
//!
//! What another process would have to be asked for is `async`; in this process it never waits. [`Live::put`] is not:
//! it is the hot path, called for every fix, and where positions live elsewhere it only lays the fix by to be sent with
//! others.

mod address;
mod block;
pub mod bus;
mod cells;
mod free;
mod hash;
mod index;
mod memory;
mod near;
mod redis;
mod sphere;
#[cfg(test)]
mod tests;

pub use address::BadAddress;
pub use memory::Memory;
pub use redis::{Health, Now, Redis, RedisSettings};

use crate::domain::{
    fix::Fix,
    ids::{AreaCode, UnitId},
    nearest::{Candidate, Survey},
    place::{Bounds, Place},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use tokio::runtime::Handle;

/// Whether a unit can be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Can be sent.
    Free,
    /// Works on an incident or has an offer open.
    Busy,
    /// Nobody is signed on, or it is out of service. Also what a unit is before anything else was said.
    #[default]
    Off,
}

/// What became of a fix that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The unit is there now.
    Moved,
    /// A fix at least as new is known: nothing changed.
    Older,
}

/// What is known of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Which.
    pub unit: UnitId,
    /// Whether it can be sent.
    pub availability: Availability,
    /// Its newest fix; none before the first, and none after it was removed: take it off the map.
    pub fix: Option<Fix>,
    /// The area's version at its last change.
    pub version: u64,
}

/// Units of an area, and where to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Positions {
    /// Everything up to this version is in `units` or was there before: ask for what changed since.
    pub version: u64,
    /// The units, each once, oldest change first.
    pub units: Vec<Position>,
    /// The limit cut the list short: ask again at once.
    pub more: bool,
}

/// How many units an area has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ever heard of.
    pub known: usize,
    /// With a fix, however old.
    pub online: usize,
    /// With a fresh fix.
    pub fresh: usize,
    /// Free, with a fresh fix.
    pub free: usize,
}

/// Why live positions could not be had. Of those that exist nothing fails: where Redis is away, this node answers from
/// what it holds, and [`Live::health`] says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// What should say where Redis is does not. Never shows the URL: it may hold a password.
    #[error(transparent)]
    Url(#[from] BadAddress),
}

/// Live positions, wherever they are kept.
#[derive(Debug)]
pub enum Live {
    /// In this process.
    Memory(Memory),
    /// In Redis, for several nodes.
    Redis(Redis),
}

impl Live {
    /// Live positions in this process.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(Memory::default())
    }

    /// Live positions in Redis. Connects in the background, on `handle`, now and whenever the connection was lost; until
    /// then this node works with what it holds.
    ///
    /// # Errors
    /// [`LiveError::Url`].
    pub fn redis(settings: RedisSettings, now: Now, handle: &Handle) -> Result<Self, LiveError> {
        Redis::start(settings, now, handle).map(Self::Redis)
    }

    /// Whether positions are shared as they should be.
    pub fn health(&self) -> Health {
        match self {
            Self::Memory(_) => Health::Well,
            Self::Redis(redis) => redis.health(),
        }
    }

    /// Waits until areas' availability must be told anew, by [`Self::set_availability`] from the store: their index was
    /// emptied, or did not answer for a while. In this process that never happens. One caller at a time.
    pub async fn forgotten(&self) -> Vec<AreaCode> {
        match self {
            Self::Memory(_) => std::future::pending().await,
            Self::Redis(redis) => redis.forgotten().await,
        }
    }

    /// Puts a unit where this fix was made; see [`Memory::put`]. Never waits for another process.
    pub fn put(&self, unit: UnitId, fix: &Fix) -> Put {
        match self {
            Self::Memory(memory) => memory.put(unit, fix),
            Self::Redis(redis) => redis.put(unit, fix),
        }
    }

    /// Says whether a unit can be sent, by what its area's journal tells up to event `seq`. It may be a unit that has
    /// sent no fix yet. What an older event says never takes the place of what a newer one said, so several nodes may
    /// tell it, in any order and more than once.
    ///
    /// # Errors
    /// [`LiveError`]; the store knows the truth, and will say it again.
    pub async fn set_availability(&self, unit: UnitId, availability: Availability, seq: i64) -> Result<(), LiveError> {
        match self {
            Self::Memory(memory) => _ = memory.set_availability(unit, availability, seq),
            Self::Redis(redis) => redis.set_availability(unit, availability, seq),
        }
        Ok(())
    }

    /// Takes a unit off the map.
    ///
    /// # Errors
    /// [`LiveError`]; the unit's fix will be stale soon in any case.
    pub async fn remove(&self, unit: UnitId) -> Result<(), LiveError> {
        match self {
            Self::Memory(memory) => memory.remove(unit),
            Self::Redis(redis) => redis.remove(unit),
        }
        Ok(())
    }

    /// What is known of a unit.
    ///
    /// # Errors
    /// [`LiveError`].
    pub async fn get(&self, unit: UnitId) -> Result<Option<Position>, LiveError> {
        match self {
            Self::Memory(memory) => Ok(memory.get(unit)),
            Self::Redis(redis) => Ok(redis.get(unit).await),
        }
    }

    /// The nearest `k` free, fresh units; see [`Memory::candidates`].
    ///
    /// # Errors
    /// [`LiveError`]; a dispatcher can still assign by hand.
    pub async fn candidates(
        &self,
        areas: &[AreaCode],
        from: Place,
        limit_m: f64,
        k: usize,
        stale_ms: i64,
        now: UnixMs,
    ) -> Result<Vec<Candidate>, LiveError> {
        match self {
            Self::Memory(memory) => Ok(memory.candidates(areas, from, limit_m, k, stale_ms, now)),
            Self::Redis(redis) => Ok(redis.candidates(areas, from, limit_m, k, stale_ms, now).await),
        }
    }

    /// Who is near, and why who is not sent; see [`Memory::survey`].
    ///
    /// # Errors
    /// [`LiveError`].
    pub async fn survey(
        &self,
        areas: &[AreaCode],
        from: Place,
        limit_m: f64,
        stale_ms: i64,
        now: UnixMs,
    ) -> Result<Survey, LiveError> {
        match self {
            Self::Memory(memory) => Ok(memory.survey(areas, from, limit_m, stale_ms, now)),
            Self::Redis(redis) => Ok(redis.survey(areas, from, limit_m, stale_ms, now).await),
        }
    }

    /// Every unit of an area that has a fix.
    ///
    /// # Errors
    /// [`LiveError`].
    pub async fn snapshot(&self, area: AreaCode) -> Result<Positions, LiveError> {
        match self {
            Self::Memory(memory) => Ok(memory.snapshot(area)),
            Self::Redis(redis) => Ok(redis.snapshot(area).await),
        }
    }

    /// Up to `limit` units of an area that changed after `version`, those with a fix only where `bounds` (if any) hold
    /// it. A unit that leaves is only seen to leave by who asks for a wider box than is shown.
    ///
    /// # Errors
    /// [`LiveError`].
    pub async fn changed_since(
        &self,
        area: AreaCode,
        version: u64,
        bounds: Option<&Bounds>,
        limit: usize,
    ) -> Result<Positions, LiveError> {
        match self {
            Self::Memory(memory) => Ok(memory.changed_since(area, version, bounds, limit)),
            Self::Redis(redis) => Ok(redis.changed_since(area, version, bounds, limit).await),
        }
    }

    /// The units of an area that were somewhere at `since` or later.
    ///
    /// # Errors
    /// [`LiveError`].
    pub async fn fresh(&self, area: AreaCode, since: UnixMs) -> Result<HashSet<UnitId>, LiveError> {
        match self {
            Self::Memory(memory) => Ok(memory.fresh(area, since)),
            Self::Redis(redis) => Ok(redis.fresh(area, since).await),
        }
    }

    /// How many units an area has, and how many of them are fresh.
    ///
    /// # Errors
    /// [`LiveError`].
    pub async fn counts(&self, area: AreaCode, stale_ms: i64, now: UnixMs) -> Result<Counts, LiveError> {
        match self {
            Self::Memory(memory) => Ok(memory.counts(area, stale_ms, now)),
            Self::Redis(redis) => Ok(redis.counts(area, stale_ms, now).await),
        }
    }
}

//! Live positions in Redis, for several nodes: each node holds what it heard itself and what it read of others, tells
//! Redis what it heard, and asks Redis who is nearest.
//!
//! Invariants: Redis may be slow, gone or emptied at any moment, and this node goes on with what it holds; nothing waits
//! longer than `command_ms`; what waits to be sent is bounded by the number of units, the newest of each. What an
//! emptied index lacks is told again by every node, and `forgotten` asks for the rest from SQL.

mod keeper;
mod link;
mod mirror;
mod pack;
mod search;
mod seat;
mod store;

use super::{Availability, Counts, LiveError, Memory, Position, Positions, Put, hash::QuickMap, memory::each_once};
use crate::domain::{
    fix::Fix,
    ids::{AreaCode, UnitId},
    nearest::{Candidate, Survey, rank},
    place::{Bounds, Place},
    time::UnixMs,
};
use futures_util::future::join_all;
use link::Link;
use seat::{Seat, What};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, HashSet},
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use tokio::{runtime::Handle, sync::Notify, task::JoinHandle};

/// Tells the time. Given by `app`.
pub type Now = Arc<dyn Fn() -> UnixMs + Send + Sync>;

/// Where Redis is and how it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisSettings {
    /// `redis://host:port` or `redis+cluster://host:port,host:port`, either with `user:password@` before the host.
    pub url: String,
    /// All keys begin with it, so that installations can share a server.
    pub prefix: String,
    /// What was heard is sent so often, milliseconds: 100 to 250 is sensible.
    pub flush_ms: u64,
    /// A unit's position is sent no more often than this, however often its phone tells it, milliseconds.
    pub unit_ms: i64,
    /// An area that somebody looks at is read so often, milliseconds.
    pub mirror_ms: u64,
    /// No command waits longer, milliseconds.
    pub command_ms: u64,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            url: "redis://127.0.0.1:6379".to_owned(),
            prefix: "sigap:".to_owned(),
            flush_ms: 200,
            unit_ms: 1_000,
            mirror_ms: 500,
            command_ms: 500,
        }
    }
}

/// Whether live positions are shared as they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// They are.
    Well,
    /// Redis, or a part of it, does not answer. This node goes on with what it holds.
    Away {
        /// From when on.
        since: UnixMs,
    },
}

/// Live positions in Redis. Its tasks end when it is dropped.
pub struct Redis {
    inner: Arc<Inner>,
    tasks: [JoinHandle<()>; 2],
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        f.debug_struct("Redis").field("prefix", &self.inner.settings.prefix).finish_non_exhaustive()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

struct Inner {
    memory: Memory,
    seats: RwLock<QuickMap<AreaCode, Arc<Seat>>>,
    link: Link,
    settings: RedisSettings,
    now: Now,
    away: Mutex<Option<UnixMs>>,
    forgotten: Mutex<BTreeSet<AreaCode>>,
    forgot: Notify,
}

impl Redis {
    /// Starts; connects when Redis is there.
    pub(super) fn start(settings: RedisSettings, now: Now, handle: &Handle) -> Result<Self, LiveError> {
        let link = Link::new(&settings.url, Duration::from_millis(settings.command_ms), store::SCRIPT)?;
        let inner = Arc::new(Inner {
            memory: Memory::default(),
            seats: RwLock::default(),
            link,
            settings,
            now,
            away: Mutex::default(),
            forgotten: Mutex::default(),
            forgot: Notify::new(),
        });
        let tasks = [handle.spawn(keeper::run(Arc::clone(&inner))), handle.spawn(mirror::run(Arc::clone(&inner)))];
        Ok(Self { inner, tasks })
    }

    /// Puts a unit where this fix was made; sent to Redis with others, soon.
    pub(super) fn put(&self, unit: UnitId, fix: &Fix) -> Put {
        let put = self.inner.memory.put(unit, fix);
        if put == Put::Moved {
            self.inner.seat(unit.area).lay_by(unit, What { fix: true, ..What::default() });
        }
        put
    }

    pub(super) fn set_availability(&self, unit: UnitId, availability: Availability, seq: i64) {
        if self.inner.memory.set_availability(unit, availability, seq) {
            self.inner.seat(unit.area).lay_by(unit, What { said: true, ..What::default() });
        }
    }

    pub(super) fn remove(&self, unit: UnitId) {
        self.inner.memory.remove(unit);
        self.inner.seat(unit.area).lay_by(unit, What { gone: true, ..What::default() });
    }

    pub(super) async fn get(&self, unit: UnitId) -> Option<Position> {
        self.inner.read_unit(unit).await;
        self.inner.memory.get(unit)
    }

    pub(super) async fn candidates(
        &self,
        areas: &[AreaCode],
        from: Place,
        limit_m: f64,
        k: usize,
        stale_ms: i64,
        now: UnixMs,
    ) -> Vec<Candidate> {
        let ask = search::Ask { from, limit_m, k, stale_ms, now };
        let searches = each_once(areas).map(|area| async move {
            match self.inner.search(area, &ask).await {
                Ok(found) => found,
                // Said once, by the keeper, for all who ask.
                Err(_) => self.inner.memory.candidates(&[area], from, limit_m, k, stale_ms, now),
            }
        });
        let mut found = join_all(searches).await.concat();
        rank(&mut found, k);
        found
    }

    pub(super) async fn survey(
        &self,
        areas: &[AreaCode],
        from: Place,
        limit_m: f64,
        stale_ms: i64,
        now: UnixMs,
    ) -> Survey {
        join_all(each_once(areas).map(|area| self.inner.catch_up(area))).await;
        self.inner.memory.survey(areas, from, limit_m, stale_ms, now)
    }

    pub(super) async fn snapshot(&self, area: AreaCode) -> Positions {
        self.inner.look_at(area).await;
        self.inner.memory.snapshot(area)
    }

    pub(super) async fn changed_since(
        &self,
        area: AreaCode,
        version: u64,
        bounds: Option<&Bounds>,
        limit: usize,
    ) -> Positions {
        self.inner.look_at(area).await;
        self.inner.memory.changed_since(area, version, bounds, limit)
    }

    pub(super) async fn fresh(&self, area: AreaCode, since: UnixMs) -> HashSet<UnitId> {
        self.inner.catch_up(area).await;
        self.inner.memory.fresh(area, since)
    }

    pub(super) async fn counts(&self, area: AreaCode, stale_ms: i64, now: UnixMs) -> Counts {
        self.inner.read_area(area).await;
        self.inner.memory.counts(area, stale_ms, now)
    }

    pub(super) fn health(&self) -> Health {
        match *self.inner.away.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(since) => Health::Away { since },
            None => Health::Well,
        }
    }

    pub(super) async fn forgotten(&self) -> Vec<AreaCode> {
        loop {
            let told = self.inner.forgot.notified();
            let areas = std::mem::take(&mut *self.inner.forgotten.lock().unwrap_or_else(PoisonError::into_inner));
            if !areas.is_empty() {
                return areas.into_iter().collect();
            }
            told.await;
        }
    }
}

impl Inner {
    fn now(&self) -> UnixMs {
        (self.now)()
    }

    fn seat(&self, area: AreaCode) -> Arc<Seat> {
        if let Some(seat) = self.seats.read().unwrap_or_else(PoisonError::into_inner).get(&area) {
            return Arc::clone(seat);
        }
        let mut seats = self.seats.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(seats.entry(area).or_insert_with(|| Arc::new(Seat::new(&self.settings.prefix, area))))
    }

    fn seats(&self) -> Vec<Arc<Seat>> {
        self.seats.read().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect()
    }
}

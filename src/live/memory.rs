//! Live positions in this process: one [`Index`] per area behind a lock of its own.
//!
//! Invariant: no lock is held across an await, and none is taken while an area's is held; each is held for one step on
//! one area. A panic under a lock would leave an index that is still whole in memory, so poison is ignored.

use super::{
    Availability, Counts, Position, Positions, Put,
    hash::QuickMap,
    index::{Ask, Index},
};
use crate::domain::{
    fix::Fix,
    ids::{AreaCode, UnitId},
    nearest::{Candidate, KEPT, Survey, rank},
    place::{Bounds, Place},
    time::UnixMs,
};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

/// Live positions in this process. Everything is synchronous; the longest wait is for another step on the same area.
#[derive(Debug, Default)]
pub struct Memory {
    areas: RwLock<QuickMap<AreaCode, Arc<Mutex<Index>>>>,
}

impl Memory {
    /// Puts a unit where this fix was made, unless a fix at least as new is known. Allocates nothing for a unit that is
    /// known, apart from a list that grows with the area.
    pub fn put(&self, unit: UnitId, fix: &Fix) -> Put {
        self.with_new(unit.area, |index| index.put(unit, fix))
    }

    /// Says whether a unit can be sent, by the event `seq` of its area's journal; what an older event says is ignored.
    /// It may be a unit that has sent no fix yet. Says whether it was not older.
    pub fn set_availability(&self, unit: UnitId, availability: Availability, seq: i64) -> bool {
        self.with_new(unit.area, |index| index.set_availability(unit, availability, seq))
    }

    /// Takes a unit off the map: its fix is forgotten, and it is off duty.
    pub fn remove(&self, unit: UnitId) {
        self.with(unit.area, |index| index.remove(unit));
    }

    /// What is known of a unit.
    pub fn get(&self, unit: UnitId) -> Option<Position> {
        self.with(unit.area, |index| index.get(unit)).flatten()
    }

    /// What is known of a unit, and the event that its availability is from, once any was told.
    pub(super) fn told(&self, unit: UnitId) -> Option<(Position, Option<i64>)> {
        self.with(unit.area, |index| index.told(unit)).flatten()
    }

    /// Every unit of an area that was ever heard of.
    pub(super) fn units(&self, area: AreaCode) -> Vec<UnitId> {
        self.with(area, |index| index.units()).unwrap_or_default()
    }

    /// The nearest `k` free units of these areas, fix no older than `stale_ms`, no farther than `limit_m`; exact, in
    /// the order of [`Candidate::order`].
    pub fn candidates(
        &self,
        areas: &[AreaCode],
        from: Place,
        limit_m: f64,
        k: usize,
        stale_ms: i64,
        now: UnixMs,
    ) -> Vec<Candidate> {
        let mut found = Vec::new();
        let ask = Ask { from, limit_m, stale_ms, now };
        for area in each_once(areas) {
            self.with(area, |index| index.candidates(&ask, k, &mut found));
        }
        rank(&mut found, k);
        found
    }

    /// The nearest units of these areas within `limit_m`, those that can be sent and those that cannot, with the
    /// reason. Looks at every unit, so it is for the record of a pick and not for a loop.
    pub fn survey(&self, areas: &[AreaCode], from: Place, limit_m: f64, stale_ms: i64, now: UnixMs) -> Survey {
        let mut survey = Survey::default();
        let ask = Ask { from, limit_m, stale_ms, now };
        for area in each_once(areas) {
            self.with(area, |index| {
                index.candidates(&ask, KEPT, &mut survey.candidates);
                index.skipped(&ask, &mut survey.skipped);
            });
        }
        survey.settle();
        survey
    }

    /// Every unit of an area that has a fix.
    pub fn snapshot(&self, area: AreaCode) -> Positions {
        self.with(area, |index| index.snapshot()).unwrap_or_default()
    }

    /// What changed in an area after `version`; see [`Positions`].
    pub fn changed_since(&self, area: AreaCode, version: u64, bounds: Option<&Bounds>, limit: usize) -> Positions {
        self.with(area, |index| index.changed_since(version, bounds, limit)).unwrap_or_default()
    }

    /// The units of an area that were somewhere at `since` or later.
    pub fn fresh(&self, area: AreaCode, since: UnixMs) -> HashSet<UnitId> {
        self.with(area, |index| index.fresh(since)).unwrap_or_default()
    }

    /// How many units an area has.
    pub fn counts(&self, area: AreaCode, stale_ms: i64, now: UnixMs) -> Counts {
        self.with(area, |index| index.counts(stale_ms, now)).unwrap_or_default()
    }

    fn with<T>(&self, area: AreaCode, step: impl FnOnce(&mut Index) -> T) -> Option<T> {
        let areas = self.areas.read().unwrap_or_else(PoisonError::into_inner);
        let index = areas.get(&area)?;
        Some(step(&mut index.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn with_new<T>(&self, area: AreaCode, step: impl FnOnce(&mut Index) -> T) -> T {
        {
            let areas = self.areas.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(index) = areas.get(&area) {
                return step(&mut index.lock().unwrap_or_else(PoisonError::into_inner));
            }
        }
        let index = Arc::clone(self.areas.write().unwrap_or_else(PoisonError::into_inner).entry(area).or_default());
        step(&mut index.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The areas without repeats, so that no unit is found twice.
pub(super) fn each_once(areas: &[AreaCode]) -> impl Iterator<Item = AreaCode> + '_ {
    areas.iter().enumerate().filter(|(i, area)| !areas[..*i].contains(area)).map(|(_, area)| *area)
}

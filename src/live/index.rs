//! The live units of one area.
//!
//! Invariants: an older fix never takes the place of a newer one, nor what an older event said of a unit's availability
//! that of a newer; a unit is in [`Free`] exactly while it is free and
//! has a fix; each change has a version of its own, and `changes` holds a unit's last one.

use super::{
    Availability, Counts, Position, Positions, Put,
    free::Free,
    hash::QuickMap,
    near::{Near, Room},
};
use crate::domain::{
    fix::Fix,
    ids::UnitId,
    nearest::{Candidate, KEPT, Skip, Why, rank},
    place::{Bounds, EARTH_RADIUS_M, Place},
    time::UnixMs,
};
use std::collections::HashSet;

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) from: Place,
    pub(super) limit_m: f64,
    pub(super) stale_ms: i64,
    pub(super) now: UnixMs,
}

impl Ask {
    fn fresh_from(&self) -> UnixMs {
        self.now.plus(self.stale_ms.saturating_neg())
    }
}

/// The live units of one area.
#[derive(Debug, Default)]
pub(super) struct Index {
    slots: QuickMap<UnitId, u32>,
    units: Vec<Position>,
    /// By slot: the event of the journal that the availability is from, once any was told.
    told: Vec<Option<i64>>,
    free: Free,
    version: u64,
    /// Versions in order, each with the slot that changed; those superseded are swept out now and then.
    changes: Vec<(u64, u32)>,
    room: Room,
}

impl Index {
    pub(super) fn put(&mut self, unit: UnitId, fix: &Fix) -> Put {
        let slot = self.slot(unit);
        let known = &mut self.units[slot as usize];
        if known.fix.is_some_and(|f| f.at >= fix.at) {
            return Put::Older;
        }
        known.fix = Some(*fix);
        if known.availability == Availability::Free {
            self.free.set(slot, fix.place, fix.at);
        }
        self.changed(slot);
        Put::Moved
    }

    pub(super) fn set_availability(&mut self, unit: UnitId, availability: Availability, seq: i64) -> bool {
        let slot = self.slot(unit);
        let told = &mut self.told[slot as usize];
        if told.is_some_and(|told| seq < told) {
            return false;
        }
        *told = Some(seq);
        let known = &mut self.units[slot as usize];
        if known.availability == availability {
            return true;
        }
        known.availability = availability;
        match known.fix {
            Some(fix) if availability == Availability::Free => self.free.set(slot, fix.place, fix.at),
            _ => self.free.remove(slot),
        }
        self.changed(slot);
        true
    }

    pub(super) fn remove(&mut self, unit: UnitId) {
        let Some(slot) = self.slots.get(&unit).copied() else { return };
        let known = &mut self.units[slot as usize];
        if known.fix.is_none() && known.availability == Availability::Off {
            return;
        }
        // The slot stays: consoles must be told that the unit is gone, and a city's units are few.
        (known.fix, known.availability) = (None, Availability::Off);
        self.free.remove(slot);
        self.changed(slot);
    }

    pub(super) fn get(&self, unit: UnitId) -> Option<Position> {
        self.slots.get(&unit).map(|slot| self.units[*slot as usize])
    }

    pub(super) fn told(&self, unit: UnitId) -> Option<(Position, Option<i64>)> {
        self.slots.get(&unit).map(|slot| (self.units[*slot as usize], self.told[*slot as usize]))
    }

    pub(super) fn units(&self) -> Vec<UnitId> {
        self.units.iter().map(|u| u.unit).collect()
    }

    pub(super) fn candidates(&mut self, ask: &Ask, k: usize, to: &mut Vec<Candidate>) {
        let k = k.min(self.units.len());
        if k == 0 || ask.limit_m.is_nan() || ask.limit_m < 0.0 {
            return;
        }
        let fresh_from = ask.fresh_from();
        let mut near = Near::new(&mut self.room, ask.from, ask.limit_m, k, fresh_from);
        self.free.search(&mut near);
        let first = to.len();
        to.extend(near.found().filter_map(|slot| {
            let known = &self.units[slot as usize];
            let fix = known.fix.filter(|f| f.at >= fresh_from)?;
            let found = Candidate::new(known.unit, fix.place, fix.at, ask.from, ask.now);
            (found.distance_m <= ask.limit_m).then_some(found)
        }));
        if to.len() > first + k {
            let mut mine = to.split_off(first);
            rank(&mut mine, k);
            to.append(&mut mine);
        }
    }

    /// Adds the nearest [`KEPT`] that cannot be sent. Looks at every unit of the area.
    pub(super) fn skipped(&self, ask: &Ask, to: &mut Vec<Skip>) {
        let fresh_from = ask.fresh_from();
        let mut mine: Vec<Skip> = Vec::with_capacity(KEPT + 1);
        for known in &self.units {
            let Some(fix) = known.fix else { continue };
            let why = match known.availability {
                Availability::Busy => Why::Busy,
                Availability::Off => Why::OffDuty,
                Availability::Free if fix.at < fresh_from => Why::Stale,
                Availability::Free => continue,
            };
            let limit_m = mine.get(KEPT - 1).map_or(ask.limit_m, |worst| worst.distance_m.min(ask.limit_m));
            // The difference in latitude alone is never more than the distance, and cheap.
            let north_m = (fix.place.lat() - ask.from.lat()).abs().to_radians() * EARTH_RADIUS_M;
            if north_m * (1.0 - 1e-6) - 1e-3 > limit_m {
                continue;
            }
            let skip = Skip::new(&Candidate::new(known.unit, fix.place, fix.at, ask.from, ask.now), why);
            if skip.distance_m <= limit_m {
                let place = mine.partition_point(|other| other.order(&skip).is_lt());
                mine.insert(place, skip);
                mine.truncate(KEPT);
            }
        }
        to.append(&mut mine);
    }

    pub(super) fn snapshot(&self) -> Positions {
        let units = self.units.iter().filter(|u| u.fix.is_some()).copied().collect();
        Positions { version: self.version, units, more: false }
    }

    pub(super) fn changed_since(&self, version: u64, bounds: Option<&Bounds>, limit: usize) -> Positions {
        // A version from before a restart is from another count: begin anew.
        let since = if version > self.version { 0 } else { version };
        let mut page = Positions { version: self.version, units: Vec::new(), more: false };
        let from = self.changes.partition_point(|(v, _)| *v <= since);
        for (version, slot) in &self.changes[from..] {
            let unit = &self.units[*slot as usize];
            let seen = unit.version == *version
                && unit.fix.is_none_or(|fix| bounds.is_none_or(|bounds| bounds.contains(fix.place)));
            if !seen {
                continue;
            }
            if page.units.len() == limit {
                page.more = true;
                page.version = page.units.last().map_or(since, |u| u.version);
                break;
            }
            page.units.push(*unit);
        }
        page
    }

    pub(super) fn fresh(&self, since: UnixMs) -> HashSet<UnitId> {
        let fresh = self.units.iter().filter(|known| known.fix.is_some_and(|fix| fix.at >= since));
        fresh.map(|known| known.unit).collect()
    }

    pub(super) fn counts(&self, stale_ms: i64, now: UnixMs) -> Counts {
        let mut counts = Counts { known: self.units.len(), ..Counts::default() };
        let fresh_from = now.plus(stale_ms.saturating_neg());
        for unit in &self.units {
            let Some(fix) = unit.fix else { continue };
            counts.online += 1;
            counts.fresh += usize::from(fix.at >= fresh_from);
            counts.free += usize::from(unit.availability == Availability::Free && fix.at >= fresh_from);
        }
        counts
    }

    fn slot(&mut self, unit: UnitId) -> u32 {
        *self.slots.entry(unit).or_insert_with(|| {
            self.units.push(Position { unit, availability: Availability::Off, fix: None, version: 0 });
            self.told.push(None);
            u32::try_from(self.units.len() - 1).expect("an area has fewer units than u32 can name")
        })
    }

    fn changed(&mut self, slot: u32) {
        self.version += 1;
        self.units[slot as usize].version = self.version;
        // Swept when it has grown to a few times its least size, so a change costs a few steps at most on average.
        if self.changes.len() >= 4 * self.units.len() + 64 {
            self.changes.retain(|(version, slot)| self.units[*slot as usize].version == *version);
        }
        self.changes.push((self.version, slot));
    }
}

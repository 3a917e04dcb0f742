//! The figures that boards are made of, in memory: which of them are behind, and what changed since when.
//!
//! Invariant: a city is behind from an event's mark until a reading that began after it was put. Areas are added up
//! outside of the lock, so that no journal's line waits for that.

use crate::{
    domain::{
        board::{CityFigures, Whole},
        event::Event,
        ids::AreaCode,
        time::{UnixMs, Zone},
    },
    store::CityDay,
};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio::sync::{Notify, watch};

/// Figures older than this are read anew, milliseconds: fixes get old, a day ends.
const AGE_MS: i64 = 10_000;

/// What is kept of the boards.
pub(in crate::engine) struct Boards {
    kept: Mutex<Kept>,
    /// Something is due.
    pub(super) wake: Notify,
    /// The version, as it grows.
    pub(super) bell: watch::Sender<u64>,
    /// When it was last known that no event was missed.
    looked: AtomicI64,
    /// One batch at a time, so that an older one never takes the place of a newer one.
    pub(super) reading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    version: u64,
    cities: HashMap<AreaCode, City>,
    /// Areas as they were added up last, at their cities' newest version.
    wholes: HashMap<AreaCode, (u64, Arc<Whole>)>,
}

/// A city that somebody looks at or has looked at.
#[derive(Default)]
struct City {
    watchers: usize,
    /// Events that made its figures others, and how many of them are in what was read.
    marks: u64,
    read_marks: u64,
    /// When the first of those that are not in it came.
    marked: Option<UnixMs>,
    read_at: Option<UnixMs>,
    figures: Option<Arc<CityFigures>>,
    /// The boards' version at its last change.
    version: u64,
}

impl City {
    /// Whether an event is missing in its figures, or there are none.
    const fn is_behind(&self) -> bool {
        self.figures.is_none() || self.marks != self.read_marks
    }

    fn is_aged(&self, zone: Zone, now: UnixMs) -> bool {
        self.read_at.is_none_or(|read| now.since(read) >= AGE_MS || zone.day(read) != zone.day(now))
    }
}

impl Boards {
    pub(in crate::engine) fn new(now: UnixMs) -> Self {
        let looked = AtomicI64::new(now.0);
        let (kept, reading) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { kept, wake: Notify::new(), bell: watch::Sender::new(0), looked, reading }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks an area whose figures these events change.
    pub(in crate::engine) fn heard(&self, area: AreaCode, events: &[Arc<Event>], now: UnixMs) {
        if !events.iter().any(|event| changes_figures(event)) {
            return;
        }
        let mut kept = self.kept();
        let Some(city) = kept.cities.get_mut(&area) else { return };
        city.marks += 1;
        city.marked.get_or_insert(now);
        if city.watchers > 0 {
            self.wake.notify_one();
        }
    }

    /// All journals were looked at: what was committed before `at` is known here, or its area's line is about it.
    pub(in crate::engine) fn looked(&self, at: UnixMs) {
        self.looked.fetch_max(at.0, Ordering::Relaxed);
    }

    /// The moment that the figures of these cities hold for.
    pub(super) fn good(&self, cities: &[CityDay]) -> UnixMs {
        let looked = UnixMs(self.looked.load(Ordering::Relaxed));
        let kept = self.kept();
        let marked = cities.iter().filter_map(|(area, _)| kept.cities.get(area)?.marked).min();
        marked.map_or(looked, |marked| marked.min(looked))
    }

    /// Which of these have to be read, with their marks as they are now; at most so many only because they are old.
    pub(super) fn due(&self, cities: &[CityDay], aged_max: usize, now: UnixMs) -> Vec<(CityDay, u64)> {
        let (mut kept, mut aged) = (self.kept(), 0);
        let mut due = Vec::new();
        for (area, zone) in cities {
            let city = kept.cities.entry(*area).or_default();
            let is_behind = city.is_behind();
            if is_behind || (aged < aged_max && city.is_aged(*zone, now)) {
                aged += usize::from(!is_behind);
                due.push(((*area, *zone), city.marks));
            }
        }
        due
    }

    /// Takes what was read at `now` of cities that had so many marks before.
    pub(super) fn put(&self, read: Vec<(CityFigures, u64)>, now: UnixMs) {
        let mut guard = self.kept();
        let kept = &mut *guard;
        let next = kept.version + 1;
        for (figures, marks) in read {
            let city = kept.cities.entry(figures.area).or_default();
            (city.read_marks, city.read_at) = (marks, Some(now));
            city.marked = (city.marks != marks).then_some(now);
            if city.figures.as_deref() != Some(&figures) {
                (city.figures, city.version) = (Some(Arc::new(figures)), next);
                kept.version = next;
            }
        }
        let version = kept.version;
        drop(guard);
        self.bell.send_if_modified(|told| std::mem::replace(told, version) != version);
    }

    /// An area of these cities, with its version; `None` while one of them was never read.
    pub(super) fn whole(&self, area: AreaCode, cities: &[CityDay]) -> Option<(u64, Arc<Whole>)> {
        let (version, figures) = {
            let kept = self.kept();
            let known = cities.iter().map(|(area, _)| kept.cities.get(area));
            let known: Vec<&City> = known.collect::<Option<_>>()?;
            let version = known.iter().map(|city| city.version).max().unwrap_or_default();
            if let Some((_, whole)) = kept.wholes.get(&area).filter(|(of, _)| *of == version) {
                return Some((version, Arc::clone(whole)));
            }
            (version, known.iter().map(|city| city.figures.clone()).collect::<Option<Vec<_>>>()?)
        };
        let whole = Arc::new(Whole::of(figures.iter().map(|city| &**city)));
        self.kept().wholes.insert(area, (version, Arc::clone(&whole)));
        Some((version, whole))
    }

    /// Those of these cities that changed after a version.
    pub(super) fn changed(&self, cities: &[CityDay], after: u64) -> Vec<Arc<CityFigures>> {
        let kept = self.kept();
        let known = cities.iter().filter_map(|(area, _)| kept.cities.get(area));
        known.filter(|city| city.version > after).filter_map(|city| city.figures.clone()).collect()
    }

    pub(super) fn watch(&self, cities: &[CityDay]) {
        let mut kept = self.kept();
        for (area, _) in cities {
            kept.cities.entry(*area).or_default().watchers += 1;
        }
        self.wake.notify_one();
    }

    pub(super) fn unwatch(&self, cities: &[CityDay]) {
        let mut kept = self.kept();
        for (area, _) in cities {
            if let Some(city) = kept.cities.get_mut(area) {
                city.watchers = city.watchers.saturating_sub(1);
            }
        }
    }

    pub(super) fn watched(&self) -> HashSet<AreaCode> {
        let kept = self.kept();
        kept.cities.iter().filter(|(_, city)| city.watchers > 0).map(|(area, _)| *area).collect()
    }
}

/// Whether a board may look different after it.
fn changes_figures(event: &Event) -> bool {
    ["incident.", "dispatch.", "unit."].iter().any(|of| event.what.kind().starts_with(of))
}

//! Tracks in memory until they are written: windows of five minutes per unit.
//!
//! A flush writes the whole of each window that changed, over what it wrote before, so that a window is one row in the
//! end; a point that comes after its window was let go opens another part of it.

use crate::{
    domain::{
        ids::UnitId,
        place::Place,
        time::UnixMs,
        track::{Packer, TrackPoint},
        tracker::PHONE_FIRST_MS,
    },
    store::TrackPart,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// How long a window is, milliseconds.
const WINDOW_MS: i64 = 300_000;
/// How long after its end a window is kept for late points, milliseconds.
const LINGER_MS: i64 = 60_000;
/// How long a window that cannot be written is kept, milliseconds: with the database away for hours, a node must not
/// fill its memory with where units were.
const KEEP_MS: i64 = 1_800_000;
/// Points that a window holds at most: five per second. What comes beyond is left out of the track.
const POINTS: usize = 1_500;

/// Windows by unit and start.
pub struct TrackLog {
    /// Goes with the name of each part: a phone that moves to another node opens a part there, perhaps in the same
    /// millisecond.
    node: Uuid,
    open: Mutex<HashMap<Span, Window>>,
}

impl Default for TrackLog {
    fn default() -> Self {
        Self { node: Uuid::now_v7(), open: Mutex::default() }
    }
}

/// Which five minutes of which unit; they start at a multiple of five minutes.
type Span = (UnitId, UnixMs);

/// Five minutes of a unit.
#[derive(Clone)]
pub struct Window {
    /// When and where this one was opened: tells windows of the same start apart.
    opened: (UnixMs, Uuid),
    /// The points, as they came.
    points: Packer,
    dirty: bool,
    /// The newest live point not yet written as the unit's last place.
    last: Option<(Place, UnixMs)>,
    /// When the crew's own phone moved the pin last.
    phone: Option<UnixMs>,
}

impl Window {
    fn new(opened: (UnixMs, Uuid)) -> Self {
        Self { opened, points: Packer::default(), dirty: false, last: None, phone: None }
    }

    /// As the store keeps it.
    pub fn part(&self, start: UnixMs) -> TrackPart {
        TrackPart {
            start,
            part: format!("{}-{}", self.opened.0.0, self.opened.1.simple()),
            points: self.points.bytes(),
        }
    }
}

/// What a flush has to write.
#[derive(Default)]
pub struct Dirty {
    /// Windows that changed.
    pub windows: Vec<(Span, Window)>,
    /// The newest place of each unit that moved.
    pub places: Vec<(UnitId, Place, UnixMs)>,
}

impl TrackLog {
    /// When the crew's own phone moved a unit's pin, if it did lately.
    pub fn phone_at(&self, unit: UnitId, now: UnixMs) -> Option<UnixMs> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let windows = [start(now), start(now.plus(-PHONE_FIRST_MS))];
        windows.iter().filter_map(|start| open.get(&(unit, *start))?.phone).max()
    }

    /// Adds a point.
    pub fn push(&self, unit: UnitId, point: TrackPoint, by_phone: bool, now: UnixMs) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let window = open.entry((unit, start(point.at))).or_insert_with(|| Window::new((now, self.node)));
        if window.points.len() < POINTS {
            window.points.push(&point);
            window.dirty = true;
        }
        if !point.history {
            window.last = Some((point.place, point.at));
            window.phone = window.phone.max(by_phone.then_some(point.at));
        }
    }

    /// What changed since the last time; windows long over are let go.
    pub fn take_dirty(&self, now: UnixMs) -> Dirty {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut dirty = Dirty::default();
        for (span, window) in open.iter_mut() {
            if let Some((place, at)) = window.last.take() {
                dirty.places.push((span.0, place, at));
            }
            if std::mem::take(&mut window.dirty) {
                dirty.windows.push((*span, window.clone()));
            }
        }
        open.retain(|(_, start), _| now.since(start.plus(WINDOW_MS)) < LINGER_MS);
        dirty
    }

    /// Puts back what could not be written. Windows that were opened too long ago are given up; says how many.
    pub fn put_back(&self, dirty: &Dirty, now: UnixMs) -> usize {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut given_up = 0;
        for (span, window) in &dirty.windows {
            if now.since(window.opened.0) > KEEP_MS {
                given_up += 1;
                continue;
            }
            open.entry(*span).or_insert_with(|| window.clone()).dirty = true;
        }
        for &(unit, place, at) in &dirty.places {
            if let Some(window) = open.get_mut(&(unit, start(at))) {
                window.last.get_or_insert((place, at));
            }
        }
        given_up
    }
}

/// The start of the five minutes that hold a time.
const fn start(at: UnixMs) -> UnixMs {
    UnixMs(at.0 - at.0.rem_euclid(WINDOW_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at: i64, history: bool) -> TrackPoint {
        let place = Place::new(-1.2, 116.8).unwrap();
        TrackPoint {
            at: UnixMs(at),
            place,
            accuracy_m: None,
            speed_mps: None,
            heading_deg: None,
            history,
            believed: true,
        }
    }

    #[test]
    fn a_window_is_written_whole_and_let_go_when_over() {
        let (log, unit) = (TrackLog::default(), "BPN-M1".parse().unwrap());
        log.push(unit, point(1_000, false), true, UnixMs(1_000));
        let first = log.take_dirty(UnixMs(2_000));
        assert_eq!((first.windows.len(), first.places.len()), (1, 1));
        assert!(log.take_dirty(UnixMs(3_000)).windows.is_empty(), "nothing new");
        log.push(unit, point(4_000, false), true, UnixMs(4_000));
        assert_eq!(log.take_dirty(UnixMs(400_000)).windows[0].1.points.len(), 2, "the whole window again");
        log.push(unit, point(5_000, true), true, UnixMs(401_000));
        assert_eq!(log.phone_at(unit, UnixMs(402_000)), None, "a late point does not say that the phone is awake");
        let late = log.take_dirty(UnixMs(402_000));
        assert_ne!(late.windows[0].1.opened, first.windows[0].1.opened, "a late point does not overwrite the window");
        assert!(late.places.is_empty(), "a late point is not where the unit is");
    }

    #[test]
    fn the_phone_is_known_across_the_end_of_a_window() {
        let (log, unit) = (TrackLog::default(), "BPN-M1".parse().unwrap());
        log.push(unit, point(299_000, false), true, UnixMs(299_100));
        log.push(unit, point(300_500, false), false, UnixMs(300_600));
        assert_eq!(log.phone_at(unit, UnixMs(301_000)), Some(UnixMs(299_000)), "the tracker's is not the phone's");
        assert_eq!(log.phone_at(unit, UnixMs(330_000)), None, "long ago");
        assert_eq!(log.phone_at("BPN-M2".parse().unwrap(), UnixMs(301_000)), None);
    }

    #[test]
    fn what_could_not_be_written_comes_again() {
        let (log, unit) = (TrackLog::default(), "BPN-M1".parse().unwrap());
        log.push(unit, point(1_000, false), true, UnixMs(1_000));
        let dirty = log.take_dirty(UnixMs(900_000));
        assert_eq!(log.put_back(&dirty, UnixMs(900_000)), 0);
        let again = log.take_dirty(UnixMs(901_000));
        assert_eq!((again.windows.len(), again.places.len()), (1, 1));
        assert_eq!(log.put_back(&again, UnixMs(1_001 + KEEP_MS)), 1, "not for ever");
        assert!(log.take_dirty(UnixMs(2_000 + KEEP_MS)).windows.is_empty());
    }
}

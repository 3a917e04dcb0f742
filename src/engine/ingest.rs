//! A phone's fixes: judged, put where the dispatch looks for them, kept as a track.
//!
//! Invariant: nothing here waits. A fix costs a judgement, a move in the live index and a push to the track's window;
//! the database is written later, apart from it.

mod counters;
mod log;

pub use counters::Counters;
pub(super) use log::TrackLog;

use super::Engine;
use crate::domain::{
    fix::{RawFix, Reject, Track, Verdict, judge},
    ids::{DeviceId, UnitId},
    time::UnixMs,
    track::TrackPoint,
};

/// Live fixes that a phone may send at once.
const BURST: f64 = 20.0;
/// Live fixes per second that a phone may send for long.
const PER_SECOND: f64 = 5.0;

/// Windows of tracks written in one go: bounds how long they keep commands waiting.
const WINDOWS_AT_ONCE: usize = 32;

/// The fixes of one session: what is remembered between its frames.
pub struct Stream {
    engine: Engine,
    unit: UnitId,
    device: DeviceId,
    track: Track,
    /// Live fixes that may still come now.
    allowance: f64,
    allowance_at: UnixMs,
    /// The newest live fix over the limit, and its place in its frame: judged as soon as there is room.
    held: Option<(u32, RawFix)>,
}

/// What became of a frame's fixes.
#[derive(Debug, Default)]
pub struct Taken {
    /// How many were kept, the one that moved the pin included.
    pub kept: u32,
    /// The refused ones: place in the frame, and why.
    pub refused: Vec<(u32, Reject)>,
    /// How many live ones came too fast and were passed over for a newer one.
    pub conflated: u32,
}

impl Engine {
    /// Begins to take fixes for a unit. A session that goes on where an older one was knows the unit's pin.
    pub async fn stream(&self, unit: UnitId, device: DeviceId) -> Stream {
        let last = self.position(unit).await.and_then(|p| p.fix);
        let now = self.now();
        let track = Track::resume(last);
        Stream { engine: self.clone(), unit, device, track, allowance: BURST, allowance_at: now, held: None }
    }

    /// Writes the tracks and the last places that changed since the last flush.
    ///
    /// # Errors
    /// [`super::Error`] when the database fails: they are written with the next flush, for half an hour; then the oldest
    /// are given up.
    pub async fn flush_tracks(&self) -> Result<(), super::Error> {
        let dirty = self.inner.tracks.take_dirty(self.now());
        for windows in dirty.windows.chunks(WINDOWS_AT_ONCE) {
            let parts = windows.iter().map(|((unit, start), window)| (*unit, window.part(*start))).collect();
            if let Err(error) = self.inner.store.append_tracks(parts).await {
                let given_up = self.inner.tracks.put_back(&dirty, self.now());
                if given_up > 0 {
                    tracing::error!(given_up, "parts of tracks could not be written for half an hour and are lost");
                }
                return Err(error);
            }
        }
        self.inner.store.save_places(dirty.places).await
    }
}

impl Stream {
    /// The unit that the fixes are of.
    #[must_use]
    pub const fn unit(&self) -> UnitId {
        self.unit
    }

    /// The phone that they come from.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// Takes a frame of fixes that the phone sent at `sent_ms` of its own clock. Live ones beyond the rate limit give
    /// way to the newest; a backlog is never limited by rate, only by the size of its frame.
    pub fn take(&mut self, sent_ms: Option<i64>, fixes: &[RawFix], now: UnixMs) -> Taken {
        self.track.hear(sent_ms, now);
        self.refill(now);
        let mut taken = Taken::default();
        for (index, raw) in (0_u32..).zip(fixes) {
            if raw.backlog || self.spend() {
                self.judge(raw, index, now, &mut taken);
            } else {
                taken.conflated += u32::from(self.hold(index, raw));
            }
        }
        self.engine.inner.counters.conflated(taken.conflated);
        taken
    }

    /// Holds the newer of this fix and the one that is held; says whether one of two gave way.
    fn hold(&mut self, index: u32, raw: &RawFix) -> bool {
        let full = self.held.is_some();
        if self.held.is_none_or(|(_, held)| raw.device_ms >= held.device_ms) {
            self.held = Some((index, *raw));
        }
        full
    }

    /// Whether a fix is held back: [`Self::settle`] is to be called from time to time.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// Judges the fix that was held back, when there is room.
    pub fn settle(&mut self, now: UnixMs) -> Taken {
        self.refill(now);
        let mut taken = Taken::default();
        if self.held.is_some()
            && self.spend()
            && let Some((index, raw)) = self.held.take()
        {
            self.judge(&raw, index, now, &mut taken);
        }
        taken
    }

    fn judge(&mut self, raw: &RawFix, index: u32, now: UnixMs, taken: &mut Taken) {
        let inner = &self.engine.inner;
        match judge(&mut self.track, raw, now, &inner.settings.fix) {
            Ok(verdict) => {
                taken.kept += 1;
                inner.counters.kept(matches!(verdict, Verdict::History(_)));
                let fix = verdict.fix();
                if let Verdict::Live(fix) = &verdict {
                    inner.live.put(self.unit, fix);
                }
                let point = TrackPoint {
                    at: fix.at,
                    place: fix.place,
                    accuracy_m: fix.accuracy_m.map(f64::from),
                    speed_mps: fix.speed_mps.map(f64::from),
                    heading_deg: fix.heading_deg.map(f64::from),
                    history: matches!(verdict, Verdict::History(_)),
                    believed: true,
                };
                inner.tracks.push(self.unit, point, now);
            }
            Err(reject) => {
                inner.counters.refused(&reject);
                taken.refused.push((index, reject));
            }
        }
    }

    fn refill(&mut self, now: UnixMs) {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds between frames are few")]
        let seconds = now.since(self.allowance_at).max(0) as f64 / 1_000.0;
        self.allowance = (self.allowance + seconds * PER_SECOND).min(BURST);
        self.allowance_at = now;
    }

    fn spend(&mut self) -> bool {
        if self.allowance >= 1.0 {
            self.allowance -= 1.0;
            return true;
        }
        false
    }
}

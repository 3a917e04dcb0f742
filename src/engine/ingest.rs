//! A phone's fixes: judged, put where the dispatch looks for them, kept as a track.
//!
//! Invariant: nothing here waits. A fix costs a judgement, a move in the live index and a push to the track's window;
//! the database is written later, apart from it.

mod counters;
mod flow;
mod log;

pub use counters::Counters;
pub(super) use flow::Flow;
pub(super) use log::TrackLog;

use super::{Engine, Inner};
use crate::domain::{
    fix::{RawFix, Reject},
    ids::{DeviceId, UnitId},
    time::UnixMs,
};

/// Live fixes that a phone may send at once.
const BURST: f64 = 20.0;
/// Live fixes per second that a phone may send for long.
const PER_SECOND: f64 = 5.0;

/// Windows of tracks written in one go: bounds how long they keep commands waiting.
const WINDOWS_AT_ONCE: usize = 32;

/// The fixes of one session.
pub struct Stream {
    engine: Engine,
    device: DeviceId,
    flow: Flow,
}

/// What became of the fixes of a frame or request.
#[derive(Debug, Default)]
pub struct Taken {
    /// How many were kept, the one that moved the pin included.
    pub kept: u32,
    /// The refused ones: place in the frame, and why.
    pub refused: Vec<(u32, Reject)>,
    /// How many live ones came too fast and were passed over for a newer one.
    pub conflated: u32,
    /// How many of a tracker were passed over because the crew's phone speaks for the unit.
    pub passed_over: u32,
    /// How many of a tracker were not looked at because its unit is off duty.
    pub off_duty: u32,
}

impl Engine {
    /// Begins to take fixes for a unit. A session that goes on where an older one was knows the unit's pin.
    pub async fn stream(&self, unit: UnitId, device: DeviceId) -> Stream {
        let last = self.position(unit).await.and_then(|p| p.fix);
        Stream { engine: self.clone(), device, flow: Flow::new(unit, true, last, self.now()) }
    }

    /// Writes the tracks, the last places that changed since the last flush, and when trackers were heard.
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
        self.inner.store.save_places(dirty.places).await?;
        self.inner.store.trackers_seen(self.inner.trackers.take_seen()).await
    }
}

impl Stream {
    /// The unit that the fixes are of.
    #[must_use]
    pub const fn unit(&self) -> UnitId {
        self.flow.unit()
    }

    /// The phone that they come from.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// Takes a frame of fixes that the phone sent at `sent_ms` of its own clock. Live ones beyond the rate limit give
    /// way to the newest; a backlog is never limited by rate, only by the size of its frame.
    pub fn take(&mut self, sent_ms: Option<i64>, fixes: &[RawFix], now: UnixMs) -> Taken {
        self.flow.take(&self.engine.inner, sent_ms, fixes, now)
    }

    /// Whether a fix is held back: [`Self::settle`] is to be called from time to time.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.flow.holds()
    }

    /// Judges the fix that was held back, when there is room.
    pub fn settle(&mut self, now: UnixMs) -> Taken {
        self.flow.settle(&self.engine.inner, now)
    }
}

//! What is remembered of a unit's fixes, and when refused ones are believed after all.

use super::{DeviceClock, Fix, Limits, RawFix, Reject, check::implied_speed_mps};
use crate::domain::{place::Place, time::UnixMs};

/// So many refused fixes in a row that agree with each other are believed.
pub const BELIEVED_AFTER: u32 = 3;

/// How many fixes are remembered so as to know one that comes again; the same one has been seen to come 51 times.
const SEEN: usize = 64;

/// What is remembered of the fixes of one unit's position source.
#[derive(Clone, Debug)]
pub struct Track {
    clock: DeviceClock,
    last: Option<Fix>,
    seen: [u64; SEEN],
    seen_next: usize,
    /// The newest device time in `seen`: what is newer needs no search.
    seen_newest_ms: i64,
    row: Option<Row>,
}

/// Refused fixes that agree: each made after the one before, and within reach of it.
#[derive(Clone, Copy, Debug)]
struct Row {
    len: u32,
    first_device_ms: i64,
    first_now: UnixMs,
    last_device_ms: i64,
    last_place: Place,
    /// The least of (received − made by the device's clock) in the row.
    least_lag_ms: i64,
    /// The least of (received − sent by the device's clock) in the row, where frames say so.
    least_sample_ms: Option<i64>,
    about_time: bool,
}

impl Default for Track {
    fn default() -> Self {
        Self::resume(None)
    }
}

impl Track {
    /// The track of a unit whose pin is at `last`.
    #[must_use]
    pub fn resume(last: Option<Fix>) -> Self {
        let mut track = Self {
            clock: DeviceClock::default(),
            last,
            seen: [0; SEEN],
            seen_next: 0,
            seen_newest_ms: i64::MIN,
            row: None,
        };
        if let Some(fix) = last {
            track.remember(fix.device_ms, fix.place);
        }
        track
    }

    /// The last fix that moved the pin.
    #[must_use]
    pub const fn last(&self) -> Option<&Fix> {
        self.last.as_ref()
    }

    /// What is known of the device's clock.
    #[must_use]
    pub const fn clock(&self) -> &DeviceClock {
        &self.clock
    }

    /// A frame came in that was sent at `sent_ms` by the device's clock. To be called before its fixes are judged.
    pub fn hear(&mut self, sent_ms: Option<i64>, now: UnixMs) {
        if self.clock.hear(sent_ms, now) {
            self.forget_seen();
        }
    }

    /// A new session of the device begins: its clock is learned anew, its places are known.
    pub fn new_session(&mut self) {
        self.clock = DeviceClock::default();
    }

    pub(super) fn has_seen(&self, raw: &RawFix) -> bool {
        raw.device_ms <= self.seen_newest_ms && self.seen.contains(&mark(raw.device_ms, raw.lat, raw.lng))
    }

    pub(super) fn keep_history(&mut self, raw: &RawFix, place: Place, now: UnixMs) -> Fix {
        self.remember(raw.device_ms, place);
        Fix::from_raw(raw, place, self.clock.server_time(raw.device_ms).min(now))
    }

    pub(super) fn keep_live(&mut self, raw: &RawFix, place: Place, now: UnixMs) -> Fix {
        let fix = self.keep_history(raw, place, now);
        self.last = Some(fix);
        self.row = None;
        fix
    }

    /// Whether this refused fix completes a row that is believed. If so, what contradicts it is forgotten.
    pub(super) fn believes(&mut self, raw: &RawFix, place: Place, why: &Reject, now: UnixMs, limits: &Limits) -> bool {
        let sample_ms = self.clock.sample_ms(now);
        let row = match self.row {
            Some(row) if raw.device_ms == row.last_device_ms => return false,
            Some(row) if row.agrees(raw, place, why, now, limits) => row.with(raw, place, why, now, sample_ms),
            _ => Row::new(raw, place, why, now, sample_ms),
        };
        self.row = Some(row);
        if row.len < BELIEVED_AFTER {
            return false;
        }
        if row.about_time {
            // Fixes and frames should be dated by one clock. Where they are not, it is the fixes that must fit.
            // One of the row may itself be dated wrongly: the newest speaks for the clock as well as the least does.
            let newest_lag_ms = now.0.saturating_sub(raw.device_ms);
            let near = |ms: i64, lag_ms: i64| ms.abs_diff(lag_ms) <= limits.future_ms.unsigned_abs();
            let by_frames = row.least_sample_ms.filter(|ms| near(*ms, row.least_lag_ms) || near(*ms, newest_lag_ms));
            self.clock.relearn(
                by_frames.unwrap_or(row.least_lag_ms),
                now,
                by_frames.is_none() && row.least_sample_ms.is_some(),
            );
            self.forget_seen();
        }
        true
    }

    fn remember(&mut self, device_ms: i64, place: Place) {
        self.seen[self.seen_next] = mark(device_ms, place.lat(), place.lng());
        self.seen_next = (self.seen_next + 1) % SEEN;
        self.seen_newest_ms = self.seen_newest_ms.max(device_ms);
    }

    fn forget_seen(&mut self) {
        (self.seen, self.seen_newest_ms) = ([0; SEEN], i64::MIN);
    }
}

impl Row {
    fn new(raw: &RawFix, place: Place, why: &Reject, now: UnixMs, sample_ms: Option<i64>) -> Self {
        Self {
            len: 1,
            first_device_ms: raw.device_ms,
            first_now: now,
            last_device_ms: raw.device_ms,
            last_place: place,
            least_lag_ms: now.0.saturating_sub(raw.device_ms),
            least_sample_ms: sample_ms,
            about_time: why.is_about_time(),
        }
    }

    fn with(self, raw: &RawFix, place: Place, why: &Reject, now: UnixMs, sample_ms: Option<i64>) -> Self {
        Self {
            len: self.len.saturating_add(1),
            last_device_ms: raw.device_ms,
            last_place: place,
            least_lag_ms: self.least_lag_ms.min(now.0.saturating_sub(raw.device_ms)),
            least_sample_ms: self.least_sample_ms.zip(sample_ms).map(|(a, b)| a.min(b)),
            about_time: self.about_time || why.is_about_time(),
            ..self
        }
    }

    /// Whether the fix was made after the last of the row, within reach of it, and, where clocks are in doubt, came
    /// in about as slowly as it was made: a backlog that nobody marked comes in a burst, and must not be taken for a
    /// clock that was set.
    fn agrees(&self, raw: &RawFix, place: Place, why: &Reject, now: UnixMs, limits: &Limits) -> bool {
        let took_ms = raw.device_ms.saturating_sub(self.last_device_ms);
        let made_ms = raw.device_ms.saturating_sub(self.first_device_ms);
        let keeps_pace = now.since(self.first_now).saturating_mul(2) >= made_ms;
        took_ms > 0
            && implied_speed_mps(self.last_place, place, took_ms) <= limits.speed_mps
            && (keeps_pace || !(self.about_time || why.is_about_time()))
    }
}

/// A fix's name among those remembered: FNV-1a over its device time and place, never 0.
fn mark(device_ms: i64, lat: f64, lng: f64) -> u64 {
    let mix = |hash: u64, v: u64| (hash ^ v).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29);
    let hash = mix(mix(mix(0xcbf2_9ce4_8422_2325, device_ms.cast_unsigned()), lat.to_bits()), lng.to_bits());
    hash.max(1)
}

//! A reading of a phone's GPS: what it must pass before it may move a unit's pin.
//!
//! Invariant: nothing freezes a unit. A fix that was accepted is never dated after the moment it was received, so a
//! later one can always follow it; and [`BELIEVED_AFTER`] refused fixes that agree with each other are believed, so
//! neither a wrong place nor a wrong clock lasts.

mod check;
mod clock;
mod reject;
mod track;

pub use check::{CHECKS, Check, implied_speed_mps};
pub use clock::DeviceClock;
pub use reject::Reject;
pub use track::{BELIEVED_AFTER, Track};

use super::{place::Place, time::UnixMs};
use serde::{Deserialize, Serialize};

/// A fix as it came over the wire: numbers, nothing checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawFix {
    /// Degrees north; may be anything, NaN too.
    pub lat: f64,
    /// Degrees east; may be anything, NaN too.
    pub lng: f64,
    /// When it was made by the device's clock, Unix milliseconds: the same clock that `sent_ms` of a frame is read from.
    pub device_ms: i64,
    /// Radius of 68 % confidence, metres. Negative means that the device itself calls the place invalid (iOS does).
    pub accuracy_m: Option<f64>,
    /// Speed over ground, metres per second; negative means unknown.
    pub speed_mps: Option<f64>,
    /// Direction of travel, degrees clockwise from north; negative means unknown.
    pub heading_deg: Option<f64>,
    /// Battery, percent.
    pub battery_pct: Option<f64>,
    /// The device says that an app made this place up.
    pub mock: bool,
    /// Kept by the phone through an outage and sent afterwards.
    pub backlog: bool,
}

/// A fix that passed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// Where.
    pub place: Place,
    /// When it was made, by the server's clock; never after the moment it was received.
    pub at: UnixMs,
    /// When it was made by the device's own clock, Unix milliseconds. Names the fix when it is sent again.
    pub device_ms: i64,
    /// Radius of 68 % confidence, metres.
    pub accuracy_m: Option<f32>,
    /// Speed over ground, metres per second.
    pub speed_mps: Option<f32>,
    /// Direction of travel, degrees clockwise from north, under 360.
    pub heading_deg: Option<f32>,
    /// Battery, percent.
    pub battery_pct: Option<u8>,
}

impl Fix {
    /// A fix of which only place and moment are known, as when a dispatcher enters one by radio.
    #[must_use]
    pub const fn at(place: Place, at: UnixMs) -> Self {
        Self { place, at, device_ms: at.0, accuracy_m: None, speed_mps: None, heading_deg: None, battery_pct: None }
    }

    /// The fix that `raw` describes; what is merely odd beside the place (a negative speed) becomes unknown.
    fn from_raw(raw: &RawFix, place: Place, at: UnixMs) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "seven digits are enough for metres and degrees")]
        let known = |v: Option<f64>, max: f64| v.filter(|v| (0.0..=max).contains(v)).map(|v| v as f32);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100 fits")]
        let battery_pct = raw.battery_pct.filter(|v| (0.0..=100.0).contains(v)).map(|v| v.round() as u8);
        Self {
            place,
            at,
            device_ms: raw.device_ms,
            accuracy_m: known(raw.accuracy_m, f64::MAX),
            speed_mps: known(raw.speed_mps, 1_000.0),
            heading_deg: known(raw.heading_deg, 360.0).map(|v| v % 360.0),
            battery_pct,
        }
    }
}

/// What is too much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// A fix dated further ahead of the server than this is refused, milliseconds.
    pub future_ms: i64,
    /// A fix older than this is refused even as backlog, milliseconds.
    pub age_ms: i64,
    /// A fix with a worse radius is refused, metres.
    pub accuracy_m: f64,
    /// Two fixes that need more than this are not of one journey, metres per second.
    pub speed_mps: f64,
    /// Refuse places that an app made up.
    pub refuse_mock: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { future_ms: 30_000, age_ms: 7 * 86_400_000, accuracy_m: 200.0, speed_mps: 70.0, refuse_mock: true }
    }
}

/// What becomes of a fix that passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// The unit is there now: moves the pin, and is kept in the track.
    Live(Fix),
    /// The unit was there: is kept in the track, never moves the pin.
    History(Fix),
}

impl Verdict {
    /// The fix, whatever becomes of it.
    #[must_use]
    pub const fn fix(&self) -> &Fix {
        match self {
            Self::Live(fix) | Self::History(fix) => fix,
        }
    }
}

/// Holds `raw` against [`CHECKS`] in their order, and keeps in `track` what the next fix is to be held against.
///
/// # Errors
/// The first [`Reject`] found, unless the fix is the third of a row that agrees: then it is believed.
pub fn judge(track: &mut Track, raw: &RawFix, now: UnixMs, limits: &Limits) -> Result<Verdict, Reject> {
    let found = {
        let case = check::Case { raw, at: track.clock().server_time(raw.device_ms), now, track, limits };
        CHECKS.iter().filter(|c| c.on_backlog || !raw.backlog).find_map(|c| (c.run)(&case))
    };
    // Only numbers that make a place come further, whatever else is wrong with the fix.
    let Ok(place) = Place::new(raw.lat, raw.lng) else {
        return Err(found.unwrap_or(Reject::NotANumber));
    };
    match found {
        None if raw.backlog => Ok(Verdict::History(track.keep_history(raw, place, now))),
        None => Ok(Verdict::Live(track.keep_live(raw, place, now))),
        Some(reject)
            if !raw.backlog && reject.can_be_believed() && track.believes(raw, place, &reject, now, limits) =>
        {
            Ok(Verdict::Live(track.keep_live(raw, place, now)))
        }
        Some(reject) => Err(reject),
    }
}

#[cfg(test)]
mod tests;

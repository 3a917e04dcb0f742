//! The checks, as one list: the order is the order in which they are tried.

use super::{Limits, RawFix, Reject, Track};
use crate::domain::{place::Place, time::UnixMs};

/// Nearer than this to 0° in both axes (about 11 m) is the island of devices that know nothing, degrees.
const ZERO_ISLAND_DEG: f64 = 1e-4;

/// What a check sees.
pub struct Case<'a> {
    pub(super) raw: &'a RawFix,
    /// The fix's moment by the server's clock, as far as the device's clock is known.
    pub(super) at: UnixMs,
    pub(super) now: UnixMs,
    pub(super) track: &'a Track,
    pub(super) limits: &'a Limits,
}

/// One check.
pub struct Check {
    /// Whether backlog is held against it too: backlog is judged by its own values, not by what came before.
    pub on_backlog: bool,
    /// Finds the reason to refuse, or nothing.
    pub run: fn(&Case<'_>) -> Option<Reject>,
}

const fn always(run: fn(&Case<'_>) -> Option<Reject>) -> Check {
    Check { on_backlog: true, run }
}

const fn live(run: fn(&Case<'_>) -> Option<Reject>) -> Check {
    Check { on_backlog: false, run }
}

/// Everything that a fix must pass, cheapest and surest first.
pub const CHECKS: &[Check] = &[
    always(not_a_number),
    always(out_of_range),
    always(zero_island),
    always(mock),
    always(inaccurate),
    always(duplicate),
    always(future),
    always(too_old),
    live(older),
    live(too_fast),
];

fn not_a_number(c: &Case<'_>) -> Option<Reject> {
    let good = c.raw.lat.is_finite() && c.raw.lng.is_finite() && c.raw.accuracy_m.is_none_or(f64::is_finite);
    (!good).then_some(Reject::NotANumber)
}

fn out_of_range(c: &Case<'_>) -> Option<Reject> {
    let (lat, lng) = (c.raw.lat, c.raw.lng);
    Place::new(lat, lng).is_err().then_some(Reject::OutOfRange { lat, lng })
}

fn zero_island(c: &Case<'_>) -> Option<Reject> {
    (c.raw.lat.abs() < ZERO_ISLAND_DEG && c.raw.lng.abs() < ZERO_ISLAND_DEG).then_some(Reject::ZeroIsland)
}

fn mock(c: &Case<'_>) -> Option<Reject> {
    (c.raw.mock && c.limits.refuse_mock).then_some(Reject::Mock)
}

fn inaccurate(c: &Case<'_>) -> Option<Reject> {
    let accuracy_m = c.raw.accuracy_m?;
    (!(0.0..=c.limits.accuracy_m).contains(&accuracy_m)).then_some(Reject::Inaccurate { accuracy_m })
}

fn duplicate(c: &Case<'_>) -> Option<Reject> {
    c.track.has_seen(c.raw).then_some(Reject::Duplicate)
}

fn future(c: &Case<'_>) -> Option<Reject> {
    let ahead_ms = c.at.since(c.now);
    (ahead_ms > c.limits.future_ms).then_some(Reject::Future { ahead_ms })
}

fn too_old(c: &Case<'_>) -> Option<Reject> {
    let age_ms = c.now.since(c.at);
    (age_ms > c.limits.age_ms).then_some(Reject::TooOld { age_ms })
}

fn older(c: &Case<'_>) -> Option<Reject> {
    let by_ms = c.track.last()?.at.since(c.at.min(c.now));
    (by_ms >= 0).then_some(Reject::Older { by_ms })
}

fn too_fast(c: &Case<'_>) -> Option<Reject> {
    let last = c.track.last()?;
    let place = Place::new(c.raw.lat, c.raw.lng).ok()?;
    let speed_mps = implied_speed_mps(last.place, place, c.at.min(c.now).since(last.at));
    (speed_mps > c.limits.speed_mps).then_some(Reject::TooFast { speed_mps })
}

/// The speed that two fixes imply, metres per second.
///
/// Under a second apart they count as a second apart: there the noise of the GPS is more than the journey.
#[must_use]
pub fn implied_speed_mps(from: Place, to: Place, took_ms: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a difference of moments is far under 2^53 ms")]
    let took_s = took_ms.max(1_000) as f64 / 1_000.0;
    from.distance_m(to) / took_s
}

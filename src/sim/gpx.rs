//! Real tracks from GPX files, to be replayed as a unit's phone.
//!
//! Invariants: a track has two points or more, and its times never go back. Its own noise and gaps are kept: points are
//! moved and its clock is run faster, but none is smoothed, added or left out.

use crate::domain::{place::Place, time::UnixMs};
use std::fmt;

/// A recorded ride.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Where, when, and the horizontal dilution of precision where the receiver gave one.
    pub points: Vec<(Place, UnixMs, Option<f64>)>,
}

/// Why a text is no track.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGpx {
    /// Nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// Cut off, or some other text.
    #[error("the file is not GPX, or was cut off: {0}")]
    NotGpx(String),
    /// Waypoints or routes perhaps, but no recorded ride.
    #[error("the file has {0} track points; a ride needs at least 2")]
    TooShort(usize),
    /// A ride cannot be replayed without its clock.
    #[error("track point {0} has no time")]
    NoTime(usize),
    /// Two rides in one file, or a broken clock. Sorting would invent a ride that nobody made.
    #[error("track point {point} is dated {at}, before the point that it follows ({before})")]
    Backwards {
        /// From 0, over all segments.
        point: usize,
        /// Its time.
        at: UnixMs,
        /// The time of the point before.
        before: UnixMs,
    },
    /// Off the earth.
    #[error("track point {point}: {reason}")]
    OffEarth {
        /// From 0, over all segments.
        point: usize,
        /// Which number, and why.
        reason: String,
    },
}

/// Why a speed-up was refused before anything was sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refused {
    /// Not a number above zero.
    Factor(f64),
    /// The server's fix checks would refuse it as impossible.
    TooFast {
        /// What was asked for.
        factor: f64,
        /// The fastest step at that factor, metres per second.
        speed_mps: f64,
        /// Where that step ends, from 0.
        point: usize,
        /// What the checks allow, metres per second.
        limit_mps: f64,
        /// The largest factor that passes, rounded down to hundredths.
        largest_factor: f64,
    },
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factor(factor) => write!(f, "speed {factor} is not a number above 0"),
            Self::TooFast { factor, speed_mps, point, limit_mps, largest_factor } => write!(
                f,
                "at speed {factor} the step to point {point} makes {speed_mps:.1} m/s, and the fix checks refuse more \
                 than {limit_mps} m/s; the largest speed for this track is {largest_factor:.2}"
            ),
        }
    }
}

impl Track {
    /// Reads the tracks of a GPX text, all segments one after the other.
    ///
    /// # Errors
    /// [`BadGpx`] with what is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, BadGpx> {
        if text.trim().is_empty() {
            return Err(BadGpx::Empty);
        }
        let gpx = gpx::read(text.as_bytes()).map_err(|e| BadGpx::NotGpx(e.to_string()))?;
        let waypoints = gpx.tracks.iter().flat_map(|t| &t.segments).flat_map(|s| &s.points);
        let mut points: Vec<(Place, UnixMs, Option<f64>)> = Vec::new();
        for (point, w) in waypoints.enumerate() {
            let place = Place::new(w.point().y(), w.point().x())
                .map_err(|e| BadGpx::OffEarth { point, reason: e.to_string() })?;
            let time = time::OffsetDateTime::from(w.time.ok_or(BadGpx::NoTime(point))?);
            let ms = i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000));
            let at = UnixMs(ms.expect("the years of a date fit into milliseconds"));
            if let Some(&(_, before, _)) = points.last().filter(|p| p.1 > at) {
                return Err(BadGpx::Backwards { point, at, before });
            }
            points.push((place, at, w.hdop));
        }
        if points.len() < 2 { Err(BadGpx::TooShort(points.len())) } else { Ok(Self { points }) }
    }

    /// The same ride elsewhere: its first point at `origin`, every other at the distance and bearing from it that it had.
    /// That turns the sphere as a whole, so every distance within the track is kept (degrees added would not keep them).
    #[must_use]
    pub fn moved_to(&self, origin: Place) -> Self {
        let Some(&(first, ..)) = self.points.first() else { return self.clone() };
        let moved = |&(place, at, hdop): &(Place, UnixMs, Option<f64>)| {
            (origin.moved(first.bearing_deg(place), first.distance_m(place)), at, hdop)
        };
        Self { points: self.points.iter().map(moved).collect() }
    }

    /// The same ride with its clock run `factor` times as fast, from the same first moment.
    ///
    /// # Errors
    /// [`Refused`] when the factor is not above zero, or when a step would then be faster than `limit_mps`, which the
    /// fix checks take for impossible.
    pub fn sped_up(&self, factor: f64, limit_mps: f64) -> Result<Self, Refused> {
        if !(factor.is_finite() && factor > 0.0) {
            return Err(Refused::Factor(factor));
        }
        let fast = self.at_factor(factor);
        match fast.fastest_step() {
            Some((point, speed_mps)) if speed_mps > limit_mps => {
                let largest_factor = self.largest_factor(limit_mps);
                Err(Refused::TooFast { factor, speed_mps, point, limit_mps, largest_factor })
            }
            _ => Ok(fast),
        }
    }

    /// The fastest step between two points that follow each other, metres per second.
    #[must_use]
    pub fn max_speed_mps(&self) -> f64 {
        self.fastest_step().map_or(0.0, |(_, speed)| speed)
    }

    /// How long the ride takes, milliseconds.
    #[must_use]
    pub fn duration_ms(&self) -> i64 {
        match (self.points.first(), self.points.last()) {
            (Some(first), Some(last)) => last.1.since(first.1),
            _ => 0,
        }
    }

    fn at_factor(&self, factor: f64) -> Self {
        let start = self.points.first().map_or(UnixMs(0), |p| p.1);
        let faster = |at: UnixMs| start.plus((at.since(start) as f64 / factor).round() as i64);
        Self { points: self.points.iter().map(|&(place, at, hdop)| (place, faster(at), hdop)).collect() }
    }

    /// The largest factor, in hundredths, whose steps all pass: rounded moments can make a step a little faster than
    /// the division says, so it is tried.
    fn largest_factor(&self, limit_mps: f64) -> f64 {
        let mut hundredths = (limit_mps / self.max_speed_mps() * 100.0).floor();
        for _ in 0..100 {
            if self.at_factor(hundredths / 100.0).max_speed_mps() <= limit_mps {
                break;
            }
            hundredths -= 1.0;
        }
        (hundredths / 100.0).max(0.0)
    }

    /// The point that the fastest step leads to, and its speed. Two points of one moment make no step: receivers that
    /// write whole seconds and measure twice in one do that, and the checks take the second for a repeat.
    fn fastest_step(&self) -> Option<(usize, f64)> {
        let steps = self.points.windows(2).enumerate().filter_map(|(i, pair)| {
            let [(a, from, _), (b, to, _)] = pair else { return None };
            let ms = to.since(*from);
            (ms > 0).then(|| (i + 1, a.distance_m(*b) * 1_000.0 / ms as f64))
        });
        steps.max_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

#[cfg(test)]
mod tests;

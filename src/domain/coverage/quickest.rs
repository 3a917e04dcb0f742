//! The two units that would be at a place first.
//!
//! Invariant: the answer is that of looking at every unit: the least time, and among equal times the first name. A unit
//! is left out only where its straight line at its greatest speed takes longer than the second best, with a margin above
//! what is lost in rounding.

use crate::domain::{
    ids::UnitId,
    place::{EARTH_RADIUS_M, Place},
    unit::UnitKind,
};

/// A unit, where it is and how fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Which.
    pub unit: UnitId,
    /// Where it is.
    pub place: Place,
    /// What it rides in or on.
    pub kind: UnitKind,
    /// No ride of it takes less than its straight line at this speed, metres per second. Infinite where that is not
    /// known: then each ride is asked for.
    pub fastest_mps: f64,
}

/// A ride to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ride {
    /// The place of the unit in the list that was given.
    pub unit: usize,
    /// How long it takes, milliseconds.
    pub travel_ms: i64,
}

/// The quickest ride, and the one that would be the quickest without that unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quickest {
    /// The least time.
    pub first: Option<Ride>,
    /// The least time of the others.
    pub next: Option<Ride>,
}

/// A ride is left out only where its least time is above the limit by more than this: times are cut off to whole
/// milliseconds, and what is lost in rounding is far below one.
const MARGIN_MS: f64 = 2.0;

/// A place as a vector of length 1.
type Vector = [f64; 3];

fn vector(place: Place) -> Vector {
    let (lat_sin, lat_cos) = place.lat().to_radians().sin_cos();
    let (lng_sin, lng_cos) = place.lng().to_radians().sin_cos();
    [lat_cos * lng_cos, lat_cos * lng_sin, lat_sin]
}

/// A unit as the search looks at it.
pub(super) struct Scout {
    at: Vector,
    /// (Milliseconds for the earth's radius at the greatest speed)², rounded down.
    slowness2: f64,
}

impl Scout {
    pub fn new(of: &Reach) -> Self {
        let slowness = EARTH_RADIUS_M / of.fastest_mps * 1_000.0 * (1.0 - 1e-9);
        Self { at: vector(of.place), slowness2: slowness * slowness }
    }

    /// Whether a ride to a place surely takes longer than a limit (of [`limit2`]): even the chord would, which is shorter
    /// than the arc. A speed of nothing makes a NaN at the unit's own place, which is not late.
    #[inline]
    pub fn is_late(&self, to: Vector, limit2: f64) -> bool {
        let (x, y, z) = (self.at[0] - to[0], self.at[1] - to[1], self.at[2] - to[2]);
        (x * x + y * y + z * z) * self.slowness2 > limit2
    }
}

/// What may still matter: the square of this time and all below.
pub(super) fn limit2(ms: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "rides are far below 2^53 ms")]
    let limit = (ms as f64).max(0.0) + MARGIN_MS;
    limit * limit
}

/// The search, from place to place.
pub(super) struct Search<'a, F> {
    units: &'a [Reach],
    scouts: Vec<Scout>,
    travel_ms: F,
    last: Quickest,
}

impl<'a, F: Fn(&Reach, Place) -> i64> Search<'a, F> {
    pub fn new(units: &'a [Reach], travel_ms: F) -> Self {
        Self { units, scouts: units.iter().map(Scout::new).collect(), travel_ms, last: Quickest::default() }
    }

    /// The quickest two to a place. Fastest where the place before was near: whoever was first there is asked first, and
    /// leaves little to ask the others.
    pub fn to(&mut self, place: Place) -> Quickest {
        let seeds = [self.last.first, self.last.next].map(|ride| ride.map_or(usize::MAX, |ride| ride.unit));
        let (to, mut found) = (vector(place), Quickest::default());
        for unit in seeds.into_iter().filter(|unit| *unit != usize::MAX) {
            self.offer(&mut found, unit, place);
        }
        let mut limit = found.limit2();
        for (unit, scout) in self.scouts.iter().enumerate() {
            if scout.is_late(to, limit) || seeds.contains(&unit) {
                continue;
            }
            self.offer(&mut found, unit, place);
            limit = found.limit2();
        }
        self.last = found;
        found
    }

    fn offer(&self, found: &mut Quickest, unit: usize, place: Place) {
        let ride = Ride { unit, travel_ms: (self.travel_ms)(&self.units[unit], place) };
        let order = |ride: &Ride| (ride.travel_ms, self.units[ride.unit].unit);
        if found.first.is_none_or(|first| order(&ride) < order(&first)) {
            found.next = found.first.replace(ride);
        } else if found.next.is_none_or(|next| order(&ride) < order(&next)) {
            found.next = Some(ride);
        }
    }
}

impl Quickest {
    fn limit2(&self) -> f64 {
        self.next.map_or(f64::INFINITY, |next| limit2(next.travel_ms))
    }
}

/// Whether one of these units is at a place in time; in the order given, the numbers of all that are.
pub(super) fn in_time<F: Fn(&Reach, Place) -> i64>(
    units: &[Reach],
    scouts: &[Scout],
    place: Place,
    within_ms: i64,
    travel_ms: F,
) -> Vec<usize> {
    let (to, limit) = (vector(place), limit2(within_ms));
    let near = scouts.iter().enumerate().filter(|(_, scout)| !scout.is_late(to, limit));
    near.filter(|(unit, _)| travel_ms(&units[*unit], place) <= within_ms).map(|(unit, _)| unit).collect()
}

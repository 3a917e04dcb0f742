//! The search for the nearest `k`, in two steps: a cheap distance that is a little wrong finds who may be among them,
//! and the exact one decides.
//!
//! The cheap one is the chord between unit vectors in `f32`. Invariant: of two places, the one that is nearer by
//! [`Place::distance_m`] has a cheap chord of at most the other's, widened by [`widen`]. Proof: a component is
//! rounded by at most 2⁻²⁵, so each vector is off by √3·2⁻²⁵ and a chord by twice that, 1.04e-7; the arithmetic adds
//! 2.5·2⁻²⁴ of the chord; comparing two doubles both: 2.1e-7 + 3e-7 c; and the haversine itself is off by 4e-8 at
//! worst, at the antipode. [`MARGIN`] and [`PART`] are above these sums. 3e-7 is two metres.

use crate::domain::{
    place::{EARTH_RADIUS_M, Place},
    time::UnixMs,
};

/// A place as a vector of length 1.
pub(super) type Vector = [f32; 3];

const MARGIN: f32 = 3e-7;
const PART: f32 = 4e-7;

/// The vector of a place.
#[expect(clippy::cast_possible_truncation, reason = "the rounding is what the margin is for")]
pub(super) fn vector(place: Place) -> Vector {
    let (lat_sin, lat_cos) = place.lat().to_radians().sin_cos();
    let (lng_sin, lng_cos) = place.lng().to_radians().sin_cos();
    [(lat_cos * lng_cos) as f32, (lat_cos * lng_sin) as f32, lat_sin as f32]
}

/// The square of the cheap chord.
#[inline]
pub(super) fn chord2(a: Vector, b: Vector) -> f32 {
    let (x, y, z) = (a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    x * x + y * y + z * z
}

/// The chord of a distance along the ground, rounded up.
#[expect(clippy::cast_possible_truncation, reason = "rounded up by the factor")]
pub(super) fn chord_of_m(distance_m: f64) -> f32 {
    let half = (distance_m / EARTH_RADIUS_M / 2.0).clamp(0.0, std::f64::consts::FRAC_PI_2);
    (2.0 * half.sin() * (1.0 + 1e-6)) as f32
}

/// The chord beyond which nobody is nearer than one whose cheap chord is `chord`.
fn widen(chord: f32) -> f32 {
    chord + MARGIN + PART * chord
}

/// A moment in steps of 1,024 ms since 2020, which 32 bits can hold until the year 4250. Monotone: a later moment
/// never has an earlier step.
pub(super) fn step(at: UnixMs) -> i32 {
    const FROM: i64 = 1_577_836_800_000 >> 10;
    let step = (at.0 >> 10) - FROM;
    i32::try_from(step).unwrap_or(if step < 0 { i32::MIN } else { i32::MAX })
}

/// Room for searches, kept so that they need not ask for memory.
#[derive(Debug, Default)]
pub(super) struct Room {
    best: Vec<f32>,
    pool: Vec<(f32, u32)>,
}

/// What is asked for, and what was found so far.
pub(super) struct Near<'a> {
    /// From where.
    pub(super) from: Vector,
    /// The step of the oldest moment that is fresh: of that step some are, of later ones all.
    pub(super) fresh_step: i32,
    k: usize,
    /// Whose cheap chord is above this is not among the `k`; and its square, rounded up.
    reach: f32,
    square: f32,
    /// The least `k` cheap squares of those surely fresh, in order.
    best: &'a mut Vec<f32>,
    /// All who may be among the `k`: cheap square, slot.
    pool: &'a mut Vec<(f32, u32)>,
}

impl<'a> Near<'a> {
    /// A search for the `k` nearest to `from` of those made at `fresh_from` or later, within `limit_m`.
    pub(super) fn new(room: &'a mut Room, from: Place, limit_m: f64, k: usize, fresh_from: UnixMs) -> Self {
        room.best.clear();
        room.pool.clear();
        let mut near = Self {
            from: vector(from),
            fresh_step: step(fresh_from),
            k,
            reach: 0.0,
            square: 0.0,
            best: &mut room.best,
            pool: &mut room.pool,
        };
        near.reach_to(chord_of_m(limit_m));
        near
    }

    /// The cheap chord beyond which nobody matters.
    #[inline]
    pub(super) const fn reach(&self) -> f32 {
        self.reach
    }

    /// Its square.
    #[inline]
    pub(super) const fn square(&self) -> f32 {
        self.square
    }

    /// One who may be among the nearest: its cheap square, the step of its fix, its slot.
    #[inline]
    pub(super) fn offer(&mut self, square: f32, at_step: i32, slot: u32) {
        if at_step < self.fresh_step || square > self.square {
            return;
        }
        self.pool.push((square, slot));
        // One made in the very step of the limit may be stale, so it must not narrow the search.
        if at_step > self.fresh_step {
            let place = self.best.iter().rposition(|b| *b <= square).map_or(0, |i| i + 1);
            if place < self.k {
                self.best.truncate(self.k - 1);
                self.best.insert(place, square);
                if self.best.len() == self.k {
                    self.reach_to(self.best[self.k - 1].sqrt());
                }
            }
        }
    }

    /// The slots of all who may be among the nearest.
    pub(super) fn found(&self) -> impl Iterator<Item = u32> + '_ {
        self.pool.iter().filter(|(square, _)| *square <= self.square).map(|(_, slot)| *slot)
    }

    fn reach_to(&mut self, chord: f32) {
        self.reach = widen(chord);
        self.square = self.reach * self.reach * (1.0 + 1e-6);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place() -> impl Strategy<Value = Place> {
        (-1.0..1.0_f64, -180.0..180.0).prop_map(|(z, l)| Place::new(z.asin().to_degrees(), l).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_nearer_place_has_no_wider_chord(
            from in place(), b in (0.0..360.0, 0.0..360.0), d in 0.0..16.8_f64, more in 0.0..3.0_f64,
        ) {
            // Distances from a metre to the antipode, and a second place a trifle farther.
            let near_m = d.exp();
            let (near, far) = (from.moved(b.0, near_m), from.moved(b.1, near_m + more));
            let (near, far) = if from.distance_m(near) <= from.distance_m(far) { (near, far) } else { (far, near) };
            let chord = |p| chord2(vector(from), vector(p)).sqrt();
            prop_assert!(chord(near) <= widen(chord(far)));
            prop_assert!(chord(near) <= widen(chord_of_m(from.distance_m(near))));
        }

        #[test]
        fn steps_keep_the_order(a: i64, b: i64, small in 0_i64..3_000) {
            for (a, b) in [(a, b), (a, a.saturating_add(small))] {
                let (a, b) = (a.min(b), a.max(b));
                prop_assert!(step(UnixMs(a)) <= step(UnixMs(b)));
            }
        }
    }
}

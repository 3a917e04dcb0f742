//! How a vehicle moves: along streets that cross at right angles, at a speed that changes slowly.
//!
//! Invariant: no step is faster than the vehicle's limit, however long the time since the last one.

use super::{chance::gauss, town::offset};
use crate::domain::{place::Place, unit::UnitKind};
use rand::{RngExt, rngs::StdRng};
use std::collections::VecDeque;

/// Streets between two crossings, metres, about.
const BLOCK_M: f64 = 160.0;
/// Legs of a route at most: longer ways have longer blocks.
const LEGS: usize = 60;
/// A patrol looks around: this share of the speed of an urgent ride.
const PATROL_SHARE: f64 = 0.5;
/// How fast speed changes, metres per second squared.
const ACCELERATION: f64 = 2.0;

/// A vehicle on its way.
#[derive(Clone, Debug)]
pub struct Driver {
    kind: UnitKind,
    place: Place,
    heading_deg: f64,
    speed_mps: f64,
    urgent: bool,
    route: VecDeque<Place>,
    /// What this street allows, as a share of the vehicle's speed.
    flow: f64,
}

impl Driver {
    /// A parked vehicle.
    #[must_use]
    pub const fn new(kind: UnitKind, place: Place) -> Self {
        Self { kind, place, heading_deg: 0.0, speed_mps: 0.0, urgent: false, route: VecDeque::new(), flow: 1.0 }
    }

    /// Where it is.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Degrees clockwise from north.
    #[must_use]
    pub const fn heading_deg(&self) -> f64 {
        self.heading_deg
    }

    /// Metres per second.
    #[must_use]
    pub const fn speed_mps(&self) -> f64 {
        self.speed_mps
    }

    /// Whether it has nowhere to go.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.route.is_empty()
    }

    /// What it makes on a free street, metres per second: the domain's figure is that of the straight line, which it
    /// takes for two thirds of this.
    #[must_use]
    pub fn limit_mps(&self) -> f64 {
        let limit = self.kind.straight_line_speed_mps() * 1.5;
        if self.urgent { limit } else { limit * PATROL_SHARE }
    }

    /// Sets out.
    pub fn go(&mut self, to: Place, urgent: bool, rng: &mut StdRng) {
        self.urgent = urgent;
        self.route = streets(self.place, to, rng);
    }

    /// Stops where it is.
    pub fn park(&mut self) {
        self.route.clear();
        self.speed_mps = 0.0;
    }

    /// Drives on for a while.
    pub fn advance(&mut self, seconds: f64, rng: &mut StdRng) {
        let target = if self.route.is_empty() { 0.0 } else { self.limit_mps() * self.flow };
        let change = ACCELERATION * seconds;
        self.speed_mps = target.clamp(self.speed_mps - change, self.speed_mps + change).min(self.limit_mps());
        let mut left_m = self.speed_mps * seconds;
        while let Some(&corner) = self.route.front() {
            let way_m = self.place.distance_m(corner);
            if way_m > 0.1 {
                self.heading_deg = self.place.bearing_deg(corner);
            }
            if way_m > left_m {
                self.place = self.place.moved(self.heading_deg, left_m);
                return;
            }
            left_m -= way_m;
            self.place = corner;
            self.route.pop_front();
            self.flow = (0.8 + gauss(rng).0 * 0.15).clamp(0.4, 1.0);
        }
        self.speed_mps = 0.0;
    }
}

/// A way along streets that cross at right angles, in whatever direction this part of the city lies.
fn streets(from: Place, to: Place, rng: &mut StdRng) -> VecDeque<Place> {
    let (distance_m, grid_deg) = (from.distance_m(to), rng.random_range(0.0..90.0));
    let angle = (from.bearing_deg(to) - grid_deg).to_radians();
    let (ahead_m, aside_m) = (distance_m * angle.cos(), distance_m * angle.sin());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by LEGS")]
    let blocks = ((distance_m / BLOCK_M) as usize).clamp(1, LEGS / 2);
    #[expect(clippy::cast_precision_loss, reason = "few blocks")]
    let steps = blocks as f64;
    let (sin, cos) = f64::sin_cos(grid_deg.to_radians());
    let (mut along, mut across) = (0.0, 0.0);
    let mut route = VecDeque::with_capacity(blocks * 2);
    for _ in 0..blocks {
        for first in [true, false] {
            if first {
                along += ahead_m / steps
            } else {
                across += aside_m / steps
            }
            route.push_back(offset(from, along * cos - across * sin, along * sin + across * cos));
        }
    }
    // The flat sum of the legs is off by centimetres over a city.
    route.pop_back();
    route.push_back(to);
    route
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::chance::dice;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_arrives_and_is_never_too_fast(
            seed in any::<u64>(), bearing in 0.0..360.0, far in 5.0..15_000.0, step in 0.2..5.0, urgent in any::<bool>(),
        ) {
            let mut rng = dice(seed, "drive");
            let home = Place::new(-1.268, 116.832).unwrap();
            let scene = home.moved(bearing, far);
            let mut driver = Driver::new(UnitKind::Motorcycle, home);
            driver.go(scene, urgent, &mut rng);
            let mut took_s = 0.0;
            while !driver.is_there() {
                let before = driver.place();
                driver.advance(step, &mut rng);
                took_s += step;
                prop_assert!(before.distance_m(driver.place()) <= driver.limit_mps() * step + 0.01);
                prop_assert!(took_s < 60.0 + far, "still {} m away", driver.place().distance_m(scene));
            }
            prop_assert!(driver.place().distance_m(scene) < 0.01);
            prop_assert!(driver.speed_mps() == 0.0);
            // Streets are a detour: never more than the two sides of a right angle.
            prop_assert!(took_s * driver.limit_mps() >= far * 0.99);
        }
    }

    #[test]
    fn the_way_is_no_straight_line() {
        let mut rng = dice(5, "drive");
        let home = Place::new(-1.268, 116.832).unwrap();
        let ways: Vec<f64> = (0..50)
            .map(|_| {
                let corners = streets(home, home.moved(45.0, 3_000.0), &mut rng);
                let mut at = home;
                corners.iter().map(|&c| std::mem::replace(&mut at, c).distance_m(c)).sum()
            })
            .collect();
        assert!(ways.iter().all(|m| (2_999.0..4_250.0).contains(m)), "{ways:?}");
        assert!(ways.iter().sum::<f64>() / 50.0 > 3_400.0);
    }
}

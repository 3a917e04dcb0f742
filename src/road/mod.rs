//! How long a ride takes. Today a straight line at the vehicle's usual speed; routing engines take their seat here.
//!
//! Invariant: an estimate never fails and never waits: a dispatch is not held up by a map.

use crate::domain::{place::Place, unit::UnitKind};

/// Where travel times come from.
#[derive(Clone, Debug, Default)]
pub enum Road {
    /// Straight line at [`UnitKind::straight_line_speed_mps`].
    #[default]
    StraightLine,
}

impl Road {
    /// Expected travel time, milliseconds.
    #[must_use]
    pub fn travel_ms(&self, from: Place, to: Place, kind: UnitKind) -> i64 {
        match self {
            Self::StraightLine => {
                #[expect(clippy::cast_possible_truncation, reason = "half the earth on foot is far below 2^53 ms")]
                let ms = (from.distance_m(to) / kind.straight_line_speed_mps() * 1_000.0) as i64;
                ms
            }
        }
    }

    /// No ride of this kind takes less than its straight line at this speed, metres per second. A search may leave out
    /// what would be too slow even so; infinite where that is not known.
    #[must_use]
    pub const fn fastest_mps(&self, kind: UnitKind) -> f64 {
        match self {
            Self::StraightLine => kind.straight_line_speed_mps(),
        }
    }

    /// How the times are found, as the API names it.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::StraightLine => "straight_line",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_motorcycle_needs_about_five_minutes_for_three_kilometres() {
        let from = Place::new(-1.268, 116.832).expect("a place");
        let ms = Road::default().travel_ms(from, from.moved(45.0, 3_000.0), UnitKind::Motorcycle);
        assert!((290_000..310_000).contains(&ms), "{ms}");
    }
}

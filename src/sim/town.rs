//! Where things happen: places of a city, denser around its centres.
//!
//! Invariant: every place drawn lies within the city's boundary, or is one of its centres.

use super::chance::{gauss, weighted};
use crate::domain::{boundary::Boundary, gazetteer::balikpapan, ids::AreaCode, place::Place};
use rand::rngs::StdRng;

/// How often a draw outside the boundary is drawn again before the centre itself is taken.
const DRAWS: usize = 32;
/// How far people and patrols lie around a centre, metres (one deviation per axis).
const SPREAD_M: f64 = 1_500.0;

/// A city, as the simulated see it.
#[derive(Clone, Debug)]
pub struct Town {
    /// Its area.
    pub area: AreaCode,
    boundary: Boundary,
    centres: Vec<(f64, Place)>,
}

impl Town {
    /// A city of this boundary. Centres (weight, place) outside it are left out; without any, its centroid counts.
    #[must_use]
    pub fn new(area: AreaCode, boundary: Boundary, centres: &[(f64, Place)]) -> Self {
        let mut inside: Vec<_> = centres.iter().copied().filter(|c| boundary.contains(c.1)).collect();
        if inside.is_empty() {
            inside.push((1.0, boundary.centroid()));
        }
        Self { area, boundary, centres: inside }
    }

    /// Balikpapan with its six districts; half of its life is in the centre of the city.
    #[must_use]
    pub fn balikpapan() -> Self {
        let area = balikpapan::area();
        let districts = balikpapan::districts();
        #[expect(clippy::cast_precision_loss, reason = "six districts")]
        let share = 0.5 / districts.len() as f64;
        let mut centres: Vec<_> = districts.iter().map(|d| (share, d.centre)).collect();
        centres.push((0.5, area.centre));
        Self::new(area.code, balikpapan::outline(), &centres)
    }

    /// A random place.
    pub fn place(&self, rng: &mut StdRng) -> Place {
        let centre = weighted(rng, &self.centres).copied();
        self.near(centre.unwrap_or_else(|| self.boundary.centroid()), rng)
    }

    /// A random place on the beat of this number: about one of the centres, in turn.
    pub fn on_beat(&self, number: usize, rng: &mut StdRng) -> Place {
        let centre = self.centres.get(number % self.centres.len().max(1)).map(|&(_, centre)| centre);
        self.near(centre.unwrap_or_else(|| self.boundary.centroid()), rng)
    }

    fn near(&self, centre: Place, rng: &mut StdRng) -> Place {
        for _ in 0..DRAWS {
            let (north, east) = gauss(rng);
            let place = offset(centre, north * SPREAD_M, east * SPREAD_M);
            if self.boundary.contains(place) {
                return place;
            }
        }
        centre
    }
}

/// The place so many metres north and east.
pub fn offset(from: Place, north_m: f64, east_m: f64) -> Place {
    from.moved(east_m.atan2(north_m).to_degrees(), north_m.hypot(east_m))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::chance::dice;

    #[test]
    fn places_lie_in_the_city_and_mostly_near_its_centres() {
        let town = Town::balikpapan();
        let (boundary, mut rng) = (balikpapan::outline(), dice(3, "town"));
        let places: Vec<_> = (0..2_000).map(|_| town.place(&mut rng)).collect();
        assert!(places.iter().all(|&p| boundary.contains(p)));
        let central = places.iter().filter(|p| p.distance_m(balikpapan::area().centre) < 3_000.0).count();
        assert!(central > 700, "{central}");
        let mut distinct: Vec<_> = places.iter().map(ToString::to_string).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert!(distinct.len() > 1_900);
    }

    #[test]
    fn a_town_without_a_centre_inside_has_its_centroid() {
        let far = Place::new(45.0, 13.0).unwrap();
        let town = Town::new("BPN".parse().unwrap(), balikpapan::outline(), &[(1.0, far)]);
        let place = town.place(&mut dice(1, "x"));
        assert!(place.distance_m(balikpapan::outline().centroid()) < 15_000.0);
    }
}

//! Where a place belongs: the boundaries of all cities and the districts within them.
//!
//! Invariants: the answer depends on the shapes and codes only, never on the order in which they came; a place in two
//! cities goes to the smallest (a city cut out of a regency is often left inside the regency's outline); a place in none
//! is told apart and never lost.

use super::{
    boundary::{Boundary, distance_to_box_m},
    ids::AreaCode,
    place::{Bounds, Place},
};
use std::collections::HashMap;

/// How many nearby cities are named for a place outside all of them.
pub const NEAREST_NAMED: usize = 3;

/// Which city a place lies in.
#[derive(Clone, Debug, PartialEq)]
pub enum Located {
    /// In this one.
    In(AreaCode),
    /// In none: at sea, or in a gap between borders.
    Outside {
        /// The nearest cities with their distances in metres, nearest first; at most [`NEAREST_NAMED`].
        nearest: Vec<(AreaCode, f64)>,
    },
}

/// The index of the cities' boundaries. Cheap to build anew when one changes: boundaries are shared, not copied.
#[derive(Clone, Debug, Default)]
pub struct Atlas {
    /// Smallest first, ties by code: the first that holds a place is the one.
    cities: Vec<(AreaCode, Boundary)>,
    /// The same order, side by side: five hundred boxes are looked at for every place.
    bounds: Vec<Bounds>,
}

impl Atlas {
    /// The atlas of these cities.
    #[must_use]
    pub fn new(cities: impl IntoIterator<Item = (AreaCode, Boundary)>) -> Self {
        let mut cities: Vec<_> = cities.into_iter().collect();
        cities.sort_by(|(a, x), (b, y)| x.area_m2().total_cmp(&y.area_m2()).then(a.cmp(b)));
        let bounds = cities.iter().map(|(_, b)| b.bounds()).collect();
        Self { cities, bounds }
    }

    /// How many cities it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cities.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cities.is_empty()
    }

    /// The boundary of one city.
    #[must_use]
    pub fn boundary(&self, city: AreaCode) -> Option<&Boundary> {
        self.cities.iter().find(|(code, _)| *code == city).map(|(_, b)| b)
    }

    /// Which city the place lies in, or the nearest ones. Microseconds inside a city, below a millisecond outside.
    #[must_use]
    pub fn locate(&self, place: Place) -> Located {
        let inside =
            self.bounds.iter().zip(&self.cities).find(|(b, (_, city))| b.contains(place) && city.contains(place));
        match inside {
            Some((_, (code, _))) => Located::In(*code),
            None => Located::Outside { nearest: self.nearest(place) },
        }
    }

    /// The cities beside `city` that a place of it is near to, nearest first, ties by code. The distance is what has to
    /// be gone until the other city begins: where its outline holds the place too, as that of a regency around a town
    /// often does, until `city` ends. Looks at every box, and at the edges of those within `within_m`.
    #[must_use]
    pub fn neighbours(&self, city: AreaCode, place: Place, within_m: f64) -> Vec<(AreaCode, f64)> {
        let own = self.holder(city, place);
        let all = (0..self.cities.len()).filter(|at| self.cities[*at].0 != city);
        let begins = all.filter_map(|at| Some((self.cities[at].0, self.begins_m(own, at, place, within_m)?)));
        let mut near: Vec<_> = begins.collect();
        near.sort_by(|(a, x), (b, y)| x.total_cmp(y).then(a.cmp(b)));
        near
    }

    /// Whether `other` is among the [`Self::neighbours`], without a look at the rest of them.
    #[must_use]
    pub fn is_neighbour(&self, city: AreaCode, other: AreaCode, place: Place, within_m: f64) -> bool {
        let other = self.cities.iter().position(|(code, _)| *code == other).filter(|_| city != other);
        other.is_some_and(|at| self.begins_m(self.holder(city, place), at, place, within_m).is_some())
    }

    /// Where a city stands, if the place is in it.
    fn holder(&self, city: AreaCode, place: Place) -> Option<usize> {
        self.cities.iter().position(|(code, shape)| *code == city && shape.contains(place))
    }

    /// How far the city at `at` begins from a place that the city at `own` holds, unless beyond `within_m`.
    fn begins_m(&self, own: Option<usize>, at: usize, place: Place, within_m: f64) -> Option<f64> {
        // A box is never farther away than its city (save for rounding).
        if distance_to_box_m(&self.bounds[at], place) * (1.0 - 1e-9) > within_m {
            return None;
        }
        let other = &self.cities[at].1;
        let begins_m = match own {
            // The smaller of the two has the place.
            Some(own) if own < at && other.contains(place) => self.cities[own].1.border_m(place),
            _ => other.distance_m(place),
        };
        (begins_m <= within_m).then_some(begins_m)
    }

    /// The cities nearest to a place, nearest first, ties by code.
    fn nearest(&self, place: Place) -> Vec<(AreaCode, f64)> {
        let mut by_box: Vec<_> = self.bounds.iter().map(|b| distance_to_box_m(b, place)).zip(&self.cities).collect();
        by_box.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let mut nearest: Vec<(AreaCode, f64)> = Vec::with_capacity(NEAREST_NAMED + 1);
        for (box_m, (code, boundary)) in by_box {
            // A box is never farther away than its city (save for rounding), and the next boxes are farther still.
            if nearest.get(NEAREST_NAMED - 1).is_some_and(|(_, m)| box_m * (1.0 - 1e-9) > *m) {
                break;
            }
            nearest.push((*code, boundary.distance_m(place)));
            nearest.sort_by(|(a, x), (b, y)| x.total_cmp(y).then(a.cmp(b)));
            nearest.truncate(NEAREST_NAMED);
        }
        nearest
    }
}

/// A part of a city with a police station of its own (Polsek).
#[derive(Clone, Debug, PartialEq)]
pub struct District {
    /// The city that it is part of.
    pub city: AreaCode,
    /// The government's code, as in `64.71.01`.
    pub code: String,
    /// As people say it.
    pub name: String,
    /// The middle.
    pub centre: Place,
    /// Its shape, where one is known.
    pub boundary: Option<Boundary>,
}

/// The districts of all cities.
#[derive(Clone, Debug, Default)]
pub struct Districts {
    by_city: HashMap<AreaCode, Vec<District>>,
}

impl Districts {
    /// These districts.
    #[must_use]
    pub fn new(districts: impl IntoIterator<Item = District>) -> Self {
        let mut by_city: HashMap<AreaCode, Vec<District>> = HashMap::new();
        for district in districts {
            by_city.entry(district.city).or_default().push(district);
        }
        by_city.values_mut().for_each(|d| d.sort_by(|a, b| a.code.cmp(&b.code)));
        Self { by_city }
    }

    /// The districts of one city, in code order.
    #[must_use]
    pub fn of(&self, city: AreaCode) -> &[District] {
        self.by_city.get(&city).map_or(&[], Vec::as_slice)
    }

    /// The district of a place that belongs to `city`: the smallest that holds it. Where none does, the nearest centre
    /// among those without a boundary decides; where all have one, the nearest boundary (a sliver between borders).
    /// `None` only when the city has no districts. Ties go to the lowest code.
    #[must_use]
    pub fn district_of(&self, city: AreaCode, place: Place) -> Option<&District> {
        let all = self.of(city);
        let shaped = || all.iter().filter_map(|d| Some((d, d.boundary.as_ref()?)));
        let holding = shaped().filter(|(_, b)| b.contains(place)).map(|(d, b)| (d, b.area_m2()));
        let centres = all.iter().filter(|d| d.boundary.is_none()).map(|d| (d, d.centre.distance_m(place)));
        let shapes = shaped().map(|(d, b)| (d, b.distance_m(place)));
        least(holding).or_else(|| least(centres)).or_else(|| least(shapes))
    }
}

/// The one with the least measure, the first of equals.
fn least<'a>(measured: impl Iterator<Item = (&'a District, f64)>) -> Option<&'a District> {
    measured.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(d, _)| d)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(s: &str) -> AreaCode {
        s.parse().unwrap()
    }

    fn place(lat: f64, lng: f64) -> Place {
        Place::new(lat, lng).unwrap()
    }

    fn square(west: f64, south: f64, side: f64) -> Boundary {
        Boundary::outline(&[(west, south), (west + side, south), (west + side, south + side), (west, south + side)])
            .unwrap()
    }

    #[test]
    fn the_smallest_of_two_wins_and_ties_go_by_code() {
        let (big, small) = ((code("REGENCY"), square(116.0, -2.0, 1.0)), (code("TOWN"), square(116.4, -1.6, 0.2)));
        for cities in [[big.clone(), small.clone()], [small, big]] {
            let atlas = Atlas::new(cities);
            assert_eq!(atlas.locate(place(-1.5, 116.5)), Located::In(code("TOWN")));
            assert_eq!(atlas.locate(place(-1.9, 116.1)), Located::In(code("REGENCY")));
        }
        let twins = Atlas::new([(code("BB"), square(0.0, 0.0, 1.0)), (code("AA"), square(0.0, 0.0, 1.0))]);
        assert_eq!(twins.locate(place(0.5, 0.5)), Located::In(code("AA")));
    }

    #[test]
    fn a_harbour_names_the_nearest_three() {
        let atlas = Atlas::new((0..5).map(|i| (code(&format!("C{i}")), square(f64::from(i), 0.0, 0.5))));
        let Located::Outside { nearest } = atlas.locate(place(0.25, 2.6)) else { panic!("outside") };
        assert_eq!(nearest.iter().map(|n| n.0.as_str()).collect::<Vec<_>>(), ["C2", "C3", "C1"]);
        let metres = [0.1, 0.4, 1.1].map(|deg: f64| deg * 111_195.1);
        assert!(nearest.iter().zip(metres).all(|((_, got), want)| (got - want).abs() < 10.0), "{nearest:?}");
        assert_eq!(Atlas::default().locate(place(0.0, 0.0)), Located::Outside { nearest: vec![] });
    }

    #[test]
    fn neighbours_are_those_that_begin_near_enough() {
        let metre = 1.0 / 111_195.1;
        let cities = ["WEST", "EAST"].map(code).into_iter().zip([square(116.0, 0.0, 0.5), square(116.5, 0.0, 0.5)]);
        // A town in the west whose regency's outline was not cut out.
        let atlas = Atlas::new(cities.chain([(code("TOWN"), square(116.1, 0.1, 0.1))]));
        let near = |city, lat, lng, m| {
            let found = atlas.neighbours(code(city), place(lat, lng), m);
            found.into_iter().map(|(c, m)| (c.to_string(), m.round())).collect::<Vec<_>>()
        };
        let west = 116.5 - 300.0 * metre;
        assert_eq!(near("WEST", 0.0, west, 301.0), [("EAST".to_owned(), 300.0)]);
        assert!(near("WEST", 0.0, west, 299.0).is_empty());
        assert_eq!(near("EAST", 0.3, 116.5 + 120.0 * metre, 500.0), [("WEST".to_owned(), 120.0)]);
        assert!(near("TOWN", 0.15, 116.15, 2_000.0).is_empty(), "in the middle of a town five kilometres wide");
        assert_eq!(near("TOWN", 0.15, 116.1 + 80.0 * metre, 2_000.0), [("WEST".to_owned(), 80.0)]);
        assert_eq!(near("WEST", 0.15, 116.1 - 80.0 * metre, 2_000.0), [("TOWN".to_owned(), 80.0)]);
        assert_eq!(near("WEST", 0.15, 116.15, 1.0), [("TOWN".to_owned(), 0.0)], "a scene that was moved into it");
        assert_eq!(near("NONE", 0.0, west, 301.0).len(), 2, "a city without a boundary has neighbours all the same");
    }

    #[test]
    fn districts_by_shape_then_centre_then_nearest_shape() {
        let district = |no: i32, centre, boundary| District {
            city: code("BPN"),
            code: format!("64.71.0{no}"),
            name: format!("District {no}"),
            centre,
            boundary,
        };
        let shaped = |no, west| district(no, place(0.5, west + 0.5), Some(square(west, 0.0, 1.0)));
        let found = |districts: &Districts, lat, lng| {
            districts.district_of(code("BPN"), place(lat, lng)).map(|d| d.code.clone()).unwrap()
        };
        let all = Districts::new([
            shaped(2, 1.0),
            shaped(1, 0.0),
            district(3, place(0.5, 0.95), Some(square(0.9, 0.4, 0.2))),
        ]);
        assert_eq!(found(&all, 0.5, 0.2), "64.71.01");
        assert_eq!(found(&all, 0.5, 0.95), "64.71.03", "in 01 and 03: the smallest");
        assert_eq!(found(&all, 0.5, 2.1), "64.71.02", "a sliver goes to the nearest shape");
        assert_eq!(all.of(code("BPN")).len(), 3);
        let mixed =
            Districts::new([shaped(1, 0.0), district(2, place(0.0, 5.0), None), district(3, place(0.0, 9.0), None)]);
        assert_eq!(found(&mixed, 0.5, 0.5), "64.71.01");
        assert_eq!(found(&mixed, 0.5, 1.01), "64.71.02", "what no shape holds lies in a district without one");
        assert_eq!(found(&mixed, 0.5, 8.0), "64.71.03");
        assert_eq!(mixed.district_of(code("SMD"), place(0.5, 0.5)), None);
    }

    proptest! {
        #[test]
        fn agrees_with_brute_force(
            squares in prop::collection::vec((100.0f64..106.0, -6.0f64..0.0, 0.05f64..2.0), 0..25),
            at in prop::collection::vec((-7.0f64..1.0, 99.0f64..108.0), 20),
        ) {
            let cities: Vec<_> = (0..).zip(&squares).map(|(i, &(w, s, d))| (code(&format!("C{i:02}")), square(w, s, d))).collect();
            let atlas = Atlas::new(cities.clone());
            for p in at.into_iter().map(|(lat, lng)| place(lat, lng)) {
                let smallest = cities.iter().filter(|(_, b)| b.contains(p))
                    .min_by(|(a, x), (b, y)| x.area_m2().total_cmp(&y.area_m2()).then(a.cmp(b)));
                let mut by_distance: Vec<_> = cities.iter().map(|(c, b)| (*c, b.distance_m(p))).collect();
                by_distance.sort_by(|(a, x), (b, y)| x.total_cmp(y).then(a.cmp(b)));
                by_distance.truncate(NEAREST_NAMED);
                let want = smallest.map_or(Located::Outside { nearest: by_distance }, |(c, _)| Located::In(*c));
                prop_assert_eq!(atlas.locate(p), want);
                let Some((own, shape)) = smallest else { continue };
                let begins_m = |b: &Boundary| if b.contains(p) { shape.border_m(p) } else { b.distance_m(p) };
                let mut near: Vec<_> = cities.iter().filter(|(c, _)| c != own).map(|(c, b)| (*c, begins_m(b))).collect();
                near.retain(|(_, m)| *m <= 20_000.0);
                near.sort_by(|(a, x), (b, y)| x.total_cmp(y).then(a.cmp(b)));
                for (c, _) in &cities {
                    prop_assert_eq!(atlas.is_neighbour(*own, *c, p, 20_000.0), near.iter().any(|(n, _)| n == c));
                }
                prop_assert_eq!(atlas.neighbours(*own, p, 20_000.0), near);
            }
        }
    }
}

//! Points on the earth, parsed at the door.
//!
//! Invariant: a [`Place`] is finite, with latitude in ±90° and longitude in ±180°. Sigap writes (lat, lng) everywhere;
//! GeoJSON and the `geo` crate write (lng, lat), and the two meet only in `domain::area`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Mean earth radius, metres (IUGG R1).
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A point in degrees, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(try_from = "RawPlace")]
pub struct Place {
    lat: f64,
    lng: f64,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawPlace {
    lat: f64,
    lng: f64,
}

impl TryFrom<RawPlace> for Place {
    type Error = InvalidPlace;

    fn try_from(raw: RawPlace) -> Result<Self, Self::Error> {
        Self::new(raw.lat, raw.lng)
    }
}

/// Why a pair of numbers is no place.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{value} is not a {axis}: {reason}")]
pub struct InvalidPlace {
    /// The number that was given.
    pub value: f64,
    /// `latitude` or `longitude`.
    pub axis: &'static str,
    /// What a good one looks like.
    pub reason: &'static str,
}

impl Place {
    /// A place from degrees.
    ///
    /// # Errors
    /// [`InvalidPlace`] when a number is NaN, infinite or out of range.
    pub fn new(lat: f64, lng: f64) -> Result<Self, InvalidPlace> {
        let check = |value: f64, limit: f64, axis, reason| {
            if value.is_finite() && value.abs() <= limit { Ok(()) } else { Err(InvalidPlace { value, axis, reason }) }
        };
        check(lat, 90.0, "latitude", "it must be a number from -90 to 90")?;
        check(lng, 180.0, "longitude", "it must be a number from -180 to 180")?;
        Ok(Self { lat, lng })
    }

    /// Latitude, degrees north.
    #[must_use]
    pub const fn lat(self) -> f64 {
        self.lat
    }

    /// Longitude, degrees east.
    #[must_use]
    pub const fn lng(self) -> f64 {
        self.lng
    }

    /// Great-circle distance, metres (haversine on a sphere of [`EARTH_RADIUS_M`]).
    #[must_use]
    pub fn distance_m(self, other: Self) -> f64 {
        let (p1, p2) = (self.lat.to_radians(), other.lat.to_radians());
        let dp = (other.lat - self.lat).to_radians();
        let dl = (other.lng - self.lng).to_radians();
        let h = (dp / 2.0).sin().powi(2) + p1.cos() * p2.cos() * (dl / 2.0).sin().powi(2);
        2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
    }

    /// The place reached from here over `distance_m` metres in direction `bearing_deg` (0 north, 90 east).
    #[must_use]
    pub fn moved(self, bearing_deg: f64, distance_m: f64) -> Self {
        let (d, b) = (distance_m / EARTH_RADIUS_M, bearing_deg.to_radians());
        let (p, l) = (self.lat.to_radians(), self.lng.to_radians());
        let lat = (p.sin() * d.cos() + p.cos() * d.sin() * b.cos()).clamp(-1.0, 1.0).asin();
        let lng = l + (b.sin() * d.sin() * p.cos()).atan2(d.cos() - p.sin() * lat.sin());
        let lng = (lng.to_degrees() + 540.0).rem_euclid(360.0) - 180.0;
        Self { lat: lat.to_degrees(), lng }
    }

    /// Direction from here to `other`, degrees clockwise from north, 0 to 360.
    #[must_use]
    pub fn bearing_deg(self, other: Self) -> f64 {
        let (p1, p2) = (self.lat.to_radians(), other.lat.to_radians());
        let dl = (other.lng - self.lng).to_radians();
        let y = dl.sin() * p2.cos();
        let x = p1.cos() * p2.sin() - p1.sin() * p2.cos() * dl.cos();
        y.atan2(x).to_degrees().rem_euclid(360.0)
    }
}

impl fmt::Display for Place {
    /// `lat,lng` with five decimals, which is about one metre.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.5},{:.5}", self.lat, self.lng)
    }
}

impl std::str::FromStr for Place {
    type Err = String;

    /// Reads `LAT,LNG`, as the command line takes it.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (lat, lng) = s.split_once(',').ok_or("expected LAT,LNG, as in -1.268,116.832")?;
        let number = |t: &str| t.trim().parse::<f64>().map_err(|_| format!("{t:?} is not a number"));
        Self::new(number(lat)?, number(lng)?).map_err(|e| e.to_string())
    }
}

/// A box on the map, degrees. Its west may be east of its east: then it lies across the antimeridian.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Least latitude.
    pub south: f64,
    /// Where it begins, going east.
    pub west: f64,
    /// Greatest latitude.
    pub north: f64,
    /// Where it ends, going east.
    pub east: f64,
}

impl Bounds {
    /// Whether a place is inside or on the edge. A box with a NaN holds nothing.
    #[must_use]
    pub fn contains(&self, place: Place) -> bool {
        let across = self.west > self.east;
        let (past_west, before_east) = (place.lng >= self.west, place.lng <= self.east);
        (self.south..=self.north).contains(&place.lat)
            && if across { past_west || before_east } else { past_west && before_east }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_no_place() {
        for (lat, lng) in [(f64::NAN, 0.0), (0.0, f64::INFINITY), (90.1, 0.0), (0.0, -180.1)] {
            assert!(Place::new(lat, lng).is_err(), "{lat},{lng}");
        }
        assert!(serde_json::from_str::<Place>(r#"{"lat":91,"lng":0}"#).is_err());
    }

    #[test]
    fn a_box_may_lie_across_the_antimeridian() {
        let across = Bounds { south: -10.0, west: 170.0, north: 10.0, east: -170.0 };
        let holds = |lat, lng| across.contains(Place::new(lat, lng).unwrap());
        assert!(holds(0.0, 175.0) && holds(0.0, -175.0) && holds(10.0, 180.0));
        assert!(!holds(0.0, 0.0) && !holds(11.0, 175.0) && !holds(0.0, 169.0));
    }

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let (a, b) = (Place::new(-1.0, 116.8).unwrap(), Place::new(-2.0, 116.8).unwrap());
        assert!((a.distance_m(b) - 111_195.1).abs() < 1.0);
    }

    proptest! {
        #[test]
        fn moving_goes_as_far_as_asked(lat in -80.0..80.0, lng in -180.0..180.0, b in 0.0..360.0, d in 1.0..50_000.0) {
            let from = Place::new(lat, lng).unwrap();
            let to = from.moved(b, d);
            prop_assert!(Place::new(to.lat(), to.lng()).is_ok());
            prop_assert!((from.distance_m(to) - d).abs() < 0.01 + d * 1e-6);
            let turn = (from.bearing_deg(to) - b + 540.0).rem_euclid(360.0) - 180.0;
            prop_assert!(turn.abs() < 0.01);
        }
    }
}

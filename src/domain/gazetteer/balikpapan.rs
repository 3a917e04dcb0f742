//! Balikpapan as the demo shows it: an outline to two or three decimals, six districts by their centres, and stations.
//!
//! The outline and the centres are coarse facts. The stations' places are *not* facts: no trusted source gives them, so
//! each is put at the centre of its district and says `(demo)` in its name, until somebody enters the true one.

use super::{CityPreset, at, city};
use crate::domain::{area::Area, atlas::District, boundary::Boundary, ids::AreaCode, place::Place};

/// The outline, (lng, lat).
const OUTLINE: &[(f64, f64)] = &[
    (116.848, -1.014),
    (116.839, -1.048),
    (116.902, -1.063),
    (116.931, -1.110),
    (117.001, -1.125),
    (117.023, -1.141),
    (117.001, -1.200),
    (116.936, -1.252),
    (116.884, -1.277),
    (116.811, -1.282),
    (116.816, -1.259),
    (116.808, -1.225),
    (116.799, -1.215),
    (116.783, -1.212),
    (116.789, -1.174),
    (116.780, -1.147),
    (116.744, -1.107),
    (116.729, -1.102),
    (116.742, -1.072),
    (116.783, -1.043),
    (116.824, -1.022),
];

/// Official code, name, and centre (lat, lng) of each district.
const DISTRICTS: &[(&str, &str, (f64, f64))] = &[
    ("64.71.01", "Balikpapan Timur", (-1.175, 116.961)),
    ("64.71.02", "Balikpapan Barat", (-1.114, 116.812)),
    ("64.71.03", "Balikpapan Utara", (-1.159, 116.880)),
    ("64.71.04", "Balikpapan Tengah", (-1.252, 116.838)),
    ("64.71.05", "Balikpapan Selatan", (-1.246, 116.893)),
    ("64.71.06", "Balikpapan Kota", (-1.268, 116.832)),
];

/// A police station.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// The city that it is in.
    pub city: AreaCode,
    /// As people say it.
    pub name: String,
    /// The official code of its district; `None` for the city's headquarters.
    pub district: Option<String>,
    /// Where it stands.
    pub place: Place,
}

fn preset() -> &'static CityPreset {
    city("64.71").expect("a test finds it in the table")
}

/// The city.
#[must_use]
pub fn area() -> Area {
    preset().city()
}

/// Its outline, coarse.
#[must_use]
pub fn outline() -> Boundary {
    Boundary::outline(OUTLINE).expect("a test builds it")
}

/// Its districts. Without boundaries: the nearest centre decides.
#[must_use]
pub fn districts() -> Vec<District> {
    let city = area().code;
    let district = |&(code, name, centre): &(&str, &str, _)| District {
        city,
        code: code.to_owned(),
        name: name.to_owned(),
        centre: at(centre),
        boundary: None,
    };
    DISTRICTS.iter().map(district).collect()
}

/// Stations for demos, labelled so: one at the centre of each district, the headquarters at that of Balikpapan Kota.
#[must_use]
pub fn stations() -> Vec<Station> {
    let headquarters = DISTRICTS.last().map(|&(.., centre)| Station {
        city: area().code,
        name: "Polresta Balikpapan (demo)".to_owned(),
        district: None,
        place: at(centre),
    });
    let of_district = |d: District| Station {
        city: d.city,
        name: format!("Polsek {} (demo)", d.name),
        place: d.centre,
        district: Some(d.code),
    };
    headquarters.into_iter().chain(districts().into_iter().map(of_district)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::atlas::Districts;

    #[test]
    fn the_outline_is_about_as_large_as_the_city() {
        // 509 km² by the city's own figure.
        let km2 = outline().area_m2() / 1e6;
        assert!((480.0..540.0).contains(&km2), "{km2}");
        let b = outline().bounds();
        assert_eq!((b.west, b.east, b.south, b.north), (116.729, 117.023, -1.282, -1.014));
        assert!(outline().contains(area().centre));
    }

    #[test]
    fn every_district_and_station_lies_in_the_city() {
        let (outline, districts) = (outline(), Districts::new(districts()));
        assert_eq!(districts.of(area().code).len(), 6);
        for d in districts.of(area().code) {
            assert!(outline.contains(d.centre), "{}", d.name);
            assert_eq!(districts.district_of(area().code, d.centre), Some(d));
        }
        let stations = stations();
        assert_eq!(stations.len(), 7);
        assert!(stations.iter().all(|s| s.name.ends_with("(demo)") && outline.contains(s.place)));
    }
}

//! What is known of Indonesia without asking anyone: provinces, their police regions and time zones, a few cities.
//!
//! Facts as data. Official codes are those of the Ministry of Home Affairs (Kemendagri); a region's centre is the seat
//! of its Polda to about a kilometre, where its map opens. All of it can be edited once it is stored.

pub mod balikpapan;

use super::{
    area::{Area, DEFAULT_AID_M, Level, OfferMode, Targets},
    ids::AreaCode,
    place::Place,
    time::Zone,
};

/// A province and the police region (Polda) that serves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Province {
    /// Two digits, as in `64`.
    pub official: &'static str,
    /// As people say it.
    pub name: &'static str,
    /// The Polda's short name, which is its area code here.
    pub polda: &'static str,
    /// Official time.
    pub zone: Zone,
    /// Where the Polda sits: latitude, longitude.
    pub seat: (f64, f64),
}

const fn p(official: &'static str, polda: &'static str, zone: Zone, seat: (f64, f64), name: &'static str) -> Province {
    Province { official, name, polda, zone, seat }
}

use Zone::{Wib, Wit, Wita};

/// The 38 provinces, in code order.
pub const PROVINCES: &[Province] = &[
    p("11", "ACEH", Wib, (5.55, 95.32), "Aceh"),
    p("12", "SUMUT", Wib, (3.59, 98.67), "Sumatera Utara"),
    p("13", "SUMBAR", Wib, (-0.95, 100.36), "Sumatera Barat"),
    p("14", "RIAU", Wib, (0.51, 101.45), "Riau"),
    p("15", "JAMBI", Wib, (-1.61, 103.61), "Jambi"),
    p("16", "SUMSEL", Wib, (-2.98, 104.76), "Sumatera Selatan"),
    p("17", "BENGKULU", Wib, (-3.80, 102.27), "Bengkulu"),
    p("18", "LAMPUNG", Wib, (-5.43, 105.26), "Lampung"),
    p("19", "BABEL", Wib, (-2.13, 106.11), "Kepulauan Bangka Belitung"),
    p("21", "KEPRI", Wib, (1.12, 104.11), "Kepulauan Riau"),
    p("31", "METRO", Wib, (-6.22, 106.81), "Daerah Khusus Jakarta"),
    p("32", "JABAR", Wib, (-6.94, 107.70), "Jawa Barat"),
    p("33", "JATENG", Wib, (-6.99, 110.42), "Jawa Tengah"),
    p("34", "DIY", Wib, (-7.80, 110.37), "Daerah Istimewa Yogyakarta"),
    p("35", "JATIM", Wib, (-7.32, 112.73), "Jawa Timur"),
    p("36", "BANTEN", Wib, (-6.12, 106.15), "Banten"),
    p("51", "BALI", Wita, (-8.66, 115.22), "Bali"),
    p("52", "NTB", Wita, (-8.58, 116.10), "Nusa Tenggara Barat"),
    p("53", "NTT", Wita, (-10.17, 123.60), "Nusa Tenggara Timur"),
    p("61", "KALBAR", Wib, (-0.03, 109.33), "Kalimantan Barat"),
    p("62", "KALTENG", Wib, (-2.21, 113.92), "Kalimantan Tengah"),
    p("63", "KALSEL", Wita, (-3.32, 114.59), "Kalimantan Selatan"),
    p("64", "KALTIM", Wita, (-1.26, 116.83), "Kalimantan Timur"),
    p("65", "KALTARA", Wita, (2.84, 117.37), "Kalimantan Utara"),
    p("71", "SULUT", Wita, (1.47, 124.84), "Sulawesi Utara"),
    p("72", "SULTENG", Wita, (-0.90, 119.87), "Sulawesi Tengah"),
    p("73", "SULSEL", Wita, (-5.14, 119.42), "Sulawesi Selatan"),
    p("74", "SULTRA", Wita, (-3.98, 122.52), "Sulawesi Tenggara"),
    p("75", "GORONTALO", Wita, (0.54, 123.06), "Gorontalo"),
    p("76", "SULBAR", Wita, (-2.68, 118.89), "Sulawesi Barat"),
    p("81", "MALUKU", Wit, (-3.70, 128.18), "Maluku"),
    p("82", "MALUT", Wit, (0.79, 127.38), "Maluku Utara"),
    p("91", "PAPUA", Wit, (-2.54, 140.70), "Papua"),
    p("92", "PAPBAR", Wit, (-0.86, 134.06), "Papua Barat"),
    p("93", "PAPSEL", Wit, (-8.49, 140.40), "Papua Selatan"),
    p("94", "PAPTENG", Wit, (-3.37, 135.50), "Papua Tengah"),
    p("95", "PAPEG", Wit, (-4.10, 138.95), "Papua Pegunungan"),
    p("96", "PBD", Wit, (-0.88, 131.26), "Papua Barat Daya"),
];

/// Cities that another province's Polda serves: Polda Metro Jaya reaches beyond Jakarta.
const SERVED_FROM_ELSEWHERE: &[(&str, &str)] =
    &[("32.16", "31"), ("32.75", "31"), ("32.76", "31"), ("36.71", "31"), ("36.74", "31")];

/// A city that is known by a short code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CityPreset {
    /// Its area code, as in `BPN`.
    pub short: &'static str,
    /// The government's code, as in `64.71`.
    pub official: &'static str,
    /// As people say it.
    pub name: &'static str,
    /// Latitude, longitude.
    pub centre: (f64, f64),
    /// Arrival within this many minutes, where the city has said so.
    pub target_min: Option<i64>,
}

/// The cities known by a short code.
pub const CITIES: &[CityPreset] = &[
    CityPreset {
        short: "PBM",
        official: "16.74",
        name: "Kota Prabumulih",
        centre: (-3.369, 104.308),
        target_min: None,
    },
    CityPreset {
        short: "KDS",
        official: "33.19",
        name: "Kabupaten Kudus",
        centre: (-6.806, 110.842),
        target_min: None,
    },
    CityPreset {
        short: "TGS",
        official: "36.74",
        name: "Kota Tangerang Selatan",
        centre: (-6.322, 106.708),
        target_min: None,
    },
    CityPreset {
        short: "BPN",
        official: "64.71",
        name: "Kota Balikpapan",
        centre: (-1.276, 116.828),
        target_min: Some(10),
    },
];

impl Province {
    /// The area code of its Polda.
    #[must_use]
    pub fn region_code(&self) -> AreaCode {
        self.polda.parse().expect("a test parses every code of the table")
    }

    /// The police region as an area below the nation.
    #[must_use]
    pub fn region(&self) -> Area {
        let name = if self.official == "31" { "Metro Jaya" } else { self.name };
        Area {
            code: self.region_code(),
            parent: Some(nation_code()),
            level: Level::Region,
            name: format!("Polda {name}"),
            official_code: Some(self.official.to_owned()),
            zone: self.zone,
            centre: at(self.seat),
            offers: OfferMode::Auto,
            aid_m: DEFAULT_AID_M,
            targets: Targets::default(),
        }
    }
}

impl CityPreset {
    /// The city as an area of its region, offering by itself.
    #[must_use]
    pub fn city(&self) -> Area {
        let here = province(self.official).expect("a test finds the province of every preset");
        Area {
            code: self.short.parse().expect("a test parses every code of the table"),
            parent: Some(serving_province(self.official).unwrap_or(here).region_code()),
            level: Level::City,
            name: self.name.to_owned(),
            official_code: Some(self.official.to_owned()),
            zone: here.zone,
            centre: at(self.centre),
            offers: OfferMode::Auto,
            aid_m: DEFAULT_AID_M,
            targets: self.target_min.map_or_else(Targets::default, |min| Targets([min * 60_000; 4])),
        }
    }
}

/// The province that an official code lies in: `64`, `64.71` and `64.71.01` are all in Kalimantan Timur.
#[must_use]
pub fn province(official: &str) -> Option<&'static Province> {
    let head = official.split('.').next()?;
    PROVINCES.iter().find(|p| p.official == head)
}

/// The province whose Polda serves a city; mostly its own.
#[must_use]
pub fn serving_province(official: &str) -> Option<&'static Province> {
    let elsewhere = SERVED_FROM_ELSEWHERE.iter().find(|(city, _)| *city == official);
    province(elsewhere.map_or(official, |(_, by)| by))
}

/// The preset of a city by its official code.
#[must_use]
pub fn city(official: &str) -> Option<&'static CityPreset> {
    CITIES.iter().find(|c| c.official == official)
}

/// `ID`.
#[must_use]
pub fn nation_code() -> AreaCode {
    "ID".parse().expect("two capitals")
}

/// The root of the tree: Mabes Polri.
#[must_use]
pub fn nation() -> Area {
    Area {
        code: nation_code(),
        parent: None,
        level: Level::Nation,
        name: "Mabes Polri".to_owned(),
        official_code: None,
        zone: Zone::Wib,
        centre: at((-2.5, 118.0)),
        offers: OfferMode::Auto,
        aid_m: DEFAULT_AID_M,
        targets: Targets::default(),
    }
}

fn at((lat, lng): (f64, f64)) -> Place {
    Place::new(lat, lng).expect("a test places every row of the tables")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_row_becomes_an_area() {
        assert_eq!(PROVINCES.len(), 38);
        let regions: Vec<_> = PROVINCES.iter().map(Province::region).collect();
        let cities: Vec<_> = CITIES.iter().map(CityPreset::city).collect();
        let codes: HashSet<_> = regions.iter().chain(&cities).map(|a| a.code).chain([nation().code]).collect();
        assert_eq!(codes.len(), 38 + CITIES.len() + 1, "no code twice");
        assert!(PROVINCES.is_sorted_by(|a, b| a.official < b.official));
        let in_indonesia =
            |a: &Area| (-11.0..=6.0).contains(&a.centre.lat()) && (95.0..=141.0).contains(&a.centre.lng());
        assert!(regions.iter().chain(&cities).all(in_indonesia));
        assert!(cities.iter().all(|c| regions.iter().any(|r| Some(r.code) == c.parent)));
    }

    #[test]
    fn time_zones_follow_the_law_of_1987_and_its_daughters() {
        let zones = |zone| PROVINCES.iter().filter(|p| p.zone == zone).map(|p| p.official).collect::<Vec<_>>();
        assert_eq!(zones(Wita), ["51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"]);
        assert_eq!(zones(Wit), ["81", "82", "91", "92", "93", "94", "95", "96"]);
        assert_eq!(zones(Wib).len(), 18);
    }

    #[test]
    fn codes_lead_to_their_region() {
        assert_eq!(province("64.71.01").unwrap().polda, "KALTIM");
        assert_eq!(city("64.71").unwrap().city().code.as_str(), "BPN");
        assert_eq!(city("36.74").unwrap().city().parent.unwrap().as_str(), "METRO");
        assert_eq!(serving_province("36.03").unwrap().polda, "BANTEN");
        assert_eq!((province("99.01"), province(""), city("64.72")), (None, None, None));
    }
}

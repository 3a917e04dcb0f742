//! Fleets that look like real ones: half of the units busy, all moving like vehicles in a town.

use crate::common::Random;
use sigap::domain::{ids::UnitId, place::Place, time::UnixMs};

/// South, west, north, east.
pub type Corners = [f64; 4];
/// Kota Balikpapan's box.
pub const BALIKPAPAN: Corners = [-1.28, 116.73, -1.01, 117.02];
/// Jakarta with its neighbours.
pub const JAKARTA: Corners = [-6.65, 106.45, -6.0, 107.15];
/// From Sabang to Merauke.
const INDONESIA: Corners = [-11.0, 95.0, 6.0, 141.0];

/// Where a fleet is.
#[derive(Clone, Copy, Debug)]
pub enum Region {
    /// Evenly in a box.
    Box(Corners),
    /// Around 514 towns strewn over Indonesia.
    Cities,
}

/// Units by number.
#[derive(Debug)]
pub struct Fleet {
    pub ids: Vec<UnitId>,
    pub places: Vec<Place>,
    pub free: Vec<bool>,
    pub now: UnixMs,
    headings: Vec<f64>,
    towns: Vec<Corners>,
}

impl Fleet {
    pub fn new(region: Region, n: usize, random: &mut Random) -> Self {
        let towns = match region {
            Region::Box(corners) => vec![corners],
            Region::Cities => (0..514)
                .map(|_| {
                    let middle = anywhere(INDONESIA, random);
                    [middle.lat() - 0.1, middle.lng() - 0.1, middle.lat() + 0.1, middle.lng() + 0.1]
                })
                .collect(),
        };
        Self {
            ids: (0..n).map(id).collect(),
            places: (0..n).map(|_| anywhere(towns[random.below(towns.len())], random)).collect(),
            free: (0..n).map(|_| random.below(2) == 0).collect(),
            now: UnixMs(1_790_000_000_000),
            headings: (0..n).map(|_| random.within(0.0, 360.0)).collect(),
            towns,
        }
    }

    /// A second of driving: 5 to 20 m, turning now and then.
    pub fn drive(&mut self, i: usize, random: &mut Random) -> Place {
        if random.below(10) == 0 {
            self.headings[i] += random.within(-90.0, 90.0);
        }
        self.places[i] = self.places[i].moved(self.headings[i], random.within(5.0, 20.0));
        self.places[i]
    }

    /// A place where a report may come from.
    pub fn somewhere(&self, random: &mut Random) -> Place {
        anywhere(self.towns[random.below(self.towns.len())], random)
    }
}

fn anywhere([south, west, north, east]: Corners, random: &mut Random) -> Place {
    Place::new(random.within(south, north), random.within(west, east)).expect("corners are on the earth")
}

pub fn id(i: usize) -> UnitId {
    let letter = char::from(b'A' + u8::try_from(i / 10_000).expect("at most 260,000 units"));
    format!("BPN-M{letter}{}", i % 10_000).parse().expect("a call sign")
}

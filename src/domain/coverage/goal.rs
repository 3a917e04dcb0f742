//! What coverage is held against: the promise for a scene at a place.
//!
//! Invariant: it is the promise that an incident of this priority would begin under there: the band is that of the
//! distance from the city's nearest station.

use crate::domain::{
    incident::Priority,
    place::Place,
    sla::policy::{Band, Rules},
};

/// The promise for a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    /// From the first ring to the first unit on scene, milliseconds.
    pub target_ms: i64,
    /// What of it a crew may take to set out, milliseconds.
    pub turnout_ms: i64,
}

impl From<Band> for Goal {
    fn from(band: Band) -> Self {
        Self { target_ms: band.target_ms, turnout_ms: band.budgets().turnout_ms }
    }
}

impl Goal {
    /// The longest ride that is within the target, milliseconds.
    #[must_use]
    pub const fn travel_ms(self) -> i64 {
        self.target_ms - self.turnout_ms
    }
}

/// What a city promises for one priority.
#[derive(Clone, Debug)]
pub struct Goals {
    rules: Rules,
    priority: Priority,
    stations: Vec<Place>,
}

impl Goals {
    /// By these rules; stations matter where the rules ask for the distance.
    #[must_use]
    pub const fn new(rules: Rules, priority: Priority, stations: Vec<Place>) -> Self {
        Self { rules, priority, stations }
    }

    /// The promise next to a station.
    #[must_use]
    pub fn nearby(&self) -> Goal {
        self.rules.band(self.priority, None).into()
    }

    /// The promise for a scene at a place.
    #[must_use]
    pub fn at(&self, place: Place) -> Goal {
        if !self.rules.asks_distance(self.priority) {
            return self.nearby();
        }
        let station_m = self.stations.iter().map(|station| station.distance_m(place)).reduce(f64::min);
        self.rules.band(self.priority, station_m).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sla::preset::Preset;

    #[test]
    fn the_nearest_station_decides() {
        let station = Place::new(-1.268, 116.832).unwrap();
        let goals = |stations| Goals::new(Preset::Bands2025.rules(), Priority::P1, stations);
        let both = goals(vec![station.moved(90.0, 20_000.0), station]);
        let minutes = |metres| both.at(station.moved(180.0, metres)).target_ms / 60_000;
        assert_eq!([minutes(0.0), minutes(4_990.0), minutes(5_010.0), minutes(10_010.0)], [10, 10, 15, 25]);
        assert_eq!(goals(vec![]).at(station.moved(0.0, 50_000.0)), both.nearby(), "no station is known");
        assert_eq!(both.nearby(), Goal { target_ms: 600_000, turnout_ms: 60_000 });
        assert_eq!(both.at(station.moved(180.0, 12_000.0)).travel_ms(), 1_350_000);
    }
}

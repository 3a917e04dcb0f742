//! The board that commanders look at: how an area stands now, its units, and what is late or about to be.
//!
//! Invariant: what is shown of an area is a pure function of its cities' figures; a list is cut after its most pressing
//! ones, and says how many more there are.

use super::{
    ids::*,
    incident::{IncidentStatus, Priority},
    sla::{Standing, Today, policy::Segment},
    time::UnixMs,
};
use serde::{Deserialize, Serialize};

/// Incidents in a list at most.
pub const PRESSING_MAX: usize = 50;

/// Units by what they do. Each is counted once, and once more in `stale` where nobody knows where it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema,
)]
pub struct UnitCounts {
    /// On duty without work.
    pub available: i64,
    /// Offered work, or on the point of setting out.
    pub dispatched: i64,
    /// On their way.
    pub en_route: i64,
    /// There.
    pub on_scene: i64,
    /// Crewed, and not to be sent.
    pub out_of_service: i64,
    /// Without a crew.
    pub off_duty: i64,
    /// Of all that have a crew: those without a fresh fix.
    pub stale: i64,
}

impl UnitCounts {
    /// Each count by its word, `stale` aside.
    #[must_use]
    pub const fn by_status(&self) -> [(&'static str, i64); 6] {
        [
            ("available", self.available),
            ("dispatched", self.dispatched),
            ("en_route", self.en_route),
            ("on_scene", self.on_scene),
            ("out_of_service", self.out_of_service),
            ("off_duty", self.off_duty),
        ]
    }

    /// Adds others.
    pub const fn and(&mut self, other: &Self) {
        self.available += other.available;
        self.dispatched += other.dispatched;
        self.en_route += other.en_route;
        self.on_scene += other.on_scene;
        self.out_of_service += other.out_of_service;
        self.off_duty += other.off_duty;
        self.stale += other.stale;
    }
}

/// An open incident that is late, or may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Pressing {
    /// Which; its city is in it.
    pub incident: IncidentId,
    /// What happened.
    pub kind: String,
    /// The district that holds the scene.
    pub district: Option<String>,
    /// How urgent.
    pub priority: Priority,
    /// How far the response is.
    pub status: IncidentStatus,
    /// When the promise is broken, or was.
    pub due: UnixMs,
    /// How long until then, milliseconds; negative: so long ago.
    pub left_ms: i64,
    /// The unit that works on it; of several, the one that is nearest to being there.
    pub unit: Option<UnitId>,
    /// Of a broken promise: the part that is most over its budget by now.
    pub cause: Option<Segment>,
}

/// The most pressing of some incidents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct PressingList {
    /// The most pressing ones, in order.
    pub incidents: Vec<Pressing>,
    /// How many more there are.
    pub more: i64,
}

impl PressingList {
    fn of(mut incidents: Vec<Pressing>, all: i64) -> Self {
        incidents.truncate(PRESSING_MAX);
        let more = all.saturating_sub(i64::try_from(incidents.len()).unwrap_or(i64::MAX)).max(0);
        Self { incidents, more }
    }

    fn at(&mut self, now: UnixMs) {
        self.incidents.iter_mut().for_each(|pressing| pressing.left_ms = pressing.due.since(now));
    }
}

/// Everything that a board shows of a city, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CityFigures {
    /// Which.
    pub area: AreaCode,
    /// How it stands.
    pub today: Today,
    /// Its units.
    pub units: UnitCounts,
    /// At risk and not late, the first to be late first; [`PRESSING_MAX`] at most.
    pub at_risk: Vec<Pressing>,
    /// Late with nobody there, the most urgent and longest over first; [`PRESSING_MAX`] at most.
    pub breached: Vec<Pressing>,
}

/// A city on a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct CityBoard {
    /// Which.
    pub area: AreaCode,
    /// How it stands.
    pub standing: Standing,
    /// Its units.
    pub units: UnitCounts,
}

impl From<&CityFigures> for CityBoard {
    fn from(city: &CityFigures) -> Self {
        Self { area: city.area, standing: city.today.standing(), units: city.units }
    }
}

/// A whole area: the sum of its cities.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whole {
    /// How it stands; its percentiles are those of all its cities' arrivals.
    pub standing: Standing,
    /// Its units.
    pub units: UnitCounts,
    /// At risk and not late.
    pub at_risk: PressingList,
    /// Late with nobody there.
    pub breached: PressingList,
}

impl Whole {
    /// Adds cities up.
    #[must_use]
    pub fn of<'a>(cities: impl Iterator<Item = &'a CityFigures>) -> Self {
        let (mut today, mut units) = (Today::default(), UnitCounts::default());
        let (mut at_risk, mut breached) = (Vec::new(), Vec::new());
        for city in cities {
            today.and(&city.today);
            units.and(&city.units);
            at_risk.extend_from_slice(&city.at_risk);
            breached.extend_from_slice(&city.breached);
        }
        at_risk.sort_by_key(|p| (p.due, p.priority, p.incident));
        breached.sort_by_key(|p| (p.priority, p.due, p.incident));
        Self {
            standing: today.standing(),
            units,
            at_risk: PressingList::of(at_risk, today.open.at_risk),
            breached: PressingList::of(breached, today.open.breached),
        }
    }
}

/// An area's board at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Board {
    /// Whose.
    pub area: AreaCode,
    /// Server time when it was sent. Who hears nothing for five seconds must say that the board stands still.
    pub at: UnixMs,
    /// Grows when something changed; each node counts for itself.
    pub version: u64,
    /// The server cannot bring the figures up to date, as when its database is away.
    pub stale: bool,
    /// Where they are stale: they are those of this moment.
    pub since: Option<UnixMs>,
    /// How the area stands: the sum of its cities.
    pub standing: Standing,
    /// Its units.
    pub units: UnitCounts,
    /// Its cities, in code order. On a socket all of them come with the first board, then only those that changed.
    pub cities: Vec<CityBoard>,
    /// Open, at risk and not late: the first to be late first.
    pub at_risk: PressingList,
    /// Open and late with nobody there: the most urgent first, then the longest over.
    pub breached: PressingList,
}

impl Board {
    /// A board as it is sent at `at`; `good` is the moment that its figures are known to hold for.
    #[must_use]
    pub fn new(area: AreaCode, version: u64, whole: &Whole, cities: Vec<CityBoard>, at: UnixMs, good: UnixMs) -> Self {
        let stale = at.since(good) > STALE_AFTER_MS;
        let (mut at_risk, mut breached) = (whole.at_risk.clone(), whole.breached.clone());
        at_risk.at(at);
        breached.at(at);
        let (standing, units) = (whole.standing.clone(), whole.units);
        Self { area, at, version, stale, since: stale.then_some(good), standing, units, cities, at_risk, breached }
    }
}

/// Figures that could not be brought up to date for longer than this are called stale, milliseconds.
pub const STALE_AFTER_MS: i64 = 3_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sla::{
        OpenCounts,
        tally::{Histogram, Tally},
    };

    fn pressing(id: &str, priority: Priority, due: i64) -> Pressing {
        Pressing {
            incident: id.parse().unwrap(),
            kind: "theft".to_owned(),
            district: None,
            priority,
            status: IncidentStatus::Waiting,
            due: UnixMs(due),
            left_ms: 0,
            unit: None,
            cause: None,
        }
    }

    fn city(code: &str, breached: Vec<Pressing>, at_risk: Vec<Pressing>, response: &str) -> CityFigures {
        let open = OpenCounts {
            open: 100,
            at_risk: i64::try_from(at_risk.len()).unwrap(),
            breached: i64::try_from(breached.len()).unwrap(),
            ..OpenCounts::default()
        };
        let response: Histogram = serde_json::from_str(response).unwrap();
        let tally = Tally { counted: response.total(), kept: 1, response, ..Tally::default() };
        let units = UnitCounts { available: 2, stale: 1, ..UnitCounts::default() };
        CityFigures { area: code.parse().unwrap(), today: Today { open, tally }, units, at_risk, breached }
    }

    #[test]
    fn a_region_is_the_sum_of_its_cities_with_the_most_pressing_first() {
        let many = |area: &str, n: i64, from: i64| -> Vec<Pressing> {
            (1..=n).map(|no| pressing(&format!("{area}-{no}"), Priority::P2, from + no)).collect()
        };
        let first =
            city("BPN", vec![pressing("BPN-900", Priority::P4, 1)], many("BPN", 40, 1_000), r#"{"60":1,"70":1}"#);
        let second = city("SMD", vec![pressing("SMD-900", Priority::P1, 5)], many("SMD", 30, 0), r#"{"600":1}"#);
        let whole = Whole::of([&first, &second].into_iter());
        assert_eq!((whole.standing.open, whole.standing.decided_today, whole.units.available), (200, 3, 4));
        assert_eq!((whole.standing.p50_ms, whole.standing.p95_ms), (Some(70_000), Some(600_000)));
        let ids = |list: &PressingList| list.incidents.iter().map(|p| p.incident.to_string()).collect::<Vec<_>>();
        assert_eq!(ids(&whole.breached), ["SMD-900", "BPN-900"], "the most urgent first");
        assert_eq!((whole.at_risk.incidents.len(), whole.at_risk.more), (50, 20));
        assert_eq!(ids(&whole.at_risk)[29..31], ["SMD-30", "BPN-1"], "the first to be late first");
    }

    #[test]
    fn a_board_says_since_when_it_is_stale() {
        let whole = Whole::of([&city("BPN", vec![pressing("BPN-1", Priority::P1, 400)], Vec::new(), "{}")].into_iter());
        let board = |good| Board::new("BPN".parse().unwrap(), 7, &whole, Vec::new(), UnixMs(10_000), UnixMs(good));
        assert_eq!((board(7_000).stale, board(7_000).since), (false, None));
        assert_eq!((board(6_999).stale, board(6_999).since), (true, Some(UnixMs(6_999))));
        assert_eq!(board(7_000).breached.incidents[0].left_ms, -9_600);
    }
}

//! Coverage of a city: how long a reckoning takes, beside one that asks for every ride, and whether both say the same.

use crate::{
    common::{Better, Random, Summary, is_chosen, median},
    fleet::id,
    time_ns,
};
use sigap::{
    domain::{
        area::Targets,
        coverage::{Coverage, Goals, Quickest, Reach, Ride, Tiling},
        gazetteer::balikpapan,
        incident::Priority,
        place::Place,
        sla::policy::Rules,
        time::UnixMs,
        unit::UnitKind,
    },
    engine::{CityCoverage, Placed},
    road::Road,
    wire::bodies::coverage::CoverageBody,
};
use std::{hint::black_box, sync::Arc};

const UNITS: usize = 80;

/// Ten minutes everywhere.
fn goals() -> Goals {
    Goals::new(Rules::simple(Targets::default()), Priority::P1, vec![])
}

/// 80 free units in Balikpapan, three motorcycles to a car.
fn units(random: &mut Random) -> Vec<Reach> {
    let (city, road) = (balikpapan::outline(), Road::default());
    let bounds = city.bounds();
    let mut somewhere = || loop {
        let (lat, lng) = (random.within(bounds.south, bounds.north), random.within(bounds.west, bounds.east));
        let place = Place::new(lat, lng).expect("a city is on the earth");
        if city.contains(place) {
            return place;
        }
    };
    let unit = |i: usize| {
        let kind = if i.is_multiple_of(4) { UnitKind::Car } else { UnitKind::Motorcycle };
        Reach { unit: id(i), place: somewhere(), kind, fastest_mps: road.fastest_mps(kind) }
    };
    (0..UNITS).map(unit).collect()
}

fn travel_ms(unit: &Reach, to: Place) -> i64 {
    Road::default().travel_ms(unit.place, to, unit.kind)
}

/// Each ride asked for.
fn plain(tiling: &Tiling, units: &[Reach]) -> Vec<Quickest> {
    let to = |place: Place| {
        let mut all: Vec<Ride> =
            (0..units.len()).map(|unit| Ride { unit, travel_ms: travel_ms(&units[unit], place) }).collect();
        all.select_nth_unstable_by_key(1, |ride| (ride.travel_ms, units[ride.unit].unit));
        Quickest { first: Some(all[0]), next: Some(all[1]) }
    };
    tiling.tiles().iter().map(|tile| to(tile.middle)).collect()
}

/// As the engine gives it.
fn city_coverage(tiling: &Arc<Tiling>, units: &[Reach], coverage: Coverage) -> CityCoverage {
    let placed = |unit: &Reach| Placed { unit: unit.unit, fix_age_ms: 900, dispatch: None };
    CityCoverage {
        area: units[0].unit.area,
        at: UnixMs(1_790_000_000_000),
        priority: Priority::P1,
        nearby: goals().nearby(),
        travel: Road::default().method(),
        tiling: Arc::clone(tiling),
        coverage,
        free: units.iter().map(placed).collect(),
        busy: Vec::new(),
        unplaced: Vec::new(),
        left_out: Vec::new(),
    }
}

/// The figures of coverage.
pub fn add(summary: &mut Summary) {
    if is_chosen("coverage_tiling_ms") {
        let city = balikpapan::outline();
        let times = (0..11).map(|_| time_ns(|| Tiling::new(&city))).collect();
        summary.add("coverage_tiling_ms", median(times) / 1e6, "ms");
    }
    if is_chosen("coverage_ms") || is_chosen("coverage_geojson_ms") {
        let (mut random, tiling) = (Random(12), Arc::new(Tiling::new(&balikpapan::outline())));
        println!("{} cells of Balikpapan, {UNITS} units", tiling.tiles().len());
        let goals = goals();
        let (mut ours, mut every, mut written) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..200 {
            let units = units(&mut random);
            let mut found = None;
            ours.push(time_ns(|| found = Some(Coverage::new(&tiling, &units, &[], &goals, travel_ms))));
            let mut plainly = Vec::new();
            every.push(time_ns(|| plainly = plain(black_box(&tiling), &units)));
            let coverage = found.expect("it was reckoned");
            let cells: Vec<Quickest> = coverage.cells.iter().map(|cell| cell.quickest).collect();
            assert_eq!(cells, plainly, "both must find the same");
            let city = city_coverage(&tiling, &units, coverage);
            written.push(time_ns(|| serde_json::to_vec(&CoverageBody::from(city))));
        }
        summary.add_beside("coverage_ms", median(ours) / 1e6, "ms", median(every) / 1e6, Better::Lower);
        summary.add("coverage_geojson_ms", median(written) / 1e6, "ms");
    }
}

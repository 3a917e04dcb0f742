//! Wrong answers, counted against brute force: fleets of all sizes, everywhere, on a grid too so that there are ties.

use crate::{common::Random, fleet::id};
use h3o::Resolution;
use sigap::{
    domain::{
        cell, fix::Fix, nearest::Candidate, nearest::STALE_MS, place::EARTH_RADIUS_M, place::Place, time::UnixMs,
    },
    live::{Availability, Memory},
};

const NOW: UnixMs = UnixMs(1_790_000_000_000);
const FLEETS: usize = 100;
/// Queries between two rounds of moves.
const BATCH: usize = 100;

struct Unit {
    place: Place,
    at: UnixMs,
    free: bool,
}

/// The number of wrong answers in so many queries.
pub fn count(queries: usize) -> usize {
    let mut random = Random(11);
    let (mut wrong, mut of_many) = (0, 0);
    for fleet in 0..FLEETS {
        // From one unit to 20,000; of the larger, more than the 4,096 free from which on cells are kept.
        let n = 20_000_f64.powf(fleet as f64 / (FLEETS - 1) as f64).round() as usize;
        let (middle, spread_m) = region(fleet, &mut random);
        let step_m = if fleet % 3 == 0 { spread_m / 20.0 } else { 0.0 };
        let memory = Memory::default();
        let mut units: Vec<Unit> = (0..n)
            .map(|_| Unit { place: somewhere(middle, spread_m, step_m, &mut random), at: UnixMs(0), free: false })
            .collect();
        for batch in 0..queries / FLEETS / BATCH {
            let moves = if batch == 0 { n } else { n.min(200) };
            for j in 0..moves {
                let i = if batch == 0 { j } else { random.below(n) };
                change(&memory, &mut units[i], i, batch, || somewhere(middle, spread_m, step_m, &mut random));
            }
            of_many += if units.iter().filter(|u| u.free).count() >= 4_096 { BATCH } else { 0 };
            for _ in 0..BATCH {
                let from = somewhere(middle, spread_m, step_m * (random.below(2) as f64), &mut random);
                let limit_m = if random.below(4) == 0 { random.within(0.0, spread_m) } else { f64::INFINITY };
                let now = NOW.plus(batch as i64 * 500);
                let found = memory.candidates(&[id(0).area], from, limit_m, 1, STALE_MS, now);
                wrong += usize::from(found.first().copied() != brute(&units, from, limit_m, now));
            }
        }
    }
    println!("{queries} queries, {of_many} of them among more than 4,096 free units");
    wrong
}

/// Where a fleet is, and how far it spreads: towns, the whole earth, the poles, the antimeridian, pentagons.
fn region(fleet: usize, random: &mut Random) -> (Place, f64) {
    let place = |lat, lng| Place::new(lat, lng).expect("on the earth");
    match fleet % 7 {
        0 | 1 => (place(-1.15, 116.88), 15_000.0),
        2 => (place(0.0, 0.0), 2.0e7),
        3 => (place(if fleet.is_multiple_of(2) { 90.0 } else { -90.0 }, 0.0), 8_000.0),
        4 => (place(random.within(-70.0, 70.0), 180.0), 30_000.0),
        5 => (cell::middle(Resolution::Eight.pentagons().nth(fleet % 12).expect("there are twelve")), 10_000.0),
        _ => (place(-2.5, 118.0), 2_000_000.0),
    }
}

fn somewhere(middle: Place, spread_m: f64, step_m: f64, random: &mut Random) -> Place {
    let (bearing_deg, m) = (random.within(0.0, 360.0), random.within(0.0, 1.0).sqrt() * spread_m);
    if step_m > 0.0 {
        return middle.moved((bearing_deg / 30.0).round() * 30.0, (m / step_m).round() * step_m);
    }
    middle.moved(bearing_deg, m)
}

/// A unit moves or changes its state; some were last heard a minute ago, just fresh or just stale.
fn change(memory: &Memory, unit: &mut Unit, i: usize, batch: usize, to: impl FnOnce() -> Place) {
    let hash = (i * 31 + batch * 17) % 16;
    unit.free = hash < 11;
    memory.set_availability(id(i), if unit.free { Availability::Free } else { Availability::Busy }, 1);
    let late_ms = if hash.is_multiple_of(4) { STALE_MS - 1_500 } else { 900 };
    let fix = Fix::at(to(), NOW.plus(batch as i64 * 500 - late_ms + (i % 1_500) as i64));
    if fix.at > unit.at {
        (unit.place, unit.at) = (fix.place, fix.at);
    }
    memory.put(id(i), &fix);
}

fn brute(units: &[Unit], from: Place, limit_m: f64, now: UnixMs) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for (i, unit) in units.iter().enumerate() {
        // A difference in latitude is never more than the distance: it only saves time here.
        let north_m = (unit.place.lat() - from.lat()).abs().to_radians() * EARTH_RADIUS_M * (1.0 - 1e-6) - 1.0;
        if !unit.free || now.since(unit.at) > STALE_MS || best.is_some_and(|b| b.distance_m < north_m) {
            continue;
        }
        let this = Candidate::new(id(i), unit.place, unit.at, from, now);
        if this.distance_m <= limit_m && best.is_none_or(|b| this.order(&b).is_lt()) {
            best = Some(this);
        }
    }
    best
}

use super::{free::CELLS_FROM, *};
use crate::domain::{
    cell,
    nearest::{STALE_MS, Skip, Why},
};
use proptest::prelude::*;

const NOW: UnixMs = UnixMs(1_790_000_000_000);

fn area(code: &str) -> AreaCode {
    code.parse().unwrap()
}

fn unit(no: usize) -> UnitId {
    format!("BPN-M{no}").parse().unwrap()
}

fn place(lat: f64, lng: f64) -> Place {
    Place::new(lat, lng).unwrap()
}

/// The slow and simple answer.
fn brute(all: &[Position], from: Place, limit_m: f64, k: usize, now: UnixMs) -> Vec<Candidate> {
    let mut found: Vec<_> = all
        .iter()
        .filter(|u| u.availability == Availability::Free)
        .filter_map(|u| u.fix.map(|fix| Candidate::new(u.unit, fix.place, fix.at, from, now)))
        .filter(|c| c.fix_age_ms <= STALE_MS && c.distance_m <= limit_m)
        .collect();
    found.sort_by(Candidate::order);
    found.truncate(k);
    found
}

fn all_positions(memory: &Memory) -> Vec<Position> {
    memory.snapshot(area("BPN")).units
}

/// Middles of the earth's least even places, and of its most ordinary ones.
fn middle() -> impl Strategy<Value = Place> {
    let pentagons = (0_usize..12).prop_map(|i| cell::middle(cell::RESOLUTION.pentagons().nth(i).unwrap()));
    prop_oneof![
        2 => Just(place(-1.268, 116.832)),
        1 => Just(place(-1.2, 180.0)),
        1 => Just(place(65.0, -180.0)),
        1 => prop_oneof![Just(place(90.0, 0.0)), Just(place(-90.0, 0.0))],
        2 => pentagons,
        1 => (-1.0..1.0_f64, -180.0..180.0).prop_map(|(z, l)| place(z.asin().to_degrees(), l)),
    ]
}

/// A step on the index: which unit, where (bearing and logarithm of metres from the middle), how old, what it does.
#[derive(Clone, Debug)]
struct Step {
    no: usize,
    bearing_deg: f64,
    log_m: f64,
    age_ms: i64,
    kind: u8,
}

fn step(ages: impl Strategy<Value = i64>) -> impl Strategy<Value = Step> {
    (0_usize..120, 0.0..360.0, 0.0..14.0_f64, ages, 0_u8..20).prop_map(|(no, bearing_deg, log_m, age_ms, kind)| Step {
        no,
        bearing_deg,
        log_m,
        age_ms,
        kind,
    })
}

fn ages() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0_i64..70_000, 1 => 58_900_i64..61_100, 1 => Just(STALE_MS), 1 => 0_i64..9_000_000]
}

/// Runs the steps, and compares the index with a map kept beside it and with brute force, at every few of them.
fn compare(middle: Place, steps: &[Step], grid: f64) -> Result<(), TestCaseError> {
    let memory = Memory::default();
    let mut beside = std::collections::BTreeMap::<UnitId, Position>::new();
    for (i, step) in steps.iter().enumerate() {
        let (id, at) = (unit(step.no), NOW.plus(-step.age_ms));
        // A coarse grid makes many stand at the same place, or at the same distance.
        let there = middle.moved((step.bearing_deg / grid).round() * grid, (step.log_m / grid).round().exp());
        let there = if grid > 1.0 { there } else { middle.moved(step.bearing_deg, step.log_m.exp()) };
        let known =
            beside.entry(id).or_insert(Position { unit: id, availability: Availability::Off, fix: None, version: 0 });
        let say = |to| memory.set_availability(id, to, i as i64);
        match step.kind {
            0 => {
                memory.remove(id);
                (known.fix, known.availability) = (None, Availability::Off);
            }
            1 | 2 => {
                say(Availability::Busy);
                known.availability = Availability::Busy;
            }
            3 => {
                say(Availability::Off);
                known.availability = Availability::Off;
            }
            4..=9 => {
                say(Availability::Free);
                known.availability = Availability::Free;
            }
            _ => {
                let fix = Fix::at(there, at);
                let newer = known.fix.is_none_or(|f| f.at < at);
                prop_assert_eq!(memory.put(id, &fix), if newer { Put::Moved } else { Put::Older });
                if newer {
                    known.fix = Some(fix);
                }
            }
        }
        if i % 7 == 0 || i + 1 == steps.len() {
            let all: Vec<_> = beside.values().copied().collect();
            let from = [middle, there, middle.moved(step.bearing_deg, step.log_m.exp())][i % 3];
            for (k, limit_m) in
                [(1, f64::INFINITY), (3, 20_000.0), (1, step.log_m.exp()), (50, 3e7), (usize::MAX, 900.0)]
            {
                let found = memory.candidates(&[area("BPN")], from, limit_m, k, STALE_MS, NOW);
                prop_assert_eq!(&found, &brute(&all, from, limit_m, k, NOW), "{} {} {}", from, k, limit_m);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nearest_is_exact_everywhere(middle in middle(), steps in prop::collection::vec(step(ages()), 1..400)) {
        compare(middle, &steps, 1.0)?;
    }

    #[test]
    fn nearest_is_exact_among_ties(middle in middle(), steps in prop::collection::vec(step(0_i64..50_000), 1..400)) {
        compare(middle, &steps, 90.0)?;
        compare(middle, &steps, 2.0)?;
    }

    #[test]
    fn nearest_is_exact_when_nearly_all_are_stale(middle in middle(), steps in prop::collection::vec(step(59_000_i64..70_000), 1..400)) {
        compare(middle, &steps, 1.0)?;
    }

    #[test]
    fn a_survey_tells_the_nearest_that_are_passed_over(middle in middle(), steps in prop::collection::vec(step(ages()), 1..150), limit_m in 100.0..1e6) {
        let memory = Memory::default();
        for s in &steps {
            let to = [Availability::Busy, Availability::Off, Availability::Free][usize::from(s.kind % 3)];
            memory.set_availability(unit(s.no), to, 1);
            memory.put(unit(s.no), &Fix::at(middle.moved(s.bearing_deg, s.log_m.exp()), NOW.plus(-s.age_ms)));
        }
        let survey = memory.survey(&[area("BPN"), area("BPN")], middle, limit_m, STALE_MS, NOW);
        let all = all_positions(&memory);
        prop_assert_eq!(&survey.candidates, &brute(&all, middle, limit_m, 8, NOW));
        let mut skipped: Vec<Skip> = all.iter().filter_map(|u| {
            let fix = u.fix?;
            let seen = Candidate::new(u.unit, fix.place, fix.at, middle, NOW);
            let why = match u.availability {
                Availability::Busy => Why::Busy,
                Availability::Off => Why::OffDuty,
                Availability::Free => (seen.fix_age_ms > STALE_MS).then_some(Why::Stale)?,
            };
            (seen.distance_m <= limit_m).then(|| Skip::new(&seen, why))
        }).collect();
        skipped.sort_by(Skip::order);
        skipped.truncate(8);
        prop_assert_eq!(survey.skipped, skipped);
    }

    #[test]
    fn a_console_that_follows_changes_sees_what_a_snapshot_shows(
        steps in prop::collection::vec(step(0_i64..50_000), 1..300), pages in 1_usize..9, every in 1_usize..40,
    ) {
        let (memory, bpn) = (Memory::default(), area("BPN"));
        let mut shown = std::collections::BTreeMap::new();
        let mut version = 0;
        for (i, s) in steps.iter().enumerate() {
            match s.kind {
                0 => memory.remove(unit(s.no)),
                1..=5 => _ = memory.set_availability(unit(s.no), Availability::Free, 1),
                _ => drop(memory.put(unit(s.no), &Fix::at(place(-1.2, 116.8).moved(s.bearing_deg, 50.0), NOW.plus(i as i64)))),
            }
            if i % every == 0 || i + 1 == steps.len() {
                loop {
                    let page = memory.changed_since(bpn, version, None, pages);
                    prop_assert!(page.units.len() <= pages && page.version >= version);
                    version = page.version;
                    for u in page.units {
                        if u.fix.is_some() { shown.insert(u.unit, u); } else { shown.remove(&u.unit); }
                    }
                    if !page.more { break }
                }
                let mut now = all_positions(&memory);
                now.sort_by_key(|u| u.unit);
                prop_assert_eq!(shown.values().copied().collect::<Vec<_>>(), now);
            }
        }
    }
}

#[test]
fn a_whole_city_and_a_whole_earth_are_exact() {
    let mut random = 1_u64;
    let mut next = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 11) as f64 / (1_u64 << 53) as f64
    };
    for spread_m in [15_000.0, 2e7] {
        let (memory, middle) = (Memory::default(), place(-1.15, 116.88));
        for no in 0..3_000 {
            memory.set_availability(unit(no), if next() < 0.5 { Availability::Free } else { Availability::Busy }, 1);
        }
        for round in 0..6 {
            for no in 0..3_000 {
                let at = NOW.plus(round * 1_000 - (next() * 90_000.0) as i64);
                memory.put(unit(no), &Fix::at(middle.moved(next() * 360.0, next() * spread_m), at));
            }
            let all = all_positions(&memory);
            for _ in 0..300 {
                let (from, k) = (middle.moved(next() * 360.0, next() * spread_m), 1 + (next() * 4.0) as usize);
                let found = memory.candidates(&[area("BPN")], from, 5e6, k, STALE_MS, NOW);
                assert_eq!(found, brute(&all, from, 5e6, k, NOW));
            }
        }
    }
}

#[test]
fn nobody_is_found_when_all_are_busy_and_everybody_returns() {
    let (memory, here) = (Memory::default(), place(-1.2, 116.8));
    let all = 4 * CELLS_FROM;
    let ask = || memory.candidates(&[area("BPN")], here, 1e5, 1, STALE_MS, NOW).first().map(|c| c.unit);
    assert_eq!(ask(), None);
    for no in 0..all {
        memory.set_availability(unit(no), Availability::Free, 1);
        memory.put(unit(no), &Fix::at(here.moved(0.0, 100.0 * no as f64), NOW));
    }
    for no in 0..all {
        assert_eq!(ask(), Some(unit(no)));
        memory.set_availability(unit(no), Availability::Busy, 1);
    }
    assert_eq!(ask(), None);
    for no in (0..all).rev() {
        memory.set_availability(unit(no), Availability::Free, 1);
        assert_eq!(ask(), Some(unit(no)));
    }
}

#[test]
fn what_an_older_event_said_is_ignored() {
    let (memory, here) = (Memory::default(), place(-1.2, 116.8));
    memory.put(unit(1), &Fix::at(here, NOW));
    let is = || memory.get(unit(1)).unwrap().availability;
    memory.set_availability(unit(1), Availability::Busy, 7);
    memory.set_availability(unit(1), Availability::Free, 6);
    assert_eq!(is(), Availability::Busy);
    assert!(memory.candidates(&[area("BPN")], here, 1e4, 1, STALE_MS, NOW).is_empty());
    // The same event may be told again, and a recall of the units bears the number of the last event.
    memory.set_availability(unit(1), Availability::Free, 7);
    assert_eq!(is(), Availability::Free);
    memory.set_availability(unit(1), Availability::Off, 8);
    assert_eq!(is(), Availability::Off);
}

#[test]
fn areas_are_asked_together_and_counted_apart() {
    let (memory, here) = (Memory::default(), place(-1.2, 116.8));
    let other: UnitId = "PPU-M1".parse().unwrap();
    for (id, m) in [(unit(1), 900.0), (other, 300.0), (unit(2), 2_000.0)] {
        memory.set_availability(id, Availability::Free, 1);
        memory.put(id, &Fix::at(here.moved(90.0, m), NOW));
    }
    memory.set_availability(unit(3), Availability::Busy, 1);
    memory.put(unit(4), &Fix::at(here, NOW.plus(-STALE_MS - 1)));
    let found = memory.candidates(&[area("BPN"), area("PPU"), area("BPN"), area("XX")], here, 1e4, 2, STALE_MS, NOW);
    assert_eq!(found.iter().map(|c| c.unit).collect::<Vec<_>>(), [other, unit(1)]);
    assert_eq!(memory.counts(area("BPN"), STALE_MS, NOW), Counts { known: 4, online: 3, fresh: 2, free: 2 });
    assert_eq!(memory.counts(area("XX"), STALE_MS, NOW), Counts::default());
    assert_eq!(memory.get(unit(3)).unwrap().fix, None);
    assert_eq!(memory.get(unit(9)), None);
    for odd in [f64::NAN, -1.0, f64::NEG_INFINITY] {
        assert!(memory.candidates(&[area("BPN")], here, odd, 2, STALE_MS, NOW).is_empty());
    }
}

#[test]
fn a_console_asks_for_its_box_only() {
    let (memory, bpn) = (Memory::default(), area("BPN"));
    memory.put(unit(1), &Fix::at(place(-1.2, 116.8), NOW));
    memory.put(unit(2), &Fix::at(place(-1.2, 117.8), NOW));
    let screen = Bounds { south: -1.3, west: 116.7, north: -1.1, east: 116.9 };
    let page = memory.changed_since(bpn, 0, Some(&screen), 9);
    assert_eq!(page.units.iter().map(|u| u.unit).collect::<Vec<_>>(), [unit(1)]);
    assert_eq!(memory.changed_since(bpn, page.version, None, 9).units, []);
    // A version of another count begins anew.
    assert_eq!(memory.changed_since(bpn, page.version + 1, None, 9).units.len(), 2);
    // Who is gone is told wherever it was.
    memory.remove(unit(2));
    assert_eq!(memory.changed_since(bpn, page.version, Some(&screen), 9).units[0].fix, None);
}

#[test]
fn many_threads_put_and_the_newest_wins() {
    let (memory, here) = (Memory::default(), place(-1.2, 116.8));
    std::thread::scope(|scope| {
        for thread in 0..8_i64 {
            let memory = &memory;
            scope.spawn(move || {
                for i in 0..2_000_i64 {
                    let no = usize::try_from(i % 60).unwrap();
                    memory.set_availability(unit(no), Availability::Free, 1);
                    memory.put(unit(no), &Fix::at(here.moved(0.0, (i * thread) as f64), NOW.plus(i * 8 + thread)));
                    memory.candidates(&[area("BPN")], here, 1e5, 2, STALE_MS, NOW);
                }
            });
        }
    });
    for known in all_positions(&memory) {
        let no = known.unit.sign()[1..].parse::<i64>().unwrap();
        let last = (0..2_000).rev().find(|i| i % 60 == no).unwrap();
        assert_eq!(known.fix.unwrap().at, NOW.plus(last * 8 + 7));
    }
}

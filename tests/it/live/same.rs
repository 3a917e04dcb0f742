//! Redis and this process give the same answers, whatever happened before.

use super::*;
use proptest::{prelude::*, test_runner::TestRunner};
use sigap::domain::cell;

const NOW: UnixMs = T0;

/// Middles of the earth's least even places, and of its most ordinary ones.
fn middle() -> impl Strategy<Value = Place> {
    let pentagons = (0_usize..12).prop_map(|i| cell::middle(cell::RESOLUTION.pentagons().nth(i).unwrap()));
    let place = |lat, lng| Place::new(lat, lng).unwrap();
    prop_oneof![
        2 => Just(here()),
        1 => Just(place(-1.2, 180.0)),
        1 => Just(place(65.0, -180.0)),
        1 => Just(place(90.0, 0.0)),
        2 => pentagons,
        1 => (-1.0..1.0_f64, -180.0..180.0).prop_map(move |(z, l)| place(z.asin().to_degrees(), l)),
    ]
}

/// Which unit, where from the middle, how old its fix, what happens, on which node what is said is heard.
#[derive(Clone, Debug)]
struct Step {
    no: usize,
    bearing_deg: f64,
    log_m: f64,
    age_ms: i64,
    kind: u8,
    node: usize,
}

fn step(units: usize) -> impl Strategy<Value = Step> {
    let ages = prop_oneof![4 => 0_i64..70_000, 1 => 58_900_i64..61_100, 1 => Just(STALE_MS), 1 => 0_i64..9_000_000];
    // A coarse grid of half of them makes many stand at the same place, or at the same distance.
    let bearing = prop_oneof![(0.0..360.0_f64), (0_u8..4).prop_map(|quarter| f64::from(quarter) * 90.0)];
    let log_m = prop_oneof![(0.0..11.0_f64), (0_u8..6).prop_map(|e| f64::from(e) * 2.0)];
    (0..units, bearing, log_m, ages, 0_u8..20, 0_usize..2)
        .prop_map(|(no, bearing_deg, log_m, age_ms, kind, node)| Step { no, bearing_deg, log_m, age_ms, kind, node })
}

/// Runs the steps on two nodes and beside them in this process, and compares at every few of them. A unit's phone is at
/// one node; its journal is heard at either.
async fn compare(kept: &Kept, middle: Place, steps: &[Step]) -> Result<(), TestCaseError> {
    let (nodes, memory) = ([kept.node(), kept.node()], Live::memory());
    let areas = [area("BPN"), area("PPU")];
    for (i, step) in steps.iter().enumerate() {
        let id = unit(if step.no % 5 == 0 { "PPU" } else { "BPN" }, step.no);
        let there = middle.moved(step.bearing_deg, step.log_m.exp());
        let said = match step.kind {
            0 | 1 => Some(Availability::Busy),
            2 => Some(Availability::Off),
            3..=8 => Some(Availability::Free),
            _ => None,
        };
        let fix = Fix::at(there, NOW.plus(-step.age_ms));
        if let Some(said) = said {
            for live in [&nodes[step.node], &memory] {
                live.set_availability(id, said, i as i64).await.unwrap();
            }
        } else {
            prop_assert_eq!(nodes[step.no % 2].put(id, &fix), memory.put(id, &fix));
        }
        if i % 25 == 24 || i + 1 == steps.len() {
            // Each node's question carries what it has not told before it.
            for node in &nodes {
                node.candidates(&areas, middle, 1.0, 1, STALE_MS, NOW).await.unwrap();
            }
            let from = [middle, there, middle.moved(step.bearing_deg, 300.0)][i % 3];
            for (k, limit_m) in [(1, 1e7), (3, 20_000.0), (1, step.log_m.exp()), (12, 5_000.0), (1_000, 900.0)] {
                let right = memory.candidates(&areas, from, limit_m, k, STALE_MS, NOW).await.unwrap();
                for node in &nodes {
                    let found = node.candidates(&areas, from, limit_m, k, STALE_MS, NOW).await.unwrap();
                    prop_assert_eq!(&found, &right, "{} {} {}", from, k, limit_m);
                }
            }
            let right = memory.survey(&areas, from, 20_000.0, STALE_MS, NOW).await.unwrap();
            for node in &nodes {
                prop_assert_eq!(&node.survey(&areas, from, 20_000.0, STALE_MS, NOW).await.unwrap(), &right);
                prop_assert_eq!(node.health(), Health::Well);
            }
        }
    }
    Ok(())
}

fn try_histories(url: &str, cases: u32, units: usize) {
    let runtime = runtime();
    let strategy = (middle(), prop::collection::vec(step(units), 1..(units * 5)));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&strategy, |(middle, steps)| runtime.block_on(compare(&Kept::redis(url.to_owned()), middle, &steps)))
        .unwrap();
}

#[test]
fn one_redis_answers_as_this_process_does() {
    try_histories(&redis_url(), 40, 40);
    // So many free units that Redis is asked by cells.
    try_histories(&redis_url(), 25, 300);
}

#[test]
fn a_cluster_answers_as_this_process_does() {
    try_histories(&redis_cluster_url(), 15, 250);
}

/// What a node's questions leave in Redis: a crowd that comes to one cell, moves, works, leaves and goes off the map.
#[test]
fn the_cells_hold_each_free_unit_once_and_say_how_many() {
    const RECORD: usize = 38;
    runtime().block_on(async {
        let redis = PrivateRedis::start();
        let (kept, memory) = (Kept::redis(redis.url()), Live::memory());
        let Kept::Redis { prefix, .. } = &kept else { unreachable!("it was made so") };
        let (live, key) = (kept.node(), format!("{prefix}{{BPN}}:cells"));
        let mut most = 0;
        for round in 0..26 {
            let at = T0.plus(round);
            for no in 0..70 {
                let id = unit("BPN", no);
                let step = (no as i64 * 7 + round * 5) % 13;
                // Most drive about in one cell, some leave it.
                let metres = if step == 12 { 3_000.0 } else { step as f64 * 20.0 };
                for live in [&live, &memory] {
                    match step {
                        0 => live.set_availability(id, Availability::Busy, round).await.unwrap(),
                        1 => live.set_availability(id, Availability::Off, round).await.unwrap(),
                        2..=5 => live.set_availability(id, Availability::Free, round).await.unwrap(),
                        6 => live.remove(id).await.unwrap(),
                        _ => assert_eq!(live.put(id, &Fix::at(here().moved(90.0, metres), at)), Put::Moved),
                    }
                }
            }
            nearest(&live, 1).await;
            let mut cells: Vec<(Vec<u8>, Vec<u8>)> = redis.ask(&["HGETALL", &key]);
            let total: Option<Vec<u8>> = cells.iter().position(|(field, _)| field == b"*").map(|i| cells.remove(i).1);
            let right = memory.counts(area("BPN"), STALE_MS, T0).await.unwrap().free;
            let total = total.map_or(0, |total| String::from_utf8(total).unwrap().parse().unwrap());
            assert_eq!(total, right, "round {round}");
            assert!(cells.iter().all(|(cell, held)| cell.len() == 4 && held.len() % RECORD == 0 && !held.is_empty()));
            let records: Vec<&[u8]> = cells.iter().flat_map(|(_, held)| held.chunks(RECORD)).collect();
            let signs: std::collections::BTreeSet<&[u8]> = records.iter().map(|record| &record[..10]).collect();
            assert_eq!((records.len(), signs.len()), (right, right), "round {round}");
            most = most.max(cells.iter().map(|(_, held)| held.len() / RECORD).max().unwrap_or_default());
        }
        assert!(most > 20, "no crowd: {most}");
    });
}

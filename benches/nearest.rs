//! Nearest free unit, moves and coverage: how fast, beside a plain scan, rstar and kiddo, and how often wrong.
//!
//! Ours is measured through its public interface, with the lock, the look-up of the unit by name and the check for an
//! older fix. The peers are given less to do: they hold unit vectors in `f64` by number, only of free units, and know
//! nothing of stale ones. The plain scan is a good one: it compares dot products, with no trigonometry per unit.

#[path = "common/mod.rs"]
mod common;
#[path = "nearest/coverage.rs"]
mod coverage;
#[path = "nearest/fleet.rs"]
mod fleet;
#[path = "nearest/mismatch.rs"]
mod mismatch;
#[path = "nearest/peers.rs"]
mod peers;

use common::{Better, Random, Summary, median};
use fleet::{BALIKPAPAN, Fleet, JAKARTA, Region};
use peers::{Kiddo, Ours, Peer, Plain, Rstar};
use sigap::domain::{nearest::STALE_MS, place::Place};
use std::{hint::black_box, time::Instant};

const RUNS: usize = 5;
const MOVES: usize = 50;

fn main() {
    if !common::is_wanted() || common::is_table() {
        return;
    }
    let mut summary = Summary::default();
    for (name, region, n, silent_ms) in [
        ("nearest_1k_p50_ns", Region::Box(BALIKPAPAN), 1_000, 0),
        ("nearest_10k_p50_ns", Region::Box(BALIKPAPAN), 10_000, 0),
        ("nearest_100k_p50_ns", Region::Box(JAKARTA), 100_000, 0),
        ("nearest_100k_spread_p50_ns", Region::Cities, 100_000, 0),
        // All but a handful are stale: a search must not look at every one of them.
        ("nearest_100k_stale_p50_ns", Region::Box(JAKARTA), 100_000, 2 * STALE_MS),
    ] {
        if common::is_chosen(name) {
            summary.add(name, nearest_p50_ns(region, n, silent_ms), "ns");
        }
    }
    for (name, region, n) in
        [("move_p50_ns", Region::Box(BALIKPAPAN), 1_000), ("move_100k_p50_ns", Region::Box(JAKARTA), 100_000)]
    {
        if common::is_chosen(name) {
            summary.add(name, move_p50_ns(region, n), "ns");
        }
    }
    for n in [10, 80, 1_000, 10_000, 100_000] {
        if common::is_chosen(&format!("nearest_mix_{n}")) {
            mix(&mut summary, n);
        }
    }
    coverage::add(&mut summary);
    let mut wrong = 0;
    if common::is_chosen("mismatch_nearest") {
        wrong = mismatch::count(1_000_000);
        summary.add("mismatch_nearest", wrong as f64, "of 1e6");
    }
    summary.write();
    assert_eq!(wrong, 0, "nearest must be exact");
}

/// Median time of one search for the nearest free unit. `silent_ms`: all but a thousandth were last heard so long ago.
fn nearest_p50_ns(region: Region, n: usize, silent_ms: i64) -> f64 {
    let mut random = Random(7);
    let mut fleet = Fleet::new(region, n, &mut random);
    let mut ours = Ours::new(&fleet);
    if silent_ms > 0 {
        fleet.now = fleet.now.plus(silent_ms);
        for i in (0..n).step_by(1_000) {
            let to = fleet.drive(i, &mut random);
            ours.move_to(&fleet, i, to);
        }
    }
    let places: Vec<Place> = (0..10_000).map(|_| fleet.somewhere(&mut random)).collect();
    let run = || {
        let times = places.iter().map(|from| time_ns(|| black_box(ours.nearest_unit(&fleet, *from)))).collect();
        median(times)
    };
    median((0..RUNS).map(|_| run()).collect())
}

/// Median time of one fix applied to the index.
fn move_p50_ns(region: Region, n: usize) -> f64 {
    let mut random = Random(8);
    let mut fleet = Fleet::new(region, n, &mut random);
    let mut ours = Ours::new(&fleet);
    let mut run = || {
        let mut times = Vec::with_capacity(40_000);
        for _ in 0..40_000 {
            let i = random.below(n);
            fleet.now = fleet.now.plus(1);
            let to = fleet.drive(i, &mut random);
            times.push(time_ns(|| ours.move_to(&fleet, i, to)));
        }
        median(times)
    };
    median((0..RUNS).map(|_| run()).collect())
}

/// 50 moves and a query.
struct Round {
    moves: Vec<(usize, Place)>,
    from: Place,
}

/// 50 moves and a query, ours and the peers on the same moves; nanoseconds for all 51.
fn mix(summary: &mut Summary, n: usize) {
    let region = if n > 10_000 { Region::Box(JAKARTA) } else { Region::Box(BALIKPAPAN) };
    let mut figures = [const { Vec::new() }; 4];
    for run in 0..RUNS {
        let mut random = Random(9 + run as u64);
        let mut fleet = Fleet::new(region, n, &mut random);
        // Each starts from the same places; in turn, since together each would work with what the others left of the
        // processor's cache.
        let mut all: [Box<dyn Peer>; 4] = [
            Box::new(Ours::new(&fleet)),
            Box::new(Plain::new(&fleet)),
            Box::new(Rstar::new(&fleet)),
            Box::new(Kiddo::new(&fleet)),
        ];
        let rounds: Vec<Round> = (0..1_000)
            .map(|_| {
                let moves = (0..MOVES)
                    .map(|_| {
                        let i = random.below(n);
                        (i, fleet.drive(i, &mut random))
                    })
                    .collect();
                Round { moves, from: fleet.somewhere(&mut random) }
            })
            .collect();
        let started = fleet.now;
        let mut first: Option<Vec<Option<usize>>> = None;
        for (peer, figures) in all.iter_mut().zip(&mut figures) {
            fleet.now = started;
            let mut found = Vec::with_capacity(rounds.len());
            let took_ns = time_ns(|| {
                for round in &rounds {
                    // A millisecond each: in all less than it takes to be stale, which the peers know nothing of.
                    for (i, to) in &round.moves {
                        fleet.now = fleet.now.plus(1);
                        peer.move_to(&fleet, *i, *to);
                    }
                    found.push(peer.nearest(&fleet, round.from));
                }
            });
            figures.push(took_ns / rounds.len() as f64);
            assert_eq!(first.get_or_insert_with(|| found.clone()), &found, "all must find the same");
        }
    }
    let [ours, plain, rstar, kiddo] = figures.map(median);
    summary.add_beside(&format!("nearest_mix_{n}"), ours, "ns", plain, Better::Lower);
    summary.add_beside(&format!("nearest_mix_{n}_rstar"), ours, "ns", rstar, Better::Lower);
    summary.add_beside(&format!("nearest_mix_{n}_kiddo"), ours, "ns", kiddo, Better::Lower);
}

fn time_ns<T>(work: impl FnOnce() -> T) -> f64 {
    let from = Instant::now();
    let done = work();
    let took = from.elapsed();
    drop(black_box(done));
    took.as_nanos() as f64
}

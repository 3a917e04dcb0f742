//! Commands per second that sixteen writers commit on one area: each a sealed note and its event in the chain.

use super::{
    city::City,
    common::{Summary, median},
    database::{Database, Kind},
};
use sigap::{
    app::Clock,
    domain::{access::*, gazetteer::balikpapan, incident::*},
    store::{Store, Verdict},
};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const WRITERS: usize = 16;
const RUNS: usize = 3;
const RUN: Duration = Duration::from_secs(5);

pub async fn run(summary: &mut Summary, kind: Kind) {
    let database = Database::create(kind).await;
    City::build(&database, 1).await.leave().await;
    let (store, clock) = (database.open().await, Clock::start());
    let city = balikpapan::area();
    let mut incidents = Vec::new();
    for _ in 0..WRITERS {
        let new = NewIncident {
            kind: "traffic_accident".to_owned(),
            priority: Priority::P2,
            origin: Origin::Officer,
            place: city.centre,
            district: None,
            by_unit: None,
            note: None,
        };
        let opened = store.open_incident(&Cause::system(clock.now()), city.code, new).await.expect("it opens");
        incidents.push(opened.id);
    }
    let mut runs = Vec::new();
    for _ in 0..=RUNS {
        let (mut writers, begun) = (JoinSet::new(), Instant::now());
        for &incident in &incidents {
            let store: Store = store.clone();
            writers.spawn(async move {
                let mut commits = 0_u32;
                while begun.elapsed() < RUN {
                    let cause = Cause::system(clock.now());
                    store.add_note(&cause, incident, "the road is closed".to_owned()).await.expect("it is noted");
                    commits += 1;
                }
                commits
            });
        }
        let commits: u32 = writers.join_all().await.into_iter().sum();
        runs.push(f64::from(commits) / begun.elapsed().as_secs_f64());
    }
    // The first one warmed the caches up.
    runs.remove(0);
    let whole = store.verify(&Scope::system(), city.code).await.expect("the journal is read");
    assert!(matches!(whole, Verdict::Whole(_)), "{whole:?}");
    println!("journal, {}: {runs:.0?} commands/s", kind.name());
    summary.add(&format!("journal_commits_per_s_{}", kind.name()), median(runs), "1/s");
    store.close().await;
    database.remove().await;
}

//! Live positions: the same contract in this process, in one Redis and in a cluster.

mod away;
mod cluster;
mod nodes;
mod same;

use crate::harness::*;
use sigap::{
    domain::{
        fix::Fix,
        ids::{AreaCode, UnitId},
        nearest::{STALE_MS, Why},
        place::{Bounds, Place},
        time::UnixMs,
    },
    live::{Availability, Counts, Health, Live, Put, RedisSettings},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Handle, Runtime};

/// Where positions are kept in a test.
#[derive(Clone)]
pub enum Kept {
    Memory,
    Redis { url: String, prefix: String },
}

impl Kept {
    pub fn redis(url: String) -> Self {
        Self::Redis { url, prefix: redis_prefix() }
    }

    /// A node's live positions. A second call makes a second node.
    pub fn node(&self) -> Live {
        let Self::Redis { url, prefix } = self else { return Live::memory() };
        let began = Instant::now();
        let now = Arc::new(move || T0.plus(i64::try_from(began.elapsed().as_millis()).unwrap()));
        let settings = RedisSettings { url: url.clone(), prefix: prefix.clone(), ..RedisSettings::default() };
        Live::redis(settings, now, &Handle::current()).unwrap()
    }
}

pub fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Makes three tests of each function.
macro_rules! on_all {
    ($($(#[$meta:meta])* async fn $name:ident($kept:ident: Kept) $body:block)*) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn test($kept: Kept) $body

            #[test]
            fn memory() {
                runtime().block_on(test(Kept::Memory));
            }

            #[test]
            fn redis() {
                runtime().block_on(test(Kept::redis(redis_url())));
            }

            #[test]
            fn cluster() {
                runtime().block_on(test(Kept::redis(redis_cluster_url())));
            }
        }
    )* };
}

pub fn area(code: &str) -> AreaCode {
    code.parse().unwrap()
}

pub fn unit(code: &str, no: usize) -> UnitId {
    format!("{code}-M{no}").parse().unwrap()
}

pub fn here() -> Place {
    Place::new(-1.268, 116.832).unwrap()
}

/// The nearest free units of BPN around [`here`].
pub async fn nearest(live: &Live, k: usize) -> Vec<UnitId> {
    let found = live.candidates(&[area("BPN")], here(), 1e5, k, STALE_MS, T0).await.unwrap();
    found.iter().map(|c| c.unit).collect()
}

async fn free_at(live: &Live, unit: UnitId, metres: f64, at: UnixMs) {
    live.set_availability(unit, Availability::Free, 1).await.unwrap();
    live.put(unit, &Fix::at(here().moved(90.0, metres), at));
}

/// Waits until it is so; says what, if it never is.
pub async fn until(what: &str, within: Duration, mut so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + within;
    while !so().await {
        assert!(Instant::now() < end, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

on_all! {
    async fn the_nearest_free_and_fresh_are_found(kept: Kept) {
        let live = kept.node();
        free_at(&live, unit("BPN", 1), 900.0, T0).await;
        free_at(&live, unit("PPU", 1), 300.0, T0).await;
        free_at(&live, unit("BPN", 2), 2_000.0, T0).await;
        free_at(&live, unit("BPN", 5), 10.0, T0.plus(-STALE_MS - 1)).await;
        free_at(&live, unit("BPN", 6), 5_000.0, T0.plus(-STALE_MS)).await;
        live.set_availability(unit("BPN", 3), Availability::Busy, 1).await.unwrap();
        live.put(unit("BPN", 4), &Fix::at(here(), T0));
        let areas = [area("BPN"), area("PPU"), area("BPN"), area("XX")];
        let found = live.candidates(&areas, here(), 1e4, 3, STALE_MS, T0).await.unwrap();
        let names: Vec<_> = found.iter().map(|c| c.unit).collect();
        assert_eq!(names, [unit("PPU", 1), unit("BPN", 1), unit("BPN", 2)]);
        assert_eq!(found[1].distance_m, here().distance_m(here().moved(90.0, 900.0)));
        assert_eq!(nearest(&live, 9).await, [unit("BPN", 1), unit("BPN", 2), unit("BPN", 6)]);
        for (limit_m, k) in [(f64::NAN, 2), (-1.0, 2), (1e4, 0)] {
            assert!(live.candidates(&areas, here(), limit_m, k, STALE_MS, T0).await.unwrap().is_empty());
        }
        let counts = live.counts(area("BPN"), STALE_MS, T0).await.unwrap();
        assert_eq!(counts, Counts { known: 6, online: 5, fresh: 4, free: 3 });
        assert_eq!(live.counts(area("XX"), STALE_MS, T0).await.unwrap(), Counts::default());
        assert_eq!(live.get(unit("BPN", 3)).await.unwrap().unwrap().fix, None);
        assert_eq!(live.get(unit("BPN", 9)).await.unwrap(), None);
        let survey = live.survey(&areas, here(), 1e4, STALE_MS, T0).await.unwrap();
        let skipped: Vec<_> = survey.skipped.iter().map(|s| (s.unit, s.why)).collect();
        assert_eq!(skipped, [(unit("BPN", 4), Why::OffDuty), (unit("BPN", 5), Why::Stale)]);
        assert_eq!(live.health(), Health::Well);
    }

    async fn an_older_fix_and_an_older_event_change_nothing(kept: Kept) {
        let (live, one) = (kept.node(), unit("BPN", 1));
        free_at(&live, one, 100.0, T0).await;
        assert_eq!(live.put(one, &Fix::at(here(), T0)), Put::Older);
        assert_eq!(live.put(one, &Fix::at(here(), T0.plus(-1))), Put::Older);
        assert_eq!(live.put(one, &Fix::at(here().moved(0.0, 70.0), T0.plus(1))), Put::Moved);
        assert_eq!(live.get(one).await.unwrap().unwrap().fix.unwrap().at, T0.plus(1));
        live.set_availability(one, Availability::Busy, 7).await.unwrap();
        live.set_availability(one, Availability::Free, 6).await.unwrap();
        assert!(nearest(&live, 1).await.is_empty());
        live.set_availability(one, Availability::Free, 7).await.unwrap();
        assert_eq!(nearest(&live, 1).await, [one]);
    }

    async fn all_may_be_busy_and_come_back(kept: Kept) {
        let live = kept.node();
        for no in 0..90 {
            free_at(&live, unit("BPN", no), 100.0 * no as f64, T0).await;
        }
        for no in 0..90 {
            assert_eq!(nearest(&live, 1).await, [unit("BPN", no)]);
            live.set_availability(unit("BPN", no), Availability::Busy, 2).await.unwrap();
        }
        assert!(nearest(&live, 1).await.is_empty());
        for no in (0..90).rev() {
            live.set_availability(unit("BPN", no), Availability::Free, 3).await.unwrap();
            assert_eq!(nearest(&live, 1).await, [unit("BPN", no)]);
        }
        assert_eq!(nearest(&live, 3).await, [unit("BPN", 0), unit("BPN", 1), unit("BPN", 2)]);
    }

    async fn a_console_follows_its_box(kept: Kept) {
        let (live, bpn) = (kept.node(), area("BPN"));
        live.put(unit("BPN", 1), &Fix::at(Place::new(-1.2, 116.8).unwrap(), T0));
        live.put(unit("BPN", 2), &Fix::at(Place::new(-1.2, 117.8).unwrap(), T0));
        let screen = Bounds { south: -1.3, west: 116.7, north: -1.1, east: 116.9 };
        let page = live.changed_since(bpn, 0, Some(&screen), 9).await.unwrap();
        assert_eq!(page.units.iter().map(|u| u.unit).collect::<Vec<_>>(), [unit("BPN", 1)]);
        assert_eq!(live.changed_since(bpn, page.version, None, 9).await.unwrap().units, []);
        assert_eq!(live.snapshot(bpn).await.unwrap().units.len(), 2);
        // Who is gone is told wherever it was.
        live.remove(unit("BPN", 2)).await.unwrap();
        assert_eq!(live.changed_since(bpn, page.version, Some(&screen), 9).await.unwrap().units[0].fix, None);
        assert_eq!(live.snapshot(bpn).await.unwrap().units.len(), 1);
    }

    async fn a_removed_unit_is_nobodys_candidate_until_it_is_heard_of_again(kept: Kept) {
        let (live, one) = (kept.node(), unit("BPN", 1));
        free_at(&live, one, 100.0, T0).await;
        assert_eq!(nearest(&live, 1).await, [one]);
        live.remove(one).await.unwrap();
        assert!(nearest(&live, 1).await.is_empty());
        live.put(one, &Fix::at(here(), T0.plus(-5)));
        assert!(nearest(&live, 1).await.is_empty(), "off duty until it is told otherwise");
        live.set_availability(one, Availability::Free, 2).await.unwrap();
        assert_eq!(nearest(&live, 1).await, [one]);
    }
}

#[test]
fn a_url_that_says_nothing_is_refused_without_showing_it() {
    let runtime = runtime();
    for url in ["", "localhost:6379", "http://user:secret@localhost", "redis://:99999999", "redis+cluster://"] {
        let settings = RedisSettings { url: url.to_owned(), ..RedisSettings::default() };
        let error = Live::redis(settings, Arc::new(|| T0), runtime.handle()).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}

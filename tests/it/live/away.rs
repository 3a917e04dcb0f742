//! Redis emptied, frozen, killed: who is nearest is still answered, and the index is whole again within ten seconds.

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the issue of such a failure may take.
pub const WHOLE: Duration = Duration::from_secs(10);
/// An answer while Redis is away: one deadline of a command, and a slow machine.
const ANSWER: Duration = Duration::from_secs(2);
/// The last is a city without traffic.
const CITIES: [&str; 4] = ["BPN", "PPU", "SMD", "TRK"];
const UNITS: usize = 50;

/// Two nodes with phones that move, and what SQL knows: every other unit is free.
pub struct Fleet {
    pub nodes: [Arc<Live>; 2],
    pub stop: Arc<AtomicBool>,
    began: Instant,
}

fn is_free(no: usize) -> bool {
    no.is_multiple_of(2)
}

impl Fleet {
    pub async fn start(kept: &Kept) -> Self {
        let fleet =
            Self { nodes: [Arc::new(kept.node()), Arc::new(kept.node())], stop: Arc::default(), began: Instant::now() };
        // A node that told who is free, and is gone: only SQL can say it again.
        let teller = kept.node();
        for city in CITIES {
            for no in 0..UNITS {
                fleet.put(city, no);
                let said = if is_free(no) { Availability::Free } else { Availability::Busy };
                teller.set_availability(unit(city, no), said, 5).await.unwrap();
            }
        }
        fleet.until_whole(kept).await;
        drop(teller);
        for node in &fleet.nodes {
            // As the engine does.
            let node = Arc::clone(node);
            tokio::spawn(async move {
                loop {
                    for city in node.forgotten().await {
                        for no in 0..UNITS {
                            let said = if is_free(no) { Availability::Free } else { Availability::Busy };
                            node.set_availability(unit(city.as_str(), no), said, 5).await.unwrap();
                        }
                    }
                }
            });
        }
        fleet
    }

    fn put(&self, city: &str, no: usize) {
        let at = T0.plus(i64::try_from(self.began.elapsed().as_millis()).unwrap());
        let there = here().moved(no as f64, 100.0 + 40.0 * no as f64);
        self.nodes[no % 2].put(unit(city, no), &Fix::at(there, at));
    }

    /// All phones of the first three cities tell where they are, 20 times a second, until `stop`.
    pub fn drive(self: &Arc<Self>) -> tokio::task::JoinHandle<()> {
        let fleet = Arc::clone(self);
        tokio::spawn(async move {
            while !fleet.stop.load(Ordering::SeqCst) {
                for city in &CITIES[..3] {
                    (0..UNITS).for_each(|no| fleet.put(city, no));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    }

    /// A node that holds nothing itself finds all free units of all cities.
    async fn is_whole(&self, stranger: &Live) -> bool {
        for city in CITIES {
            let found = stranger.candidates(&[area(city)], here(), 1e5, UNITS, STALE_MS, T0).await.unwrap();
            if found.len() != UNITS / 2 {
                return false;
            }
        }
        true
    }

    pub async fn until_whole(&self, kept: &Kept) {
        let stranger = kept.node();
        until("the index is whole", WHOLE, async || self.is_whole(&stranger).await).await;
        until("all say so", WHOLE, async || self.nodes.iter().all(|n| n.health() == Health::Well)).await;
    }

    /// Redis is away: the first node still answers from what it holds, in time, and says so.
    async fn goes_on(&self, long: Duration) {
        let node = &self.nodes[0];
        let end = Instant::now() + long;
        let mut away = false;
        while Instant::now() < end {
            let asked = Instant::now();
            let found = nearest(node, 1).await;
            assert!(asked.elapsed() < ANSWER, "an answer took {:?}", asked.elapsed());
            assert_eq!(found, [unit("BPN", 0)]);
            away |= matches!(node.health(), Health::Away { .. });
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(away, "nobody said that Redis was away");
    }

    /// The nodes know who is free: as after their start, when they read it from SQL.
    async fn know(&self) {
        for node in &self.nodes {
            for city in CITIES {
                for no in 0..UNITS {
                    let said = if is_free(no) { Availability::Free } else { Availability::Busy };
                    node.set_availability(unit(city, no), said, 5).await.unwrap();
                }
            }
        }
    }
}

#[test]
fn an_emptied_index_is_whole_again() {
    runtime().block_on(async {
        let redis = PrivateRedis::start();
        let kept = Kept::redis(redis.url());
        let fleet = Arc::new(Fleet::start(&kept).await);
        let drive = fleet.drive();
        for _ in 0..2 {
            redis.ask::<()>(&["FLUSHALL"]);
            fleet.until_whole(&kept).await;
        }
        // Scripts too may be forgotten.
        redis.ask::<()>(&["SCRIPT", "FLUSH"]);
        redis.ask::<()>(&["FLUSHALL"]);
        fleet.until_whole(&kept).await;
        fleet.stop.store(true, Ordering::SeqCst);
        drive.await.unwrap();
    });
}

#[test]
fn a_frozen_redis_stops_nobody() {
    runtime().block_on(async {
        let redis = PrivateRedis::start();
        let kept = Kept::redis(redis.url());
        let fleet = Arc::new(Fleet::start(&kept).await);
        fleet.know().await;
        let drive = fleet.drive();
        redis.freeze();
        fleet.goes_on(Duration::from_secs(5)).await;
        redis.thaw();
        fleet.until_whole(&kept).await;
        fleet.stop.store(true, Ordering::SeqCst);
        drive.await.unwrap();
    });
}

#[test]
fn a_killed_redis_stops_nobody() {
    runtime().block_on(async {
        let mut redis = PrivateRedis::start();
        let kept = Kept::redis(redis.url());
        let fleet = Arc::new(Fleet::start(&kept).await);
        fleet.know().await;
        let drive = fleet.drive();
        redis.kill();
        fleet.goes_on(Duration::from_secs(2)).await;
        redis.restart();
        fleet.until_whole(&kept).await;
        fleet.stop.store(true, Ordering::SeqCst);
        drive.await.unwrap();
    });
}

#[test]
fn a_node_starts_without_redis_and_tells_it_later() {
    runtime().block_on(async {
        let mut redis = PrivateRedis::start();
        let kept = Kept::redis(redis.url());
        redis.kill();
        let live = kept.node();
        free_at(&live, unit("BPN", 1), 50.0, T0).await;
        assert_eq!(nearest(&live, 1).await, [unit("BPN", 1)]);
        until("it says so", ANSWER, async || live.health() != Health::Well).await;
        redis.restart();
        until("another node finds it", WHOLE, async || nearest(&kept.node(), 1).await == [unit("BPN", 1)]).await;
        until("it says so", ANSWER, async || live.health() == Health::Well).await;
    });
}

/// Commands that the server ran while 120 phones of two cities told their place so often (1 or 10 times a second), for
/// four seconds; once a second each has a tenth of it to itself.
async fn commands_at(hz: usize) -> u64 {
    let redis = PrivateRedis::start();
    let live = Kept::redis(redis.url()).node();
    let count = || {
        let told = redis.ask::<String>(&["INFO", "stats"]);
        told.lines().find_map(|l| l.strip_prefix("total_commands_processed:")).unwrap().parse::<u64>().unwrap()
    };
    free_at(&live, unit("BPN", 1), 50.0, T0).await;
    assert_eq!(nearest(&live, 1).await, [unit("BPN", 1)]);
    let before = count();
    let (mut beats, began) = (tokio::time::interval(Duration::from_millis(100)), Instant::now());
    for beat in 0..40 {
        beats.tick().await;
        for no in (0..60).filter(|no| hz == 10 || no % 10 == beat % 10) {
            for city in ["BPN", "PPU"] {
                let at = T0.plus(i64::try_from(began.elapsed().as_millis()).unwrap() + 1);
                live.put(unit(city, no), &Fix::at(here().moved(90.0, (no + beat) as f64), at));
            }
        }
    }
    count() - before
}

#[test]
fn commands_do_not_grow_with_the_rate_of_the_phones() {
    runtime().block_on(async {
        let (slow, fast) = (commands_at(1).await, commands_at(10).await);
        assert!(fast <= slow * 5 / 4 + 10, "{slow} at 1 Hz, {fast} at 10 Hz");
        assert!(fast < 4 * 120, "{fast}: less than one per unit and second");
    });
}

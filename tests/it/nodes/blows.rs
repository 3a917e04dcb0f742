//! Two nodes of the real program under load while something is killed, frozen or emptied. Afterwards the journals are
//! whole, no unit was on two open dispatches, every command that was answered is there once, and all is as before.

use super::{load::*, offers::scene, pair::until, phones::Phones};
use crate::{
    crash::{ledger::Way, proof},
    harness::*,
};
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a node may take to be whole again after Redis is back.
const WHOLE: Duration = Duration::from_secs(10);

/// Phones that ride meanwhile, half of them at each node.
const PHONES: usize = 8;
/// So many more fixes show that they go on.
const MORE_FIXES: u64 = 8;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Blow {
    Nothing,
    NodeKilled,
    RedisKilled,
    RedisFrozen,
    RedisFlushed,
    PostgresKilled,
    PostgresFrozen,
    RollingRestart,
}

impl Blow {
    /// It needs a PostgreSQL of its own.
    fn is_on_postgres(self) -> bool {
        matches!(self, Self::PostgresKilled | Self::PostgresFrozen)
    }
}

/// How hard, and how often.
struct Trial {
    units: usize,
    clients: usize,
    load: Duration,
    blows: usize,
}

const SHORT: Trial = Trial { units: 30, clients: 24, load: Duration::from_secs(1), blows: 1 };
const LONG: Trial = Trial { units: 60, clients: 48, load: Duration::from_secs(3), blows: 6 };
const RACE: Trial = Trial { units: 200, clients: 64, load: Duration::from_secs(10), blows: 1 };
const LONG_RACE: Trial = Trial { units: 200, clients: 64, load: Duration::from_secs(60), blows: 1 };

struct Site {
    postgres: Option<PrivatePostgres>,
    redis: PrivateRedis,
    programs: [Program; 2],
    alive: [Option<Alive>; 2],
    nodes: Nodes,
}

impl Site {
    async fn start_node(&mut self, n: usize) {
        let alive = self.programs[n].serve().await;
        self.nodes.set(n, &alive.api);
        self.alive[n] = Some(alive);
    }

    async fn is(&self, n: usize, status: &str) -> bool {
        let url = format!("{}/readyz", self.alive[n].as_ref().unwrap().api.url);
        let Ok(answer) = reqwest::get(&url).await else { return false };
        let body: Value = serde_json::from_str(&answer.text().await.unwrap_or_default()).unwrap_or_default();
        body["status"] == status
    }

    async fn both_are(&self, status: &str) -> bool {
        self.is(0, status).await && self.is(1, status).await
    }

    /// Fixes are taken at this node.
    async fn takes_fixes(&self, n: usize) {
        let api = &self.alive[n].as_ref().unwrap().api;
        let taken = || async {
            let page = reqwest::get(format!("{}/metrics", api.url)).await.unwrap().text().await.unwrap();
            let line = page.lines().find_map(|l| l.strip_prefix("sigap_fixes_total{outcome=\"live\"} ")).unwrap();
            line.parse::<u64>().unwrap()
        };
        let before = taken().await;
        until("more fixes are taken", || async { taken().await >= before + MORE_FIXES }).await;
    }

    async fn both_take_fixes(&self) {
        self.takes_fixes(0).await;
        self.takes_fixes(1).await;
    }

    async fn strike(&mut self, blow: Blow, round: usize) {
        let pause = |ms| tokio::time::sleep(Duration::from_millis(ms));
        match blow {
            Blow::Nothing => {}
            Blow::NodeKilled => {
                let n = round % 2;
                self.alive[n].take().unwrap().kill();
                pause(500).await;
                self.takes_fixes(1 - n).await;
                self.start_node(n).await;
            }
            Blow::RedisKilled => {
                self.redis.kill();
                until("both nodes say that Redis is away", || self.both_are("degraded")).await;
                self.both_take_fixes().await;
                self.redis.restart();
            }
            Blow::RedisFrozen => {
                self.redis.freeze();
                pause(5_000).await;
                assert!(self.both_are("degraded").await, "they know that Redis does not answer");
                self.both_take_fixes().await;
                self.redis.thaw();
            }
            Blow::RedisFlushed => {
                for _ in 0..3 {
                    self.redis.ask::<()>(&["FLUSHALL"]);
                    pause(300).await;
                }
            }
            Blow::PostgresKilled => {
                let postgres = self.postgres.as_ref().unwrap();
                postgres.stop();
                pause(1_500).await;
                self.both_take_fixes().await;
                postgres.start_again().await;
            }
            Blow::PostgresFrozen => {
                let postgres = self.postgres.as_ref().unwrap();
                postgres.freeze();
                self.both_take_fixes().await;
                // Longer than a transaction may take: what was under way is given up in the middle.
                pause(9_000).await;
                postgres.thaw();
            }
            Blow::RollingRestart => {
                for n in 0..2 {
                    let mut leaving = self.alive[n].take().unwrap();
                    leaving.terminate();
                    assert!(leaving.ended().await.success(), "{}", leaving.logged());
                    self.start_node(n).await;
                }
            }
        }
    }
}

async fn survive(blow: Blow, trial: Trial) {
    let postgres = if blow.is_on_postgres() { Some(PrivatePostgres::start().await) } else { None };
    let db = match &postgres {
        Some(own) => Db::create_at(own.url()).await,
        None => Db::create(Engine::Postgres).await,
    };
    let city = crewed_city(&db, trial.units).await;
    let (redis, prefix) = (PrivateRedis::start(), redis_prefix());
    let program = || {
        Program::new(&db)
            .with("SIGAP_REDIS_URL", &redis.url())
            .with("SIGAP_REDIS_PREFIX", &prefix)
            .with("SIGAP_ENGINE__STALE_MS", "3600000")
            .with("SIGAP_ENGINE__ASK_AGAIN_MS", "1000")
    };
    let programs = [program(), program()];
    let mut site = Site { postgres, redis, programs, alive: [None, None], nodes: Nodes::default() };
    site.start_node(0).await;
    site.start_node(1).await;
    until("both nodes are ready", || site.both_are("ready")).await;
    let mut desks: Vec<Desk> = Vec::new();
    for node in site.alive.iter().flatten() {
        let mut desk = node.api.socket(&city.desk, device()).await;
        desk.follow("BPN", None).await;
        desks.push(Desk::reads(desk));
    }
    let units: Vec<_> = city.patrols.iter().map(|p| p.unit).collect();
    let load = Load::start(&site.nodes, &city.desk, &units, trial.clients);
    let phones = Phones::start(&site.nodes, &city.patrols[..PHONES], &load.ledger).await;
    for round in 0..trial.blows {
        tokio::time::sleep(trial.load).await;
        site.strike(blow, round).await;
        let back = Instant::now();
        until("both nodes are ready again", || site.both_are("ready")).await;
        assert!(back.elapsed() < WHOLE, "it took {:?}", back.elapsed());
        load.ledger.more(trial.clients).await;
        assert!(back.elapsed() < WHOLE, "commands flow again after {:?}", back.elapsed());
    }
    if !matches!(blow, Blow::Nothing | Blow::NodeKilled | Blow::RollingRestart) {
        // The sockets are the same ones, and hear what happens now.
        let before: Vec<usize> = desks.iter().map(Desk::heard).collect();
        until("both desks hear of work that ends", || async {
            desks.iter().zip(&before).all(|(desk, before)| desk.heard() > *before)
        })
        .await;
    }
    tokio::time::sleep(trial.load.min(Duration::from_secs(2))).await;
    let refused = load.unavailable.load(Ordering::SeqCst);
    let ledger = load.ledger.clone();
    let mut written = load.end().await;
    let apis: Vec<_> = site.alive.iter().flatten().map(|node| node.api.clone()).collect();
    match blow {
        Blow::NodeKilled => {
            assert!(phones.lost_at(0) >= PHONES / 2, "the phones of the killed node went over");
            assert!(trial.blows > 1 || phones.lost_at(1) == 0, "those of the other were left alone");
        }
        Blow::RollingRestart => assert!(phones.lost_at(0) > 0 && phones.lost_at(1) > 0),
        _ => assert_eq!((phones.lost_at(0), phones.lost_at(1)), (0, 0), "sockets stay open"),
    }
    phones.end(&db, &apis, &city.desk).await;
    written.extend(ledger.take());
    assert!(
        written.iter().any(|entry| matches!(entry.way, Way::Socket { .. }) && entry.is_done()),
        "no note was taken"
    );
    assert!(written.len() > 100, "only {} commands were done", written.len());
    proof::all_is_there(&db, &written, false).await;
    if blow.is_on_postgres() {
        assert!(refused > 0, "nobody noticed that PostgreSQL was away");
    }
    all_can_be_sent(&db, &site, &city).await;
    drop(site);
    if !blow.is_on_postgres() {
        db.drop_database().await;
    }
}

/// A desk that reads all the time, as a console does: one that answers no ping is closed. It counts the work that it hears
/// the end of, as long as its first socket is open.
struct Desk {
    heard: Arc<AtomicUsize>,
    reader: tokio::task::JoinHandle<()>,
}

impl Desk {
    fn reads(mut socket: Socket) -> Self {
        let heard = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&heard);
        let reader = tokio::spawn(async move {
            while let Ok(frame) = socket.next().await {
                if frame["event"]["kind"] == "dispatch.cleared" {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Self { heard, reader }
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Every unit is free again, and both nodes find the nearest ones.
async fn all_can_be_sent(db: &Db, site: &Site, city: &City) {
    until("every unit is free", || async {
        db.count("SELECT COUNT(*) FROM unit WHERE dispatch_no IS NOT NULL").await == 0
    })
    .await;
    let report = super::offers::report();
    let apis: Vec<_> = site.alive.iter().flatten().map(|node| node.api.clone()).collect();
    let received = apis[0].post(&city.desk, "/reports", &report).await.expect(201);
    let incident = received["incident"]["id"].as_str().unwrap().to_owned();
    let path = format!("/incidents/{incident}/candidates");
    for api in &apis {
        api.until(&city.desk, &path, "eight candidates", |pick| {
            pick["survey"]["candidates"].as_array().is_some_and(|found| found.len() == 8)
        })
        .await;
    }
}

/// A city whose units are on duty and have a place.
async fn crewed_city(db: &Db, units: usize) -> City {
    let city = seed(db, units).await;
    let node = serve(config(db)).await;
    city.sign_on(&node.api).await;
    node.stop().await;
    for (n, patrol) in city.patrols.iter().enumerate() {
        let place = scene().moved((n * 37 % 360) as f64, 100.0 + (n * 53 % 2_000) as f64);
        let (lat, lng, at, sign) = (place.lat(), place.lng(), now().0, patrol.unit.sign());
        db.tamper(&format!(
            "UPDATE unit SET last_lat = {lat}, last_lng = {lng}, last_fix_ms = {at} WHERE sign = '{sign}'"
        ))
        .await;
    }
    city
}

fn trial(blow: Blow, trial: Trial) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(survive(blow, trial));
}

#[test]
fn sixty_four_desks_race_for_two_hundred_units() {
    trial(Blow::Nothing, RACE);
}

#[test]
fn a_node_is_killed() {
    trial(Blow::NodeKilled, SHORT);
}

#[test]
fn redis_is_killed() {
    trial(Blow::RedisKilled, SHORT);
}

#[test]
fn redis_is_frozen() {
    trial(Blow::RedisFrozen, SHORT);
}

#[test]
fn redis_is_emptied() {
    trial(Blow::RedisFlushed, SHORT);
}

#[test]
fn postgres_is_killed() {
    trial(Blow::PostgresKilled, SHORT);
}

#[test]
fn postgres_is_frozen() {
    trial(Blow::PostgresFrozen, SHORT);
}

#[test]
fn both_nodes_are_restarted_in_turn() {
    trial(Blow::RollingRestart, SHORT);
}

/// `make torture` runs these.
mod torture {
    use super::*;

    #[test]
    #[ignore = "long; make torture runs it"]
    fn sixty_four_desks_race_for_a_minute() {
        trial(Blow::Nothing, LONG_RACE);
    }

    #[test]
    #[ignore = "long; make torture runs it"]
    fn nodes_are_killed_again_and_again() {
        trial(Blow::NodeKilled, LONG);
    }

    #[test]
    #[ignore = "long; make torture runs it"]
    fn redis_is_killed_again_and_again() {
        trial(Blow::RedisKilled, LONG);
    }

    #[test]
    #[ignore = "long; make torture runs it"]
    fn redis_is_frozen_again_and_again() {
        trial(Blow::RedisFrozen, LONG);
    }

    #[test]
    #[ignore = "long; make torture runs it"]
    fn redis_is_emptied_again_and_again() {
        trial(Blow::RedisFlushed, LONG);
    }

    #[test]
    #[ignore = "long; make torture runs it"]
    fn postgres_is_killed_again_and_again() {
        trial(Blow::PostgresKilled, LONG);
    }

    #[test]
    #[ignore = "long; make torture runs it"]
    fn postgres_is_frozen_again_and_again() {
        trial(Blow::PostgresFrozen, LONG);
    }

    #[test]
    #[ignore = "long; make torture runs it"]
    fn nodes_are_restarted_again_and_again() {
        trial(Blow::RollingRestart, LONG);
    }
}

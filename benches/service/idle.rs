//! Resident memory of an officer's socket that has sent fifty fixes and is idle since.

use super::{
    city::City,
    common::Summary,
    database::{Database, Kind},
    phone::{self, Phones, Socket},
    process::{SERVER, Server},
};
use sigap::app::Clock;
use std::time::Duration;
use tokio::time::{sleep, timeout};

const SOCKETS: u16 = 5_000;
/// Opened and closed before the first look, so that caches and threads are there.
const WARM_UP: usize = 50;
const FIXES: u64 = 50;
const EVERY: Duration = Duration::from_millis(500);
/// After the last fix: more than one heartbeat and one writing of the tracks.
const REST: Duration = Duration::from_secs(35);
const SETTLE: Duration = Duration::from_secs(30);

pub async fn run(summary: &mut Summary) {
    let database = Database::create(Kind::Sqlite).await;
    let city = City::build(&database, SOCKETS).await;
    let first = city.crew_some(WARM_UP).await;
    let seats = city.crew().await;
    city.leave().await;
    let server = Server::sigap(&database, Some(SERVER)).await;
    let mut sockets: Vec<Socket> = Vec::new();
    for seat in &first {
        sockets.push(phone::open(server.port, Some(&seat.ticket)).await);
    }
    drop(sockets);
    sessions(&server, 0.0).await;
    let before_kib = server.resident_kib();
    let mut sockets: Vec<Socket> = Vec::new();
    for seat in &seats {
        sockets.push(phone::open(server.port, Some(&seat.ticket)).await);
    }
    sessions(&server, f64::from(SOCKETS)).await;
    let fresh_kib = (server.resident_kib() - before_kib) / f64::from(SOCKETS);
    let mut phones = Phones::drive(sockets, EVERY, FIXES, Clock::start());
    let all = FIXES * u64::from(SOCKETS);
    let sent = async {
        while phones.sent() < all {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(SETTLE + EVERY * FIXES as u32, sent).await.expect("the server takes the fixes");
    sleep(REST).await;
    phones.are_well();
    sessions(&server, f64::from(SOCKETS)).await;
    let taken = server.metric("sigap_fixes_total{outcome=\"live\"}").await;
    assert!(taken == all as f64, "of {all} fixes {taken} were taken");
    let idle_kib = (server.resident_kib() - before_kib) / f64::from(SOCKETS);
    println!("idle: {before_kib:.0} KiB without sockets, then per socket {fresh_kib:.1} KiB fresh, {idle_kib:.1} idle");
    summary.add("socket_fresh_kib", fresh_kib, "KiB");
    summary.add("socket_idle_kib", idle_kib, "KiB");
    drop((phones, server));
    database.remove().await;
}

async fn sessions(server: &Server, count: f64) {
    let there = async {
        while server.metric("sigap_sessions").await != count {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SETTLE, there).await.expect("the server counts its sockets");
}

//! Fixes per second of the server's processor time: frame received, judged, in the index that dispatch searches.
//!
//! A thousand phones send five fixes a second each, as fast as none is conflated. The server's time is all of it: what
//! it does for heartbeats, deadlines and the tracks that it writes every thirty seconds is in the figure.

use super::{
    city::City,
    common::{Better, Summary, median},
    database::{Database, Kind},
    echo,
    phone::{self, Phones, Socket},
    process::{SERVER, Server},
};
use sigap::app::Clock;
use std::time::Duration;
use tokio::time::sleep;

const PHONES: u16 = 1_000;
const EVERY: Duration = Duration::from_millis(200);
const RUNS: usize = 3;
const WARM_UP: Duration = Duration::from_secs(5);
/// The time between two writings of the tracks, so that each run has one.
const RUN: Duration = Duration::from_secs(30);
const RUN_OF_PEER: Duration = Duration::from_secs(10);

pub async fn run(summary: &mut Summary) {
    let peer = echoes_per_cpu_s().await;
    let ours = fixes_per_cpu_s().await;
    summary.add_beside("ingest_fixes_per_cpu_s", ours, "1/s", peer, Better::Higher);
}

async fn fixes_per_cpu_s() -> f64 {
    let database = Database::create(Kind::Sqlite).await;
    let city = City::build(&database, PHONES).await;
    let seats = city.crew().await;
    city.leave().await;
    let server = Server::sigap(&database, Some(SERVER)).await;
    let mut sockets: Vec<Socket> = Vec::new();
    for seat in &seats {
        sockets.push(phone::open(server.port, Some(&seat.ticket)).await);
    }
    let mut phones = Phones::drive(sockets, EVERY, u64::MAX, Clock::start());
    sleep(WARM_UP).await;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let (fixes, cpu_s) = (live(&server).await, server.cpu_s());
        sleep(RUN).await;
        runs.push((live(&server).await - fixes) / (server.cpu_s() - cpu_s));
        phones.are_well();
    }
    let (lost, sent, taken) = (server.fixes_lost().await, phones.sent() as f64, live(&server).await);
    assert!(lost == 0.0, "{lost} fixes were refused or conflated");
    assert!((sent - taken).abs() < 1_000.0, "of {sent} fixes {taken} were counted");
    println!("ingest: {runs:.0?} fixes/s of processor time, {sent} fixes sent");
    drop((phones, server));
    database.remove().await;
    median(runs)
}

async fn live(server: &Server) -> f64 {
    server.metric("sigap_fixes_total{outcome=\"live\"}").await
}

async fn echoes_per_cpu_s() -> f64 {
    let server = Server::peer(Some(SERVER), echo::PORT).await;
    let mut sockets: Vec<Socket> = Vec::new();
    for _ in 0..PHONES {
        sockets.push(phone::open(server.port, None).await);
    }
    let mut phones = Phones::drive(sockets, EVERY, u64::MAX, Clock::start());
    sleep(WARM_UP).await;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let (echoes, cpu_s) = (phones.heard(), server.cpu_s());
        sleep(RUN_OF_PEER).await;
        runs.push((phones.heard() - echoes) as f64 / (server.cpu_s() - cpu_s));
        phones.are_well();
    }
    println!("echo: {runs:.0?} frames/s of processor time, {} frames sent", phones.sent());
    median(runs)
}

//! From the post of a report to the frame of its offer read by a phone, durable, while a thousand phones send a fix a
//! second and twenty reports come in a second.

use super::{
    city::City,
    common::{Summary, median},
    database::{Database, Kind},
    process::Server,
};
use sigap::{
    app::Clock,
    sim::{self, Behaviour, Mix, Rider, Stats, Town, World, client::Login},
};
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

const UNITS: u16 = 1_000;
const REPORTS_PER_MIN: f64 = 20.0 * 60.0;
const RUNS: usize = 3;
const WARM_UP: Duration = Duration::from_secs(8);
const RUN: Duration = Duration::from_secs(30);
const OPENING: Duration = Duration::from_secs(60);

pub async fn run(summary: &mut Summary, kind: Kind) {
    let database = Database::create(kind).await;
    let city = City::build(&database, UNITS).await;
    let (officers, exchange) = city.tokens().await;
    let fleet = city.leave().await;
    let server = Server::sigap(&database, None).await;
    let stats = Arc::new(Stats::default());
    let rider = |(unit, kind)| Rider { unit, kind, login: Login::Token(officers.clone()) };
    let world = World {
        base_url: format!("http://127.0.0.1:{}", server.port),
        town: Arc::new(Town::balikpapan()),
        riders: fleet.into_iter().map(rider).collect(),
        desk: None,
        exchange: None,
        seed: 110,
        fixes_hz: 1.0,
        reports_per_min: REPORTS_PER_MIN,
        mix: Mix::load(),
        behaviour: Arc::new(Behaviour::load()),
        clock: Clock::start().into_now(),
    };
    // Nobody calls before everybody is on duty: what a thousand phones that sign on at once cost is another figure.
    let citizens = World { riders: Vec::new(), exchange: Some(Login::Token(exchange)), ..world.clone() };
    let (stop, stopped) = watch::channel(false);
    let begin = |world| {
        let (stats, mut stopped) = (Arc::clone(&stats), stopped.clone());
        let until = async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        tokio::spawn(sim::run(world, stats, until))
    };
    let phones = begin(world);
    let online = async {
        while stats.online.load(Relaxed) < i64::from(UNITS) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(OPENING, online).await.expect("every phone comes online");
    let citizens = begin(citizens);
    sleep(WARM_UP).await;
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        stats.offer.clear();
        let (fixes, cpu_s) = (stats.fixes.load(Relaxed), server.cpu_s());
        sleep(RUN).await;
        p50.push(stats.offer.percentile_ms(50.0).expect("offers came"));
        p99.push(stats.offer.percentile_ms(99.0).expect("offers came"));
        let (offers, most) = (stats.offer.count(), stats.offer.percentile_ms(100.0).unwrap_or_default());
        let fixes_per_s = (stats.fixes.load(Relaxed) - fixes) as f64 / RUN.as_secs_f64();
        let cpu = (server.cpu_s() - cpu_s) / RUN.as_secs_f64();
        println!(
            "offer, {}: {offers} offers, p50 {:.1} ms, p99 {:.1} ms, worst {most:.1} ms; {fixes_per_s:.0} fixes/s; \
             the server used {cpu:.2} cores",
            kind.name(),
            p50[p50.len() - 1],
            p99[p99.len() - 1],
        );
        let expected = REPORTS_PER_MIN / 60.0 * RUN.as_secs_f64();
        assert!(offers as f64 > 0.8 * expected, "of some {expected} reports {offers} were offered");
    }
    let (errors, skipped) = (stats.errors.load(Relaxed), stats.reports_skipped.load(Relaxed));
    assert!(errors == 0 && skipped == 0, "{errors} errors, {skipped} reports left out");
    stop.send_replace(true);
    for city in [citizens, phones] {
        city.await.expect("the city ends").expect("the address is good");
    }
    summary.add(&format!("offer_p50_ms_{}", kind.name()), median(p50), "ms");
    summary.add(&format!("offer_p99_ms_{}", kind.name()), median(p99), "ms");
    drop(server);
    database.remove().await;
}

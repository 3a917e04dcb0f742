//! Who is nearest of 10,000 units of a city, half of them busy: asked of Redis by our seat there, beside `GEOSEARCH` on
//! the same Redis.
//!
//! The peer is given what it can be given: the best of several radii, enough results to find a free unit among them, and
//! the knowledge of who is busy for nothing (that is looked up here, not in Redis). Where no free unit is among its
//! results, it asks again with twice the radius and four times the results, and that time counts. With a radius of 20 km,
//! which is safe for any town and any hour, it need not.
//!
//! Redis and this process keep to a core each, as they are machines apart in an installation: left alone, the kernel
//! moves them together and apart, and an answer takes 40 µs or 90 by that. Ours and the peer's radii take turns, a
//! hundred questions each, so that whatever else goes on meets them all.

use crate::{
    common::{Better, Random, Summary, median},
    fleet::{BALIKPAPAN, Fleet, Region},
    postgis,
    server::Server,
};
use redis::{Cmd, Pipeline, aio::MultiplexedConnection};
use sigap::{
    domain::{fix::Fix, ids::AreaCode, nearest::STALE_MS, place::Place},
    live::{Availability, Live},
};
use std::{collections::HashSet, hint::black_box, time::Instant};

const UNITS: usize = 10_000;
const ASKED: usize = 2_000;
const RADII_M: [f64; 5] = [200.0, 300.0, 450.0, 700.0, 1_000.0];
const SAFE_M: f64 = 20_000.0;
const COUNT: usize = 8;
/// So many questions one way, then the next.
const TURN: usize = 100;

pub async fn run(summary: &mut Summary) {
    let mut server = Server::reach().await;
    server.ask::<()>(&["FLUSHALL"]).await;
    let mut random = Random(11);
    let fleet = Fleet::new(Region::Box(BALIKPAPAN), UNITS, &mut random);
    let (area, memory, live) = ([fleet.ids[0].area], Live::memory(), server.node(fleet.now));
    let key = format!("{}{{BPN}}:places", server.prefix);
    for (i, id) in fleet.ids.iter().enumerate() {
        let said = if fleet.free[i] { Availability::Free } else { Availability::Busy };
        for live in [&memory, &live] {
            live.set_availability(*id, said, 1).await.expect("Redis is there");
            live.put(*id, &Fix::at(fleet.places[i], fleet.now));
        }
    }
    for chunk in (0..UNITS).collect::<Vec<_>>().chunks(500) {
        let mut pipe = Pipeline::new();
        for i in chunk {
            let place = fleet.places[*i];
            pipe.cmd("GEOADD").arg(&key).arg(place.lng()).arg(place.lat()).arg(fleet.ids[*i].sign()).ignore();
        }
        pipe.exec_async(&mut server.connection).await.expect("it answers");
    }
    let places: Vec<Place> = (0..ASKED).map(|_| fleet.somewhere(&mut random)).collect();

    let in_process_us = median(ours(&memory, &area, &fleet, &places).await);
    // The first question sends what was put.
    ours(&live, &area, &fleet, &places).await;
    let wrong = {
        let mut wrong = 0;
        for from in &places {
            let [a, b] = [&memory, &live].map(|live| live.candidates(&area, *from, 3e4, 1, STALE_MS, fleet.now));
            wrong += usize::from(a.await.expect("an answer") != b.await.expect("an answer"));
        }
        wrong
    };
    assert_eq!(wrong, 0, "nearest must be exact");

    let busy: HashSet<&str> =
        fleet.ids.iter().zip(&fleet.free).filter(|(_, free)| !**free).map(|(id, _)| id.sign()).collect();
    let peer = Geo { key: &key, busy: &busy };
    server.keep_apart();
    let (mut redis_us, mut radii_us) = (Vec::new(), RADII_M.map(|_| Vec::new()));
    for places in places.chunks(TURN) {
        redis_us.append(&mut ours(&live, &area, &fleet, places).await);
        for (radius_m, us) in RADII_M.iter().zip(&mut radii_us) {
            us.append(&mut peer.times_us(&mut server.connection, places, *radius_m).await);
        }
    }
    let redis_us = median(redis_us);
    let mut best_us = f64::INFINITY;
    for (radius_m, us) in RADII_M.iter().zip(radii_us) {
        let us = median(us);
        println!("GEOSEARCH within {radius_m} m: {us:.1} µs");
        best_us = best_us.min(us);
    }
    let safe_us = median(peer.times_us(&mut server.connection, &places, SAFE_M).await);
    summary.add_beside("redis_nearest_10k_p50_us", redis_us, "us", best_us, Better::Lower);
    summary.add_beside("redis_nearest_10k_p50_us_20km", redis_us, "us", safe_us, Better::Lower);
    // Embedded beside served: most of the peer's time is the way there and back.
    summary.add_beside("nearest_10k_vs_geosearch", in_process_us, "us", best_us, Better::Lower);
    match postgis::p50_us(&fleet, &places).await {
        Ok(us) => summary.add_beside("nearest_10k_vs_postgis", in_process_us, "us", us, Better::Lower),
        Err(why) => summary.add_alone("nearest_10k_vs_postgis", in_process_us, "us", &why),
    }
}

async fn ours(live: &Live, area: &[AreaCode], fleet: &Fleet, places: &[Place]) -> Vec<f64> {
    let mut times = Vec::with_capacity(places.len());
    for from in places {
        let began = Instant::now();
        let found = live.candidates(area, *from, 3e4, 1, STALE_MS, fleet.now).await.expect("an answer");
        times.push(began.elapsed().as_secs_f64() * 1e6);
        assert_eq!(black_box(found).len(), 1);
    }
    times
}

struct Geo<'a> {
    key: &'a str,
    busy: &'a HashSet<&'a str>,
}

impl Geo<'_> {
    async fn times_us(&self, connection: &mut MultiplexedConnection, places: &[Place], radius_m: f64) -> Vec<f64> {
        let mut times = Vec::with_capacity(places.len());
        for from in places {
            let began = Instant::now();
            let (mut radius_m, mut count) = (radius_m, COUNT);
            loop {
                let mut ask = Cmd::new();
                ask.arg("GEOSEARCH").arg(self.key).arg("FROMLONLAT").arg(from.lng()).arg(from.lat());
                ask.arg("BYRADIUS").arg(radius_m).arg("m").arg("ASC").arg("COUNT").arg(count).arg("WITHDIST");
                let found: Vec<(String, f64)> = ask.query_async(connection).await.expect("it answers");
                if found.iter().any(|(sign, _)| !self.busy.contains(sign.as_str())) {
                    break;
                }
                (radius_m, count) = (radius_m * 2.0, count * 4);
            }
            times.push(began.elapsed().as_secs_f64() * 1e6);
        }
        times
    }
}

//! What storing a fix costs: 5,000 phones of 50 cities (a hundred each, as many as a city of the 514 has on average) tell
//! where they are, evenly over time.
//!
//! Ours takes every fix by [`Live::put`] with the settings of an installation. The peer is one `GEOADD` per fix into a
//! key per city, sixteen in a pipeline, by the same client at the same pace; it knows nothing of older fixes, of who is
//! free, of the moment or the accuracy of a fix. The figure is fixes taken per second of processor time of this process
//! and Redis together; what it costs to make the phones' fixes is in both.

use crate::{
    common::{Better, Summary, median},
    server::Server,
};
use redis::Pipeline;
use sigap::{
    domain::{
        fix::Fix,
        ids::{AreaCode, UnitId},
        nearest::STALE_MS,
        place::Place,
        time::UnixMs,
    },
    live::{Availability, Live},
};
use std::time::{Duration, Instant};

const CITIES: usize = 50;
const PER_CITY: usize = 100;
const RUNS: usize = 3;
const RUN_S: usize = 8;
const FROM: UnixMs = UnixMs(1_790_000_000_000);
/// The phones' fixes are handed over so often.
const BEAT_MS: u64 = 10;

struct Phone {
    unit: UnitId,
    at: (f64, f64),
    step: (f64, f64),
}

impl Phone {
    fn place(&self, second: f64) -> Place {
        Place::new(self.at.0 + self.step.0 * second, self.at.1 + self.step.1 * second).expect("on the earth")
    }
}

fn phones() -> Vec<Phone> {
    let phone = |i: usize| {
        let (city, no) = (i % CITIES, i / CITIES);
        let turn = i as f64;
        // 13 m/s in any direction, all over a town.
        let step = (1.2e-4 * turn.sin(), 1.2e-4 * turn.cos());
        let at = (
            -8.0 + 0.2 * city as f64 + 0.06 * (turn * 0.7).sin(),
            100.0 + 0.5 * city as f64 + 0.06 * (turn * 1.3).cos(),
        );
        Phone { unit: format!("C{city}-M{no}").parse().expect("a name"), at, step }
    };
    (0..CITIES * PER_CITY).map(phone).collect()
}

/// Hands over the phones' fixes at their pace: each phone `hz` times a second, evenly.
async fn tell(phones: &[Phone], hz: usize, mut take: impl AsyncFnMut(&Phone, Place, UnixMs)) -> usize {
    let (all, began, mut told) = (phones.len() * hz * RUN_S, Instant::now(), 0);
    let mut beats = tokio::time::interval(Duration::from_millis(BEAT_MS));
    while told < all {
        beats.tick().await;
        let second = began.elapsed().as_secs_f64();
        let due = ((second * (phones.len() * hz) as f64) as usize).min(all);
        let at = FROM.plus((second * 1e3) as i64);
        for i in told..due {
            let phone = &phones[i % phones.len()];
            take(phone, phone.place(second), at).await;
        }
        told = due;
    }
    told
}

pub async fn run(summary: &mut Summary, name: &str, hz: usize) {
    let mut server = Server::reach().await;
    let phones = phones();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        // In turn, so that a busy minute of the machine meets both.
        let figure = node(&mut server, &phones, hz).await;
        let peer = geoadd(&mut server, &phones, hz).await;
        println!("{name} run {run}: {figure:.0} and {peer:.0} per second");
        ours.push(figure);
        theirs.push(peer);
    }
    summary.add_beside(name, median(ours), "1/s", median(theirs), Better::Higher);
}

async fn node(server: &mut Server, phones: &[Phone], hz: usize) -> f64 {
    server.ask::<()>(&["FLUSHALL"]).await;
    let live = server.node(FROM);
    for (i, phone) in phones.iter().enumerate() {
        let said = if (i / CITIES).is_multiple_of(2) { Availability::Free } else { Availability::Busy };
        live.set_availability(phone.unit, said, 1).await.expect("Redis is there");
        live.put(phone.unit, &Fix::at(phone.place(0.0), FROM.plus(-1)));
    }
    settle(&live).await;
    let before = server.cpu_s();
    let told = tell(phones, hz, async |phone, place, at| {
        live.put(phone.unit, &Fix::at(place, at));
    })
    .await;
    settle(&live).await;
    let figure = per_cpu_s(told, before, server.cpu_s());
    // All arrived.
    let area: AreaCode = "C7".parse().expect("a code");
    let other = server.node(FROM);
    let found = other.counts(area, STALE_MS, FROM).await.expect("Redis is there");
    assert_eq!(found.fresh, PER_CITY, "every unit of a city must be there");
    figure
}

/// Waits until nothing is left to be sent.
async fn settle(live: &Live) {
    for city in 0..CITIES {
        let area: AreaCode = format!("C{city}").parse().expect("a code");
        let from = Place::new(0.0, 0.0).expect("a place");
        live.candidates(&[area], from, 1.0, 1, STALE_MS, FROM).await.expect("Redis is there");
    }
}

async fn geoadd(server: &mut Server, phones: &[Phone], hz: usize) -> f64 {
    const PER_PIPE: usize = 16;
    server.ask::<()>(&["FLUSHALL"]).await;
    let keys: Vec<String> = (0..CITIES).map(|city| format!("{}{{C{city}}}:places", server.prefix)).collect();
    let names: Vec<String> = phones.iter().map(|p| p.unit.sign().to_owned()).collect();
    for (i, phone) in phones.iter().enumerate() {
        let place = phone.place(0.0);
        server
            .ask::<()>(&["GEOADD", &keys[i % CITIES], &place.lng().to_string(), &place.lat().to_string(), &names[i]])
            .await;
    }
    let before = server.cpu_s();
    let mut connection = server.connection.clone();
    let (mut pipe, mut next) = (Pipeline::with_capacity(PER_PIPE), 0);
    let told = tell(phones, hz, async |_, place, _| {
        let i = next % phones.len();
        next += 1;
        pipe.cmd("GEOADD").arg(&keys[i % CITIES]).arg(place.lng()).arg(place.lat()).arg(&names[i]).ignore();
        if pipe.len() == PER_PIPE {
            pipe.exec_async(&mut connection).await.expect("it answers");
            pipe.clear();
        }
    })
    .await;
    per_cpu_s(told, before, server.cpu_s())
}

fn per_cpu_s(fixes: usize, before: [f64; 2], after: [f64; 2]) -> f64 {
    let [own_s, redis_s] = [after[0] - before[0], after[1] - before[1]];
    println!("  {fixes} fixes: {own_s:.2} s here, {redis_s:.2} s in Redis");
    fixes as f64 / (own_s + redis_s)
}

//! Two nodes over one PostgreSQL and one Redis: how soon an offer made at one is read at the other, and how long a
//! unit's socket is away when its node is killed.

use super::{
    city::{City, Seat},
    common::Summary,
    database::{Database, Kind},
    phone,
    process::Server,
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sigap::{app::Clock, domain::gazetteer::balikpapan};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::tungstenite::Message;

/// Units that can be asked, each once.
const UNITS: u16 = 900;
/// Reports, and the time from one to the next.
const REPORTS: usize = 600;
const BETWEEN: Duration = Duration::from_millis(40);
/// Units whose node is killed.
const KILLED: u16 = 2_000;
/// The first pause of a client that lost its node: between a quarter and half a second, as the project's own clients do.
const PAUSE_MS: (u64, u64) = (250, 500);
const PATIENCE: Duration = Duration::from_secs(60);

/// What the servers share; `scripts/with-redis.sh` sets the URL.
fn together() -> Vec<(&'static str, String)> {
    let url = std::env::var("SIGAP_TEST_REDIS_URL").expect("SIGAP_TEST_REDIS_URL is not set: run scripts/bench.sh");
    let prefix = format!("bench-{}:", uuid::Uuid::now_v7().simple());
    // Each phone says once where it is.
    vec![("SIGAP_REDIS_URL", url), ("SIGAP_REDIS_PREFIX", prefix), ("SIGAP_ENGINE__STALE_MS", "3600000".to_owned())]
}

fn text(message: &Message) -> Option<Value> {
    serde_json::from_str(message.to_text().ok()?).ok()
}

/// Where the `n`th unit stands, as a frame.
fn fix(n: usize, clock: Clock) -> String {
    let (centre, at_ms) = (balikpapan::area().centre, clock.now().0);
    let (row, column) = ((n / 40) as f64, (n % 40) as f64);
    let fix = json!({ "at_ms": at_ms, "lat": centre.lat() + row * 0.0005, "lng": centre.lng() + column * 0.0005 });
    json!({ "type": "fixes", "sent_ms": at_ms, "fixes": [fix] }).to_string()
}

const SUBSCRIBE: &str = r#"{"type":"subscribe","areas":{"BPN":null}}"#;

/// From the post of a report at one node to the offer's frame read at the other.
pub async fn offers(summary: &mut Summary) {
    let database = Database::create(Kind::Postgres).await;
    let clock = Clock::start();
    let city = City::build(&database, UNITS).await;
    let seats = city.crew().await;
    let (_, exchange) = city.tokens().await;
    city.leave().await;
    let env = together();
    let (phones, desk) =
        (Server::sigap_with(&database, None, &env).await, Server::sigap_with(&database, None, &env).await);
    let read: Arc<Mutex<HashMap<String, Instant>>> = Arc::default();
    let mut tasks = JoinSet::new();
    for (n, Seat { ticket, .. }) in seats.into_iter().enumerate() {
        let mut socket = phone::open(phones.port, Some(&ticket)).await;
        socket.send(Message::text(SUBSCRIBE)).await.expect("the server reads");
        socket.send(Message::text(fix(n, clock))).await.expect("the server reads");
        let read = Arc::clone(&read);
        tasks.spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                let now = Instant::now();
                let Some(frame) = text(&message) else { continue };
                if frame["event"]["kind"] == "dispatch.offered" {
                    let incident = frame["event"]["body"]["incident"].as_str().expect("an incident").to_owned();
                    read.lock().expect("no panic").entry(incident).or_insert(now);
                }
            }
        });
    }
    // Until the desk's node has every position.
    sleep(Duration::from_secs(3)).await;
    let http = reqwest::Client::new();
    let mut posted = Vec::new();
    for n in 0..REPORTS {
        let centre = balikpapan::area().centre;
        let place =
            json!({ "lat": centre.lat() + (n % 20) as f64 * 0.0005, "lng": centre.lng() + (n % 37) as f64 * 0.0005 });
        let body = json!({ "channel": "call", "kind": "theft", "valid": true, "place": place, "priority": "P2" });
        let began = Instant::now();
        let url = format!("http://127.0.0.1:{}/api/v1/reports", desk.port);
        let answer = http.post(url).bearer_auth(&exchange).json(&body).send().await.expect("the node answers");
        let answer: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
        posted.push((answer["incident"]["id"].as_str().expect("an incident").to_owned(), began));
        sleep(BETWEEN.saturating_sub(began.elapsed())).await;
    }
    sleep(Duration::from_secs(1)).await;
    let read = read.lock().expect("no panic").clone();
    let mut took_ms: Vec<f64> = posted
        .iter()
        .filter_map(|(incident, began)| Some((*read.get(incident)? - *began).as_secs_f64() * 1_000.0))
        .collect();
    took_ms.sort_by(f64::total_cmp);
    println!(
        "cross-node offers: {} of {REPORTS}, p50 {:.1} ms, worst {:.1} ms",
        took_ms.len(),
        at(&took_ms, 50),
        at(&took_ms, 100)
    );
    assert!(took_ms.len() >= REPORTS * 98 / 100, "offers are missing");
    summary.add("cross_node_offer_p50_ms", at(&took_ms, 50), "ms");
    summary.add("cross_node_offer_p99_ms", at(&took_ms, 99), "ms");
    tasks.shutdown().await;
    drop((phones, desk));
    database.remove().await;
}

/// From the kill of a node to the moment when a unit's journal goes on, from its cursor, at the other.
pub async fn failover(summary: &mut Summary) {
    let database = Database::create(Kind::Postgres).await;
    let clock = Clock::start();
    let city = City::build(&database, KILLED).await;
    let seats = city.crew().await;
    let (officers, _) = city.tokens().await;
    city.leave().await;
    let env = together();
    let (first, second) =
        (Server::sigap_with(&database, None, &env).await, Server::sigap_with(&database, None, &env).await);
    let (lost, mut gone) = mpsc::channel(usize::from(KILLED));
    let mut tasks = JoinSet::new();
    let (http, port) = (reqwest::Client::new(), second.port);
    for (n, seat) in seats.into_iter().enumerate() {
        let mut socket = phone::open(first.port, Some(&seat.ticket)).await;
        socket.send(Message::text(SUBSCRIBE)).await.expect("the server reads");
        socket.send(Message::text(fix(n, clock))).await.expect("the server reads");
        let cursor = loop {
            let frame = text(&socket.next().await.expect("a frame").expect("a frame"));
            if let Some(cursor) = frame.as_ref().and_then(|frame| frame["cursor"].as_i64()) {
                break cursor;
            }
        };
        let (http, officers, lost) = (http.clone(), officers.clone(), lost.clone());
        tasks.spawn(async move {
            while let Some(Ok(_)) = socket.next().await {}
            drop(socket);
            let pause = PAUSE_MS.0 + (n as u64 * 7_919) % (PAUSE_MS.1 - PAUSE_MS.0);
            sleep(Duration::from_millis(pause)).await;
            let url = format!("http://127.0.0.1:{port}/api/v1/ws-ticket");
            let body = json!({ "device": seat.device });
            let answer = http.post(url).bearer_auth(officers).json(&body).send().await.expect("the node answers");
            let ticket: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
            let mut socket = phone::open(port, Some(ticket["ticket"].as_str().expect("a ticket"))).await;
            let subscribe = json!({ "type": "subscribe", "areas": { "BPN": cursor } }).to_string();
            socket.send(Message::text(subscribe)).await.expect("the server reads");
            loop {
                let frame = text(&socket.next().await.expect("a frame").expect("a frame"));
                if frame.is_some_and(|frame| frame["type"] == "resumed") {
                    break;
                }
            }
            let _ = lost.send(Instant::now()).await;
            while let Some(Ok(_)) = socket.next().await {}
        });
    }
    sleep(Duration::from_secs(2)).await;
    let killed = Instant::now();
    drop(first);
    let mut gaps_ms = Vec::new();
    while gaps_ms.len() < usize::from(KILLED) {
        let back = timeout(PATIENCE, gone.recv()).await.expect("every unit comes back").expect("they live");
        gaps_ms.push((back - killed).as_secs_f64() * 1_000.0);
    }
    gaps_ms.sort_by(f64::total_cmp);
    println!("failover of {KILLED} units: p50 {:.0} ms, worst {:.0} ms", at(&gaps_ms, 50), at(&gaps_ms, 100));
    summary.add("failover_gap_ms", at(&gaps_ms, 99), "ms");
    tasks.shutdown().await;
    drop(second);
    database.remove().await;
}

/// The figure that so many per cent do not exceed; they are in order.
fn at(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

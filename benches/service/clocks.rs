//! Promises that break: how late each is with fifty thousand incidents open, and how long it takes when all of them broke
//! while the server stood still.

use super::{
    city::City,
    common::{Summary, median},
    database::{Database, Kind},
    phone,
    process::Server,
};
use futures_util::{SinkExt, StreamExt, stream};
use serde_json::{Value, json};
use sigap::{
    app::Clock,
    domain::{access::*, area::Targets, gazetteer::balikpapan, ids::*, incident::*, sla::policy::Rules, time::UnixMs},
    store::{Store, Verdict},
};
use std::{collections::HashMap, time::Duration};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

/// Incidents that are open, none of them reached.
const OPEN: i64 = 50_000;
/// Of those, so many break while somebody watches, one each ten milliseconds: a promise of ten minutes to each of fifty
/// thousand breaks 83 times a second.
const WATCHED: i64 = 2_000;
const BETWEEN_MS: i64 = 10;
/// What is promised, so that nothing else falls due while incidents are being opened.
const TARGET_MS: i64 = 3_600_000;
/// From the opening of the watched to the first of them that breaks: the server starts, and warns of them.
const AHEAD_MS: i64 = 20_000;
const RUNS: usize = 3;
const AT_ONCE: usize = 64;
const PATIENCE: Duration = Duration::from_secs(120);

/// Opens incidents of citizens whose promise breaks at these moments.
async fn open(store: &Store, breaks: impl Iterator<Item = UnixMs>) -> Vec<IncidentId> {
    let city = balikpapan::area();
    stream::iter(breaks)
        .map(|breaks| async move {
            let new = NewIncident {
                kind: "theft".to_owned(),
                priority: Priority::P2,
                origin: Origin::Citizen,
                place: city.centre,
                district: None,
                by_unit: None,
                note: None,
            };
            let cause = Cause::system(breaks.plus(-TARGET_MS - 1));
            store.open_incident(&cause, city.code, new).await.expect("it opens").id
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

pub async fn run(summary: &mut Summary, kind: Kind) {
    let database = Database::create(kind).await;
    let city = City::build(&database, 1).await;
    let (_, exchange) = city.tokens().await;
    city.leave().await;
    let (store, clock, code) = (database.open().await, Clock::start(), balikpapan::area().code);
    let rules = Rules::simple(Targets([TARGET_MS; 4]));
    let long_ago = Cause::system(clock.now().plus(-2 * TARGET_MS));
    store.set_policy(&long_ago, code, rules, None).await.expect("the policy is set");
    let in_an_hour = clock.now().plus(TARGET_MS);
    open(&store, (0..OPEN - WATCHED).map(|_| in_an_hour)).await;
    let first = clock.now().plus(AHEAD_MS);
    let watched: Vec<UnixMs> = (0..WATCHED).map(|n| first.plus(n * BETWEEN_MS)).collect();
    let ids = open(&store, watched.iter().copied()).await;
    store.close().await;
    let late_ms = watch(&database, &exchange, clock, ids.into_iter().zip(watched).collect()).await;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        runs.push(stop_and_start(&database).await);
    }
    let store = database.open().await;
    let whole = store.verify(&Scope::system(), code).await.expect("the journal is read");
    assert!(matches!(whole, Verdict::Whole(_)), "{whole:?}");
    store.close().await;
    let p = |percent: usize| late_ms[(late_ms.len() * percent / 100).min(late_ms.len() - 1)];
    println!("clocks, {}: late p50 {:.1} ms, worst {:.1} ms; all due {runs:.0?} ms", kind.name(), p(50), p(100));
    summary.add(&format!("clocks_late_p99_ms_{}", kind.name()), p(99), "ms");
    summary.add(&format!("clocks_due_50k_ms_{}", kind.name()), median(runs), "ms");
    database.remove().await;
}

/// From the first moment after the target to the frame that tells a desk so, milliseconds, in order.
async fn watch(database: &Database, token: &str, clock: Clock, mut breaks: HashMap<IncidentId, UnixMs>) -> Vec<f64> {
    let server = Server::sigap(database, None).await;
    let url = format!("http://127.0.0.1:{}/api/v1/ws-ticket", server.port);
    let body = json!({ "device": DeviceId::random() });
    let answer = reqwest::Client::new().post(url).bearer_auth(token).json(&body).send().await.expect("an answer");
    let ticket: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    let mut socket = phone::open(server.port, Some(ticket["ticket"].as_str().expect("a ticket"))).await;
    socket.send(Message::text(r#"{"type":"subscribe","areas":{"BPN":null}}"#)).await.expect("the server reads");
    let mut late_ms = Vec::new();
    let all = async {
        while !breaks.is_empty() {
            let frame = socket.next().await.expect("a frame").expect("a frame");
            let now = clock.now();
            let Some(frame) = frame.to_text().ok().and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
                continue;
            };
            if frame["event"]["kind"] == "incident.breached" {
                let id: IncidentId =
                    frame["event"]["body"]["incident"].as_str().and_then(|id| id.parse().ok()).expect("an incident");
                let due = breaks.remove(&id).expect("each breaks once");
                late_ms.push(now.since(due) as f64);
            }
        }
    };
    timeout(PATIENCE, all).await.expect("every promise breaks");
    late_ms.sort_by(f64::total_cmp);
    late_ms
}

/// Nobody serves while all promises break; from the start of a server until the last of them is told.
async fn stop_and_start(database: &Database) -> f64 {
    let past = "UPDATE incident SET start_ms = opened_ms - 7200000, breached_ms = NULL, at_risk_ms = NULL";
    database.run(past).await;
    database.run("DELETE FROM deadline").await;
    for kind in ["breach", "warn"] {
        let due = format!("INSERT INTO deadline SELECT area, '{kind}', no, start_ms + target_ms FROM incident");
        database.run(&due).await;
    }
    let told = "SELECT COUNT(*) FROM event WHERE text LIKE '%\"kind\":\"incident.breached\"%'";
    let before = database.number(told).await;
    let begun = Instant::now();
    let server = Server::sigap(database, None).await;
    let left = "SELECT COUNT(*) FROM (SELECT 1 FROM deadline WHERE kind = 'breach' LIMIT 1) AS one";
    let all = async {
        while database.number(left).await > 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, all).await.expect("every promise breaks");
    let took_ms = begun.elapsed().as_secs_f64() * 1_000.0;
    drop(server);
    assert_eq!(database.number(told).await - before, OPEN, "each once");
    assert_eq!(database.number("SELECT COUNT(*) FROM incident WHERE breached_ms IS NULL").await, 0, "all of them");
    took_ms
}

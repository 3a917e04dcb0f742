//! Work crosses: reported at one node, offered on the other, and time fires once.

use super::pair::*;
use crate::harness::*;
use serde_json::{Value, json};
use sigap::{
    app::{self, Clock},
    domain::{
        access::{Cause, Scope},
        event::Happened,
        ids::{CommandId, UnitId},
        place::Place,
        sla::policy::Rules,
    },
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

pub fn scene() -> Place {
    Place::new(-1.25, 116.84).unwrap()
}

/// Says where a phone is.
pub async fn fix(socket: &mut Socket, place: Place) -> Result<(), String> {
    let at_ms = now().0;
    let fix = json!({ "at_ms": at_ms, "lat": place.lat(), "lng": place.lng(), "accuracy_m": 8.0 });
    socket.send(&json!({ "type": "fixes", "sent_ms": at_ms, "fixes": [fix] })).await
}

/// A valid report from the scene.
pub fn report() -> Value {
    json!({
        "command_id": CommandId::random(), "channel": "call", "kind": "theft", "valid": true, "place": scene(),
        "priority": "P2", "caller_number": "+62811000110", "text": "help",
    })
}

async fn an_offer_crosses(db: Db) {
    let city = seed(&db, 1).await;
    let pair = Pair::start(&db).await;
    city.sign_on(&pair.a.api).await;
    let patrol = &city.patrols[0];
    let mut phone = pair.a.api.socket(&patrol.token, patrol.phone).await;
    phone.follow("BPN", None).await;
    fix(&mut phone, scene().moved(90.0, 300.0)).await.unwrap();
    knows(&pair.b, patrol.unit).await;
    pair.b.api.post(&city.desk, "/reports", &report()).await.expect(201);
    let offer = phone.event("dispatch.offered").await;
    assert_eq!(offer["brief"]["dispatch"]["unit"], json!(patrol.unit));
    let dispatch = offer["event"]["body"]["dispatch"].as_str().unwrap().to_owned();
    phone.send(&json!({ "type": "delivered", "dispatch": dispatch })).await.unwrap();
    for to in ["accepted", "en_route", "on_scene", "cleared"] {
        let mut step = json!({ "type": "step", "command_id": CommandId::random(), "dispatch": dispatch, "to": to });
        if to == "cleared" {
            step["disposition"] = json!("handled");
        }
        let reply = phone.command(&step).await;
        assert!(reply["ok"].is_object(), "{reply}");
    }
    // The other node's desk sees what the crew did, in order and without a gap.
    let mut desk = pair.b.api.socket(&city.desk, device()).await;
    let begun = desk.follow("BPN", Some(0)).await;
    assert_eq!(begun["type"], "resumed");
    pair.stop().await;
}

/// Waits until a node would send this unit.
pub async fn knows(node: &Served, unit: UnitId) {
    until(&format!("{unit} is free and has a place"), || async {
        let (_, live) = node.engine().unit(&Scope::system(), unit).await.unwrap();
        live.is_some_and(|l| l.availability == sigap::engine::Availability::Free && l.fix.is_some())
    })
    .await;
}

/// Assigned by hand at one node, heard at the other: by the bus at once, without one within the second.
async fn an_order_crosses(db: Db) {
    let city = seed(&db, 1).await;
    let patrol = &city.patrols[0];
    for (redis, within) in [(Some(redis_url()), 900), (None, 2_500)] {
        let pair = Pair::over(&db, redis).await;
        city.sign_on(&pair.a.api).await;
        let mut phone = pair.a.api.socket(&patrol.token, patrol.phone).await;
        phone.follow("BPN", None).await;
        let incident = pair.b.api.post(&city.desk, "/reports", &report()).await.expect(201)["incident"]["id"].clone();
        let order = json!({ "command_id": CommandId::random(), "unit": patrol.unit, "mode": "assign" });
        let asked = Instant::now();
        let path = format!("/incidents/{}/dispatches", incident.as_str().unwrap());
        let sent = pair.b.api.post(&city.desk, &path, &order).await.expect(201);
        phone.event("dispatch.accepted").await;
        assert!(asked.elapsed() < Duration::from_millis(within), "it took {:?}", asked.elapsed());
        for to in ["en_route", "on_scene", "cleared"] {
            let step = json!({ "command_id": CommandId::random(), "to": to, "disposition": "handled" });
            let step = if to == "cleared" { step } else { json!({ "command_id": step["command_id"], "to": to }) };
            let path = format!("/dispatches/{}/status", sent["id"].as_str().unwrap());
            pair.a.api.post(&patrol.token, &path, &step).await.expect(200);
        }
        drop(phone);
        pair.stop().await;
    }
}

/// A client that comes from another node knows an event that this one has not heard of yet: it resumes all the same.
async fn a_cursor_from_the_other_node_is_good(db: Db) {
    let city = seed(&db, 1).await;
    // Without a bus, so that this node is up to a second behind.
    let pair = Pair::over(&db, None).await;
    for _ in 0..5 {
        pair.a.api.post(&city.desk, "/reports", &report()).await.expect(201);
        let mut desk = pair.a.api.socket(&city.desk, device()).await;
        let cursor = desk.follow("BPN", None).await["cursor"].as_i64().unwrap();
        let mut other = pair.b.api.socket(&city.desk, device()).await;
        let begun = other.follow("BPN", Some(cursor)).await;
        assert_eq!(begun["type"], "resumed");
        assert!(begun["cursor"].as_i64().unwrap() >= cursor, "{begun}");
        let begun = other.follow("BPN", Some(cursor + 1_000)).await;
        assert_eq!(begun["type"], "reset", "nobody knows such an event");
    }
    pair.stop().await;
}

/// Two engines tick over the same deadlines at the same moment: each fires once.
async fn each_deadline_fires_once(db: Db) {
    seed(&db, 0).await;
    let (one, conductor) = app::open(&config(&db), Clock::start()).await.unwrap();
    tokio::spawn(conductor.run());
    let (two, conductor) = app::open(&config(&db), Clock::start()).await.unwrap();
    tokio::spawn(conductor.run());
    let fast = Rules::simple(sigap::domain::area::Targets([400; 4]));
    one.set_policy(&Cause::system(now()), code("BPN"), fast, None).await.unwrap();
    const INCIDENTS: usize = 60;
    for _ in 0..INCIDENTS {
        let call = crate::dispatches::call("0811");
        one.receive(&Cause::system(now()), None, call, true).await.unwrap();
    }
    let due = "SELECT COUNT(*) FROM deadline WHERE kind <> 'report'";
    let started = Instant::now();
    let mut fired = 0;
    while db.count(due).await > 0 {
        let (a, b) = tokio::join!(one.tick(), two.tick());
        fired += a.unwrap() + b.unwrap();
        assert!(started.elapsed() < PATIENCE, "deadlines are left");
    }
    let store = db.open().await;
    let mut times: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for event in store.events(&Scope::system(), code("BPN"), 0, 10_000, None).await.unwrap() {
        if let Happened::IncidentAtRisk { incident, .. } | Happened::IncidentBreached { incident, .. } = event.what {
            *times.entry((event.what.kind(), incident.to_string())).or_default() += 1;
        }
    }
    assert_eq!(times.keys().filter(|(kind, _)| *kind == "incident.breached").count(), INCIDENTS);
    assert!(times.values().all(|n| *n == 1), "{times:?}");
    assert_eq!(fired, times.len(), "who fired is counted once");
    store.close().await;
    one.close().await;
    two.close().await;
}

#[test]
fn reported_at_one_node_offered_at_the_other() {
    run(Engine::Postgres, an_offer_crosses);
}

#[test]
fn ordered_at_one_node_heard_at_the_other() {
    run(Engine::Postgres, an_order_crosses);
}

#[test]
fn a_cursor_outlives_its_node() {
    run(Engine::Postgres, a_cursor_from_the_other_node_is_good);
}

#[test]
fn two_clocks_fire_each_deadline_once() {
    run(Engine::Postgres, each_deadline_fires_once);
}

//! Mutual aid over real sockets: the nearest unit is on the other side of the border.

use crate::harness::{self, *};
use serde_json::{Value, json};
use sigap::{
    app::{self, Clock},
    domain::{
        access::{Cause, Role},
        area::Level,
        boundary::Boundary,
        ids::{CommandId, DeviceId},
        import::NewArea,
        place::Place,
        unit::UnitKind,
    },
};

/// The border between BPN in the west and SMD in the east, degrees east.
const BORDER: f64 = 116.90;

/// A place so many metres east of the border; west of it where negative.
fn from_border(metres: f64) -> Place {
    Place::new(-1.25, BORDER).unwrap().moved(90.0, metres)
}

/// A unit's phone on the line.
struct Phone {
    socket: Socket,
    token: String,
}

impl Phone {
    async fn fix(&mut self, place: Place) {
        let at_ms = now().0;
        let fix = json!({ "at_ms": at_ms, "lat": place.lat(), "lng": place.lng(), "accuracy_m": 6.0 });
        self.socket.send(&json!({ "type": "fixes", "sent_ms": at_ms, "fixes": [fix] })).await.unwrap();
    }

    async fn step(&mut self, dispatch: &Value, to: &str) {
        let frame = json!({ "type": "step", "command_id": CommandId::random(), "dispatch": dispatch, "to": to });
        let reply = self.socket.command(&frame).await;
        assert!(reply["problem"].is_null(), "{to}: {reply}");
    }
}

/// Signs a unit on and sends its first fix.
async fn phone(api: &Api, token: String, unit: &str, place: Place) -> Phone {
    let device = DeviceId::random();
    api.post(&token, &format!("/units/{unit}/sign-on"), &json!({ "device": device })).await.expect(200);
    let mut socket = api.socket(&token, device).await;
    socket.follow(&unit[..3], None).await;
    let mut phone = Phone { socket, token };
    phone.fix(place).await;
    let free = |u: &Value| u["availability"] == "free" && !u["fix"].is_null();
    api.until(&phone.token, &format!("/units/{unit}"), "a free unit with a fix", free).await;
    phone
}

async fn the_nearest_unit_is_on_the_other_side(db: Db) {
    let store = db.open().await;
    areas(&store).await;
    let east = [(BORDER, -1.34), (117.04, -1.34), (117.04, -1.20), (BORDER, -1.20)];
    let boundary = Some(Boundary::outline(&east).unwrap());
    store.put_area(&system(0), NewArea { area: area("SMD", Some("KALTIM"), Level::City), boundary }).await.unwrap();
    let (engine, _) = app::open(&config(&db), Clock::start()).await.unwrap();
    let mut tokens = Vec::new();
    for (login, city, role) in [
        ("bpn-desk", "BPN", Role::Dispatcher),
        ("smd-desk", "SMD", Role::Dispatcher),
        ("bpn-rider", "BPN", Role::Officer),
        ("smd-rider", "SMD", Role::Officer),
    ] {
        tokens.push(harness::account(&store, &engine, login, city, role).await.1);
    }
    let [desk, beside, own, other] = <[String; 4]>::try_from(tokens).unwrap();
    for name in ["BPN-M1", "SMD-C1"] {
        engine.add_unit(&Cause::system(engine.now()), unit(name), UnitKind::Motorcycle).await.unwrap();
    }
    engine.close().await;
    store.close().await;
    let served = serve(config(&db)).await;
    let api = served.api.clone();
    let _own = phone(&api, own, "BPN-M1", from_border(-2_300.0)).await;
    let mut near = phone(&api, other, "SMD-C1", from_border(100.0)).await;
    let mut watch = api.socket(&beside, DeviceId::random()).await;
    watch.follow("SMD", None).await;

    let scene = from_border(-300.0);
    let report = json!({
        "command_id": CommandId::random(), "channel": "call", "kind": "theft", "priority": "P1", "valid": true,
        "place": scene, "caller_number": "+62 811-000-001", "text": "by the last house",
    });
    let received = api.post(&desk, "/reports", &report).await.expect(201);
    assert_eq!(received["incident"]["id"], "BPN-1");
    let offer = near.socket.event("dispatch.offered").await;
    let (brief, dispatch) = (&offer["brief"], &offer["event"]["body"]["dispatch"]);
    assert_eq!(
        (&offer["area"], dispatch, &offer["event"]["body"]["unit"]),
        (&json!("SMD"), &json!("BPN-D1"), &json!("SMD-C1"))
    );
    assert_eq!((&brief["incident"]["id"], &brief["notes"][0]["text"]), (&json!("BPN-1"), &json!("by the last house")));
    assert!(brief["travel_ms"].as_i64().unwrap() > 0, "{brief}");
    let pick = &brief["dispatch"]["pick"];
    assert_eq!((&pick["chosen"]["neighbour"], &pick["neighbours"]), (&json!(true), &json!(["SMD"])));
    watch.event("dispatch.offered").await;

    near.socket.send(&json!({ "type": "delivered", "dispatch": dispatch })).await.unwrap();
    near.step(dispatch, "accepted").await;
    near.step(dispatch, "en_route").await;
    let ranking = api.get(&desk, "/incidents/BPN-1/candidates").await;
    assert_eq!(ranking["chosen"]["unit"], "BPN-M1", "the other one has work now: {ranking}");
    near.step(dispatch, "on_scene").await;
    let whole = api.until(&desk, "/incidents/BPN-1", "an arrival", |i| i["incident"]["status"] == "on_scene").await;
    assert_eq!((&whole["dispatches"][0]["unit"], whole["dispatches"].as_array().unwrap().len()), (&json!("SMD-C1"), 1));
    let mut clear = json!({ "type": "step", "command_id": CommandId::random(), "dispatch": dispatch, "to": "cleared" });
    clear["disposition"] = json!("handled");
    assert!(near.socket.command(&clear).await["problem"].is_null());
    api.until(&desk, "/incidents/BPN-1", "its end", |i| i["incident"]["status"] == "closed").await;

    // Each desk reads it in its own journal; neither reads the other's.
    for (token, city, other) in [(&desk, "BPN", "SMD"), (&beside, "SMD", "BPN")] {
        let journal = api.get(token, &format!("/areas/{city}/journal?after=0")).await;
        let kinds: Vec<_> = journal["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
        for step in ["offered", "delivered", "accepted", "en_route", "on_scene", "cleared"] {
            let kind = format!("dispatch.{step}");
            assert_eq!(kinds.iter().filter(|k| **k == kind).count(), 1, "{city} {kind}: {kinds:?}");
        }
        let hidden = api.try_ask("GET", token, &format!("/areas/{other}/journal?after=0"), &Value::Null).await.unwrap();
        hidden.problem(404, "not_found");
    }
    api.try_ask("GET", &beside, "/incidents/BPN-1", &Value::Null).await.unwrap().problem(404, "not_found");
    served.stop().await;
}

#[test]
fn the_nearest_unit_is_on_the_other_side_of_the_border() {
    run(Engine::Sqlite, the_nearest_unit_is_on_the_other_side);
}

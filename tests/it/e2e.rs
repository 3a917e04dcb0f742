//! From a report to a closed incident, over a real port, by clients that know only what is written in the specs.

use crate::harness::*;
use serde_json::{Value, json};
use sigap::{
    config::Config,
    domain::{dispatch::OfferLimits, ids::CommandId, place::Place},
};

/// A city at work, and who watches it.
struct Scene {
    served: Served,
    api: Api,
    city: City,
}

impl Scene {
    /// Units on duty; `change` alters the configuration.
    async fn set(db: &Db, units: usize, change: impl FnOnce(&mut Config)) -> Self {
        let city = seed(db, units).await;
        let mut config = config(db);
        change(&mut config);
        let served = serve(config).await;
        let api = served.api.clone();
        city.sign_on(&api).await;
        Self { served, api, city }
    }

    /// A unit's phone, which follows its work and has said where it is.
    async fn phone(&self, n: usize, place: Place) -> Socket {
        let Patrol { unit, token, phone, .. } = &self.city.patrols[n];
        let mut socket = self.api.socket(token, *phone).await;
        assert_eq!((&socket.hello["unit"], &socket.hello["position_source"]), (&json!(unit), &json!(true)));
        let begun = socket.follow("BPN", None).await;
        assert_eq!((&begun["type"], &begun["work"]), (&json!("reset"), &json!([])));
        fix(&mut socket, place).await;
        self.api.until(token, &format!("/units/{unit}"), "the fix", |u| is_at(u, place)).await;
        socket
    }

    async fn console(&self) -> Socket {
        self.api.socket(&self.city.desk, sigap::domain::ids::DeviceId::random()).await
    }

    /// Posts a report; gives the incident's name.
    async fn report(&self, place: Place) -> String {
        let received = self.api.post(&self.city.desk, "/reports", &report(place)).await.expect(201);
        received["incident"]["id"].as_str().unwrap().to_owned()
    }

    async fn incident(&self, id: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.api.until(&self.city.desk, &format!("/incidents/{id}"), what, wanted).await
    }

    async fn end(self) {
        self.served.stop().await;
    }
}

fn place() -> Place {
    Place::new(-1.25, 116.84).unwrap()
}

fn report(place: Place) -> Value {
    json!({
        "command_id": CommandId::random(), "channel": "call", "kind": "theft", "priority": "P1", "valid": true,
        "place": place, "caller_number": "+62 811-000-001", "text": "two men with a van",
    })
}

/// Whether a unit is where its phone said; the last bits of a number may be lost on the way.
fn is_at(unit: &Value, place: Place) -> bool {
    let seen = &unit["fix"]["place"];
    let read = |axis: &str| seen[axis].as_f64();
    read("lat").zip(read("lng")).is_some_and(|(lat, lng)| Place::new(lat, lng).unwrap().distance_m(place) < 1.0)
}

async fn fix(socket: &mut Socket, place: Place) {
    let at_ms = now().0;
    let fix = json!({ "at_ms": at_ms, "lat": place.lat(), "lng": place.lng(), "accuracy_m": 6.0 });
    socket.send(&json!({ "type": "fixes", "sent_ms": at_ms, "fixes": [fix] })).await.unwrap();
}

fn step(dispatch: &Value, to: &str) -> Value {
    json!({ "type": "step", "command_id": CommandId::random(), "dispatch": dispatch, "to": to })
}

/// Runs each on SQLite: what lies below is tested on both engines by itself.
macro_rules! over_sqlite {
    ($(async fn $name:ident($db:ident: Db) $body:block)*) => { $(
        #[test]
        fn $name() {
            async fn test($db: Db) $body
            run(Engine::Sqlite, test);
        }
    )* };
}

over_sqlite! {
    async fn from_a_report_to_a_closed_incident(db: Db) {
        let s = Scene::set(&db, 2, |_| {}).await;
        // With name and password, as people do it.
        let body = json!({ "login": "desk", "password": PASSWORD });
        let tokens = s.api.post("", "/auth/login", &body).await.expect(200);
        let desk = tokens["access_token"].as_str().unwrap().to_owned();
        let mut console = s.console().await;
        let picture = console.follow("BPN", None).await;
        assert_eq!(picture["desk"]["units"].as_array().unwrap().len(), 2);
        let mut cursor = picture["cursor"].as_i64().unwrap();
        let far = place().moved(0.0, 3_000.0);
        let mut phone = s.phone(0, place().moved(90.0, 280.0)).await;
        let mut other = s.phone(1, far).await;

        let first = report(place());
        let received = s.api.post(&desk, "/reports", &first).await.expect(201);
        assert_eq!(s.api.post(&desk, "/reports", &first).await.expect(201), received, "a repeat over HTTP");
        let id = received["incident"]["id"].as_str().unwrap().to_owned();
        let offer = phone.event("dispatch.offered").await;
        let (brief, dispatch) = (&offer["brief"], &offer["event"]["body"]["dispatch"]);
        assert_eq!((&brief["incident"]["id"], &brief["incident"]["kind"]), (&json!(id), &json!("theft")));
        assert_eq!(brief["notes"][0]["text"], "two men with a van");
        assert!(brief["travel_ms"].as_i64().unwrap() > 1_000, "{brief}");
        assert_eq!(brief["dispatch"]["pick"]["chosen"]["unit"], "BPN-M1", "the nearer one: {brief}");
        phone.send(&json!({ "type": "delivered", "dispatch": dispatch })).await.unwrap();
        phone.event("dispatch.delivered").await;
        let accept = step(dispatch, "accepted");
        let reply = phone.command(&accept).await;
        assert_eq!(reply["ok"]["status"], "accepted");
        assert_eq!(phone.command(&accept).await, reply, "a repeat over the socket");
        let changed = json!({ "type": "step", "command_id": accept["command_id"], "dispatch": dispatch, "to": "en_route" });
        assert_eq!(phone.command(&changed).await["problem"]["code"], "command_reused");
        assert_eq!(phone.command(&step(dispatch, "en_route")).await["ok"]["status"], "en_route");
        for (n, metres) in [(1, 230.0), (2, 180.0), (3, 130.0)] {
            // A second apart, as a phone sends them: closer ones give way to the newest.
            tokio::time::sleep(std::time::Duration::from_millis(1_000)).await;
            fix(&mut phone, place().moved(90.0, metres)).await;
            let seen = |u: &Value| is_at(u, place().moved(90.0, metres));
            let unit = s.api.until(&desk, "/units/BPN-M1", "the fix", seen).await;
            assert_eq!(unit["availability"], "busy", "fix {n}");
        }
        let there = phone.command(&step(dispatch, "on_scene")).await;
        assert_eq!(there["ok"]["arrival"]["verified"], true, "{there}");
        assert!(there["ok"]["arrival"]["distance_m"].as_f64().unwrap() < 135.0, "{there}");
        let mut clear = step(dispatch, "cleared");
        clear["disposition"] = json!("handled");
        assert_eq!(phone.command(&clear).await["ok"]["status"], "cleared");
        assert_eq!(phone.command(&step(dispatch, "on_scene")).await["problem"]["state"], "cleared");

        let whole = s.incident(&id, "its end", |i| i["incident"]["status"] == "closed").await;
        assert_eq!(whole["incident"]["disposition"], "handled");
        assert!(whole["segments"]["travel_ms"].as_i64().unwrap() >= 3_000, "{}", whole["segments"]);
        let sla = s.api.get(&desk, "/areas/BPN/sla").await;
        let counts = ["open", "decided_today", "within_target_today", "verified_today"].map(|name| sla[name].as_i64());
        assert_eq!(counts, [Some(0), Some(1), Some(1), Some(1)], "{sla}");
        assert_eq!(sla["share_today"], 1.0);

        // The console saw all of it, in order and without a gap.
        let mut kinds = Vec::new();
        while kinds.last().is_none_or(|kind| kind != "report.closed") {
            let frame = console.until("an event", |f| f["type"] == "event").await;
            assert_eq!(frame["prev"], json!(cursor), "{frame}");
            cursor = frame["seq"].as_i64().unwrap();
            assert_eq!(frame["event"]["seq"], json!(cursor));
            kinds.push(frame["event"]["kind"].as_str().unwrap().to_owned());
        }
        let expected = [
            "report.received",
            "incident.opened",
            "incident.note",
            "report.validated",
            "dispatch.offered",
            "dispatch.delivered",
            "dispatch.accepted",
            "dispatch.en_route",
            "dispatch.on_scene",
            "incident.counted",
            "dispatch.cleared",
            "incident.closed",
            "report.closed",
        ];
        assert_eq!(kinds, expected);
        let path = format!("/areas/BPN/journal?after={}", picture["cursor"]);
        let journal = s.api.get(&desk, &path).await;
        let kept: Vec<&Value> = journal["events"].as_array().unwrap().iter().map(|e| &e["kind"]).collect();
        assert_eq!(json!(kept), json!(expected), "the journal has it as the console saw it");
        // The other crew heard nothing of it: its next frame is the answer to this.
        other.send(&json!({ "type": "nonsense" })).await.unwrap();
        assert_eq!(other.next().await.unwrap()["type"], "problem");
        s.end().await;
    }

    async fn two_officers_of_one_crew_are_online_at_once(db: Db) {
        let s = Scene::set(&db, 2, |_| {}).await;
        let mut driver = s.phone(0, place().moved(90.0, 300.0)).await;
        // The second patrol's officer changes over to the first one's unit.
        let Patrol { unit, token, .. } = &s.city.patrols[1];
        let phone = sigap::domain::ids::DeviceId::random();
        s.api.post(token, &format!("/units/{unit}/sign-off"), &json!({ "device": s.city.patrols[1].phone })).await.expect(200);
        s.api.post(token, "/units/BPN-M1/sign-on", &json!({ "device": phone })).await.expect(200);
        let mut second = s.api.socket(token, phone).await;
        assert_eq!((&second.hello["unit"], &second.hello["position_source"]), (&json!("BPN-M1"), &json!(false)));
        second.follow("BPN", None).await;
        let id = s.report(place()).await;
        let (a, b) = (driver.event("dispatch.offered").await, second.event("dispatch.offered").await);
        assert_eq!(a["event"], b["event"]);
        let dispatch = &b["event"]["body"]["dispatch"];
        assert_eq!(second.command(&step(dispatch, "accepted")).await["ok"]["status"], "accepted");
        let told = driver.event("dispatch.accepted").await;
        assert_eq!(told["event"]["body"]["dispatch"], *dispatch);
        let late = driver.command(&step(dispatch, "accepted")).await;
        assert_eq!((&late["problem"]["code"], &late["problem"]["state"]), (&json!("transition_not_allowed"), &json!("accepted")));
        s.incident(&id, "its unit", |i| i["incident"]["status"] == "assigned").await;
        s.end().await;
    }

    async fn an_offer_that_no_phone_takes_goes_to_the_next_unit(db: Db) {
        let s = Scene::set(&db, 3, |c| c.engine.offer = OfferLimits { delivery_ms: 600, answer_ms: 1_500 }).await;
        let mut deaf = s.phone(0, place().moved(90.0, 200.0)).await;
        let mut mute = s.phone(1, place().moved(90.0, 500.0)).await;
        let mut third = s.phone(2, place().moved(90.0, 900.0)).await;
        let mut console = s.console().await;
        console.follow("BPN", None).await;
        let id = s.report(place()).await;
        let unheard = deaf.event("dispatch.offered").await;
        let shown = mute.event("dispatch.offered").await;
        mute.send(&json!({ "type": "delivered", "dispatch": shown["event"]["body"]["dispatch"] })).await.unwrap();
        let taken = third.event("dispatch.offered").await["event"]["body"]["dispatch"].clone();
        third.send(&json!({ "type": "delivered", "dispatch": taken })).await.unwrap();
        assert_eq!(third.command(&step(&taken, "accepted")).await["ok"]["status"], "accepted");
        for why in ["undelivered", "no_answer"] {
            assert_eq!(console.event("dispatch.expired").await["event"]["body"]["why"], why);
        }
        let late = deaf.command(&step(&unheard["event"]["body"]["dispatch"], "accepted")).await;
        assert_eq!(late["problem"]["state"], "expired");
        let whole = s.incident(&id, "three tries", |i| i["dispatches"].as_array().unwrap().len() == 3).await;
        let tries: Vec<_> = whole["dispatches"].as_array().unwrap().iter().map(|d| (&d["unit"], &d["status"])).collect();
        assert_eq!(json!(tries), json!([["BPN-M1", "expired"], ["BPN-M2", "expired"], ["BPN-M3", "accepted"]]));
        s.end().await;
    }

    async fn queued_work_is_offered_when_the_unit_is_free(db: Db) {
        let limits = OfferLimits { delivery_ms: 4_000, answer_ms: 7_000 };
        let s = Scene::set(&db, 1, |c| c.engine.offer = limits).await;
        let mut phone = s.phone(0, place().moved(90.0, 200.0)).await;
        let first = s.report(place()).await;
        let dispatch = phone.event("dispatch.offered").await["event"]["body"]["dispatch"].clone();
        assert_eq!(phone.command(&step(&dispatch, "accepted")).await["ok"]["status"], "accepted");
        assert_eq!(phone.command(&step(&dispatch, "on_scene")).await["ok"]["status"], "on_scene");
        let second = s.report(place().moved(0.0, 500.0)).await;
        s.incident(&second, "an alarm", |i| !i["incident"]["unassigned_since"].is_null()).await;
        let order = json!({ "unit": "BPN-M1", "mode": "queue" });
        let queued = s.api.post(&s.city.desk, &format!("/incidents/{second}/dispatches"), &order).await.expect(201);
        assert_eq!(queued["status"], "queued");
        assert_eq!(phone.command(&step(&queued["id"], "accepted")).await["problem"]["code"], "unit_busy");
        let mut clear = step(&dispatch, "cleared");
        clear["disposition"] = json!("nothing_found");
        assert_eq!(phone.command(&clear).await["ok"]["status"], "cleared");
        let offered = phone.event("dispatch.offered").await["event"].clone();
        assert_eq!(offered["body"]["dispatch"], queued["id"]);
        let time_ms = offered["body"]["answer_by"].as_i64().unwrap() - offered["at"].as_i64().unwrap();
        assert_eq!(time_ms, limits.answer_ms, "queued work gets the time that is configured");
        s.incident(&first, "its end", |i| i["incident"]["disposition"] == "nothing_found").await;
        s.end().await;
    }

    async fn stock_apps_track_units_whose_phones_sleep(db: Db) {
        let s = Scene::set(&db, 3, |_| {}).await;
        let mut console = s.console().await;
        console.follow("BPN", None).await;
        console.send(&json!({ "type": "view", "area": "BPN" })).await.unwrap();
        for (n, patrol) in s.city.patrols.iter().enumerate() {
            let unit = patrol.unit;
            let added = s.api.post(&s.city.desk, &format!("/units/{unit}/trackers"), &json!({})).await.expect(201);
            let (id, setup) = (added["id"].as_str().unwrap(), &added["setup"]);
            let said = |name: &str| setup[name].as_str().unwrap().to_owned();
            #[expect(clippy::cast_precision_loss, reason = "three")]
            let at = place().moved(90.0, 2_500.0 * n as f64);
            let (lat, lng, ms, http) = (at.lat(), at.lng(), now().0, reqwest::Client::new());
            let request = match n {
                0 => {
                    let values = [lat.to_string(), lng.to_string(), ms.to_string(), "6.0".into(), "9.0".into(), "2.5".into(), "90.0".into()];
                    let fill = |url: String, (n, value): (usize, &String)| url.replace(&format!("{{{n}}}"), value);
                    http.get(values.iter().enumerate().fold(said("osmand_url"), fill))
                }
                1 => http.post(said("traccar_url")).json(&json!({
                    "device_id": said("traccar_id"),
                    "location": { "timestamp": sigap::domain::time::UnixMs(ms).to_string(), "coords": { "latitude": lat, "longitude": lng, "accuracy": 6 } },
                })),
                _ => http.post(said("owntracks_url")).basic_auth(id, Some(said("secret"))).json(&json!({
                    "_type": "location", "lat": lat, "lon": lng, "tst": ms / 1_000, "acc": 6, "tid": "M3",
                })),
            };
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
            let here = |u: &Value| u["unit"] == json!(unit) && is_at(&json!({ "fix": u }), at);
            console.until("the pin on the console's map", |f| {
                f["type"] == "positions" && f["units"].as_array().is_some_and(|units| units.iter().any(here))
            }).await;
            let incident = s.report(at.moved(0.0, 200.0)).await;
            let whole = s.incident(&incident, "an offer", |i| i["dispatches"][0]["unit"].is_string()).await;
            assert_eq!(whole["dispatches"][0]["unit"], json!(unit), "the nearest");
        }
        s.end().await;
    }

    async fn by_hand_a_unit_is_proposed_and_the_dispatcher_decides(db: Db) {
        let s = Scene::set(&db, 2, |_| {}).await;
        let by_hand = json!({ "command_id": CommandId::random(), "offers": "manual" });
        let area = s.api.try_ask("PATCH", &s.city.admin, "/areas/BPN", &by_hand).await.unwrap().expect(200);
        assert_eq!(area["offers"], "manual");
        let mut near = s.phone(0, place().moved(90.0, 200.0)).await;
        let mut console = s.console().await;
        console.follow("BPN", None).await;
        let id = s.report(place()).await;
        let proposed = console.event("incident.proposed").await;
        assert_eq!(proposed["event"]["body"], json!({ "incident": id, "unit": "BPN-M1" }));
        assert_eq!(s.incident(&id, "it", |_| true).await["dispatches"], json!([]), "nobody was asked");
        // By radio, a unit that has never sent a fix.
        let (path, order) = (format!("/incidents/{id}/dispatches"), json!({ "unit": "BPN-M2", "mode": "assign", "source": "radio" }));
        let spoken = s.api.post(&s.city.desk, &path, &order).await.expect(201);
        assert_eq!(spoken["status"], "accepted");
        let (status, body) = (format!("/dispatches/{}/status", spoken["id"].as_str().unwrap()), json!({ "to": "on_scene", "source": "radio" }));
        let there = s.api.post(&s.city.desk, &status, &body).await.expect(200);
        assert_eq!(there["arrival"], json!({ "verified": false, "distance_m": null }));
        let event = console.event("dispatch.on_scene").await["event"].clone();
        assert_eq!((&event["on_behalf_of"], &event["source"]), (&json!("BPN-M2"), &json!("radio")));
        let asked = s.api.post(&s.city.desk, &path, &json!({ "unit": "BPN-M1", "mode": "offer" })).await.expect(201);
        assert_eq!(near.event("dispatch.offered").await["event"]["body"]["dispatch"], asked["id"]);
        s.end().await;
    }

    async fn a_panic_brings_the_two_nearest(db: Db) {
        let s = Scene::set(&db, 4, |_| {}).await;
        let mut one = s.phone(0, place()).await;
        let mut two = s.phone(1, place().moved(90.0, 300.0)).await;
        let mut three = s.phone(2, place().moved(90.0, 600.0)).await;
        let mut far = s.phone(3, place().moved(90.0, 4_000.0)).await;
        let press = json!({ "type": "panic", "command_id": CommandId::random() });
        let reply = one.command(&press).await;
        let (id, kind) = (&reply["ok"]["id"], &reply["ok"]["origin"]);
        assert_eq!((kind, &reply["ok"]["priority"]), (&json!("panic"), &json!("P1")));
        assert_eq!(one.command(&press).await, reply, "a second press of the same alarm");
        for helper in [&mut two, &mut three] {
            let offer = helper.event("dispatch.offered").await;
            assert_eq!(offer["brief"]["incident"]["id"], *id);
            let dispatch = &offer["event"]["body"]["dispatch"];
            for to in ["accepted", "on_scene"] {
                assert_eq!(helper.command(&step(dispatch, to)).await["ok"]["status"], to);
            }
            let mut clear = step(dispatch, "cleared");
            clear["disposition"] = json!("handled");
            assert_eq!(helper.command(&clear).await["ok"]["status"], "cleared");
        }
        let path = format!("/incidents/{}", id.as_str().unwrap());
        let whole = s.api.get(&s.city.desk, &path).await;
        assert_eq!((whole["dispatches"].as_array().unwrap().len(), &whole["incident"]["closed"]), (2, &Value::Null));
        let closed = s.api.post(&s.city.desk, &format!("{path}/close"), &json!({ "disposition": "handled" })).await.expect(200);
        assert_eq!(closed["status"], "closed");
        far.send(&json!({ "type": "nonsense" })).await.unwrap();
        assert_eq!(far.next().await.unwrap()["type"], "problem", "the far one was not asked");
        s.end().await;
    }
}

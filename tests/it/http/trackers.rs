//! Stock apps as trackers, each in its own words, on a clock that the test turns.

use super::*;
use crate::served;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sigap::domain::unit::Duty;

const JSON: (&str, &str) = ("content-type", "application/json");

/// A tracker as an app knows it.
struct App {
    id: String,
    secret: String,
}

impl App {
    fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.id, self.secret)))
    }

    fn key(&self) -> String {
        format!("{}.{}", self.id, self.secret)
    }

    /// A query of OsmAnd or an older Traccar Client.
    fn query(&self, place: Place, at: UnixMs) -> String {
        let (lat, lng) = (place.lat(), place.lng());
        format!("/trackers/osmand?id={}&lat={lat}&lon={lng}&timestamp={}&speed=10&accuracy=5&batt=80", self.key(), at.0)
    }

    /// A body of Traccar Client 9.
    fn json(&self, points: &[(Place, UnixMs)]) -> String {
        let point = |(place, at): &(Place, UnixMs)| {
            let coords =
                json!({ "latitude": place.lat(), "longitude": place.lng(), "accuracy": 5, "speed": 3, "heading": -1 });
            json!({ "timestamp": at.to_string(), "coords": coords, "battery": { "level": 0.8 }, "is_moving": true })
        };
        let mut location: Vec<Value> = points.iter().map(point).collect();
        let location = if location.len() == 1 { location.remove(0) } else { json!(location) };
        json!({ "device_id": self.key(), "location": location }).to_string()
    }

    /// A message of OwnTracks, whose moments are whole seconds.
    fn message(&self, place: Place, at: UnixMs) -> String {
        json!({ "_type": "location", "lat": place.lat(), "lon": place.lng(), "tst": at.0 / 1_000, "acc": 9, "vel": 36, "batt": 71, "tid": "M1" })
            .to_string()
    }
}

impl Served {
    /// A unit on duty whose crew's phone is silent.
    async fn silent_patrol(&self, sign: &str) -> UnitId {
        let admin = self.token(Role::Admin, "BPN").await;
        self.post(&admin, "/areas/BPN/units", json!({ "sign": sign, "kind": "motorcycle" })).await.expect(201);
        let officer = self.token(Role::Officer, "BPN").await;
        let unit = format!("BPN-{sign}");
        self.post(&officer, &format!("/units/{unit}/sign-on"), json!({ "device": device() })).await.expect(200);
        unit.parse().unwrap()
    }

    async fn tracker(&self, unit: UnitId, position_source: bool) -> App {
        let added = self.engine.add_tracker(&Cause::system(self.engine.now()), unit, position_source).await.unwrap();
        App { id: added.tracker.id.to_string(), secret: added.secret.unwrap() }
    }

    async fn query(&self, path: &str) -> Value {
        self.send("GET", path, &[], "").await.expect(200)
    }

    async fn post_json(&self, body: String) -> Value {
        self.send("POST", "/trackers/osmand", &[JSON], body).await.expect(200)
    }

    async fn owntracks(&self, app: &App, body: impl Into<Vec<u8>>) -> Reply {
        self.send("POST", "/trackers/owntracks", &[JSON, ("authorization", &app.basic())], body).await
    }

    async fn pin(&self, unit: UnitId) -> Option<(Place, UnixMs)> {
        let fix = self.engine.unit(&Scope::system(), unit).await.unwrap().1?.fix?;
        Some((fix.place, fix.at))
    }

    /// How often a line of the figures was counted.
    async fn figure(&self, line: &str) -> u64 {
        let page = self.send("GET", "/metrics", &[], "").await.text;
        let found = page.lines().find_map(|l| l.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or_else(|| panic!("{line} in\n{page}"))
    }
}

fn reason(taken: &Value) -> &str {
    taken["refused"][0]["reason"].as_str().unwrap_or("none")
}

served! {
    async fn each_app_puts_its_unit_on_the_map_and_gets_it_the_nearest_work(s: Served) {
        let desk = s.token(Role::Dispatcher, "BPN").await;
        for (n, sign) in ["M1", "M2", "M3", "M4"].into_iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "four")]
            let place = scene().moved(90.0, 1_500.0 * n as f64);
            let unit = s.silent_patrol(sign).await;
            let app = s.tracker(unit, false).await;
            let at = s.engine.now();
            match n {
                0 => assert_eq!(s.query(&app.query(place, at)).await["kept"], 1),
                1 => assert_eq!(s.post_json(app.json(&[(place, at)])).await["kept"], 1),
                2 => assert_eq!(s.owntracks(&app, app.message(place, at)).await.expect(200), json!([])),
                _ => {
                    let query = app.query(place, at);
                    let form = query.split_once('?').unwrap().1.to_owned();
                    let header = [("content-type", "application/x-www-form-urlencoded")];
                    assert_eq!(s.send("POST", "/trackers/osmand", &header, form).await.expect(200)["kept"], 1);
                }
            }
            let shown = s.get(&desk, &format!("/units/{unit}")).await.expect(200);
            assert_eq!((&shown["availability"], &shown["fix"]["at"]), (&json!("free"), &json!(at.0)), "{shown}");
            let moved = s.engine.moved(&Scope::system(), unit.area, 0, None).await.unwrap();
            assert!(moved.units.iter().any(|p| p.unit == unit && p.fix.is_some_and(|f| f.place.distance_m(place) < 0.1)));
            // A report beside each unit goes to that one, not to another.
            let received = s.post(&desk, "/reports", report(place.moved(0.0, 150.0))).await.expect(201);
            let path = format!("/incidents/{}", received["incident"]["id"].as_str().unwrap());
            let whole = s.until(&desk, &path, |i| i["dispatches"][0]["unit"].is_string()).await;
            assert_eq!((&whole["dispatches"][0]["unit"], &whole["dispatches"][0]["status"]), (&json!(unit), &json!("offered")));
        }
        for (format, n) in [("osmand", 2), ("traccar", 1), ("owntracks", 1)] {
            let line = format!("sigap_tracker_requests_total{{format=\"{format}\",outcome=\"taken\"}}");
            assert_eq!(s.figure(&line).await, n, "{format}");
        }
        assert_eq!(s.figure("sigap_fixes_total{outcome=\"live\"}").await, 4);
    }

    async fn a_tracker_is_shown_once_listed_and_revoked(s: Served) {
        let (desk, officer) = (s.token(Role::Dispatcher, "BPN").await, s.token(Role::Officer, "BPN").await);
        let unit = s.silent_patrol("M1").await;
        let body = json!({ "command_id": CommandId::random(), "position_source": true });
        let added = s.post(&desk, "/units/BPN-M1/trackers", body.clone()).await.expect(201);
        assert_eq!((&added["id"], &added["position_source"], &added["revoked"]), (&json!("BPN-M1-T1"), &json!(true), &json!(null)));
        let secret = added["setup"]["secret"].as_str().unwrap().to_owned();
        assert_eq!(added["setup"]["traccar_url"], json!(format!("{}/trackers/osmand", s.url)), "as the asker reached it");
        assert_eq!(added["setup"]["traccar_id"], json!(format!("BPN-M1-T1.{secret}")));
        let again = s.post(&desk, "/units/BPN-M1/trackers", body).await.expect(201);
        assert_eq!((&again["id"], &again["setup"]), (&json!("BPN-M1-T1"), &json!(null)), "nobody keeps the secret");
        s.post(&officer, "/units/BPN-M1/trackers", json!({})).await.problem(403, "forbidden");
        s.get(&officer, "/units/BPN-M1/trackers").await.problem(403, "forbidden");
        s.post(&officer, "/trackers/BPN-M1-T1/revoke", json!({})).await.problem(403, "forbidden");
        s.post(&desk, "/units/SMD-M1/trackers", json!({})).await.problem(404, "not_found");
        s.post(&desk, "/units/BPN-M1/trackers", json!({ "colour": 1 })).await.problem(400, "malformed");

        let app = App { id: "BPN-M1-T1".to_owned(), secret: secret.clone() };
        assert_eq!(s.query(&app.query(scene(), s.engine.now())).await["kept"], 1);
        s.engine.flush_tracks().await.unwrap();
        let listed = s.get(&desk, "/units/BPN-M1/trackers").await.expect(200);
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["last_seen"]), (1, &json!(s.engine.now().0)));
        assert!(listed[0].get("setup").is_none());

        let revoked = s.post(&desk, "/trackers/BPN-M1-T1/revoke", json!({})).await.expect(200);
        assert_eq!(revoked["revoked"], json!(s.engine.now().0));
        s.pass(1_000);
        let (before, elsewhere) = (s.pin(unit).await, scene().moved(0.0, 50.0));
        s.send("GET", &app.query(elsewhere, s.engine.now()), &[], "").await.problem(401, "bad_tracker");
        s.owntracks(&app, app.message(elsewhere, s.engine.now())).await.problem(401, "bad_tracker");
        s.send("POST", "/trackers/osmand", &[JSON], app.json(&[(elsewhere, s.engine.now())])).await.problem(401, "bad_tracker");
        assert_eq!(s.pin(unit).await, before);

        let journal = s.get(&desk, "/areas/BPN/journal").await;
        assert!(!journal.text.contains(&secret), "the journal never holds a secret");
        let told: Vec<Value> = journal.json()["events"].as_array().unwrap().iter()
            .filter(|e| e["kind"].as_str().unwrap().starts_with("tracker.")).map(|e| e["body"].clone()).collect();
        assert_eq!(told, [
            json!({ "tracker": "BPN-M1-T1", "unit": "BPN-M1", "position_source": true }),
            json!({ "tracker": "BPN-M1-T1", "unit": "BPN-M1" }),
        ]);
    }

    async fn a_revocation_by_another_node_is_heard_of(s: Served) {
        let app = s.tracker(s.silent_patrol("M1").await, false).await;
        assert_eq!(s.query(&app.query(scene(), s.engine.now())).await["kept"], 1);
        s.store.revoke_tracker(&system(0), app.id.parse().unwrap()).await.unwrap();
        // Whether the event or the next look comes first.
        s.pass(10_000);
        s.send("GET", &app.query(scene(), s.engine.now()), &[], "").await.problem(401, "bad_tracker");
    }

    async fn who_is_unknown_and_who_is_wrong_are_answered_alike(s: Served) {
        let unit = s.silent_patrol("M1").await;
        let good = s.tracker(unit, false).await;
        let place = scene();
        assert_eq!(s.query(&good.query(place, s.engine.now())).await["kept"], 1);
        s.pass(1_000);
        let before = s.pin(unit).await;
        let moved = place.moved(0.0, 30.0);
        let mut answers = Vec::new();
        let secret = || "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
        for (id, secret) in [
            ("BPN-M1-T1", secret()), ("BPN-M1-T2", secret()), ("BPN-M9-T1", secret()), ("XX-M9-T1", secret()),
            ("nonsense", secret()), ("BPN-M1-T1", String::new()), ("BPN-M1-T1", "x".repeat(100)),
            ("BPN-M1-T1", good.secret.to_lowercase() + "x"),
        ] {
            let app = App { id: id.to_owned(), secret };
            for reply in [
                s.send("GET", &app.query(moved, s.engine.now()), &[], "").await,
                s.send("POST", "/trackers/osmand", &[JSON], app.json(&[(moved, s.engine.now())])).await,
                s.owntracks(&app, app.message(moved, s.engine.now())).await,
            ] {
                assert_eq!(reply.header("www-authenticate"), "Basic realm=\"trackers\"");
                answers.push(reply.problem(401, "bad_tracker"));
            }
        }
        answers.push(s.send("GET", "/trackers/osmand?lat=1&lon=1&timestamp=1", &[], "").await.problem(401, "bad_tracker"));
        answers.push(s.send("POST", "/trackers/owntracks", &[JSON], "{}").await.problem(401, "bad_tracker"));
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        assert_eq!(s.pin(unit).await, before);
        assert_eq!(s.figure("sigap_tracker_requests_total{format=\"owntracks\",outcome=\"unknown\"}").await, 9);
        assert_eq!(s.figure("sigap_fixes_total{outcome=\"live\"}").await, 1);
    }

    async fn guessing_is_limited_and_good_ones_go_on(s: Served) {
        let unit = s.silent_patrol("M1").await;
        let (good, other) = (s.tracker(unit, false).await, s.tracker(unit, false).await);
        assert_eq!(s.query(&good.query(scene(), s.engine.now())).await["kept"], 1);
        let wrong = App { id: good.id.clone(), secret: "wrong".to_owned() };
        let mut limited = None;
        for n in 0..=110 {
            let reply = s.send("GET", &wrong.query(scene(), s.engine.now()), &[], "").await;
            if reply.status == 429 {
                limited = Some((n, reply));
                break;
            }
        }
        let (n, reply) = limited.expect("a limit");
        assert_eq!((n, reply.header("retry-after")), (100, "1"));
        reply.problem(429, "too_many");
        s.pass(500);
        assert_eq!(s.query(&good.query(scene().moved(0.0, 5.0), s.engine.now())).await["kept"], 1, "who was heard before goes on");
        s.send("GET", &other.query(scene(), s.engine.now()), &[], "").await.problem(429, "too_many");
        s.pass(1_000);
        assert_eq!(s.send("GET", &other.query(scene(), s.engine.now()), &[], "").await.status, 200, "and the other later");
        assert_eq!(s.figure("sigap_tracker_requests_total{format=\"osmand\",outcome=\"limited\"}").await, 2);
    }

    async fn what_is_sent_again_does_not_move_the_pin(s: Served) {
        let unit = s.silent_patrol("M1").await;
        let app = s.tracker(unit, false).await;
        let mut ride = Vec::new();
        for n in 0..5 {
            ride.push((scene().moved(90.0, 20.0 * f64::from(n)), s.engine.now()));
            assert_eq!(s.query(&app.query(ride[ride.len() - 1].0, s.engine.now())).await["kept"], 1);
            s.pass(2_000);
        }
        let last = s.pin(unit).await;
        assert_eq!(last.map(|(_, at)| at), Some(ride[4].1));
        for (place, at) in &ride {
            let taken = s.query(&app.query(*place, *at)).await;
            assert_eq!((&taken["kept"], reason(&taken)), (&json!(0), "duplicate"), "{taken}");
        }
        // The same ride, told by another app of the crew that has been switched on only now: it fills the track.
        let second = s.tracker(unit, false).await;
        let newest_first: Vec<_> = ride.iter().rev().map(|(place, at)| (place.moved(0.0, 3.0), at.plus(-100))).collect();
        let taken = s.post_json(second.json(&newest_first)).await;
        assert_eq!((&taken["kept"], &taken["refused"]), (&json!(5), &json!([])), "{taken}");
        assert_eq!(s.pin(unit).await, last);
        assert_eq!((s.engine.counters().live(), s.engine.counters().history()), (5, 5));
    }

    async fn a_tracker_is_judged_like_a_phone(s: Served) {
        let unit = s.silent_patrol("M1").await;
        let app = s.tracker(unit, false).await;
        let now = s.engine.now();
        assert_eq!(s.query(&app.query(scene(), now)).await["kept"], 1);
        s.pass(1_000);
        let before = s.pin(unit).await;
        let base = app.query(scene(), s.engine.now());
        let nowhere = Place::new(0.0, 0.0).unwrap();
        let nan = base.replace(&format!("lat={}", scene().lat()), "lat=NaN");
        let outside = base.replace(&format!("lat={}", scene().lat()), "lat=95");
        for (path, why) in [
            (format!("{base}&mock=true"), "mock"),
            (format!("{base}&valid=0"), "inaccurate"),
            (base.replace("accuracy=5", "accuracy=5000"), "inaccurate"),
            (app.query(nowhere, s.engine.now()), "zero_island"),
            (app.query(scene(), s.engine.now().plus(60_000)), "future"),
            (app.query(scene(), s.engine.now().plus(-8 * 86_400_000)), "too_old"),
            (app.query(scene().moved(0.0, 5_000.0), s.engine.now()), "too_fast"),
            (nan, "not_a_number"),
            (outside, "out_of_range"),
        ] {
            let taken = s.query(&path).await;
            assert_eq!((&taken["kept"], reason(&taken)), (&json!(0), why), "{path}: {taken}");
            assert!(s.figure(&format!("sigap_fixes_refused_total{{reason=\"{why}\"}}")).await > 0);
        }
        assert_eq!(s.pin(unit).await, before);
        assert_eq!(s.owntracks(&app, app.message(nowhere, s.engine.now())).await.expect(200), json!([]), "the queue moves on");
    }

    async fn a_clock_that_is_wrong_freezes_nobody(s: Served) {
        for (sign, skew_ms) in [("M1", 3_600_000), ("M2", -3_600_000)] {
            let unit = s.silent_patrol(sign).await;
            let app = s.tracker(unit, false).await;
            assert_eq!(s.query(&app.query(scene(), s.engine.now())).await["kept"], 1);
            for n in 1..=4 {
                s.pass(2_000);
                s.query(&app.query(scene().moved(0.0, 10.0 * f64::from(n)), s.engine.now().plus(skew_ms))).await;
            }
            let (place, at) = s.pin(unit).await.unwrap();
            assert!(place.distance_m(scene().moved(0.0, 40.0)) < 1.0, "{sign}: {place}");
            assert!(s.engine.now().since(at).abs() <= 1_000, "{sign}: {at}");
        }
    }

    async fn a_queue_worked_off_leaves_no_holes_and_ends_at_the_newest(s: Served) {
        let unit = s.silent_patrol("M1").await;
        let app = s.tracker(unit, false).await;
        let begun = s.engine.now();
        s.pass(600_000);
        for n in 0..60 {
            let at = begun.plus(i64::from(n) * 10_000);
            let taken = s.query(&app.query(scene().moved(90.0, 30.0 * f64::from(n)), at)).await;
            assert_eq!((&taken["kept"], &taken["conflated"]), (&json!(1), &json!(0)), "{n}: {taken}");
        }
        let (place, at) = s.pin(unit).await.unwrap();
        assert_eq!(at, begun.plus(590_000));
        assert!(place.distance_m(scene().moved(90.0, 30.0 * 59.0)) < 0.1);
        // Fresh ones in a flood do give way.
        for n in 1..=40 {
            s.query(&app.query(scene().moved(90.0, 1_770.0), begun.plus(590_000 + n * 10))).await;
        }
        assert!(s.engine.counters().conflated_total() > 10);
    }

    async fn the_crews_phone_comes_first(s: Served) {
        let (unit, _, phone) = s.patrol("M1", scene()).await;
        let unit: UnitId = unit.parse().unwrap();
        let (app, source) = (s.tracker(unit, false).await, s.tracker(unit, true).await);
        let at = |m: f64| scene().moved(90.0, m);
        s.pass(5_000);
        let taken = s.query(&app.query(at(20.0), s.engine.now())).await;
        assert_eq!((&taken["kept"], &taken["passed_over"]), (&json!(0), &json!(1)), "the phone is awake");
        let taken = s.query(&source.query(at(30.0), s.engine.now())).await;
        assert_eq!(taken["kept"], 1, "one that was set as a source counts beside it");
        assert!(s.pin(unit).await.unwrap().0.distance_m(at(30.0)) < 0.1);
        s.pass(1_000);
        s.fix(unit, phone, at(40.0)).await;
        assert!(s.pin(unit).await.unwrap().0.distance_m(at(40.0)) < 0.1, "the newest counts");
        s.pass(15_001);
        assert_eq!(s.query(&app.query(at(60.0), s.engine.now())).await["kept"], 1, "the phone sleeps");
        assert!(s.pin(unit).await.unwrap().0.distance_m(at(60.0)) < 0.1);
        s.pass(1_000);
        s.fix(unit, phone, at(70.0)).await;
        let late = s.post_json(app.json(&[(at(55.0), s.engine.now().plus(-300_000)), (at(71.0), s.engine.now())])).await;
        assert_eq!((&late["kept"], &late["passed_over"]), (&json!(1), &json!(1)), "what comes late fills the track: {late}");
        assert!(s.pin(unit).await.unwrap().0.distance_m(at(70.0)) < 0.1);
        assert_eq!(s.figure("sigap_fixes_total{outcome=\"passed_over\"}").await, 2);
    }

    async fn nobody_is_tracked_off_duty(s: Served) {
        let unit = s.silent_patrol("M1").await;
        let app = s.tracker(unit, true).await;
        assert_eq!(s.query(&app.query(scene(), s.engine.now())).await["kept"], 1);
        let before = s.pin(unit).await;
        s.pass(10_000);
        let cause = || Cause::system(s.engine.now());
        s.engine.set_duty(&cause(), unit, Duty::OutOfService, None).await.unwrap();
        let out = s.query(&app.query(scene().moved(0.0, 10.0), s.engine.now())).await;
        assert_eq!(out["kept"], 1, "a crew at its meal is on duty");
        s.engine.set_duty(&cause(), unit, Duty::Off, None).await.unwrap();
        s.pass(10_000);
        let home = scene().moved(0.0, 20.0);
        let taken = s.query(&app.query(home, s.engine.now())).await;
        assert_eq!((&taken["kept"], &taken["off_duty"]), (&json!(0), &json!(1)));
        let late = s.post_json(app.json(&[(home, s.engine.now().plus(-3_600_000)), (home, s.engine.now())])).await;
        assert_eq!(late["off_duty"], 2);
        assert_eq!(s.owntracks(&app, app.message(home, s.engine.now())).await.expect(200), json!([]));
        assert_ne!(s.pin(unit).await, before);
        assert!(s.pin(unit).await.is_none_or(|(place, _)| place.distance_m(home) > 5.0));
        assert_eq!(s.figure("sigap_fixes_total{outcome=\"off_duty\"}").await, 4);
        assert_eq!(s.figure("sigap_fixes_total{outcome=\"history\"}").await, 0);
    }

    async fn owntracks_goes_on_whatever_it_says(s: Served) {
        let unit = s.silent_patrol("M1").await;
        let app = s.tracker(unit, false).await;
        for message in [
            "", "{}", "[]", "null", r#"{"_type":"lwt","tst":1}"#, r#"{"_type":"encrypted","data":"x"}"#,
            r#"{"_type":"transition","event":"enter","lat":-1.2,"lon":116.8,"tst":1793581200}"#,
            r#"{"_type":"location","lat":"x","lon":116.8,"tst":1793581200}"#, r#"{"_type":"location"}"#,
        ] {
            assert_eq!(s.owntracks(&app, message).await.expect(200), json!([]), "{message}");
        }
        assert_eq!(s.pin(unit).await, None);
        let broken = s.owntracks(&app, "lat=1").await.problem(400, "malformed");
        assert_eq!(broken["field"], "body");
        let counted = |outcome: &str| format!("sigap_tracker_requests_total{{format=\"owntracks\",outcome=\"{outcome}\"}}");
        assert_eq!((s.figure(&counted("ignored")).await, s.figure(&counted("broken")).await), (7, 3));
        // Without a content type, and with an array.
        let both = format!("[{},{{\"_type\":\"lwt\"}}]", app.message(scene(), s.engine.now()));
        let reply = s.send("POST", "/trackers/owntracks", &[("authorization", &app.basic())], both).await;
        assert_eq!(reply.expect(200), json!([]));
        assert!(s.pin(unit).await.is_some());
    }

    async fn who_sets_an_app_up_wrongly_is_told(s: Served) {
        let unit = s.silent_patrol("M1").await;
        let app = s.tracker(unit, false).await;
        let key = app.key();
        for (query, field) in [
            (format!("id={key}"), "lat"),
            (format!("id={key}&lat={{0}}&lon={{1}}&timestamp={{2}}"), "lat"),
            (format!("id={key}&lat=-1.2&lon=116.8&timestamp=today"), "timestamp"),
            (format!("deviceid={key}&location=-1.2&timestamp=1"), "location"),
        ] {
            let problem = s.send("GET", &format!("/trackers/osmand?{query}"), &[], "").await.problem(400, "malformed");
            assert_eq!(problem["field"], field, "{query}");
            assert!(!problem["reason"].as_str().unwrap().is_empty());
        }
        let body = |location: Value| json!({ "device_id": key, "location": location }).to_string();
        for (location, field) in [
            (json!(null), "location"),
            (json!("here"), "location"),
            (json!({ "coords": { "latitude": 1 } }), "location.coords.longitude"),
        ] {
            let problem = s.send("POST", "/trackers/osmand", &[JSON], body(location)).await.problem(400, "malformed");
            assert_eq!(problem["field"], field);
        }
        let good: Value = serde_json::from_str(&app.json(&[(scene(), s.engine.now())])).unwrap();
        let mixed = json!([{ "coords": 7 }, good["location"], "x"]);
        let taken = s.post_json(body(mixed)).await;
        let indices: Vec<_> = taken["refused"].as_array().unwrap().iter().map(|r| (&r["index"], &r["reason"])).collect();
        assert_eq!(taken["kept"], 1);
        assert_eq!(json!(indices), json!([[0, "malformed"], [2, "malformed"]]), "one spoils no other: {taken}");
        let id = format!("/trackers/osmand?id={key}");
        s.send("POST", &id, &[JSON], "{").await.problem(400, "malformed");
        s.send("POST", "/trackers/osmand", &[JSON], "{").await.problem(401, "bad_tracker");
        let many = s.send("POST", "/trackers/osmand", &[JSON], body(json!(vec![0; 1_001]))).await.problem(400, "malformed");
        assert!(many["reason"].as_str().unwrap().contains("at most 1000"), "{many}");
        s.send("POST", "/trackers/osmand", &[JSON], vec![b' '; 256 * 1024 + 1]).await.problem(413, "too_large");
        s.send("PUT", "/trackers/osmand", &[], "").await.problem(405, "method_not_allowed");
        s.send("GET", "/trackers/nothing", &[], "").await.problem(404, "no_route");
    }
}

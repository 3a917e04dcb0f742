//! What callers' phones send by themselves, through the gateway's door, on a clock that the test turns.

use super::*;
use crate::{desk::about, on_both};

const SECRET: &str = "between gateway and desk";
const NUMBER: &str = "+62811000001";

/// Runs each on SQLite, with a gateway.
macro_rules! with_gateway {
    ($(async fn $name:ident($served:ident: Served) $body:block)*) => { $(
        #[test]
        fn $name() {
            async fn test(db: Db) {
                let $served = gateway(&db).await;
                $body
            }
            run(crate::harness::Engine::Sqlite, test);
        }
    )* };
}

async fn gateway(db: &Db) -> Served {
    Served::start_as(db, http::Settings::default(), Some(SECRET)).await
}

/// The digits of a moment, as the first version writes them.
fn digits(at: UnixMs) -> String {
    at.to_string()[..19].chars().filter(char::is_ascii_digit).collect()
}

fn sms(place: Place, radius_m: u32, at: UnixMs) -> String {
    let (lat, lng, top) = (place.lat(), place.lng(), digits(at));
    format!(
        "A\"ML=1;lt={lat:+.5};lg={lng:+.5};rd={radius_m};top={top};lc=90;pm=W;si=510101234567890;ei=358239059042542;mcc=510;mnc=10;ml=128"
    )
}

fn second(place: Place, radius_m: u32, at: UnixMs) -> String {
    let (lat, lng, et) = (place.lat(), place.lng(), at.0 / 1_000 + 3);
    format!(
        "A\"ML=2;en=110;et={et};lo={lat:.5},{lng:.5},{radius_m};lt=-3;lc=68;ls=G;ei=358239059042542;nc=51010;hc=51010;lg=id-ID"
    )
}

impl Served {
    async fn aml(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Reply {
        let bearer = format!("Bearer {SECRET}");
        self.send("POST", path, &[("authorization", &bearer), ("content-type", kind)], body).await
    }

    async fn texts(&self, number: &str, text: &str) -> Value {
        let path = format!("/aml/sms?from={}", number.replace('+', "%2B"));
        self.aml(&path, "text/plain; charset=utf-8", text).await.expect(200)["outcome"].clone()
    }
}

fn near(report: &Value, place: Place) -> bool {
    let axis = |name: &str| report["place"][name].as_f64();
    axis("lat").zip(axis("lng")).is_some_and(|(lat, lng)| Place::new(lat, lng).unwrap().distance_m(place) < 2.0)
}

with_gateway! {
    async fn a_call_told_twice_is_one_though_its_place_came_first(s: Served) {
        let exchange = s.token(Role::Operator, "KALTIM").await;
        s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        assert_eq!(s.texts(NUMBER, &sms(scene(), 20, s.engine.now())).await, "waits");
        let call = json!({ "command_id": CommandId::random(), "exchange_id": "pbx-9", "caller_number": NUMBER });
        let one = s.post(&exchange, "/calls", call.clone()).await.expect(201);
        assert_eq!(one["flow"], "BPN", "the place says whose call it is");
        let two = s.post(&exchange, "/calls", call.clone()).await.expect(201);
        let mut unnamed = call;
        unnamed.as_object_mut().unwrap().remove("command_id");
        let three = s.post(&exchange, "/calls", unnamed).await.expect(201);
        assert_eq!((&two["id"], &three["id"]), (&one["id"], &one["id"]), "the place was taken by the first");
    }

    async fn a_ringing_call_gets_its_place_and_a_better_one_replaces_it(s: Served) {
        let exchange = s.token(Role::Operator, "KALTIM").await;
        let desk = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let call = s.rings(&exchange, "BPN", "0811-000-001").await;
        let now = s.engine.now();
        let (rough, good, worse) = (scene().moved(0.0, 80.0), scene(), scene().moved(90.0, 300.0));
        assert_eq!(s.texts(NUMBER, &sms(rough, 90, now)).await, "placed");
        let report = s.report_of(&desk.token, &call).await;
        assert!(near(&report, rough) && report["accuracy_m"] == 90.0, "{report}");
        assert_eq!(s.texts("0811 000 001", &second(good, 12, now)).await, "placed");
        assert_eq!(s.texts(NUMBER, &sms(worse, 60, now)).await, "kept");
        let fields = json!({ "number": NUMBER, "lt": worse.lat(), "lg": worse.lng(), "rd": 40, "top": digits(now), "pm": "C" });
        assert_eq!(s.aml("/aml", "application/json", fields.to_string()).await.expect(200), json!({ "outcome": "kept" }));
        let report = s.report_of(&desk.token, &call).await;
        assert!(near(&report, good) && report["accuracy_m"] == 12.0, "{report}");
        // What the operator hears counts more than any machine.
        s.on(&desk, &call, "claim", json!({})).await.expect(200);
        let told = scene().moved(180.0, 500.0);
        s.ask(&desk.token, "PATCH", &format!("/reports/{call}"), json!({ "place": told })).await.expect(200);
        assert_eq!(s.texts(NUMBER, &sms(good, 3, now)).await, "kept");
        assert!(near(&s.report_of(&desk.token, &call).await, told));

        let events = s.told(&desk.token, "KALTIM").await;
        let steps: Vec<_> = events.iter().filter(|e| e["kind"] == "report.located").map(|e| e["body"].clone()).collect();
        let used: Vec<_> = steps.iter().map(|b| (b["method"].clone(), b["radius_m"].clone(), b["used"].clone())).collect();
        assert_eq!(json!(used), json!([["wifi", 90, true], ["gnss", 12, true], ["wifi", 60, false], ["cell", 40, false], ["wifi", 3, false]]));
        assert_eq!(about(&events, &call).iter().filter(|kind| *kind == "report.amended").count(), 3);
        let text = json!(events).to_string();
        for secret in ["116.83", "-1.26", "811000001", "510101234567890", "358239059042542"] {
            assert!(!text.contains(secret), "{secret} is in the journal");
        }
    }

    async fn the_incident_follows_its_caller(s: Served) {
        let exchange = s.token(Role::Operator, "KALTIM").await;
        let desk = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let call = s.rings(&exchange, "BPN", "0811000001").await;
        s.on(&desk, &call, "claim", json!({})).await.expect(200);
        assert_eq!(s.texts(NUMBER, &sms(scene().moved(0.0, 200.0), 150, s.engine.now())).await, "placed");
        let judged = s.on(&desk, &call, "judge", json!({ "valid": true })).await.expect(200);
        let incident = judged["incident"]["id"].as_str().unwrap().to_owned();
        assert_eq!(judged["incident"]["place_version"], 1);
        s.pass(30_000);
        assert_eq!(s.texts(NUMBER, &second(scene(), 8, s.engine.now())).await, "placed");
        let dispatcher = s.token(Role::Dispatcher, "BPN").await;
        let moved = s.get(&dispatcher, &format!("/incidents/{incident}")).await.expect(200)["incident"].clone();
        assert!(near(&moved, scene()) && moved["place_version"] == 2, "{moved}");
        let told = s.told(&dispatcher, "BPN").await;
        let places: Vec<_> = told.iter().filter(|e| e["kind"] == "incident.place").collect();
        assert_eq!((places.len(), &places[0]["body"]["incident"], &places[0]["body"]["version"]), (1, &json!(incident), &json!(2)));
    }

    async fn a_place_that_comes_before_its_call_waits_for_it(s: Served) {
        let exchange = s.token(Role::Operator, "ID").await;
        let desk = s.sits(Role::Operator, "ID", "ID.SPKT").await;
        assert_eq!(s.texts(NUMBER, &sms(scene().moved(0.0, 100.0), 120, s.engine.now())).await, "waits");
        assert_eq!(s.texts(NUMBER, &second(scene(), 15, s.engine.now())).await, "waits");
        s.pass(120_000);
        // Nobody says where the call comes from: the place does.
        let report = s.post(&exchange, "/calls", json!({ "caller_number": "0811-000-001" })).await.expect(201);
        assert!(near(&report, scene()), "{report}");
        assert_eq!((&report["flow"], &report["accuracy_m"]), (&json!("BPN"), &json!(15.0)));
        let id = report["id"].as_str().unwrap();
        assert!(near(&s.report_of(&desk.token, id).await, scene()), "sealed and read back");
        let events = s.told(&desk.token, report["id"].as_str().unwrap().split('-').next().unwrap()).await;
        let located: Vec<_> = events.iter().filter(|e| e["kind"] == "report.located").map(|e| e["body"]["used"].clone()).collect();
        assert_eq!(located, [json!(true)]);
        let number = sigap::domain::phone::PhoneNumber::parse(NUMBER).unwrap();
        assert_eq!(s.store.parked_aml(&number, s.engine.now()).await.unwrap(), None, "it has its call");
        // Another call of that number, later, begins without it.
        s.pass(400_000);
        let again = s.post(&exchange, "/calls", json!({ "area": "BPN", "caller_number": NUMBER })).await.expect(201);
        assert_eq!(again["place"], Value::Null);
    }

    async fn what_waited_for_too_long_is_gone(s: Served) {
        let exchange = s.token(Role::Operator, "KALTIM").await;
        assert_eq!(s.texts(NUMBER, &sms(scene(), 20, s.engine.now())).await, "waits");
        s.pass(300_001);
        let call = s.post(&exchange, "/calls", json!({ "area": "BPN", "caller_number": NUMBER })).await.expect(201);
        assert_eq!(call["place"], Value::Null);
        s.engine.forget_aml().await;
        assert_eq!(s.store.prune_aml(s.engine.now().plus(86_400_000)).await.unwrap(), 0, "nothing is left");
        // And a call that began too long ago is not this one's.
        s.pass(300_001);
        assert_eq!(s.texts(NUMBER, &sms(scene(), 20, s.engine.now())).await, "waits");
    }

    async fn places_of_another_time_and_no_place_change_nothing(s: Served) {
        let exchange = s.token(Role::Operator, "KALTIM").await;
        let call = s.rings(&exchange, "BPN", NUMBER).await;
        let now = s.engine.now();
        for (text, outcome) in [
            (sms(scene(), 20, now.plus(-901_000)), "not_now"),
            (sms(scene(), 20, now.plus(301_000)), "not_now"),
            (second(scene(), 20, UnixMs(0)), "not_now"),
            ("A\"ML=1;lt=+00.00000;lg=+000.00000;rd=N;top=20261102010000;lc=0;pm=N;ml=60".to_owned(), "nowhere"),
        ] {
            assert_eq!(s.texts(NUMBER, &text).await, outcome, "{text}");
        }
        let desk = s.token(Role::Operator, "KALTIM").await;
        assert_eq!(s.report_of(&desk, &call).await["place"], Value::Null);
        let page = s.send("GET", "/metrics", &[], "").await.text;
        for line in ["sigap_aml_total{outcome=\"not_now\"} 3", "sigap_aml_total{outcome=\"nowhere\"} 1", "sigap_aml_total{outcome=\"placed\"} 0"] {
            assert!(page.lines().any(|l| l == line), "{line} in\n{page}");
        }
    }

    async fn broken_messages_are_named_and_do_not_repeat_where_somebody_is(s: Served) {
        let good = sms(scene(), 20, s.engine.now());
        for (text, field) in [
            (good.replace("lt=-1.26800", "lt=-1,26800"), "lt"), (good.replace("lg=+116.83200", "lg=+216.83200"), "lg"),
            (good.replace(";rd=20", ""), "rd"), (good.replace("pm=W", "pm=Z"), "pm"), (good.replace("A\"ML=1", "A\"ML=9"), "ML"),
            ("help".to_owned(), "text"), (String::new(), "text"),
        ] {
            let problem = s.aml("/aml/sms?from=0811000001", "text/plain", text.clone()).await.problem(400, "malformed");
            assert_eq!(problem["field"], field, "{text}");
            assert!(!problem["reason"].as_str().unwrap().is_empty());
            assert!(!problem.to_string().contains("26800") && !problem.to_string().contains("83200"), "{problem}");
        }
        for (path, kind, body, field) in [
            ("/aml/sms", "text/plain", good.clone(), "from"),
            ("/aml/sms?from=anonymous", "text/plain", good.clone(), "from"),
            ("/aml/sms?from=110", "text/plain", good.clone(), "from"),
            ("/aml/sms", "application/json", json!({ "from": NUMBER }).to_string(), "text"),
            ("/aml/sms", "application/json", "[]".to_owned(), "body"),
            ("/aml", "application/json", "{".to_owned(), "body"),
            ("/aml", "application/json", json!({ "number": NUMBER }).to_string(), "lt"),
            ("/aml", "application/x-www-form-urlencoded", "lt=1&lg=2&rd=3".to_owned(), "number"),
            ("/aml", "application/x-www-form-urlencoded", "number=0811000001&lt=1&lg=2&rd=3&pm=G".to_owned(), "top"),
        ] {
            let problem = s.aml(path, kind, body.clone()).await.problem(400, "malformed");
            assert_eq!(problem["field"], field, "{path} {body}");
            assert!(!problem.to_string().contains("811000001"), "{problem}");
        }
        s.aml("/aml", "application/json", vec![b' '; 20_000]).await.problem(413, "too_large");
        s.aml("/aml/sms?from=0811000001", "text/plain", vec![0xff; 100]).await.problem(400, "malformed");
    }

    async fn every_form_that_gateways_send_is_read(s: Served) {
        let exchange = s.token(Role::Operator, "KALTIM").await;
        s.rings(&exchange, "BPN", NUMBER).await;
        let now = s.engine.now();
        let text = |radius_m: u32| sms(scene(), radius_m, now);
        let escaped: String = text(80).bytes().map(|b| format!("%{b:02X}")).collect();
        let long = format!(
            "device_number=%2B62811000001&location_latitude=-1.268&location_longitude=116.832&location_accuracy=50.5\
             &location_time={}&location_source=gps&location_confidence=0.68&v=1",
            now.0
        );
        for (path, kind, body) in [
            ("/aml/sms", "application/x-www-form-urlencoded", format!("from=+62811000001&text={escaped}")),
            ("/aml/sms", "application/json", json!({ "from": "62811000001", "text": text(70) }).to_string()),
            ("/aml/sms", "application/json", json!({ "sender": 62_811_000_001_i64, "message": text(60) }).to_string()),
            ("/aml", "application/x-www-form-urlencoded", long),
            ("/aml", "application/x-www-form-urlencoded", format!("number=0811000001&v=2&et={}&lo=-1.268,116.832,40&ls=W", now.0 / 1_000)),
            ("/aml", "application/json", json!({ "number": NUMBER, "lt": -1.268, "lg": 116.832, "rd": 30, "top": digits(now), "pm": "G" }).to_string()),
        ] {
            assert_eq!(s.aml(path, kind, body.clone()).await.expect(200)["outcome"], "placed", "{body}");
        }
    }

    async fn who_does_not_know_the_secret_leaves_nothing_behind(s: Served) {
        let exchange = s.token(Role::Operator, "KALTIM").await;
        let call = s.rings(&exchange, "BPN", NUMBER).await;
        let text = sms(scene(), 5, s.engine.now());
        let path = "/aml/sms?from=0811000001";
        let mut tries = 0;
        for header in ["Bearer wrong", "Bearer", "", "Basic d3Jvbmc6d3Jvbmc="] {
            let headers = [("authorization", header), ("content-type", "text/plain")];
            s.send("POST", path, &headers[usize::from(header.is_empty())..], text.clone()).await.problem(401, "bad_token");
            tries += 1;
        }
        let token = format!("Bearer {exchange}");
        s.send("POST", path, &[("authorization", &token)], text.clone()).await.problem(401, "bad_token");
        tries += 1;
        while tries < 20 {
            s.send("POST", "/aml", &[], "lt=1").await.problem(401, "bad_token");
            tries += 1;
        }
        s.send("POST", "/aml", &[], "lt=1").await.problem(429, "too_many");
        assert_eq!(s.report_of(&exchange, &call).await["place"], Value::Null);
        assert_eq!(s.texts(NUMBER, &text).await, "placed", "the gateway itself goes on");
    }
}

on_both! {
    async fn whichever_comes_first_the_call_has_its_place(db: Db) {
        let s = gateway(&db).await;
        let exchange = s.token(Role::Operator, "KALTIM").await;
        for n in 0..12 {
            let number = format!("+6281200{n:04}");
            let now = s.engine.now();
            let body = json!({ "area": "BPN", "caller_number": number });
            let text = sms(scene(), 10 + n, now);
            let (call, _) = tokio::join!(s.post(&exchange, "/calls", body), s.texts(&number, &text));
            let id = call.expect(201)["id"].as_str().unwrap().to_owned();
            s.until(&exchange, &format!("/reports/{id}"), |r| near(r, scene())).await;
        }
    }
}

#[test]
fn without_a_secret_there_is_no_door() {
    async fn test(db: Db) {
        let s = Served::start(&db).await;
        for path in ["/aml", "/aml/sms"] {
            for headers in [&[][..], &[("authorization", "Bearer ")], &[("authorization", "Bearer x")]] {
                s.send("POST", path, headers, "lt=1").await.problem(404, "no_route");
            }
        }
    }
    run(crate::harness::Engine::Sqlite, test);
}

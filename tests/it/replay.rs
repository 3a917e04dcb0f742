//! A recorded ride against a real server: by the library, and by the program as people call it.

use crate::harness::*;
use serde_json::{Value, json};
use sigap::{
    app::{self, Clock},
    domain::{
        access::{Cause, Grant, Role, Scope},
        place::Place,
    },
    sim::{
        client::Login,
        replay::{self, ReplayOptions},
    },
};
use std::{fmt::Write, sync::Arc};

/// Where the ride begins in Balikpapan.
fn start() -> Place {
    Place::new(-1.2532, 116.8406).unwrap()
}

/// A car that drives 70 steps of 2 s eastwards at some 9 m/s, with a receiver's noise, recorded somewhere else.
fn ride() -> String {
    let mut gpx = String::from(
        r#"<?xml version="1.0"?><gpx version="1.1" creator="a test" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>"#,
    );
    let away = Place::new(45.31, 13.74).unwrap();
    for n in 0..70_u32 {
        // Noise from a fixed recipe: up to 4 m to either side.
        let noise_m = f64::from(n * 7_919 % 9) - 4.0;
        let at = away.moved(90.0, f64::from(n) * 18.0).moved(0.0, noise_m);
        let (minutes, seconds) = (n * 2 / 60, n * 2 % 60);
        write!(
            gpx,
            r#"<trkpt lat="{}" lon="{}"><time>2026-03-01T08:{minutes:02}:{seconds:02}Z</time><hdop>1.2</hdop></trkpt>"#,
            at.lat(),
            at.lng()
        )
        .unwrap();
    }
    gpx + "</trkseg></trk></gpx>"
}

/// A report 800 m down the road.
fn report() -> Value {
    let place = start().moved(90.0, 800.0);
    json!({ "channel": "call", "kind": "traffic_accident", "priority": "P1", "valid": true, "place": place })
}

/// Posts the report once the unit is seen near the start.
async fn call_when_online(api: Api, desk: String) -> String {
    let online = |u: &Value| !u["fix"].is_null() && u["duty"] == "on_duty";
    api.until(&desk, "/units/BPN-M1", "the car", online).await;
    let received = api.post(&desk, "/reports", &report()).await.expect(201);
    received["incident"]["id"].as_str().unwrap().to_owned()
}

/// The steps of the work, in their order.
const STEPS: [&str; 7] = [
    "signed on and online",
    "offered BPN-D1: BPN-1 (traffic_accident)",
    "accepted after",
    "en route after",
    "on scene, verified",
    "cleared, free again",
    "end of the ride",
];

fn assert_told(transcript: &str) {
    let mut rest = transcript;
    for step in STEPS {
        let at = rest.find(step).unwrap_or_else(|| panic!("no {step:?} (in this order) in\n{transcript}"));
        rest = &rest[at..];
    }
    assert!(transcript.contains("track of 70 points") && transcript.contains(": kept"), "{transcript}");
}

async fn assert_served(api: &Api, city: &City, id: &str) {
    let whole = api.get(&city.desk, &format!("/incidents/{id}")).await;
    assert_eq!((&whole["incident"]["status"], whole["dispatches"].as_array().unwrap().len()), (&json!("closed"), 1));
    assert_eq!(whole["dispatches"][0]["arrival"]["verified"], true);
    assert!(whole["segments"]["travel_ms"].as_i64().unwrap() > 1_000, "{whole}");
    let sla = api.get(&city.desk, "/areas/BPN/sla").await;
    assert_eq!((&sla["within_target_today"], &sla["verified_today"]), (&json!(1), &json!(1)));
}

#[test]
fn a_ride_is_offered_work_drives_to_it_and_clears() {
    async fn test(db: Db) {
        let city = seed(&db, 1).await;
        rider(&db).await;
        let served = serve(config(&db)).await;
        let api = served.api.clone();
        let options = ReplayOptions {
            server: api.url.clone(),
            login: Login::Password { login: "driver".to_owned(), password: PASSWORD.to_owned() },
            unit: unit("BPN-M1"),
            gpx: ride(),
            origin: Some(start()),
            speed: 5.0,
            accept: true,
            clock: Arc::new(now),
        };
        let calling = tokio::spawn(call_when_online(api.clone(), city.desk.clone()));
        let mut transcript = String::new();
        let summary = replay::replay(options, &mut |line| transcript += &format!("{line}\n")).await.unwrap();
        assert_told(&transcript);
        let sums = (summary.sent >= 70, summary.refused, summary.offers, summary.arrived, summary.cleared);
        assert_eq!(sums, (true, 0, 1, 1, 1), "{transcript}");
        assert_served(&api, &city, &calling.await.unwrap()).await;
        served.stop().await;
        // What was driven is kept, to the last minute.
        let (engine, _) = app::open(&config(&db), Clock::start()).await.unwrap();
        let track = engine.track(&Scope::system(), unit("BPN-M1"), now().plus(-300_000), now()).await.unwrap();
        assert_eq!(u64::try_from(track.len()).unwrap(), summary.sent, "what was sent is kept");
        engine.close().await;
    }
    run(Engine::Sqlite, test);
}

#[test]
fn the_program_replays_and_refuses_what_is_too_fast() {
    async fn test(db: Db) {
        let city = seed(&db, 1).await;
        let program = Program::new(&db).with("SIGAP_PASSWORD", PASSWORD);
        let added = program.run(&["user", "add", "--login", "driver", "--grant", "officer@BPN"]).await;
        assert_eq!(added.code, Some(0), "{added:?}");
        let served = serve(config(&db)).await;
        let (file, url) = (program.path("ride.gpx"), served.api.url.clone());
        std::fs::write(&file, ride()).unwrap();
        let origin = format!("--origin={},{}", start().lat(), start().lng());
        let args = |speed: &'static str| {
            [
                "replay", "--unit", "BPN-M1", "--gpx", "ride.gpx", &origin, "--server", &url, "--login", "driver",
                "--speed", speed,
            ]
            .map(str::to_owned)
        };
        let replay = |args: [String; 12]| {
            let program = program.clone();
            async move { program.run(&args.each_ref().map(String::as_str)).await }
        };
        let too_fast = replay(args("20")).await;
        assert_eq!((too_fast.code, too_fast.out.as_str()), (Some(1), ""), "{too_fast:?}");
        for told in ["sigap: ", "70 m/s", "20"] {
            assert!(too_fast.err.contains(told), "{too_fast:?}");
        }
        let unit = served.api.get(&city.desk, "/units/BPN-M1").await;
        assert_eq!((&unit["duty"], &unit["fix"]), (&json!("off_duty"), &Value::Null), "nothing was sent");

        for (text, told) in [
            ("", "empty"),
            (&ride()[..900], "not GPX, or was cut off"),
            ("{\"type\": \"FeatureCollection\"}", "not GPX"),
            (r#"<gpx version="1.1" creator="x"><wpt lat="1" lon="2"/></gpx>"#, "0 track points"),
        ] {
            std::fs::write(&file, text).unwrap();
            let bad = replay(args("5")).await;
            assert_eq!(bad.code, Some(1), "{bad:?}");
            assert!(bad.err.contains(told), "{told}: {bad:?}");
        }
        std::fs::remove_file(&file).unwrap();
        assert!(replay(args("5")).await.err.contains("ride.gpx: No such file"));

        std::fs::write(&file, ride()).unwrap();
        let calling = tokio::spawn(call_when_online(served.api.clone(), city.desk.clone()));
        let ended = replay(args("5")).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_told(&ended.out);
        assert_served(&served.api, &city, &calling.await.unwrap()).await;
        served.stop().await;
    }
    run(Engine::Sqlite, test);
}

/// An officer who logs in as `driver`.
async fn rider(db: &Db) {
    let (engine, _) = app::open(&config(db), Clock::start()).await.unwrap();
    let grants = vec![Grant { area: code("BPN"), role: Role::Officer }];
    let cause = Cause::system(engine.now());
    engine.add_account(&cause, "driver".parse().unwrap(), PASSWORD.to_owned(), grants).await.unwrap();
    engine.close().await;
}

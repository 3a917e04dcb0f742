//! A ride over a real socket, against a server from a script.

use super::*;
use crate::sim::{
    fake::{Fake, clock, until},
    script,
};
use serde_json::json;

/// A GPX text of points 20 m and a second apart that leads east past the scene of the script.
fn gpx(points: i64) -> String {
    let west = script::scene().moved(270.0, 400.0);
    let point = |i: i64| {
        let place = west.moved(90.0, 20.0 * i as f64);
        let (lat, lng, minute, second) = (place.lat(), place.lng(), i / 60, i % 60);
        format!(r#"<trkpt lat="{lat}" lon="{lng}"><time>2026-01-02T03:{minute:02}:{second:02}Z</time></trkpt>"#)
    };
    let points: String = (0..points).map(point).collect();
    format!(
        r#"<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="t"><trk><trkseg>{points}</trkseg></trk></gpx>"#
    )
}

fn options(server: &str, speed: f64) -> ReplayOptions {
    ReplayOptions {
        server: server.to_owned(),
        login: Login::Token("any".to_owned()),
        unit: script::UNIT.parse().unwrap(),
        gpx: gpx(40),
        origin: None,
        speed,
        accept: true,
        clock: clock(),
    }
}

#[actix_web::test]
async fn a_report_on_the_way_is_offered_accepted_driven_reached_and_timed() {
    let fake = Fake::start();
    let options = options(&fake.base_url, 3.4);
    let riding = tokio::spawn(async move {
        let mut lines = Vec::new();
        let done = replay(options, &mut |line: &str| lines.push(line.to_owned())).await;
        (done, lines)
    });
    until("the ride", || fake.with(|seen| seen.fixes > 0)).await;
    let report = json!({"command_id": crate::domain::ids::CommandId::random()});
    let post = reqwest::Client::new().post(format!("{}/api/v1/reports", fake.base_url)).json(&report);
    assert!(post.send().await.unwrap().status().is_success());
    let (done, lines) = riding.await.unwrap();
    let summary = done.unwrap();
    assert_eq!((summary.offers, summary.arrived, summary.cleared, summary.refused), (1, 1, 1, 0), "{lines:#?}");
    assert!(summary.sent >= 40, "{summary:?}");
    // The last frame and the signing off go by different connections.
    until("the last fix", || fake.with(|seen| seen.fixes as u64 == summary.sent)).await;
    fake.with(|seen| {
        assert_eq!(seen.steps, ["accepted", "en_route", "on_scene", "cleared"]);
        assert_eq!(seen.sign_offs, 1);
    });
    let mut rest = lines.iter();
    for step in [
        "track of 40 points over 11.5 s, at 3.4 times its speed, 68.",
        "signed on and online",
        "offered BPN-D1: BPN-1 (theft), ",
        "accepted after ",
        "en route after ",
        "on scene, verified 40 m from the scene, after ",
        "cleared, free again",
        "signed off",
        "end of the ride: ",
    ] {
        assert!(rest.any(|line| line.contains(step)), "{step:?} is missing, or not in its order: {lines:#?}");
    }
    fake.stop().await;
}

#[tokio::test]
async fn what_the_checks_refuse_is_refused_before_anything_is_sent() {
    // Nobody listens there: a single request would fail in another way.
    let nowhere = "http://127.0.0.1:1";
    let mut lines = 0;
    let mut count = |_: &str| lines += 1;
    let fast = replay(options(nowhere, 4.0), &mut count).await.unwrap_err();
    assert!(matches!(fast, ReplayError::TooFast(gpx::Refused::TooFast { .. })), "{fast}");
    assert!(fast.to_string().contains("refuse more than 70 m/s"), "{fast}");
    let empty = ReplayOptions { gpx: String::new(), ..options(nowhere, 1.0) };
    assert!(matches!(replay(empty, &mut count).await, Err(ReplayError::Gpx(BadGpx::Empty))));
    assert_eq!(lines, 0);
}

#[actix_web::test]
async fn a_phone_that_may_not_come_in_is_told_why() {
    let fake = Fake::start();
    fake.with(|seen| seen.spent.push("any".to_owned()));
    let refused = replay(options(&fake.base_url, 1.0), &mut |_| {}).await.unwrap_err();
    assert!(matches!(refused, ReplayError::Client(ClientError::LoggedOut)), "{refused}");
    fake.stop().await;
}

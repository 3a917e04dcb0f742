//! Fixes that come in and positions that go out.

use super::{on_sqlite, site::*};
use crate::{dispatches::scene, harness::*};
use serde_json::json;
use sigap::{
    domain::{access::*, ids::UnitId, place::Place, time::UnixMs},
    wire::packed::Unpacker,
    ws::Settings,
};

impl Site {
    async fn pin(&self, unit: UnitId) -> Option<(Place, UnixMs)> {
        let position = self.engine.unit(&Scope::system(), unit).await.unwrap().1?;
        position.fix.map(|fix| (fix.place, fix.at))
    }
}

on_sqlite! {
    async fn of_a_flood_the_newest_is_kept_and_the_rest_counted(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, officer, phone) = crewed(&site.store, "BPN-M1", site.now()).await;
        let mut client = site.open(&officer, phone).await;
        site.pass(10_000);
        let flood: Vec<(Place, i64)> = (0_i64..100).map(|n| {
            #[expect(clippy::cast_precision_loss, reason = "below a hundred")]
            let place = scene().moved(90.0, n as f64);
            (place, site.now().0 - 9_900 + n * 100)
        }).collect();
        client.fixes(None, &flood).await;
        let taken = client.until("fixes_taken").await;
        assert_eq!((&taken["kept"], &taken["conflated"], &taken["refused"]), (&json!(20), &json!(79), &json!([])));
        assert_eq!(site.engine.counters().conflated_total(), 79);
        let is_at = |pin: Option<(Place, UnixMs)>, n: usize| pin.unwrap().0.distance_m(flood[n].0) < 0.01;
        assert!(is_at(site.pin(unit).await, 19), "the newest waits for room");
        site.pass(1_000);
        for _ in 0..400 {
            if is_at(site.pin(unit).await, 99) {
                return site.stop().await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the newest fix was lost");
    }

    async fn a_phone_with_a_wrong_clock_is_where_it_is_now(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        for (name, skew_ms, says_when_sent) in [("BPN-M1", 3_600_000, true), ("BPN-M2", -86_400_000, true), ("BPN-M3", 7_200_000, false)] {
            let (unit, officer, phone) = crewed(&site.store, name, site.now()).await;
            let mut client = site.open(&officer, phone).await;
            for n in 1..=5 {
                site.pass(1_000);
                let by_phone = site.now().0 + skew_ms;
                client.fixes(says_when_sent.then_some(by_phone), &[(scene().moved(0.0, 10.0 * f64::from(n)), by_phone)]).await;
                client.settled().await;
            }
            let (place, at) = site.pin(unit).await.expect("it is on the map");
            assert!(place.distance_m(scene().moved(0.0, 50.0)) < 1.0, "{name}: {place}");
            assert!(site.now().since(at).abs() < 1_000, "{name}: {at} at {}", site.now());
        }
        site.stop().await;
    }

    async fn a_backlog_fills_history_and_never_moves_the_pin(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, officer, phone) = crewed(&site.store, "BPN-M1", site.now()).await;
        let mut client = site.open(&officer, phone).await;
        site.pass(600_000);
        let now = site.now().0;
        client.fixes(Some(now), &[(scene(), now)]).await;
        let old: Vec<_> = (1..=50).map(|n| json!({"at_ms": now - n * 10_000, "lat": -1.26, "lng": 116.83, "backlog": true})).collect();
        client.send(json!({"type": "fixes", "sent_ms": now, "fixes": old})).await;
        let taken = client.until("fixes_taken").await;
        assert_eq!((&taken["kept"], &taken["conflated"]), (&json!(50), &json!(0)), "{taken}");
        assert_eq!(site.pin(unit).await.unwrap().0, scene());
        assert_eq!(site.engine.counters().history(), 50);
        site.stop().await;
    }

    async fn positions_come_packed_to_who_asks_for_it(db: Db) {
        let site = Site::start(&db, Settings { positions_ms: 20, ..Settings::default() }).await;
        let ids = units(&site.store, &["BPN-M1", "BPN-M2"]).await;
        site.put(ids[0], scene()).await;
        site.put(ids[1], scene().moved(90.0, 5_000.0)).await;
        let desk = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let mut console = site.open(&desk, device()).await;
        let view = json!({"type": "view", "area": "BPN", "packed": true});
        console.send(view.clone()).await;
        let mut unpacker = Unpacker::default();
        let (area, all) = unpacker.unpack(&console.packed().await).unwrap();
        assert_eq!((area, all.len()), ("BPN".parse().unwrap(), 2));
        site.pass(1_000);
        let to = scene().moved(0.0, 12.0);
        site.put(ids[0], to).await;
        let frame = console.packed().await;
        let (_, moved) = unpacker.unpack(&frame).unwrap();
        assert_eq!((moved.len(), moved[0].unit, &*moved[0].availability), (1, ids[0], "off"));
        assert!(moved[0].place.unwrap().distance_m(to) < 1.0 && moved[0].at == Some(site.now()), "{moved:?}");
        assert!(frame.len() < 25, "what is known is not told again: {} bytes", frame.len());
        console.send(view).await;
        let again = unpacker.unpack(&console.packed().await).unwrap().1;
        assert_eq!(again.len(), 2, "another view begins anew");
        console.send(json!({"type": "view", "area": "BPN"})).await;
        assert_eq!(console.until("positions").await["units"].as_array().unwrap().len(), 2, "as texts again");
        site.stop().await;
    }

    async fn a_console_sees_what_it_looks_at_and_who_leaves(db: Db) {
        let site = Site::start(&db, Settings { positions_ms: 20, ..Settings::default() }).await;
        let ids = units(&site.store, &["BPN-M1", "BPN-M2"]).await;
        site.put(ids[0], scene()).await;
        site.put(ids[1], scene().moved(90.0, 5_000.0)).await;
        let desk = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let mut console = site.open(&desk, device()).await;
        let bounds = json!({"south": -1.26, "west": 116.82, "north": -1.24, "east": 116.84});
        console.send(json!({"type": "view", "area": "BPN", "bounds": bounds})).await;
        let shown = console.until("positions").await;
        assert_eq!(shown["units"].as_array().unwrap().len(), 1, "{shown}");
        assert_eq!((&shown["units"][0]["unit"], &shown["units"][0]["availability"]), (&json!("BPN-M1"), &json!("off")));
        site.pass(60_000);
        site.put(ids[0], scene().moved(0.0, 2_000.0)).await;
        let gone = console.until("positions").await;
        assert_eq!((&gone["units"][0]["unit"], &gone["units"][0]["place"]), (&json!("BPN-M1"), &json!(null)));
        console.send(json!({"type": "view", "area": "BPN"})).await;
        let all = console.until("positions").await;
        assert_eq!(all["units"].as_array().unwrap().len(), 2, "without a box, everybody");
        console.send(json!({"type": "view", "area": "BPN", "on": false})).await;
        console.settled().await;
        site.pass(600_000);
        site.put(ids[1], scene()).await;
        console.subscribe("BPN", None).await;
        assert_eq!(console.next().await.unwrap()["type"], "reset", "no positions any more");
        site.stop().await;
    }
}

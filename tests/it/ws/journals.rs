//! Following journals: no gap, no repeat, never too far behind without need.

use super::{on_sqlite, site::*};
use crate::harness::*;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sigap::{
    domain::{access::*, event::Audience, ids::*},
    ws::Settings,
};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A client's side of one subscription.
#[derive(Default)]
struct Cursor {
    at: Option<i64>,
    seen: Vec<i64>,
}

impl Cursor {
    /// Takes a frame; panics on a gap or a repeat.
    fn take(&mut self, frame: &Value) {
        match frame["type"].as_str().unwrap() {
            "event" => {
                let seq = frame["seq"].as_i64().unwrap();
                assert_eq!(frame["prev"].as_i64(), self.at, "a gap before {seq}");
                assert!(Some(seq) > self.at, "{seq} came again");
                self.seen.push(seq);
                self.at = Some(seq);
            }
            "resumed" => {
                let cursor = frame["cursor"].as_i64();
                assert!(cursor >= self.at, "{frame} goes back");
                self.at = cursor;
            }
            "reset" => {
                assert!(self.at.is_none(), "too far behind at {:?}", self.at);
                self.at = frame["cursor"].as_i64();
            }
            "heartbeat" => {
                if let Some(cursor) = frame["cursors"]["BPN"].as_i64() {
                    assert!(Some(cursor) >= self.at, "{frame} goes back");
                    self.at = Some(cursor);
                }
            }
            _ => {}
        }
    }
}

impl Site {
    async fn head(&self) -> i64 {
        let heads = self.store.journal_heads().await.unwrap();
        heads.into_iter().find(|(area, _)| *area == code("BPN")).unwrap().1
    }

    /// Numbers of the events that a view shows after `from`, as the journal has them.
    async fn visible(&self, from: i64, unit: Option<UnitId>) -> Vec<i64> {
        let mut all = Vec::new();
        let mut after = from;
        loop {
            let page = self.engine.journal(&Scope::system(), code("BPN"), after, 1_000).await.unwrap();
            let Some(last) = page.last() else { return all };
            after = last.seq;
            let shown = |a: Audience| unit.is_none_or(|unit| a == Audience::Unit(unit));
            all.extend(page.iter().filter(|e| shown(e.audience)).map(|e| e.seq));
        }
    }

    /// Follows BPN, dropping the socket at random, until `upto` is reached; gives what was seen and from where.
    async fn follow(
        &self,
        who: &Scope,
        device: DeviceId,
        seed: u64,
        upto: &std::sync::atomic::AtomicI64,
    ) -> (i64, Vec<i64>) {
        use std::sync::atomic::Ordering;
        let (mut dice, mut cursor, mut from) = (Dice(seed), Cursor::default(), None);
        loop {
            let mut client = self.open(who, device).await;
            client.subscribe("BPN", cursor.at).await;
            for _ in 0..=dice.below(40) {
                let Ok(frame) = client.next().await else { break };
                cursor.take(&frame);
                from = from.or(cursor.at);
                let end = upto.load(Ordering::SeqCst);
                if end > 0 && cursor.at >= Some(end) {
                    return (from.unwrap(), cursor.seen);
                }
            }
            // Dropped without a word, wherever the server is at that moment.
        }
    }
}

on_sqlite! {
    async fn who_drops_the_socket_at_random_sees_each_event_once(db: Db) {
        use std::sync::atomic::{AtomicI64, Ordering};
        let site = Site::start(&db, Settings { heartbeat_ms: 30, ..Settings::default() }).await;
        let (mine, officer, phone) = crewed(&site.store, "BPN-M1", site.now()).await;
        let (other, ..) = crewed(&site.store, "BPN-M2", site.now()).await;
        let desk = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let console = device();
        let end = AtomicI64::new(0);
        let work = async {
            let mut dice = Dice(7);
            for _ in 0..400 {
                site.toggle(if dice.below(4) == 0 { mine } else { other }).await;
            }
            end.store(site.head().await, Ordering::SeqCst);
        };
        let crew = site.follow(&officer, phone, 1, &end);
        let all = site.follow(&desk, console, 2, &end);
        let ((), (crew_from, crew_saw), (desk_from, desk_saw)) = tokio::join!(work, crew, all);
        assert_eq!(desk_saw, site.visible(desk_from, None).await, "the desk");
        assert_eq!(crew_saw, site.visible(crew_from, Some(mine)).await, "the crew");
        assert!(crew_saw.len() > 50 && desk_saw.len() > 300, "{} {}", crew_saw.len(), desk_saw.len());
        site.stop().await;
    }

    async fn a_quiet_crew_is_never_too_far_behind_and_a_desk_is(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (mine, officer, phone) = crewed(&site.store, "BPN-M1", site.now()).await;
        let desk = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let from = site.head().await;
        let mut busy = Vec::new();
        for n in 2..34 {
            busy.push(crewed(&site.store, &format!("BPN-M{n}"), site.now()).await.0);
        }
        stream::iter(&busy).for_each_concurrent(32, |unit| async {
            for _ in 0..70 {
                site.toggle(*unit).await;
            }
        }).await;
        site.toggle(mine).await;
        let head = site.head().await;
        assert!(head - from > 2_200, "{head} {from}");
        let mut crew = site.open(&officer, phone).await;
        crew.subscribe("BPN", Some(from)).await;
        let event = crew.next().await.unwrap();
        assert_eq!((&event["type"], &event["prev"]), (&json!("event"), &json!(from)), "{event}");
        assert_eq!(event["event"]["kind"], "unit.duty");
        assert_eq!(crew.next().await.unwrap()["type"], "resumed");
        let mut console = site.open(&desk, device()).await;
        console.subscribe("BPN", Some(from)).await;
        let reset = console.next().await.unwrap();
        assert_eq!((&reset["type"], &reset["cursor"]), (&json!("reset"), &json!(head)));
        assert_eq!(reset["desk"]["units"].as_array().unwrap().len(), 33);
        for nonsense in [head + 1, -1, i64::MAX] {
            console.subscribe("BPN", Some(nonsense)).await;
            assert_eq!(console.next().await.unwrap()["cursor"], head, "{nonsense}");
        }
        console.subscribe("BPN", Some(head - 10)).await;
        for seq in head - 9..=head {
            assert_eq!(console.next().await.unwrap()["seq"], seq);
        }
        assert_eq!(console.next().await.unwrap(), json!({"type": "resumed", "area": "BPN", "cursor": head}));
        site.stop().await;
    }

    async fn heartbeats_carry_the_cursor_over_what_others_see(db: Db) {
        let site = Site::start(&db, Settings { heartbeat_ms: 40, ..Settings::default() }).await;
        let (mine, officer, phone) = crewed(&site.store, "BPN-M1", site.now()).await;
        let (other, ..) = crewed(&site.store, "BPN-M2", site.now()).await;
        let mut crew = site.open(&officer, phone).await;
        crew.subscribe("BPN", None).await;
        let began = crew.until("reset").await["cursor"].as_i64().unwrap();
        for _ in 0..5 {
            site.toggle(other).await;
        }
        loop {
            let beat = crew.next().await.unwrap();
            assert_eq!(beat["type"], "heartbeat", "nothing of it was the crew's: {beat}");
            if beat["cursors"]["BPN"] == json!(began + 5) {
                break;
            }
        }
        site.toggle(mine).await;
        let event = crew.until("event").await;
        assert_eq!((&event["seq"], &event["prev"]), (&json!(began + 6), &json!(began + 5)));
        site.stop().await;
    }

    async fn a_desk_follows_several_areas_each_with_its_own_numbers(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (bpn, ..) = crewed(&site.store, "BPN-M1", site.now()).await;
        let (smd, ..) = crewed(&site.store, "SMD-M1", site.now()).await;
        let region = person(&site.store, "region", "KALTIM", Role::Commander).await;
        let mut console = site.open(&region, device()).await;
        console.send(json!({"type": "subscribe", "areas": {"BPN": null, "SMD": null, "KALTIM": null, "ID": null}})).await;
        let mut cursors = std::collections::BTreeMap::new();
        for _ in 0..4 {
            let frame = console.next().await.unwrap();
            match frame["type"].as_str().unwrap() {
                "reset" => drop(cursors.insert(frame["area"].as_str().unwrap().to_owned(), frame["cursor"].as_i64().unwrap())),
                _ => assert_eq!(frame["problem"]["status"], 404, "the nation is above: {frame}"),
            }
        }
        assert_eq!(cursors.keys().collect::<Vec<_>>(), ["BPN", "KALTIM", "SMD"]);
        for unit in [smd, bpn, smd] {
            site.toggle(unit).await;
            let event = console.until("event").await;
            let area = unit.area.to_string();
            assert_eq!((&event["area"], &event["prev"]), (&json!(area), &json!(cursors[&area])));
            cursors.insert(area, event["seq"].as_i64().unwrap());
        }
        site.stop().await;
    }
}

//! Boards: each event is on them within a second, a region is the sum of its cities, and what stands still says so.

use super::site::*;
use crate::{
    dispatches::{call, in_bpn, incident, new_dispatch, scene},
    harness::*,
    on_both,
};
use serde_json::{Value, json};
use sigap::{
    domain::{access::*, dispatch::*, ids::*, incident::Priority},
    store::{Landing, Reception, Step},
    ws::Settings,
};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// An event is on a board within this.
const SOON: Duration = Duration::from_secs(1);

impl Client {
    async fn look_at_board(&mut self, area: &str) -> Value {
        self.send(json!({"type": "board", "area": area})).await;
        self.until("board").await
    }

    /// The next board that is as wanted; it comes within so long.
    async fn board_within(&mut self, within: Duration, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (began, mut last) = (Instant::now(), Value::Null);
        let came = timeout(within, async {
            while !wanted(&last) {
                last = self.until("board").await;
            }
        })
        .await;
        assert!(came.is_ok(), "no board within {within:?} that shows {what}; the last one is {last:#}");
        println!("{what}: after {:?}", began.elapsed());
        last
    }

    async fn board(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.board_within(SOON, what, wanted).await
    }
}

fn cities(board: &Value) -> Vec<&str> {
    board["cities"].as_array().unwrap().iter().map(|city| city["area"].as_str().unwrap()).collect()
}

async fn incident_in_smd(site: &Site) -> IncidentId {
    let landing =
        Landing::City { city: code("SMD"), district: None, priority: Priority::P1, place: scene(), first: None };
    let cause = Cause::system(site.now());
    let received = site.store.receive_report(&cause, Reception::at(code("SMD")), call("0822"), landing).await.unwrap();
    received.incident.unwrap().id
}

on_both! {
    async fn each_event_is_on_the_board_within_a_second(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, ..) = crewed(&site.store, "BPN-M1", site.now()).await;
        let commander = person(&site.store, "commander", "KALTIM", Role::Commander).await;
        let mut client = site.open(&commander, device()).await;
        let first = client.look_at_board("KALTIM").await;
        assert_eq!(cities(&first), ["BPN", "SMD"], "the first one has all cities");
        assert_eq!((&first["area"], &first["at"], &first["stale"]), (&json!("KALTIM"), &json!(site.now()), &json!(false)));
        let units = json!({"available": 1, "dispatched": 0, "en_route": 0, "on_scene": 0, "out_of_service": 0, "off_duty": 0, "stale": 1});
        assert_eq!((&first["units"], &first["standing"]["open"]), (&units, &json!(0)), "nobody heard of it yet");

        let opened = incident(&site.store, 0).await;
        let board = client.board("an incident", |b| b["standing"]["open"] == 1).await;
        assert_eq!((cities(&board), &board["cities"][0]["standing"]["waiting"]), (vec!["BPN"], &json!(1)), "only what changed");

        site.pass(421_000);
        while site.engine.tick().await.unwrap() > 0 {}
        let board = client.board("what is at risk", |b| b["standing"]["at_risk"] == 1).await;
        let pressing = &board["at_risk"]["incidents"][0];
        assert_eq!((&pressing["incident"], &pressing["due"]), (&json!(opened.id), &json!(T0.plus(600_000))));
        assert_eq!((&pressing["left_ms"], &pressing["cause"], &board["at_risk"]["more"]), (&json!(179_000), &Value::Null, &json!(0)));

        site.pass(180_000);
        while site.engine.tick().await.unwrap() > 0 {}
        let board = client.board("the breach", |b| b["standing"]["breached"] == 1).await;
        assert_eq!(board["at_risk"]["incidents"], json!([]));
        let pressing = &board["breached"]["incidents"][0];
        assert_eq!((&pressing["incident"], &pressing["left_ms"], &pressing["cause"]), (&json!(opened.id), &json!(-1_000), &json!("queue")));
        assert_eq!((&pressing["priority"], &pressing["kind"], &pressing["unit"]), (&json!("P2"), &json!("theft"), &Value::Null));

        let cause = || Cause::system(site.now());
        let id = site.store.dispatch(&cause(), new_dispatch(opened.id, unit, Mode::Assign)).await.unwrap().id;
        let board = client.board("the unit", |b| b["units"]["dispatched"] == 1).await;
        assert_eq!((&board["breached"]["incidents"][0]["unit"], &board["units"]["available"]), (&json!("BPN-M1"), &json!(0)));
        site.store.step(&cause(), id, Step::to(DispatchStatus::EnRoute)).await.unwrap();
        client.board("that it is on its way", |b| b["units"]["en_route"] == 1).await;
        site.store.step(&cause(), id, Step::to(DispatchStatus::OnScene)).await.unwrap();
        let board = client.board("the arrival", |b| b["units"]["on_scene"] == 1).await;
        let standing = &board["standing"];
        assert_eq!((&standing["breached"], &standing["decided_today"], &standing["within_target_today"]), (&json!(0), &json!(1), &json!(0)));
        assert_eq!((&standing["share_today"], &standing["promised_today"], &standing["p95_ms"]), (&json!(0.0), &json!(0.9), &json!(601_000)));
        assert_eq!(board["breached"]["incidents"], json!([]));

        // What no event tells: a fix, which gets old, and the end of the day.
        site.put(unit, scene()).await;
        site.pass(10_000);
        client.board_within(2 * SOON, "that somebody knows where it is", |b| b["units"]["stale"] == 0).await;
        site.pass(61_000);
        client.board_within(2 * SOON, "that nobody does", |b| b["units"]["stale"] == 1).await;
        site.pass(86_400_000);
        let board = client.board_within(2 * SOON, "the next day", |b| b["standing"]["decided_today"] == 0).await;
        assert_eq!((&board["standing"]["open"], &board["standing"]["share_today"]), (&json!(1), &Value::Null));
        site.stop().await;
    }

    async fn a_region_is_the_sum_of_its_cities(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let commander = person(&site.store, "commander", "ID", Role::Commander).await;
        let mut client = site.open(&commander, device()).await;
        client.look_at_board("KALTIM").await;
        incident(&site.store, 0).await;
        let first = client.board("one", |b| b["standing"]["open"] == 1).await;
        site.pass(1_000);
        let in_smd = incident_in_smd(&site).await;
        let board = client.board("the other city's", |b| b["standing"]["open"] == 2).await;
        assert_eq!(cities(&board), ["SMD"]);
        assert!(board["version"].as_u64() > first["version"].as_u64());
        site.pass(700_000);
        while site.engine.tick().await.unwrap() > 0 {}
        let board = client.board("both breaches", |b| b["standing"]["breached"] == 2).await;
        let ids: Vec<&Value> = board["breached"]["incidents"].as_array().unwrap().iter().map(|p| &p["incident"]).collect();
        assert_eq!(ids, [&json!(in_smd), &json!("BPN-1")], "the most urgent first, though it began later");
        let scope = Scope::system();
        let asked = [site.engine.board(&scope, code("ID")), site.engine.board(&scope, code("BPN"))];
        let [nation, city] = asked.map(|ask| async move { ask.await.unwrap() });
        let (nation, city) = (nation.await, city.await);
        assert_eq!((nation.standing.breached, nation.cities.len()), (2, 2), "who asks once gets all cities");
        assert_eq!((city.standing.breached, city.cities[0].standing.clone()), (1, city.standing));
        site.stop().await;
    }

    async fn of_a_burst_only_the_newest_is_told(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, ..) = crewed(&site.store, "BPN-M1", site.now()).await;
        let commander = person(&site.store, "commander", "BPN", Role::Commander).await;
        let mut client = site.open(&commander, device()).await;
        client.look_at_board("BPN").await;
        let began = Instant::now();
        // It does not read meanwhile.
        for _ in 0..150 {
            site.toggle(unit).await;
        }
        incident(&site.store, 0).await;
        let last = began.elapsed();
        let mut boards = 1;
        while client.until("board").await["standing"]["open"] != 1 {
            boards += 1;
        }
        let most = last.as_millis() / 250 + 4;
        assert!(boards <= most, "{boards} boards for 151 events in {last:?}");
        site.stop().await;
    }

    async fn a_board_that_cannot_be_brought_up_to_date_says_so(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let commander = person(&site.store, "commander", "BPN", Role::Commander).await;
        let mut client = site.open(&commander, device()).await;
        let version = client.look_at_board("BPN").await["version"].clone();
        // Nothing happens, and it is told all the same.
        let again = client.board_within(Duration::from_secs(4), "the same", |b| b["cities"] == json!([])).await;
        assert_eq!((&again["version"], &again["stale"], &again["since"]), (&version, &json!(false), &Value::Null));
        site.store.close().await;
        site.pass(2_000);
        let before = site.now();
        site.pass(3_001);
        let stale = client.board_within(Duration::from_secs(4), "that it is stale", |b| b["stale"] == true).await;
        let since = stale["since"].as_i64().unwrap();
        assert!((T0.0..=before.0).contains(&since), "since {since}, closed at {before}");
        assert_eq!(stale["at"], json!(site.now()));
        let asked = site.engine.board(&Scope::system(), code("BPN")).await.unwrap();
        assert_eq!((asked.stale, asked.cities.len()), (true, 1), "who asks gets what is known");
        let unknown = site.engine.board(&Scope::system(), code("SMD")).await;
        assert!(unknown.is_err_and(|error| error.is_passing()), "nothing is known of it");
        site.stop().await;
    }
}

super::on_sqlite! {
    async fn boards_are_for_desks_and_within_their_areas(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let officer = person(&site.store, "officer", "BPN", Role::Officer).await;
        let mut phone = site.open(&officer, device()).await;
        phone.send(json!({"type": "board", "area": "BPN"})).await;
        assert_eq!(phone.problem().await["code"], "forbidden");
        let commander = person(&site.store, "commander", "BPN", Role::Commander).await;
        let mut client = site.open(&commander, device()).await;
        for area in ["SMD", "KALTIM", "NOWHERE"] {
            client.send(json!({"type": "board", "area": area})).await;
            let problem = client.problem().await;
            assert_eq!(problem["code"], "not_found");
            assert!(problem["detail"].as_str().unwrap().starts_with(&format!("{area}: ")), "{problem}");
        }
        client.look_at_board("BPN").await;
        client.send(json!({"type": "board", "area": "BPN", "on": false})).await;
        client.settled().await;
        let landing = in_bpn(Priority::P2);
        site.store.receive_report(&system(0), Reception::at(code("BPN")), call("0811"), landing).await.unwrap();
        assert!(timeout(Duration::from_secs(3), client.until("board")).await.is_err(), "no board any more");
        site.stop().await;
    }
}

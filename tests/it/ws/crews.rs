//! Crews on their sockets: signing on, offers, steps, panic, notes.

use super::{on_sqlite, site::*};
use crate::{
    dispatches::{call, scene},
    harness::*,
};
use serde_json::json;
use sigap::{
    domain::{access::*, dispatch::DispatchStatus, ids::*},
    ws::Settings,
};

impl Site {
    /// A valid report at the scene.
    async fn report(&self) -> IncidentId {
        let cause = Cause::system(self.now());
        let received = self.engine.receive(&cause, None, call("0811"), true).await.unwrap();
        received.incident.unwrap().id
    }
}

on_sqlite! {
    async fn both_officers_of_a_crew_get_the_offer_with_its_brief_and_one_answers(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, first, phone) = crewed(&site.store, "BPN-M1", site.now()).await;
        let second = person(&site.store, "second", "BPN", Role::Officer).await;
        let other_phone = device();
        site.store.sign_on(&by(&second, Source::Phone, 0), unit, other_phone, false).await.unwrap();
        let mut a = site.open(&first, phone).await;
        let mut b = site.open(&second, other_phone).await;
        assert_eq!((&a.hello["unit"], &a.hello["position_source"]), (&json!("BPN-M1"), &json!(true)));
        assert_eq!((&b.hello["unit"], &b.hello["position_source"]), (&json!("BPN-M1"), &json!(false)));
        for client in [&mut a, &mut b] {
            client.subscribe("BPN", None).await;
            assert_eq!(client.until("reset").await["work"], json!([]));
        }
        a.fixes(None, &[(scene().moved(90.0, 300.0), site.now().0)]).await;
        a.settled().await;
        let incident = site.report().await;
        let (offer, same) = (a.event("dispatch.offered").await, b.event("dispatch.offered").await);
        assert_eq!(offer["event"], same["event"]);
        assert_eq!(offer["brief"]["incident"]["id"], json!(incident));
        assert!(offer["brief"]["travel_ms"].as_i64().unwrap() > 0);
        let dispatch = &offer["event"]["body"]["dispatch"];
        b.send(json!({"type": "delivered", "dispatch": dispatch})).await;
        assert_eq!(a.event("dispatch.delivered").await["event"]["body"]["device"], json!(other_phone));

        let id = CommandId::random();
        let accept = json!({"type": "step", "command_id": id, "dispatch": dispatch, "to": "accepted", "at_ms": 5});
        a.send(accept.clone()).await;
        let reply = a.until("reply").await;
        assert_eq!((&reply["command_id"], &reply["ok"]["status"]), (&json!(id), &json!("accepted")), "{reply}");
        let accepted = b.event("dispatch.accepted").await;
        assert_eq!((&accepted["event"]["source"], &accepted["event"]["device_at"]), (&json!("phone"), &json!(5)));
        assert_eq!(accepted["brief"]["dispatch"]["status"], "accepted");
        a.send(accept.clone()).await;
        assert_eq!(a.until("reply").await, reply, "a repeat gets the same answer");
        let mut changed = accept;
        changed["to"] = json!("on_scene");
        a.send(changed).await;
        assert_eq!(a.until("reply").await["problem"]["status"], 422);
        let back = json!({"type": "step", "command_id": CommandId::random(), "dispatch": dispatch, "to": "declined", "reason": "no"});
        b.send(back).await;
        let problem = b.until("reply").await["problem"].clone();
        assert_eq!((&problem["status"], &problem["state"]), (&json!(409), &json!("accepted")));
        site.stop().await;
    }

    async fn taps_are_carried_out_in_the_order_they_were_made(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, officer, phone) = crewed(&site.store, "BPN-M1", site.now()).await;
        let dispatch = assigned(&site.store, unit).await;
        let mut client = site.open(&officer, phone).await;
        for to in ["en_route", "on_scene", "cleared"] {
            let id = CommandId::random();
            client.send(json!({"type": "step", "command_id": id, "dispatch": dispatch, "to": to})).await;
        }
        for to in ["en_route", "on_scene", "cleared"] {
            let reply = client.until("reply").await;
            assert_eq!(reply["ok"]["status"], to, "{reply}");
        }
        site.stop().await;
    }

    async fn nobody_takes_steps_or_follows_beyond_their_own(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, ..) = crewed(&site.store, "BPN-M1", site.now()).await;
        let dispatch = assigned(&site.store, unit).await;
        let (_, colleague, phone) = crewed(&site.store, "BPN-M2", site.now()).await;
        let stranger = person(&site.store, "stranger", "SMD", Role::Dispatcher).await;
        let step = json!({"type": "step", "command_id": CommandId::random(), "dispatch": dispatch, "to": "en_route"});
        let mut near = site.open(&colleague, phone).await;
        near.send(step.clone()).await;
        assert_eq!(near.until("reply").await["problem"]["code"], "not_crew");
        let mut far = site.open(&stranger, device()).await;
        far.send(step).await;
        assert_eq!(far.until("reply").await["problem"]["status"], 404);
        for area in ["SMD", "ZZZ", "KALTIM"] {
            near.subscribe(area, None).await;
            assert_eq!(near.problem().await["status"], 404, "{area}");
        }
        far.subscribe("BPN", None).await;
        assert_eq!(far.problem().await["status"], 404);
        far.send(json!({"type": "view", "area": "BPN"})).await;
        assert_eq!(far.problem().await["status"], 404);
        site.stop().await;
    }

    async fn signing_on_after_the_socket_opened_is_noticed(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let unit = units(&site.store, &["BPN-M1"]).await[0];
        let officer = person(&site.store, "officer", "BPN", Role::Officer).await;
        let phone = device();
        let mut client = site.open(&officer, phone).await;
        assert_eq!((&client.hello["unit"], &client.hello["position_source"]), (&json!(null), &json!(false)));
        client.subscribe("BPN", None).await;
        assert_eq!(client.problem().await["code"], "not_riding");
        client.fixes(None, &[(scene(), site.now().0)]).await;
        assert_eq!(client.problem().await["code"], "not_riding");
        assert_eq!(site.hub.counts().fixes_without_unit(), 1);

        site.engine.sign_on(&by(&officer, Source::Phone, 0), unit, phone, false).await.unwrap();
        let riding = client.until("riding").await;
        assert_eq!((&riding["unit"], &riding["position_source"]), (&json!("BPN-M1"), &json!(true)));
        client.fixes(None, &[(scene(), site.now().0)]).await;
        client.subscribe("BPN", None).await;
        client.until("reset").await;
        assert!(site.engine.unit(&Scope::system(), unit).await.unwrap().1.unwrap().fix.is_some());

        // A colleague's phone becomes the source; then everybody leaves.
        let colleague = person(&site.store, "colleague", "BPN", Role::Officer).await;
        let other = device();
        site.engine.sign_on(&by(&colleague, Source::Phone, 1), unit, other, true).await.unwrap();
        assert_eq!(client.until("riding").await["position_source"], false);
        client.fixes(None, &[(scene(), site.now().0 + 1)]).await;
        assert_eq!(client.problem().await["code"], "not_position_source");
        site.engine.sign_off(&by(&colleague, Source::Phone, 2), unit, other).await.unwrap();
        assert_eq!(client.until("riding").await["position_source"], true);
        site.engine.sign_off(&by(&officer, Source::Phone, 3), unit, phone).await.unwrap();
        assert_eq!(client.until("riding").await["unit"], json!(null));
        client.subscribe("BPN", None).await;
        assert_eq!(client.problem().await["code"], "not_riding");
        site.stop().await;
    }

    async fn panic_and_notes_work_from_the_phone(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, officer, phone) = crewed(&site.store, "BPN-M1", site.now()).await;
        let work = assigned(&site.store, unit).await;
        let mine = site.engine.dispatch(&Scope::system(), work).await.unwrap().incident;
        let mut client = site.open(&officer, phone).await;
        client.send(json!({"type": "panic", "command_id": CommandId::random(), "place": scene()})).await;
        let incident = client.until("reply").await["ok"].clone();
        assert_eq!((&incident["priority"], &incident["origin"]), (&json!("P1"), &json!("panic")), "{incident}");
        let note = json!({"type": "note", "command_id": CommandId::random(), "incident": mine, "text": "shots"});
        client.send(note).await;
        let reply = client.until("reply").await;
        assert_eq!(reply["ok"]["no"], 1, "{reply}");
        let idle = person(&site.store, "idle", "BPN", Role::Officer).await;
        let mut nobody = site.open(&idle, device()).await;
        nobody.send(json!({"type": "panic", "command_id": CommandId::random()})).await;
        assert_eq!(nobody.until("reply").await["problem"]["code"], "not_riding");
        site.stop().await;
    }

    async fn a_command_is_finished_though_its_socket_is_gone(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, officer, phone) = crewed(&site.store, "BPN-M1", site.now()).await;
        let dispatch = assigned(&site.store, unit).await;
        let mut client = site.open(&officer, phone).await;
        client.send(json!({"type": "step", "command_id": CommandId::random(), "dispatch": dispatch, "to": "en_route"})).await;
        drop(client);
        for _ in 0..400 {
            if site.engine.dispatch(&Scope::system(), dispatch).await.unwrap().status == DispatchStatus::EnRoute {
                site.until_sessions(0).await;
                return site.stop().await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the step was lost");
    }
}

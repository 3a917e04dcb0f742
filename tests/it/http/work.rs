//! The work through the API: a report becomes an offer, an arrival, a closed incident.

use super::*;
use crate::served;

served! {
    async fn from_the_call_to_the_clearing(s: Served) {
        let desk = s.token(Role::Dispatcher, "BPN").await;
        let (unit, officer, phone) = s.patrol("M1", scene().moved(90.0, 400.0)).await;
        let received = s.post(&desk, "/reports", report(scene())).await.expect(201);
        assert_eq!(received["report"]["outside_area"], false);
        assert_eq!(received["near"], json!([]));
        assert!(!received.to_string().contains("811"), "no answer holds the number: {received}");
        let incident = format!("/incidents/{}", received["incident"]["id"].as_str().unwrap());

        let whole = s.until(&desk, &incident, |i| i["dispatches"][0]["status"] == "offered").await;
        let dispatch = &whole["dispatches"][0];
        assert_eq!((&dispatch["unit"], &dispatch["mode"]), (&json!(unit), &json!("auto")));
        assert_eq!(dispatch["pick"]["chosen"]["unit"], json!(unit));
        let dispatch = format!("/dispatches/{}", dispatch["id"].as_str().unwrap());
        s.post(&officer, &format!("{dispatch}/delivered"), json!({ "device": phone })).await.expect(204);
        let work = s.get(&officer, &format!("/units/{unit}/work")).await.expect(200);
        assert_eq!(work[0]["incident"]["id"], received["incident"]["id"]);
        assert_eq!(work[0]["notes"][0]["text"], "two cars");

        let step = |to: &str| json!({ "to": to, "command_id": CommandId::random() });
        for (to, after_ms) in [("accepted", 4_000), ("en_route", 20_000), ("on_scene", 200_000)] {
            s.pass(after_ms);
            if to == "on_scene" {
                s.fix(unit.parse().unwrap(), phone, scene().moved(90.0, 30.0)).await;
            }
            let taken = s.post(&officer, &format!("{dispatch}/status"), step(to)).await.expect(200);
            assert_eq!(taken["status"], to);
        }
        let whole = s.get(&desk, &incident).await.expect(200);
        assert_eq!(whole["dispatches"][0]["arrival"]["verified"], true);
        assert_eq!(whole["segments"]["response_ms"], 224_000);
        assert_eq!(whole["segments"]["travel_ms"], 200_000);
        let sla = s.get(&desk, "/areas/BPN/sla").await.expect(200);
        assert_eq!((&sla["within_target_today"], &sla["share_today"]), (&json!(1), &json!(1.0)));

        s.post(&officer, &format!("{incident}/notes"), json!({ "text": "nobody hurt" })).await.expect(201);
        let clear = json!({ "to": "cleared", "disposition": "handled" });
        s.post(&officer, &format!("{dispatch}/status"), clear).await.expect(200);
        let whole = s.get(&desk, &incident).await.expect(200);
        assert_eq!((&whole["incident"]["status"], &whole["incident"]["disposition"]), (&json!("closed"), &json!("handled")));
        let report = s.get(&desk, &format!("/reports/{}", received["report"]["id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&report["status"], &report["place"]), (&json!("closed"), &json!(scene())));

        let page = s.get(&desk, "/areas/BPN/journal?after=0&limit=1000").await.expect(200);
        let kinds: Vec<_> = page["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"dispatch.on_scene") && kinds.contains(&"incident.closed"), "{kinds:?}");
        let source = |kind: &str| page["events"].as_array().unwrap().iter().find(|e| e["kind"] == kind).unwrap()["source"].clone();
        assert_eq!((source("report.received"), source("dispatch.accepted")), (json!("citizen"), json!("phone")));
        let next = page["next"].as_i64().unwrap();
        assert_eq!(page["events"].as_array().unwrap().len(), usize::try_from(next).unwrap(), "no gap");
        let rest = s.get(&desk, &format!("/areas/BPN/journal?after={next}")).await.expect(200);
        assert_eq!((&rest["events"], &rest["next"]), (&json!([]), &json!(next)));
    }

    async fn a_report_in_no_city_goes_to_the_region_with_the_nearest_named(s: Served) {
        // A city's operator has no role in the region, and the report is not lost for that.
        let operator = s.token(Role::Operator, "BPN").await;
        let received = s.post(&operator, "/reports", report(at_sea())).await.expect(201);
        assert_eq!(received["report"]["outside_area"], true);
        assert_eq!(received["incident"], Value::Null);
        assert_eq!((&received["near"][0]["area"], &received["near"][0]["name"]), (&json!("BPN"), &json!("Area BPN")));
        let metres = received["near"][0]["distance_m"].as_f64().unwrap();
        assert!((40_000.0..50_000.0).contains(&metres), "{metres}");
        let id = received["report"]["id"].as_str().unwrap();
        assert!(id.starts_with("KALTIM-R"), "{id}");
        let region = s.token(Role::Dispatcher, "KALTIM").await;
        let waiting = s.get(&region, "/areas/KALTIM/reports?outside=true").await.expect(200);
        assert_eq!(waiting[0]["id"], json!(id));
        s.post(&region, "/reports", json!({ "channel": "call", "kind": "prank", "area": "KALTIM" })).await.expect(201);
        let outside = s.get(&region, "/areas/KALTIM/reports?outside=true").await.expect(200);
        let all = s.get(&region, "/areas/KALTIM/reports").await.expect(200);
        assert_eq!((outside.as_array().unwrap().len(), all.as_array().unwrap().len()), (1, 2));
        let officer = s.token(Role::Officer, "BPN").await;
        s.post(&officer, "/reports", report(at_sea())).await.problem(404, "not_found");
        s.post(&officer, "/reports", report(scene())).await.problem(403, "forbidden");
    }

    async fn a_dispatcher_sends_hands_over_and_corrects_by_radio(s: Served) {
        let desk = s.token(Role::Dispatcher, "BPN").await;
        let (first, officer, _) = s.patrol("M1", scene()).await;
        let (second, ..) = s.patrol("C2", scene().moved(0.0, 3_000.0)).await;
        let found = json!({ "unit": first, "kind": "fight", "priority": "P2", "place": scene(), "note": "two men" });
        let incident = s.post(&officer, "/incidents", found).await.expect(201);
        assert_eq!((&incident["origin"], &incident["opened_by_unit"]), (&json!("officer"), &json!(first)));
        let path = format!("/incidents/{}", incident["id"].as_str().unwrap());
        let own = s.until(&desk, &path, |i| i["dispatches"][0]["status"] == "on_scene").await;
        let near = s.get(&desk, &format!("{path}/candidates")).await.expect(200);
        assert_eq!(near["chosen"]["unit"], json!(second));
        assert_eq!(near["travel_ms"], json!({ second.as_str(): 300_000 }), "3 km at 10 m/s");

        let backup = json!({ "unit": second, "mode": "assign", "source": "radio" });
        let sent = s.post(&desk, &format!("{path}/dispatches"), backup).await.expect(201);
        assert_eq!((&sent["status"], &sent["mode"]), (&json!("accepted"), &json!("assign")));
        let sent = format!("/dispatches/{}", sent["id"].as_str().unwrap());
        let heard = s.post(&desk, &format!("{sent}/status"), json!({ "to": "en_route", "source": "radio" })).await;
        assert_eq!(heard.expect(200)["status"], "en_route");
        let said = json!({ "to": "on_scene", "source": "radio" });
        s.post(&officer, &format!("{sent}/status"), said).await.problem(403, "forbidden");
        s.post(&officer, &format!("{sent}/status"), json!({ "to": "on_scene" })).await.problem(403, "not_crew");

        let own = format!("/dispatches/{}", own["dispatches"][0]["id"].as_str().unwrap());
        let busy = s.post(&desk, &format!("{own}/hand-over"), json!({ "unit": second, "mode": "assign" })).await;
        assert_eq!(busy.status, 409, "{}", busy.text);
        assert_eq!(s.get(&desk, &own).await.expect(200)["status"], "on_scene", "nothing changed");
        let (third, ..) = s.patrol("M3", scene()).await;
        let taken = s.post(&desk, &format!("{own}/hand-over"), json!({ "unit": third, "mode": "offer" })).await.expect(201);
        assert_eq!((&taken["unit"], &taken["status"]), (&json!(third), &json!("offered")));
        assert_eq!(s.get(&desk, &own).await.expect(200)["status"], "recalled");

        let moved = scene().moved(0.0, 300.0);
        let there = s.ask(&desk, "PUT", &format!("{path}/place"), json!({ "place": moved })).await.expect(200);
        assert_eq!((&there["place"], &there["place_version"]), (&json!(moved), &json!(2)));
        let urgent = s.ask(&desk, "PUT", &format!("{path}/priority"), json!({ "priority": "P1" })).await.expect(200);
        assert_eq!(urgent["priority"], "P1");
        s.post(&officer, &format!("{path}/close"), json!({ "disposition": "handled" })).await.problem(403, "forbidden");
        let closed = s.post(&desk, &format!("{path}/close"), json!({ "disposition": "handled" })).await.expect(200);
        assert_eq!(closed["status"], "closed");
        let late = s.post(&desk, &format!("{path}/dispatches"), json!({ "unit": first, "mode": "assign" })).await;
        assert_eq!(late.problem(409, "incident_closed")["state"], "closed");
        let page = s.get(&desk, "/areas/BPN/journal?limit=1000").await.expect(200);
        let by_radio = |e: &&Value| e["source"] == "radio" && e["on_behalf_of"] == json!(second);
        assert!(page["events"].as_array().unwrap().iter().any(|e| by_radio(&e)), "{page}");
    }

    async fn a_panic_is_heard_on_either_side_of_the_border(s: Served) {
        let (unit, officer, _) = s.patrol("M1", scene()).await;
        let desk = s.token(Role::Dispatcher, "BPN").await;
        let pressed = s.post(&officer, &format!("/units/{unit}/panic"), json!({})).await.expect(201);
        assert_eq!((&pressed["origin"], &pressed["priority"]), (&json!("panic"), &json!("P1")));
        assert_eq!(pressed["place"], json!(scene()), "the unit's own fix");
        let again = json!({ "place": at_sea(), "at_ms": s.engine.now().0 - 500 });
        let pressed = s.post(&officer, &format!("/units/{unit}/panic"), again).await.expect(201);
        assert!(pressed["id"].as_str().unwrap().starts_with("BPN-"));
        s.post(&desk, &format!("/units/{unit}/panic"), json!({})).await.problem(403, "not_crew");
        let stranger = s.token(Role::Officer, "BPN").await;
        let found = json!({ "unit": unit, "kind": "x", "priority": "P4", "place": scene() });
        s.post(&stranger, "/incidents", found).await.problem(403, "not_crew");
    }

    async fn units_crews_and_tracks(s: Served) {
        let (unit, officer, phone) = s.patrol("M1", scene()).await;
        let desk = s.token(Role::Commander, "BPN").await;
        s.pass(5_000);
        s.fix(unit.parse().unwrap(), phone, scene().moved(0.0, 50.0)).await;
        let one = s.get(&desk, &format!("/units/{unit}")).await.expect(200);
        assert_eq!((&one["duty"], &one["availability"], &one["fix"]["battery_pct"]), (&json!("on_duty"), &json!("free"), &json!(80)));
        assert_eq!((&one["crew"][0]["device"], &one["crew"][0]["position_source"]), (&json!(phone), &json!(true)));
        let all = s.get(&officer, "/areas/BPN/units").await.expect(200);
        assert_eq!((all.as_array().unwrap().len(), &all[0]["id"]), (1, &json!(unit)));

        s.engine.flush_tracks().await.unwrap();
        let track = format!("/units/{unit}/track");
        let points = s.get(&desk, &format!("{track}?from={}", T0.0)).await.expect(200);
        let points = points["points"].as_array().unwrap();
        assert_eq!(points.len(), 1, "the end is left out: the second point was made now");
        let points = s.get(&desk, &format!("{track}?from={}&to={}", T0.0, T0.0 + 5_001)).await.expect(200);
        assert_eq!(points["points"][1]["at"], json!(T0.0 + 5_000));
        s.get(&officer, &format!("{track}?from={}", T0.0)).await.problem(403, "forbidden");
        s.get(&desk, &format!("{track}?from=0")).await.problem(422, "invalid");
        s.get(&desk, &format!("/units/BPN-M9/track?from={}", T0.0)).await.problem(404, "not_found");

        let meal = json!({ "duty": "out_of_service", "reason": "meal" });
        assert_eq!(s.post(&officer, &format!("/units/{unit}/duty"), meal.clone()).await.expect(200)["duty"], "out_of_service");
        let twice = s.post(&officer, &format!("/units/{unit}/duty"), meal).await;
        assert_eq!(twice.problem(409, "transition_not_allowed")["state"], "out_of_service");
        let off = s.post(&officer, &format!("/units/{unit}/sign-off"), json!({ "device": phone })).await.expect(200);
        assert_eq!(off["duty"], "off_duty");
        let admin = s.token(Role::Admin, "BPN").await;
        s.post(&admin, "/areas/BPN/units", json!({ "sign": "M1", "kind": "car" })).await.problem(409, "exists");
        s.post(&admin, "/areas/BPN/units", json!({ "sign": "R1", "kind": "car" })).await.problem(400, "malformed");
        s.post(&desk, "/areas/BPN/units", json!({ "sign": "M2", "kind": "car" })).await.problem(403, "forbidden");
    }

    async fn an_admin_changes_how_a_city_offers_and_helps(s: Served) {
        let admin = s.token(Role::Admin, "KALTIM").await;
        let change = json!({ "command_id": CommandId::random(), "offers": "manual", "aid_m": 750 });
        for _ in 0..2 {
            let area = s.ask(&admin, "PATCH", "/areas/BPN", change.clone()).await.expect(200);
            assert_eq!((&area["offers"], &area["aid_m"]), (&json!("manual"), &json!(750)));
        }
        let area = s.until(&admin, "/areas/BPN", |a| a["aid_m"] == 750).await;
        let journal = s.get(&admin, "/areas/BPN/journal").await.expect(200);
        let told: Vec<_> = journal["events"].as_array().unwrap().iter().filter_map(|e| e["body"]["what"].as_str()).collect();
        assert_eq!(told, ["offers", "aid"], "each change once, though asked for twice");
        for beyond in [-1, 30_001] {
            s.ask(&admin, "PATCH", "/areas/BPN", json!({ "aid_m": beyond })).await.problem(422, "invalid");
        }
        assert_eq!(area["offers"], "manual");
        let mut other = change.clone();
        other["offers"] = json!("auto");
        s.ask(&admin, "PATCH", "/areas/BPN", other).await.problem(422, "command_reused");
        let dispatcher = s.token(Role::Dispatcher, "BPN").await;
        s.ask(&dispatcher, "PATCH", "/areas/BPN", json!({ "offers": "auto" })).await.problem(403, "forbidden");
    }
}

//! The same as what is open, or not after all.

use super::*;
use sigap::domain::{access::Cause, area::Targets, sla::policy::Rules};

/// A report that was answered, placed and judged; gives report and incident.
async fn valid(
    s: &Served,
    who: &Operator,
    number: &str,
    place: Place,
    kind: &str,
    same: Option<&str>,
) -> (String, String) {
    let call = s.rings(&who.token, "BPN", number).await;
    s.on(who, &call, "claim", json!({})).await.expect(200);
    let known = json!({ "place": place, "kind": kind, "text": format!("called by {number}") });
    s.ask(&who.token, "PATCH", &format!("/reports/{call}"), known).await.expect(200);
    let judged = s.on(who, &call, "judge", json!({ "valid": true, "incident": same })).await.expect(200);
    (call, judged["incident"]["id"].as_str().unwrap().to_owned())
}

served_on_both! {
    async fn a_second_call_about_the_same_joins_and_the_earlier_clock_counts(s: Served) {
        let desk = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let early = s.rings(&desk.token, "BPN", "0811-000-001").await;
        s.wait(8_000, &[&desk]).await;
        let (late, incident) = valid(&s, &desk, "0811-000-002", scene(), "brawl", None).await;
        let path = format!("/incidents/{incident}");
        let start = |whole: &Value| whole["incident"]["clock"]["start"].as_i64().unwrap();
        let before = s.get(&desk.token, &path).await.expect(200);
        s.on(&desk, &early, "claim", json!({})).await.expect(200);
        let near = json!({ "place": scene().moved(45.0, 300.0), "kind": "brawl", "text": "many people" });
        s.ask(&desk.token, "PATCH", &format!("/reports/{early}"), near).await.expect(200);
        let similar = s.get(&desk.token, &format!("/reports/{early}/similar")).await.expect(200);
        assert_eq!((&similar[0]["incident"], &similar[0]["same_kind"]), (&json!(incident), &json!(true)));
        s.on(&desk, &early, "judge", json!({ "valid": true, "incident": incident })).await.expect(200);
        let joined = s.get(&desk.token, &path).await.expect(200);
        assert_eq!(start(&before) - start(&joined), 8_000, "the earliest of its reports");
        assert_eq!(joined["notes"].as_array().unwrap().len(), 2, "what the second caller said is known to the crew");
        // Not the same after all.
        let split = s.on(&desk, &early, "split", json!({})).await.expect(200);
        assert_ne!(split["incident"]["id"], json!(incident));
        assert_eq!(split["incident"]["clock"]["start"], start(&joined));
        assert_eq!(start(&s.get(&desk.token, &path).await.expect(200)), start(&before), "its own report's again");
        s.on(&desk, &late, "split", json!({})).await.problem(422, "invalid");
    }

    async fn a_broken_promise_tells_how_often_the_report_came_back(s: Served) {
        let rules = Rules::simple(Targets([60_000; 4]));
        s.engine.set_policy(&Cause::system(s.engine.now()), code("BPN"), rules, None).await.unwrap();
        let gone = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let there = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let call = s.rings(&gone.token, "BPN", "0811-000-001").await;
        s.on(&gone, &call, "claim", json!({})).await.expect(200);
        s.post(&gone.token, "/shift/end", json!({})).await.expect(204);
        // Nobody takes it for a while: it rings on.
        s.wait(25_000, &[&there]).await;
        s.on(&there, &call, "claim", json!({})).await.expect(200);
        let known = json!({ "place": scene(), "kind": "theft", "text": "two men" });
        s.ask(&there.token, "PATCH", &format!("/reports/{call}"), known).await.expect(200);
        let judged = s.on(&there, &call, "judge", json!({ "valid": true })).await.expect(200);
        let path = format!("/incidents/{}", judged["incident"]["id"].as_str().unwrap());
        let before = s.get(&there.token, &path).await.expect(200)["spent"].clone();
        assert_eq!((&before["cause"], &before["policy"]), (&Value::Null, &json!(2)));
        assert_eq!(before["parts"][0], json!({ "segment": "answer", "budget_ms": 1_000, "spent_ms": 0, "over_ms": null }));
        s.wait(36_000, &[&there]).await;
        let cause = s.get(&there.token, &path).await.expect(200)["spent"]["cause"].clone();
        let events = s.told(&there.token, "BPN").await;
        let told: Vec<&Value> = events.iter().filter(|e| e["kind"] == "incident.breached").map(|e| &e["body"]).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        let back = events.iter().filter(|e| {
            ["climbed", "holder_gone", "given_back"].iter().any(|why| e["body"]["why"] == **why)
        });
        let back = back.count();
        assert!(back >= 2, "given back once, and rung on");
        for cause in [&cause, &told[0]["cause"]] {
            assert_eq!((&cause["returned"], &cause["segment"]), (&json!(back), &json!("queue")), "{cause}");
        }
    }

    async fn two_incidents_that_are_one_are_merged(s: Served) {
        let desk = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let (first, one) = valid(&s, &desk, "0811-000-001", scene(), "fire", None).await;
        s.wait(30_000, &[&desk]).await;
        let (_, two) = valid(&s, &desk, "0811-000-002", scene().moved(0.0, 200.0), "fire", None).await;
        let merge = |into: &str| json!({ "into": into });
        s.post(&desk.token, &format!("/incidents/{one}/merge"), merge(&one)).await.problem(422, "invalid");
        let goes_on = s.post(&desk.token, &format!("/incidents/{one}/merge"), merge(&two)).await.expect(200);
        assert_eq!(goes_on["id"], json!(two));
        assert_eq!(goes_on["clock"]["start"], s.report_of(&desk.token, &first).await["rung"]);
        let closed = s.get(&desk.token, &format!("/incidents/{one}")).await.expect(200);
        assert_eq!(closed["incident"]["disposition"], "duplicate");
        let moved = s.report_of(&desk.token, &first).await;
        assert_eq!((&moved["incident"], &moved["status"]), (&json!(two), &json!("valid")));
        s.post(&desk.token, &format!("/incidents/{one}/merge"), merge(&two)).await.problem(409, "incident_closed");
        // The split undoes it: the first report has an incident of its own again.
        let split = s.on(&desk, &first, "split", json!({})).await.expect(200);
        assert_eq!(split["incident"]["clock"]["start"], moved["rung"]);
    }

    async fn a_report_outside_every_city_goes_to_the_region(s: Served) {
        let desk = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let call = s.rings(&desk.token, "BPN", "0811-000-001").await;
        s.on(&desk, &call, "claim", json!({})).await.expect(200);
        s.on(&desk, &call, "judge", json!({ "valid": true })).await.problem(422, "invalid");
        s.ask(&desk.token, "PATCH", &format!("/reports/{call}"), json!({ "place": crate::http::at_sea() })).await.expect(200);
        let judged = s.on(&desk, &call, "judge", json!({ "valid": true })).await.expect(200);
        assert_eq!((&judged["report"]["outside_area"], &judged["report"]["desk"]), (&json!(true), &json!("KALTIM.SPKT")));
        s.on(&polda, &call, "claim", json!({})).await.expect(200);
        let told = json!({ "closing": "referred", "informed": "message" });
        s.on(&polda, &call, "close", told).await.problem(422, "invalid");
        s.on(&polda, &call, "close", json!({ "closing": "referred", "informed": "call" })).await.expect(200);
    }

    async fn what_was_told_is_counted_for_the_city_and_above(s: Served) {
        let desk = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let from = s.engine.now().0;
        valid(&s, &desk, "0811-000-001", scene(), "threat", None).await;
        valid(&s, &desk, "0811-000-001", scene(), "threat", None).await;
        valid(&s, &desk, "0811-000-002", scene(), "insult", None).await;
        let hoax = s.rings(&desk.token, "BPN", "0811-000-003").await;
        s.on(&desk, &hoax, "judge", json!({ "valid": false, "reason": "hoax" })).await.expect(200);
        s.rings(&desk.token, "BPN", "0811-000-004").await;
        s.pass(1_000);
        let time = format!("from={from}&to={}", s.engine.now().0);
        let nation = s.token(Role::Commander, "ID").await;
        for (who, area) in [(&desk.token, "BPN"), (&nation, "KALTIM"), (&nation, "ID")] {
            let sum = s.get(who, &format!("/areas/{area}/evaluation?{time}")).await.expect(200);
            assert_eq!((&sum["reports"], &sum["valid"], &sum["invalid"]), (&json!(5), &json!(3), &json!(1)), "{area}");
            assert_eq!((&sum["invalid_share"], &sum["never_answered"]), (&json!(0.25), &json!(1)));
            assert_eq!(sum["complained_of"][0], json!({ "kind": "threat", "count": 2 }));
            assert_eq!((&sum["by_reason"]["hoax"], &sum["by_channel"]["call"]), (&json!(1), &json!(5)));
            // The clock of the test begins at nine in the morning in Balikpapan.
            assert_eq!((&sum["by_hour"][9], &sum["repeat_callers"]), (&json!(5), &json!(1)));
        }
        let path = |time: &str| format!("/areas/BPN/evaluation?{time}");
        s.get(&desk.token, &path("from=5&to=5")).await.problem(422, "invalid");
        s.get(&desk.token, &path("from=0&to=99999999999999")).await.problem(422, "invalid");
        s.get(&s.token(Role::Officer, "BPN").await, &path(&time)).await.problem(403, "forbidden");
    }

    async fn kinds_are_data_and_bad_input_is_told(s: Served) {
        let desk = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let kinds = s.get(&desk.token, "/kinds").await.expect(200);
        let theft = kinds.as_array().unwrap().iter().find(|k| k["code"] == "theft").unwrap();
        assert_eq!((&theft["id"], &theft["en"], &theft["category"]), (&json!("Pencurian"), &json!("Theft"), &json!("report")));
        for (body, status, code) in [
            (json!({ "caller_number": "12" }), 400, "malformed"),
            (json!({ "area": "KALTIM", "accuracy_m": -1.0 }), 422, "invalid"),
            (json!({ "area": "KALTIM", "rung_at": 1 }), 422, "invalid"),
            (json!({ "area": "XX" }), 404, "not_found"),
            (json!({ "area": "KALTIM", "colour": "red" }), 400, "malformed"),
        ] {
            s.post(&desk.token, "/calls", body).await.problem(status, code);
        }
        let call = s.rings(&desk.token, "KALTIM", "0811-000-001").await;
        s.on(&desk, &call, "claim", json!({})).await.expect(200);
        let pin = json!({ "pin": "https://maps.app.goo.gl/AbC" });
        let told = s.ask(&desk.token, "PATCH", &format!("/reports/{call}"), pin).await.problem(422, "invalid");
        assert!(told["detail"].as_str().unwrap().starts_with("pin"), "{told}");
        s.on(&desk, "KALTIM-R99", "claim", json!({})).await.problem(404, "not_found");
        s.on(&desk, &call, "judge", json!({ "valid": true, "reason": "prank" })).await.problem(422, "invalid");
    }
}

//! The flows of 2021 and 2026, step by step with their times, and what happens when nobody is there.

use super::*;

async fn flow(s: &Served, preset: &str) {
    let admin = s.token(Role::Admin, "ID").await;
    s.ask(&admin, "PUT", "/areas/BPN/flow", json!({ "preset": preset })).await.expect(200);
}

served_on_both! {
    async fn the_eleven_steps_of_2021(s: Served) {
        flow(&s, "2021").await;
        let (unit, ..) = s.patrol("M1", scene().moved(90.0, 400.0)).await;
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let polres = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let there = [&polda, &polres];
        // 1, 2: the citizen calls 110; an operator at Polda answers after four seconds.
        let call = s.rings(&polda.token, "BPN", "0811-000-001").await;
        assert!(call.starts_with("KALTIM-R"), "numbered where it was received: {call}");
        s.wait(4_000, &there).await;
        let answered = s.on(&polda, &call, "claim", json!({})).await.expect(200);
        assert_eq!((&answered["status"], &answered["call"]), (&json!("answered"), &json!("talking")));
        // 3: the caller's data.
        s.wait(6_000, &there).await;
        let data = json!({
            "kind": "robbery", "priority": "P1", "pin": "https://maps.google.com/?q=-1.268,116.832",
            "caller_name": "Caller", "address": "by the harbour", "text": "two men with a knife",
        });
        let known = s.ask(&polda.token, "PATCH", &format!("/reports/{call}"), data).await.expect(200);
        assert_eq!((&known["kind"], &known["priority"]), (&json!("robbery"), &json!("P1")));
        assert!(known["caller"].as_str().unwrap().contains('•'), "masked: {}", known["caller"]);
        // 4, 6: valid; the unit is asked at once, in parallel with the transfer.
        s.wait(20_000, &there).await;
        let judge = json!({ "command_id": CommandId::random(), "valid": true });
        let judged = s.on(&polda, &call, "judge", judge.clone()).await.expect(200);
        let again = s.on(&polda, &call, "judge", judge).await.expect(200);
        assert_eq!(again["incident"], judged["incident"], "a repeat is the same command, wherever the report is by now");
        let incident = judged["incident"]["id"].as_str().unwrap().to_owned();
        assert_eq!(judged["report"]["desk"], "BPN.SPKT");
        assert_eq!((&judged["report"]["attention"], &judged["report"]["stage"]), (&json!("ringing"), &json!("follow_up")));
        let whole = s.get(&polres.token, &format!("/incidents/{incident}")).await.expect(200);
        assert_eq!((&whole["dispatches"][0]["unit"], &whole["dispatches"][0]["status"]), (&json!(unit), &json!("offered")));
        assert_eq!(whole["segments"]["answer_ms"], 4_000);
        assert_eq!(whole["segments"]["processing_ms"], 26_000);
        assert_eq!(whole["notes"][0]["text"], "by the harbour\ntwo men with a knife");
        // 7, 8: the Polres operator receives it within the five seconds and follows it up.
        s.wait(3_000, &there).await;
        let taken = s.on(&polres, &call, "claim", json!({})).await.expect(200);
        assert_eq!((&taken["holder"], &taken["desk"]), (&json!(polres.account), &json!("BPN.SPKT")));
        s.wait(120_000, &there).await;
        assert_eq!(s.report_of(&polres.token, &call).await["attention"], "held");
        let more = json!({ "text": "they ran to the market" });
        s.ask(&polres.token, "PATCH", &format!("/reports/{call}"), more).await.expect(200);
        let whole = s.get(&polres.token, &format!("/incidents/{incident}")).await.expect(200);
        assert_eq!(whole["notes"][1]["text"], "they ran to the market", "the crew learns what is told later");
        // 9: and closes it, with its incident.
        s.post(&polres.token, &format!("/incidents/{incident}/close"), json!({ "disposition": "handled" })).await.expect(200);
        let closed = s.report_of(&polres.token, &call).await;
        assert_eq!((&closed["status"], &closed["closing"]), (&json!("closed"), &json!("with_incident")));
        let told = about(&s.told(&polda.token, "KALTIM").await, &call);
        for kind in ["report.received", "report.ringing", "report.claimed", "report.amended", "report.validated", "report.closed"] {
            assert!(told.iter().any(|k| k == kind), "{kind} in {told:?}");
        }
        assert!(about(&s.told(&polres.token, "BPN").await, &call).contains(&"report.closed".to_owned()), "the city's journal tells it too");
    }

    async fn a_report_that_is_not_valid_is_closed_at_polda_and_may_be_opened_again(s: Served) {
        flow(&s, "2021").await;
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let call = s.rings(&polda.token, "BPN", "0811-000-001").await;
        s.on(&polda, &call, "claim", json!({})).await.expect(200);
        s.on(&polda, &call, "judge", json!({ "valid": false })).await.problem(422, "invalid");
        // 5: handled at Polda until closing.
        let done = s.on(&polda, &call, "judge", json!({ "valid": false, "reason": "prank" })).await.expect(200);
        assert_eq!((&done["report"]["status"], &done["report"]["invalid"]), (&json!("closed"), &json!("prank")));
        s.on(&polda, &call, "judge", json!({ "valid": true })).await.problem(409, "transition_not_allowed");
        let open = s.on(&polda, &call, "reopen", json!({ "reason": "the neighbour called as well" })).await.expect(200);
        assert_eq!((&open["status"], &open["reopened"], &open["attention"]), (&json!("answered"), &json!(1), &json!("held")));
        let events = s.told(&polda.token, "KALTIM").await;
        assert!(about(&events, &call).contains(&"report.reopened".to_owned()));
        assert!(!json!(events).to_string().contains("neighbour"), "what people write is not in the journal");
        let place = json!({ "place": scene() });
        s.ask(&polda.token, "PATCH", &format!("/reports/{call}"), place).await.expect(200);
        s.on(&polda, &call, "judge", json!({ "valid": true })).await.expect(200);
    }

    async fn a_busy_polres_gives_the_call_back_to_the_operator_who_passed_it(s: Served) {
        flow(&s, "2021").await;
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let other = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let polres = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let there = [&polda, &other, &polres];
        let call = s.rings(&polda.token, "BPN", "0811-000-001").await;
        s.on(&polda, &call, "claim", json!({})).await.expect(200);
        s.ask(&polda.token, "PATCH", &format!("/reports/{call}"), json!({ "place": scene() })).await.expect(200);
        s.on(&polda, &call, "judge", json!({ "valid": true })).await.expect(200);
        // 10: nobody at the Polres takes it within five seconds.
        s.wait(4_000, &there).await;
        assert_eq!(s.report_of(&polda.token, &call).await["desk"], "BPN.SPKT");
        s.wait(2_000, &there).await;
        let back = s.report_of(&polda.token, &call).await;
        assert_eq!((&back["holder"], &back["desk"]), (&json!(polda.account), &json!("KALTIM.SPKT")));
        // 11: who speaks to the caller again and closes; the incident goes on.
        let close = json!({ "closing": "told", "informed": "call" });
        s.on(&other, &call, "close", close.clone()).await.problem(409, "report_held");
        s.on(&polda, &call, "close", close).await.expect(200);
        let incident = back["incident"].as_str().unwrap();
        assert_eq!(s.get(&polres.token, &format!("/incidents/{incident}")).await.expect(200)["incident"]["status"], "waiting");
    }

    async fn the_ladder_of_2026_climbs_every_ten_seconds_and_begins_anew(s: Served) {
        flow(&s, "2026").await;
        let polres = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let mabes = s.sits(Role::Operator, "ID", "ID.SPKT").await;
        let there = [&polres, &polda, &mabes];
        let call = s.rings(&polda.token, "BPN", "0811-000-001").await;
        for desk in ["BPN.SPKT", "KALTIM.SPKT", "ID.SPKT", "BPN.SPKT"] {
            let report = s.report_of(&mabes.token, &call).await;
            assert_eq!((&report["desk"], &report["attention"]), (&json!(desk), &json!("ringing")));
            s.wait(10_000, &there).await;
        }
        let late = s.on(&polres, &call, "claim", json!({})).await.expect(200);
        assert_eq!(late["desk"], "BPN.SPKT", "who was rung for before may still take it");
        let rings = s.told(&mabes.token, "BPN").await.iter().filter(|e| e["kind"] == "report.ringing").count();
        assert!(rings >= 5, "each ring is an alarm of its own: {rings}");
    }

    async fn with_nobody_on_shift_anywhere_it_rings_on_and_the_first_who_comes_hears_it(s: Served) {
        flow(&s, "2026").await;
        let exchange = s.token(Role::Operator, "KALTIM").await;
        let call = s.rings(&exchange, "BPN", "0811-000-001").await;
        for _ in 0..5 {
            let report = s.report_of(&exchange, &call).await;
            assert_eq!((&report["desk"], &report["attention"]), (&json!("ID.SPKT"), &json!("ringing")));
            s.wait(10_000, &[]).await;
        }
        let polres = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        s.wait(10_000, &[&polres]).await;
        assert_eq!(s.report_of(&exchange, &call).await["desk"], "BPN.SPKT");
        // A transfer to a desk with nobody on shift goes on to the next at once.
        s.on(&polres, &call, "claim", json!({})).await.expect(200);
        let passed = s.on(&polres, &call, "pass", json!({ "desk": "KALTIM.SPKT" })).await.expect(200);
        assert_eq!((&passed["desk"], &passed["attention"]), (&json!("BPN.SPKT"), &json!("ringing")));
    }

    async fn where_the_polres_decides_the_unit_is_asked_on_its_claim_or_when_nobody_claims(s: Served) {
        flow(&s, "2021").await;
        let admin = s.token(Role::Admin, "ID").await;
        s.ask(&admin, "PATCH", "/areas/BPN", json!({ "offers": "on_claim" })).await.expect(200);
        s.patrol("M1", scene().moved(90.0, 400.0)).await;
        s.patrol("M2", scene().moved(90.0, 900.0)).await;
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let polres = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let there = [&polda, &polres];
        let judged = async |number: &str, place: Place| {
            let call = s.rings(&polda.token, "BPN", number).await;
            s.on(&polda, &call, "claim", json!({})).await.expect(200);
            s.ask(&polda.token, "PATCH", &format!("/reports/{call}"), json!({ "place": place })).await.expect(200);
            let judged = s.on(&polda, &call, "judge", json!({ "valid": true })).await.expect(200);
            (call, format!("/incidents/{}", judged["incident"]["id"].as_str().unwrap()))
        };
        let (call, incident) = judged("0811-000-001", scene()).await;
        s.engine.sweep().await;
        assert_eq!(s.get(&polres.token, &incident).await.expect(200)["dispatches"], json!([]), "the Polres has five seconds");
        s.on(&polres, &call, "claim", json!({})).await.expect(200);
        s.until(&polres.token, &incident, |i| i["dispatches"][0]["status"] == "offered").await;
        let (_, incident) = judged("0811-000-002", scene().moved(0.0, 2_000.0)).await;
        s.wait(6_000, &there).await;
        s.until(&polres.token, &incident, |i| i["dispatches"][0]["status"] == "offered").await;
    }
}

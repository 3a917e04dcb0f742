//! Callers over the API: what is known, who sees a number, the end of the ladder for a while, erasure.

use super::*;

const NUMBER: &str = "0811-000-001";

/// Calls that were pranks, closed.
async fn pranks(s: &Served, desk: &Operator, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..count {
        let call = s.rings(&desk.token, "KALTIM", NUMBER).await;
        s.on(desk, &call, "claim", json!({})).await.expect(200);
        s.on(desk, &call, "judge", json!({ "valid": false, "reason": "prank" })).await.expect(200);
        all.push(call);
    }
    all
}

fn flag(grade: &str, evidence: &[String]) -> Value {
    json!({ "grade": grade, "reason": "laughs and hangs up", "evidence": evidence })
}

/// Note, warning, end of the ladder.
async fn to_the_end(s: &Served, commander: &str, evidence: &[String]) -> Value {
    let path = format!("/reports/{}/caller/flags", evidence[0]);
    s.post(commander, &path, flag("note", &evidence[..1])).await.expect(201);
    s.post(commander, &path, flag("warning", &evidence[..2])).await.expect(201);
    s.post(commander, &path, flag("last_in_ladder", &evidence[..3])).await.expect(201)
}

async fn ring_of(s: &Served, token: &str, id: &str) -> (String, i64) {
    let report = s.report_of(token, id).await;
    assert_eq!(report["attention"], "ringing");
    (report["desk"].as_str().unwrap().to_owned(), report["lap"].as_i64().unwrap())
}

served_on_both! {
    async fn a_call_at_the_end_of_the_ladder_still_rings_climbs_and_is_answered(s: Served) {
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let evidence = pranks(&s, &polda, 3).await;
        let commander = s.token(Role::Commander, "KALTIM").await;
        let set = to_the_end(&s, &commander, &evidence).await;
        assert_eq!((&set["in_force"]["grade"], &set["evidence_left"]), (&json!("last_in_ladder"), &json!(3)));
        // Nobody is at the end of the ladder: the next staffed desk has it at once.
        let call = s.rings(&polda.token, "BPN", NUMBER).await;
        assert_eq!(ring_of(&s, &polda.token, &call).await, ("KALTIM.SPKT".to_owned(), 0));
        let mabes = s.sits(Role::Operator, "ID", "ID.SPKT").await;
        let polres = s.sits(Role::Dispatcher, "BPN", "BPN.SPKT").await;
        let other = s.rings(&polda.token, "BPN", "0811-000-002").await;
        assert_eq!(ring_of(&s, &polda.token, &other).await.0, "BPN.SPKT", "others begin at the beginning");
        let call = s.rings(&polda.token, "BPN", NUMBER).await;
        assert_eq!(ring_of(&s, &mabes.token, &call).await, ("ID.SPKT".to_owned(), 0));
        // Nobody takes it there: it goes on to the first desk, and is answered.
        s.wait(10_500, &[&polda, &mabes, &polres]).await;
        assert_eq!(ring_of(&s, &polres.token, &call).await, ("BPN.SPKT".to_owned(), 1));
        let answered = s.on(&polres, &call, "claim", json!({})).await.expect(200);
        assert_eq!((&answered["status"], &answered["call"]), (&json!("answered"), &json!("talking")));
        let told = s.told(&mabes.token, "ID").await;
        assert!(told.iter().any(|e| e["kind"] == "report.ringing" && e["body"]["report"] == json!(call)), "it alarms");
        let known = s.get(&polres.token, &format!("/reports/{call}/caller")).await.expect(200);
        let last = known["flags"].as_array().unwrap().iter().find(|f| f["grade"] == "last_in_ladder").unwrap();
        assert_eq!((&last["evidence"], &last["reason"]), (&json!(evidence), &json!("laughs and hangs up")));
    }

    async fn the_end_of_the_ladder_ends_by_itself_and_by_hand(s: Served) {
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let evidence = pranks(&s, &polda, 3).await;
        let commander = s.token(Role::Commander, "KALTIM").await;
        let set = to_the_end(&s, &commander, &evidence).await;
        s.sits(Role::Operator, "ID", "ID.SPKT").await;
        let begins = async || {
            let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
            s.sits(Role::Operator, "ID", "ID.SPKT").await;
            let call = s.rings(&polda.token, "KALTIM", NUMBER).await;
            ring_of(&s, &polda.token, &call).await.0
        };
        assert_eq!(begins().await, "ID.SPKT");
        let lift = format!("/caller-flags/{}/lift", set["id"].as_str().unwrap());
        let why = json!({ "reason": "the parents took the phone" });
        s.post(&polda.token, &lift, why.clone()).await.problem(403, "forbidden");
        let stranger = s.token(Role::Commander, "SMD").await;
        s.post(&stranger, &lift, why.clone()).await.problem(404, "not_found");
        let lifted = s.post(&commander, &lift, why.clone()).await.expect(200);
        assert_eq!((lifted["in_force"].is_null(), lifted["lifted"].is_null()), (true, false));
        assert_eq!(begins().await, "KALTIM.SPKT");
        // Once more, and this time its week passes.
        let path = format!("/reports/{}/caller/flags", evidence[0]);
        s.post(&commander, &path, flag("last_in_ladder", &evidence)).await.expect(201);
        assert_eq!(begins().await, "ID.SPKT");
        s.pass(7 * 86_400_000);
        assert_eq!(begins().await, "KALTIM.SPKT");
        let commander = s.token(Role::Commander, "KALTIM").await;
        let known = s.get(&commander, &format!("/reports/{}/caller", evidence[0])).await.expect(200);
        let grades: Vec<_> = known["flags"].as_array().unwrap().iter().map(|f| f["in_force"]["grade"].clone()).collect();
        assert!(grades.contains(&json!("warning")) && !grades.contains(&json!("last_in_ladder")), "{grades:?}");
        let told = s.told(&commander, "KALTIM").await;
        for (kind, count) in [("caller.flagged", 4), ("caller.flag_lifted", 1)] {
            assert_eq!(told.iter().filter(|e| e["kind"] == kind).count(), count, "{kind}");
        }
        let all = json!(told).to_string();
        assert!(!all.contains("laughs") && !all.contains("parents"), "reasons are sealed");
    }

    async fn a_flag_rests_on_misuse_by_this_caller_and_on_the_grade_below(s: Served) {
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let evidence = pranks(&s, &polda, 3).await;
        let commander = s.token(Role::Commander, "KALTIM").await;
        let path = format!("/reports/{}/caller/flags", evidence[0]);
        let silent = s.rings(&polda.token, "KALTIM", NUMBER).await;
        s.on(&polda, &silent, "claim", json!({})).await.expect(200);
        s.on(&polda, &silent, "judge", json!({ "valid": false, "reason": "wrong_number" })).await.expect(200);
        let others = s.rings(&polda.token, "KALTIM", "0811-000-002").await;
        s.on(&polda, &others, "claim", json!({})).await.expect(200);
        s.on(&polda, &others, "judge", json!({ "valid": false, "reason": "prank" })).await.expect(200);
        for (grade, evidence, field) in [
            ("note", vec![], "evidence"),
            ("note", vec![silent], "evidence"),
            ("note", vec![others], "evidence"),
            ("note", vec!["KALTIM-R99".to_owned()], "evidence"),
            ("warning", evidence.clone(), "grade"),
            ("last_in_ladder", evidence.clone(), "grade"),
        ] {
            let told = s.post(&commander, &path, flag(grade, &evidence)).await.problem(422, "invalid");
            assert!(told["detail"].as_str().unwrap().starts_with(field), "{grade}: {told}");
        }
        let mut long = flag("note", &evidence);
        long["days"] = json!(91);
        s.post(&commander, &path, long).await.problem(422, "invalid");
        s.post(&commander, &path, flag("blocked", &evidence)).await.problem(400, "malformed");
        s.post(&polda.token, &path, flag("note", &evidence)).await.problem(403, "forbidden");
        let dispatcher = s.token(Role::Dispatcher, "KALTIM").await;
        s.post(&dispatcher, &path, flag("note", &evidence)).await.problem(403, "forbidden");
        // A report that is valid after all carries nothing any more.
        to_the_end(&s, &commander, &evidence).await;
        s.on(&polda, &evidence[2], "reopen", json!({ "reason": "she was in danger" })).await.expect(200);
        let known = s.get(&commander, &format!("/reports/{}/caller", evidence[0])).await.expect(200);
        let last = known["flags"].as_array().unwrap().iter().find(|f| f["grade"] == "last_in_ladder").unwrap();
        assert_eq!((&last["in_force"]["grade"], &last["evidence_left"]), (&json!("warning"), &json!(2)));
        let hidden = s.post(&polda.token, "/calls", json!({ "area": "KALTIM" })).await.expect(201);
        let path = format!("/reports/{}/caller/flags", hidden["id"].as_str().unwrap());
        s.post(&commander, &path, flag("note", &evidence)).await.problem(409, "no_number");
    }

    async fn what_is_known_of_a_caller_is_what_the_asker_may_see(s: Served) {
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let evidence = pranks(&s, &polda, 2).await;
        let samarinda = s.sits(Role::Operator, "SMD", "SMD.SPKT").await;
        let there = s.rings(&samarinda.token, "SMD", "+62 811 000 001").await;
        let of = async |token: &str, id: &str| s.get(token, &format!("/reports/{id}/caller")).await.expect(200);
        let known = of(&polda.token, &evidence[0]).await;
        assert_eq!(known["caller"], "+62811••••01");
        let counts = json!({ "all": 3, "open": 1, "valid": 0, "invalid": { "prank": 2 }, "silent": 0 });
        assert_eq!(known["counts"], counts);
        assert_eq!((&known["recent"][0]["report"], known["recent"].as_array().unwrap().len()), (&json!(there), 3));
        let below = of(&samarinda.token, &there).await;
        assert_eq!((&below["counts"]["all"], &below["recent"][0]["report"]), (&json!(1), &json!(there)));
        s.get(&samarinda.token, &format!("/reports/{}/caller", evidence[0])).await.problem(404, "not_found");
        let officer = s.token(Role::Officer, "KALTIM").await;
        s.get(&officer, &format!("/reports/{}/caller", evidence[0])).await.problem(403, "forbidden");
        // By number: commanders only, and told.
        let commander = s.token(Role::Commander, "KALTIM").await;
        let found = s.post(&commander, "/callers/lookup", json!({ "number": NUMBER })).await.expect(200);
        assert_eq!((&found["counts"], &found["caller"]), (&counts, &known["caller"]));
        let nobody = s.post(&commander, "/callers/lookup", json!({ "number": "0811-000-009" })).await.expect(200);
        assert_eq!(nobody["counts"]["all"], 0);
        s.post(&polda.token, "/callers/lookup", json!({ "number": NUMBER })).await.problem(403, "forbidden");
        s.post(&commander, "/callers/lookup", json!({ "number": "110" })).await.problem(400, "malformed");
        let told = s.told(&commander, "KALTIM").await;
        assert_eq!(told.iter().filter(|e| e["kind"] == "caller.looked_up").count(), 2);
    }

    async fn a_number_is_seen_with_a_purpose_by_whoever_may_and_told_each_time(s: Served) {
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let other = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let dispatcher = s.token(Role::Dispatcher, "KALTIM").await;
        let commander = s.token(Role::Commander, "KALTIM").await;
        let call = s.rings(&polda.token, "KALTIM", NUMBER).await;
        let see = async |token: &str, purpose: &str| {
            s.post(token, &format!("/reports/{call}/caller/unmask"), json!({ "purpose": purpose })).await
        };
        see(&polda.token, "callback").await.problem(403, "forbidden");
        s.on(&polda, &call, "claim", json!({})).await.expect(200);
        assert_eq!(see(&polda.token, "callback").await.expect(200)["number"], "+62811000001");
        see(&other.token, "callback").await.problem(409, "report_held");
        see(&polda.token, "rescue").await.problem(403, "forbidden");
        see(&polda.token, "investigation").await.problem(403, "forbidden");
        see(&polda.token, "curiosity").await.problem(400, "malformed");
        see(&dispatcher, "rescue").await.expect(200);
        see(&dispatcher, "other").await.problem(403, "forbidden");
        let noted = json!({ "purpose": "investigation", "note": "case 7 of the city", "command_id": CommandId::random() });
        let path = format!("/reports/{call}/caller/unmask");
        for _ in 0..2 {
            s.post(&commander, &path, noted.clone()).await.expect(200);
        }
        for (role, area, status, code) in [
            (Role::Admin, "KALTIM", 403, "forbidden"),
            (Role::Officer, "KALTIM", 403, "forbidden"),
            (Role::Commander, "SMD", 404, "not_found"),
        ] {
            see(&s.token(role, area).await, "callback").await.problem(status, code);
        }
        let told = s.told(&commander, "KALTIM").await;
        let seen: Vec<_> = told.iter().filter(|e| e["kind"] == "caller.unmasked").collect();
        assert_eq!(seen.len(), 3, "a repeat is told once");
        assert_eq!((&seen[0]["body"]["purpose"], &seen[0]["actor"]), (&json!("callback"), &json!(format!("account:{}", polda.account))));
        let all = json!(told).to_string();
        assert!(!all.contains("811000001") && !all.contains("case 7"), "neither number nor note is in the journal");
        for _ in 0..29 {
            see(&polda.token, "callback").await.expect(200);
        }
        let refused = see(&polda.token, "callback").await;
        refused.problem(429, "too_many");
        assert_eq!(refused.header("retry-after"), "3600");
        see(&dispatcher, "callback").await.expect(200);
        let hidden = s.post(&polda.token, "/calls", json!({ "area": "KALTIM" })).await.expect(201);
        let path = format!("/reports/{}/caller/unmask", hidden["id"].as_str().unwrap());
        s.post(&commander, &path, json!({ "purpose": "other" })).await.problem(409, "no_number");
    }

    async fn an_erased_caller_is_a_new_one(s: Served) {
        let polda = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let evidence = pranks(&s, &polda, 3).await;
        let url = json!({ "url": "https://pbx.example.id/62811000001.wav" });
        s.ask(&polda.token, "PUT", &format!("/reports/{}/recording", evidence[0]), url).await.expect(200);
        let commander = s.token(Role::Commander, "KALTIM").await;
        to_the_end(&s, &commander, &evidence).await;
        let admin = s.token(Role::Admin, "KALTIM").await;
        let open = s.rings(&polda.token, "KALTIM", NUMBER).await;
        let body = json!({ "number": NUMBER, "reason": "asked for it" });
        let told = s.post(&admin, "/callers/erase", body.clone()).await.problem(409, "report_open");
        assert_eq!(told["state"], json!(open));
        s.on(&polda, &open, "claim", json!({})).await.expect(200);
        s.on(&polda, &open, "judge", json!({ "valid": false, "reason": "test" })).await.expect(200);
        s.post(&commander, "/callers/erase", body.clone()).await.problem(404, "not_found");
        let erased = s.post(&admin, "/callers/erase", body.clone()).await.expect(200);
        assert_eq!(erased, json!({ "areas": ["KALTIM"], "reports": 4, "recordings": ["https://pbx.example.id/62811000001.wav"] }));
        s.post(&admin, "/callers/erase", body).await.problem(404, "not_found");
        let gone = s.report_of(&polda.token, &evidence[0]).await;
        assert!(gone["caller"].is_null() && gone["recording"].is_null(), "{gone}");
        let alone = s.get(&polda.token, &format!("/reports/{}/caller", evidence[0])).await.expect(200);
        assert_eq!((&alone["counts"]["all"], &alone["flags"], &alone["caller"]), (&json!(1), &json!([]), &Value::Null));
        let again = s.rings(&polda.token, "KALTIM", NUMBER).await;
        assert_eq!(ring_of(&s, &polda.token, &again).await.0, "KALTIM.SPKT");
        let known = s.get(&polda.token, &format!("/reports/{again}/caller")).await.expect(200);
        assert_eq!(known["counts"]["all"], 1);
        let events = s.told(&polda.token, "KALTIM").await;
        let erased = events.iter().find(|e| e["kind"] == "subject.erased").unwrap();
        assert!(!erased["body"]["commitment"].is_null());
        assert!(!json!(events).to_string().contains("asked for it"));
    }
}

//! One takes a report; who vanishes loses it; whoever was silent or hung up is reached again.

use super::*;
use futures_util::future::join_all;

served_on_both! {
    async fn of_two_operators_one_gets_it_and_the_other_learns_who(s: Served) {
        let one = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let two = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        for n in 0..10 {
            let call = s.rings(&one.token, "KALTIM", &format!("0811-000-{n:03}")).await;
            let answers = join_all([&one, &two].map(|who| s.on(who, &call, "claim", json!({})))).await;
            let won: Vec<_> = answers.iter().filter(|a| a.status == 200).collect();
            let lost: Vec<_> = answers.iter().filter(|a| a.status == 409).collect();
            assert_eq!((won.len(), lost.len()), (1, 1));
            assert_eq!(lost[0].problem(409, "report_held")["state"], won[0].json()["holder"]);
        }
        let call = s.rings(&one.token, "KALTIM", "0811-000-100").await;
        s.on(&one, &call, "claim", json!({})).await.expect(200);
        s.on(&two, &call, "pass", json!({})).await.problem(409, "report_held");
        let taken = s.on(&two, &call, "claim", json!({ "take_over": true })).await.expect(200);
        assert_eq!(taken["holder"], json!(two.account));
    }

    async fn five_hundred_calls_at_once_are_each_taken_once(s: Served) {
        let mut desk = Vec::new();
        for _ in 0..8 {
            desk.push(s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await);
        }
        let numbers: Vec<String> = (0..500).map(|n| format!("0811-000-{n:03}")).collect();
        let mut calls = Vec::new();
        for chunk in numbers.chunks(50) {
            calls.extend(join_all(chunk.iter().map(|number| s.rings(&desk[0].token, "KALTIM", number))).await);
        }
        assert_eq!(calls.len(), 500);
        let takes = |who| {
            let (s, calls) = (&s, &calls);
            async move {
                let mut won = Vec::new();
                for call in calls {
                    let answer = s.on(who, call, "claim", json!({})).await;
                    assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
                    if answer.status == 200 {
                        won.push(call.clone());
                    }
                }
                won
            }
        };
        let won: Vec<String> = join_all(desk.iter().map(takes)).await.concat();
        let mut once = won.clone();
        once.sort();
        once.dedup();
        assert_eq!((won.len(), once.len()), (500, 500), "each has one holder, and none is left");
    }

    async fn whoever_vanishes_while_talking_loses_the_call_to_the_desk(s: Served) {
        let gone = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let there = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let call = s.rings(&gone.token, "KALTIM", "0811-000-001").await;
        s.on(&gone, &call, "claim", json!({})).await.expect(200);
        s.wait(60_000, &[&gone, &there]).await;
        assert_eq!(s.report_of(&there.token, &call).await["holder"], json!(gone.account), "who is there keeps it");
        s.wait(40_000, &[&there]).await;
        let back = s.report_of(&there.token, &call).await;
        assert_eq!((&back["attention"], &back["status"], &back["desk"]), (&json!("ringing"), &json!("ringing"), &json!("KALTIM.SPKT")));
        assert!(!back["answered"].is_null(), "that it was answered once stays");
        s.on(&there, &call, "claim", json!({})).await.expect(200);
        // Getting up gives back at once.
        s.post(&there.token, "/shift/end", json!({})).await.expect(204);
        assert_eq!(s.report_of(&there.token, &call).await["attention"], "ringing");
        let events = s.told(&there.token, "KALTIM").await;
        let gone = events.iter().filter(|e| e["body"]["why"] == "holder_gone").count();
        assert_eq!(gone, 2);
    }

    async fn a_silent_caller_is_reached_again_before_it_ends(s: Served) {
        let desk = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let call = s.rings(&desk.token, "KALTIM", "0811-000-001").await;
        s.on(&desk, &call, "claim", json!({})).await.expect(200);
        let step = async |to: &str| s.ask(&desk.token, "PUT", &format!("/reports/{call}/call"), json!({ "call": to })).await;
        step("on_hold").await.expect(200);
        step("silent").await.problem(409, "transition_not_allowed");
        step("talking").await.expect(200);
        let silent = step("silent").await.expect(200);
        assert!(!silent["callback_by"].is_null());
        let prank = json!({ "valid": false, "reason": "silent" });
        s.on(&desk, &call, "judge", prank.clone()).await.problem(409, "callback_first");
        // Nobody tries: after a minute it rings again.
        s.wait(61_000, &[&desk]).await;
        let rings = s.report_of(&desk.token, &call).await;
        assert_eq!(rings["attention"], "ringing");
        s.on(&desk, &call, "claim", json!({})).await.expect(200);
        s.on(&desk, &call, "callback", json!({ "way": "call", "reached": false })).await.expect(200);
        s.on(&desk, &call, "callback", json!({ "way": "message", "reached": false })).await.expect(200);
        let done = s.on(&desk, &call, "judge", prank).await.expect(200);
        assert_eq!((&done["report"]["status"], &done["report"]["callbacks"]), (&json!("closed"), &json!(2)));
    }

    async fn a_call_that_is_dropped_while_it_rings_stays_a_report(s: Served) {
        let desk = s.sits(Role::Operator, "KALTIM", "KALTIM.SPKT").await;
        let exchange = s.token(Role::Operator, "KALTIM").await;
        let call = s.rings(&exchange, "KALTIM", "0811-000-001").await;
        let dropped = json!({ "call": "dropped" });
        let dropped = s.ask(&exchange, "PUT", &format!("/reports/{call}/call"), dropped).await.expect(200);
        assert_eq!((&dropped["attention"], &dropped["call"]), (&json!("ringing"), &json!("dropped")));
        s.on(&desk, &call, "claim", json!({})).await.expect(200);
        let talks = s.on(&desk, &call, "callback", json!({ "way": "call", "reached": true })).await.expect(200);
        assert_eq!((&talks["call"], &talks["callback_by"]), (&json!("talking"), &Value::Null));
        let url = |url: &str| json!({ "url": url });
        let path = format!("/reports/{call}/recording");
        s.ask(&exchange, "PUT", &path, url("ftp://pbx/7.wav")).await.problem(422, "invalid");
        s.ask(&exchange, "PUT", &path, url("https://user:word@pbx/7.wav")).await.problem(422, "invalid");
        let kept = s.ask(&exchange, "PUT", &path, url("https://pbx.example.id/7.wav")).await.expect(200);
        assert_eq!(kept["recording"], "https://pbx.example.id/7.wav");
    }
}

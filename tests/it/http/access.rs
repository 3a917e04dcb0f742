//! Who gets in, and what they see.

use super::*;
use crate::{harness, served};

served! {
    async fn nobody_gets_in_without_a_good_token(s: Served) {
        let login = "bpn-dispatch";
        s.account(login, &[(Role::Dispatcher, "BPN")]).await;
        let tokens = s.log_in(login).await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!((&tokens["token_type"], &tokens["grants"]), (&json!("Bearer"), &json!([{ "area": "BPN", "role": "dispatcher" }])));
        assert!((598..=600).contains(&tokens["expires_in_s"].as_i64().unwrap()), "{tokens}");
        s.get(access, "/areas").await.expect(200);
        for headers in [&[][..], &[("authorization", "Basic x")], &[("authorization", "Bearer")]] {
            let reply = s.send("GET", "/api/v1/areas", headers, "").await;
            reply.problem(401, "unauthenticated");
            assert_eq!(reply.header("www-authenticate"), "Bearer");
        }
        s.get("x", "/areas").await.problem(401, "bad_token");
        s.get(&access[1..], "/areas").await.problem(401, "bad_token");
        s.pass(600_000);
        s.get(access, "/areas").await.problem(401, "expired_token");
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        let next = s.post("", "/auth/refresh", refresh.clone()).await.expect(200);
        s.get(next["access_token"].as_str().unwrap(), "/areas").await.expect(200);
        s.post("", "/auth/refresh", refresh).await.problem(401, "reused_token");
        let ended = json!({ "refresh_token": next["refresh_token"] });
        s.post("", "/auth/refresh", ended).await.problem(401, "bad_token");

        let lost = s.log_in(login).await;
        let ask = json!({ "refresh_token": lost["refresh_token"], "command_id": CommandId::random() });
        s.post("", "/auth/refresh", ask.clone()).await.expect(200);
        let heard = s.post("", "/auth/refresh", ask).await.expect(200);
        let next = json!({ "refresh_token": heard["refresh_token"], "command_id": CommandId::random() });
        s.post("", "/auth/refresh", next).await.expect(200);

        let again = s.log_in(login).await;
        let out = json!({ "refresh_token": again["refresh_token"] });
        s.post("", "/auth/logout", out.clone()).await.expect(204);
        s.post("", "/auth/refresh", out.clone()).await.problem(401, "bad_token");
        s.post("", "/auth/logout", out).await.expect(204);
    }

    async fn a_wrong_name_and_a_wrong_password_look_alike(s: Served) {
        s.account("known", &[(Role::Officer, "BPN")]).await;
        let mut replies = Vec::new();
        for (login, password) in [("known", "wrong"), ("unknown", PASSWORD), ("no name", PASSWORD), ("known", "")] {
            let reply = s.post("", "/auth/login", json!({ "login": login, "password": password })).await;
            replies.push(reply.problem(401, "bad_login"));
        }
        assert!(replies.iter().all(|r| r == &replies[0]), "{replies:?}");
        for _ in 0..8 {
            s.post("", "/auth/login", json!({ "login": "known", "password": "wrong" })).await.problem(401, "bad_login");
        }
        let throttled = s.post("", "/auth/login", json!({ "login": "known", "password": PASSWORD })).await;
        throttled.problem(429, "too_many");
        assert_eq!(throttled.header("retry-after"), "6");
    }

    async fn unknown_and_out_of_scope_read_the_same(s: Served) {
        let bpn = s.token(Role::Dispatcher, "BPN").await;
        let smd = s.token(Role::Dispatcher, "SMD").await;
        let (unit, ..) = s.patrol("M1", scene()).await;
        let received = s.post(&bpn, "/reports", report(scene())).await.expect(201);
        let incident = received["incident"]["id"].as_str().unwrap().to_owned();
        let whole = s.until(&bpn, &format!("/incidents/{incident}"), |i| !i["dispatches"][0].is_null()).await;
        let dispatch = whole["dispatches"][0]["id"].as_str().unwrap();
        let there = received["report"]["id"].as_str().unwrap();
        let (note, step) = (json!({ "text": "x" }), json!({ "to": "accepted" }));
        let phone = json!({ "device": device() });
        let send = json!({ "unit": unit, "mode": "assign" });
        let mut texts = Vec::new();
        for (method, hidden, none, body) in [
            ("GET", format!("/incidents/{incident}"), "/incidents/SMD-77", Value::Null),
            ("GET", format!("/incidents/{incident}/candidates"), "/incidents/SMD-77/candidates", Value::Null),
            ("GET", format!("/incidents/{incident}/risk"), "/incidents/SMD-77/risk", Value::Null),
            ("POST", format!("/incidents/{incident}/notes"), "/incidents/SMD-77/notes", note.clone()),
            ("POST", format!("/incidents/{incident}/dispatches"), "/incidents/SMD-77/dispatches", send.clone()),
            ("PUT", format!("/incidents/{incident}/priority"), "/incidents/SMD-77/priority", json!({ "priority": "P1" })),
            ("PUT", format!("/incidents/{incident}/place"), "/incidents/SMD-77/place", json!({ "place": scene() })),
            ("POST", format!("/incidents/{incident}/close"), "/incidents/SMD-77/close", json!({ "disposition": "handled" })),
            ("GET", format!("/dispatches/{dispatch}"), "/dispatches/SMD-D77", Value::Null),
            ("POST", format!("/dispatches/{dispatch}/status"), "/dispatches/SMD-D77/status", step.clone()),
            ("POST", format!("/dispatches/{dispatch}/delivered"), "/dispatches/SMD-D77/delivered", phone.clone()),
            ("POST", format!("/dispatches/{dispatch}/hand-over"), "/dispatches/SMD-D77/hand-over", send.clone()),
            ("GET", format!("/reports/{there}"), "/reports/SMD-R77", Value::Null),
            ("GET", format!("/units/{unit}"), "/units/SMD-M77", Value::Null),
            ("GET", format!("/units/{unit}/work"), "/units/XX-M77/work", Value::Null),
            ("POST", format!("/units/{unit}/duty"), "/units/SMD-M77/duty", json!({ "duty": "off_duty" })),
            ("POST", format!("/units/{unit}/panic"), "/units/XX-M77/panic", json!({})),
            ("GET", "/areas/BPN".to_owned(), "/areas/XX", Value::Null),
            ("GET", "/areas/BPN/sla".to_owned(), "/areas/XX/sla", Value::Null),
            ("GET", "/areas/BPN/board".to_owned(), "/areas/XX/board", Value::Null),
            ("GET", "/areas/BPN/journal".to_owned(), "/areas/XX/journal", Value::Null),
            ("GET", "/areas/BPN/units".to_owned(), "/areas/XX/units", Value::Null),
            ("GET", "/areas/KALTIM/incidents".to_owned(), "/areas/XX/incidents", Value::Null),
        ] {
            for path in [hidden.as_str(), none] {
                let reply = s.ask(&smd, method, path, body.clone()).await;
                assert_eq!(reply.status, 404, "{method} {path}: {}", reply.text);
                reply.problem(404, "not_found");
                texts.push(reply.text);
            }
        }
        assert!(texts.iter().all(|t| t == &texts[0]), "{texts:?}");
        let own = s.post(&smd, "/reports", json!({ "channel": "call", "kind": "x", "area": "SMD" })).await.expect(201);
        assert_eq!(own["report"]["id"], "SMD-R1");
        let elsewhere = json!({ "channel": "call", "kind": "x", "area": "BPN" });
        s.post(&smd, "/reports", elsewhere).await.problem(404, "not_found");
    }

    async fn a_wrong_role_inside_the_scope_is_403(s: Served) {
        let officer = s.token(Role::Officer, "BPN").await;
        let commander = s.token(Role::Commander, "BPN").await;
        for path in ["/areas/BPN/board", "/areas/BPN/journal", "/areas/BPN/incidents", "/areas/BPN/reports", "/reports/BPN-R1"] {
            s.get(&officer, path).await.problem(403, "forbidden");
            assert_ne!(s.get(&commander, path).await.status, 403, "{path}");
        }
        let (unit, crew, _) = s.patrol("M1", scene()).await;
        let desk = s.token(Role::Dispatcher, "BPN").await;
        let received = s.post(&desk, "/reports", report(scene())).await.expect(201);
        let incident = format!("/incidents/{}", received["incident"]["id"].as_str().unwrap());
        let send = json!({ "unit": unit, "mode": "assign" });
        for token in [&officer, &commander, &crew] {
            s.post(token, &format!("{incident}/dispatches"), send.clone()).await.problem(403, "forbidden");
        }
        for desks in ["candidates", "risk"].map(|path| format!("{incident}/{path}")) {
            for token in [&officer, &crew] {
                s.get(token, &desks).await.problem(403, "forbidden");
            }
            for role in [Role::Operator, Role::Dispatcher, Role::Commander] {
                let token = s.token(role, "BPN").await;
                s.get(&token, &desks).await.expect(200);
            }
        }
        let on = json!({ "device": device() });
        s.post(&desk, &format!("/units/{unit}/sign-on"), on).await.problem(403, "forbidden");
        s.post(&officer, &format!("/units/{unit}/duty"), json!({ "duty": "off_duty" })).await.problem(403, "not_crew");
    }

    async fn everybody_sees_the_areas_of_their_roles_and_below(s: Served) {
        let codes = |areas: &Value| -> Vec<String> {
            areas.as_array().unwrap().iter().map(|a| a["code"].as_str().unwrap().to_owned()).collect()
        };
        for (role, area, seen) in [
            (Role::Officer, "BPN", &["BPN"][..]),
            (Role::Operator, "KALTIM", &["BPN", "KALTIM", "SMD"]),
            (Role::Admin, "ID", &["BPN", "ID", "KALTIM", "SMD"]),
        ] {
            let token = s.token(role, area).await;
            assert_eq!(codes(&s.get(&token, "/areas").await.expect(200)), seen);
        }
        let both = "two.roles";
        s.account(both, &[(Role::Officer, "SMD"), (Role::Commander, "BPN")]).await;
        let token = s.log_in(both).await["access_token"].as_str().unwrap().to_owned();
        assert_eq!(codes(&s.get(&token, "/areas").await.expect(200)), ["BPN", "SMD"]);
        s.get(&token, "/areas/SMD/journal").await.problem(403, "forbidden");
    }

    async fn a_ticket_is_for_a_device_of_ones_own(s: Served) {
        let (_, officer, phone) = s.patrol("M1", scene()).await;
        let given = s.post(&officer, "/ws-ticket", json!({ "device": phone })).await.expect(201);
        assert_eq!((&given["protocol"], &given["expires"]), (&json!("sigap.v1"), &json!(T0.0 + 30_000)));
        let redeemed = s.engine.auth().redeem(given["ticket"].as_str().unwrap(), s.engine.now()).await.unwrap();
        assert_eq!(redeemed.ticket.device, phone);
        let stranger = s.token(Role::Officer, "BPN").await;
        s.post(&stranger, "/ws-ticket", json!({ "device": phone })).await.problem(403, "bad_device");
        s.post("", "/ws-ticket", json!({ "device": phone })).await.problem(401, "unauthenticated");
    }
}

#[test]
fn one_address_cannot_try_many_names() {
    async fn test(db: Db) {
        let settings = http::Settings { login_burst: 3, login_refill_ms: 2_000, behind_proxy: true };
        let s = Served::start_with(&db, settings).await;
        let tried = async |name: &str, from: &str| {
            let body = json!({ "login": name, "password": "wrong" }).to_string();
            let headers = [("content-type", "application/json"), ("x-forwarded-for", from)];
            s.send("POST", "/api/v1/auth/login", &headers, body).await
        };
        for name in ["aa", "bb", "cc"] {
            // What the asker writes in front of what the proxy adds makes no other address.
            tried(name, &format!("{name}, 192.0.2.1")).await.problem(401, "bad_login");
        }
        let refused = tried("dd", "192.0.2.1").await;
        refused.problem(429, "too_many");
        assert_eq!(refused.header("retry-after"), "2");
        tried("dd", "192.0.2.2").await.problem(401, "bad_login");
        s.pass(2_000);
        tried("dd", "192.0.2.1").await.problem(401, "bad_login");
    }
    harness::run(harness::Engine::Sqlite, test);
}

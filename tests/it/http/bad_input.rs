//! What nobody should send: each gets a clear problem, nothing changes, nothing panics.

use super::*;
use crate::served;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const JSON: (&str, &str) = ("content-type", "application/json");

served! {
    async fn malformed_json_and_wrong_types_are_400(s: Served) {
        let token = s.token(Role::Dispatcher, "BPN").await;
        let bearer = format!("Bearer {token}");
        let auth = ("authorization", bearer.as_str());
        for wrong in [
            "", "{", "[]", "null", "\"x\"", "{\"channel\":\"call\"", "\u{feff}{}", "{\"channel\":1,\"kind\":\"x\"}",
            "{\"channel\":\"pigeon\",\"kind\":\"x\"}", "{\"channel\":\"call\",\"kind\":\"\"}",
            "{\"channel\":\"call\",\"kind\":\"a\\u0000b\"}", "{\"channel\":\"call\",\"kind\":\"x\",\"valid\":\"yes\"}",
            "{\"channel\":\"call\",\"kind\":\"x\",\"colour\":\"red\"}",
            "{\"channel\":\"call\",\"kind\":\"x\",\"command_id\":\"7\"}",
            "{\"channel\":\"call\",\"kind\":\"x\",\"area\":\"bpn; DROP\"}",
            "{\"channel\":\"call\",\"kind\":\"x\",\"caller_number\":\"anonymous\"}",
            "{\"channel\":\"call\",\"kind\":\"x\",\"kind\":\"y\"}",
        ] {
            let reply = s.send("POST", "/api/v1/reports", &[auth, JSON], wrong).await;
            let problem = reply.problem(400, "malformed");
            assert!(!problem["detail"].as_str().unwrap().is_empty(), "{wrong}");
        }
        let not_utf8 = s.send("POST", "/api/v1/reports", &[auth, JSON], vec![b'"', 0xff, b'"']).await;
        not_utf8.problem(400, "malformed");
        let form = ("content-type", "application/x-www-form-urlencoded");
        s.send("POST", "/api/v1/reports", &[auth, form], "a=b").await.problem(415, "unsupported_media_type");
        assert_eq!(s.get(&token, "/areas/BPN/reports").await.expect(200), json!([]), "nothing was received");
    }

    async fn coordinates_that_are_none_are_400(s: Served) {
        let token = s.token(Role::Dispatcher, "BPN").await;
        let bearer = format!("Bearer {token}");
        for place in [
            "{\"lat\":NaN,\"lng\":116.8}", "{\"lat\":-1e999,\"lng\":116.8}", "{\"lat\":Infinity,\"lng\":0}",
            "{\"lat\":-91,\"lng\":116.8}", "{\"lat\":-1.2,\"lng\":180.01}", "{\"lat\":\"-1.2\",\"lng\":\"116.8\"}",
            "{\"lat\":null,\"lng\":116.8}", "{\"lat\":-1.2}", "[116.8,-1.2]", "{\"lat\":-1.2,\"lng\":116.8,\"alt\":3}",
        ] {
            let body = format!("{{\"channel\":\"call\",\"kind\":\"x\",\"valid\":true,\"place\":{place}}}");
            let headers = [("authorization", bearer.as_str()), JSON];
            s.send("POST", "/api/v1/reports", &headers, body).await.problem(400, "malformed");
        }
        let nowhere = json!({ "channel": "call", "kind": "x", "valid": true });
        let problem = s.post(&token, "/reports", nowhere).await.problem(422, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains("place"), "{problem}");
        let seconds = json!({ "channel": "call", "kind": "x", "rung_at": T0.0 / 1_000 });
        s.post(&token, "/reports", seconds).await.problem(422, "invalid");
        assert_eq!(s.get(&token, "/areas/BPN/reports").await.expect(200), json!([]));
    }

    async fn an_oversized_body_is_413(s: Served) {
        let token = s.token(Role::Dispatcher, "BPN").await;
        let note = json!({ "text": "x".repeat(70_000) });
        s.post(&token, "/incidents/BPN-1/notes", note).await.problem(413, "too_large");
        // Without a length up front.
        let mut raw = format!(
            "POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        for _ in 0..9 {
            raw.push_str(&format!("2000\r\n{}\r\n", " ".repeat(0x2000)));
        }
        let mut socket = TcpStream::connect(s.url.strip_prefix("http://").unwrap()).await.unwrap();
        socket.write_all(raw.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413");
        let text = json!({ "text": "x".repeat(4_001) });
        s.post(&token, "/incidents/BPN-1/notes", text).await.problem(400, "malformed");
    }

    async fn paths_and_queries_are_checked(s: Served) {
        let token = s.token(Role::Dispatcher, "BPN").await;
        for path in [
            "/incidents/x", "/incidents/BPN-0", "/incidents/BPN-99999999999999999999", "/incidents/%00", "/units/bpn-m1",
            "/areas/%F0%9F%9A%93", "/areas/B'PN", "/dispatches/BPN-1", "/reports/BPN-1", "/areas/BPN/journal?after=x",
            "/areas/BPN/journal?limit=1e3", "/areas/BPN/incidents?open=maybe", "/areas/BPN/reports?inside=true",
            "/units/BPN-M1/track", "/units/BPN-M1/track?from=yesterday",
        ] {
            s.get(&token, path).await.problem(400, "malformed");
        }
        s.get(&token, "/nothing").await.problem(404, "no_route");
        let all = s.get(&token, "/areas/BPN/journal?limit=-5").await.expect(200);
        assert_eq!(all["events"].as_array().unwrap().len(), 1, "at least one");
        s.get(&token, &format!("/areas/BPN/journal?after={}", i64::MAX)).await.expect(200);
        s.get(&token, &format!("/units/BPN-M1/track?from={}&to={}", i64::MIN, i64::MAX)).await.problem(422, "invalid");
    }

    async fn a_method_that_a_path_does_not_have_is_405_and_told_what_is(s: Served) {
        let token = s.token(Role::Dispatcher, "BPN").await;
        for (method, path, allowed) in [
            ("DELETE", "/api/v1/areas/BPN", "GET, PATCH"),
            ("PUT", "/api/v1/areas/BPN/units", "GET, POST"),
            ("GET", "/api/v1/reports", "POST"),
            ("POST", "/api/v1/incidents/BPN-1/place", "PUT"),
            ("BREW", "/api/v1/dispatches/BPN-D1", "GET"),
            ("POST", "/metrics", "GET"),
        ] {
            let reply = s.send(method, path, &[("authorization", &format!("Bearer {token}"))], "").await;
            reply.problem(405, "method_not_allowed");
            assert_eq!(reply.header("allow"), allowed, "{method} {path}");
        }
        s.send("POST", "/nothing", &[], "").await.problem(404, "no_route");
    }

    async fn a_repeat_gets_the_same_answer_and_a_changed_body_422(s: Served) {
        let token = s.token(Role::Dispatcher, "BPN").await;
        let first = report(scene());
        let answer = s.post(&token, "/reports", first.clone()).await.expect(201);
        s.pass(60_000);
        let again = s.post(&token, "/reports", first.clone()).await.expect(201);
        assert_eq!(answer, again);
        assert_eq!(s.get(&token, "/areas/BPN/reports").await.expect(200).as_array().unwrap().len(), 1);
        let mut changed = first.clone();
        changed["priority"] = json!("P4");
        s.post(&token, "/reports", changed).await.problem(422, "command_reused");
        let other = s.token(Role::Dispatcher, "BPN").await;
        s.post(&other, "/reports", first.clone()).await.problem(422, "command_reused");
        let incident = format!("/incidents/{}", answer["incident"]["id"].as_str().unwrap());
        let note = json!({ "command_id": first["command_id"], "text": "x" });
        s.post(&token, &format!("{incident}/notes"), note).await.problem(422, "command_reused");

        let note = json!({ "command_id": CommandId::random(), "text": "grey car" });
        let notes = format!("{incident}/notes");
        let (a, b) = tokio::join!(s.post(&token, &notes, note.clone()), s.post(&token, &notes, note.clone()));
        assert_eq!((a.expect(201), b.status), (json!({ "no": 2 }), 201), "the first is what the caller said");
        assert_eq!(a.text, b.text);
        let outside = report(at_sea());
        let answers = (s.post(&token, "/reports", outside.clone()).await, s.post(&token, "/reports", outside).await);
        assert_eq!(answers.0.expect(201), answers.1.expect(201));
    }

    async fn a_step_that_is_not_allowed_is_409_with_the_state(s: Served) {
        let desk = s.token(Role::Dispatcher, "BPN").await;
        let (unit, officer, _) = s.patrol("M1", scene()).await;
        let received = s.post(&desk, "/reports", report(scene())).await.expect(201);
        let incident = format!("/incidents/{}", received["incident"]["id"].as_str().unwrap());
        let whole = s.until(&desk, &incident, |i| i["dispatches"][0]["status"] == "offered").await;
        let status = format!("/dispatches/{}/status", whole["dispatches"][0]["id"].as_str().unwrap());
        let early = s.post(&officer, &status, json!({ "to": "on_scene" })).await;
        assert_eq!(early.problem(409, "transition_not_allowed")["state"], "offered");
        s.post(&officer, &status, json!({ "to": "expired" })).await.problem(422, "invalid");
        s.post(&officer, &status, json!({ "to": "declined" })).await.problem(422, "invalid");
        s.post(&officer, &status, json!({ "to": "recalled" })).await.problem(403, "forbidden");
        let accept = json!({ "to": "accepted", "command_id": CommandId::random() });
        let yes = s.post(&officer, &status, accept.clone()).await.expect(200);
        assert_eq!(s.post(&officer, &status, accept).await.expect(200), yes, "a repeat is no second step");
        let again = s.post(&officer, &status, json!({ "to": "accepted" })).await;
        assert_eq!(again.problem(409, "transition_not_allowed")["state"], "accepted");
        let second = s.post(&desk, "/reports", report(scene())).await.expect(201);
        let path = format!("/incidents/{}/dispatches", second["incident"]["id"].as_str().unwrap());
        let busy = s.post(&desk, &path, json!({ "unit": unit, "mode": "assign" })).await.problem(409, "unit_busy");
        assert!(busy["detail"].as_str().unwrap().contains(&unit), "{busy}");
        let queued = s.post(&desk, &path, json!({ "unit": unit, "mode": "queue" })).await.expect(201);
        assert_eq!(queued["status"], "queued");
        s.post(&desk, &path, json!({ "unit": unit, "mode": "auto" })).await.problem(400, "malformed");
    }
}

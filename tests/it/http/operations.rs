//! What operations look at: life, readiness, figures.

use super::*;
use crate::{on_both, served};

served! {
    async fn readiness_follows_the_database_and_the_drain(s: Served) {
        assert_eq!(s.send("GET", "/livez", &[], "").await.text, "ok");
        let ready = s.send("GET", "/readyz", &[], "").await.expect(200);
        assert_eq!(ready, json!({ "status": "ready", "database": true }));
        s.state.drain();
        assert_eq!(s.send("GET", "/readyz", &[], "").await.expect(503)["status"], "draining");
        let desk = s.token(Role::Dispatcher, "BPN").await;
        let board = s.get(&desk, "/areas/BPN/board").await.expect(200);
        assert_eq!((&board["stale"], &board["cities"][0]["area"]), (&json!(false), &json!("BPN")));
        s.store.close().await;
        let away = s.send("GET", "/readyz", &[], "").await.expect(503);
        assert_eq!(away, json!({ "status": "degraded", "database": false, "reason": "the database does not answer" }));
        assert_eq!(s.send("GET", "/livez", &[], "").await.status, 200);
        let reply = s.get(&desk, "/areas").await;
        reply.problem(503, "unavailable");
        assert_eq!(reply.header("retry-after"), "1");
        assert!(!reply.text.to_lowercase().contains("pool"), "what the database says stays inside: {}", reply.text);
    }

    async fn figures_count_fixes_requests_and_incidents(s: Served) {
        let desk = s.token(Role::Dispatcher, "BPN").await;
        let (unit, _, phone) = s.patrol("M1", scene()).await;
        s.post(&desk, "/reports", report(scene())).await.expect(201);
        s.get(&desk, "/incidents/BPN-77").await.problem(404, "not_found");
        s.get(&desk, "/wp-admin").await.problem(404, "no_route");
        s.ask(&desk, "BREW", "/areas", Value::Null).await.problem(405, "method_not_allowed");
        let mock = RawFix {
            lat: -1.2, lng: 116.8, device_ms: s.engine.now().0 + 9_999_999, accuracy_m: None, speed_mps: None,
            heading_deg: None, battery_pct: None, mock: false, backlog: false,
        };
        s.engine.stream(unit.parse().unwrap(), phone).await.take(None, &[mock], s.engine.now());
        let page = s.send("GET", "/metrics", &[], "").await;
        assert_eq!(page.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        for line in [
            "sigap_fixes_total{outcome=\"live\"} 1",
            "sigap_fixes_refused_total{reason=\"future\"} 1",
            "sigap_sessions 7",
            "sigap_incidents{area=\"BPN\",state=\"open\"} 1",
            "sigap_incidents{area=\"BPN\",state=\"breached\"} 0",
            "sigap_http_requests_total{method=\"POST\",route=\"/api/v1/reports\",status=\"201\"} 1",
            "sigap_http_requests_total{method=\"GET\",route=\"/api/v1/incidents/{id}\",status=\"404\"} 1",
            "sigap_http_request_seconds_bucket{method=\"POST\",route=\"/api/v1/reports\",le=\"+Inf\"} 1",
        ] {
            assert!(page.text.lines().any(|l| l == line), "{line} in\n{}", page.text);
        }
        assert!(!page.text.contains("wp-admin") && !page.text.contains("BREW"), "labels are no one's words\n{}", page.text);
    }
}

on_both! {
    async fn open_counts_are_those_of_each_city(db: Db) {
        let s = Served::start(&db).await;
        assert!(s.store.open_counts().await.unwrap().is_empty());
        let desk = s.token(Role::Dispatcher, "KALTIM").await;
        for _ in 0..2 {
            s.post(&desk, "/reports", report(scene())).await.expect(201);
        }
        s.pass(700_000);
        while s.engine.tick().await.unwrap() > 0 {}
        let counts = s.store.open_counts().await.unwrap();
        let (area, open) = &counts[0];
        assert_eq!((counts.len(), area.as_str()), (1, "BPN"));
        assert_eq!((open.open, open.waiting, open.at_risk, open.breached), (2, 2, 0, 2));
        let whole = s.engine.standing(&Scope::system(), *area).await.unwrap();
        assert_eq!((whole.open, whole.waiting, whole.at_risk, whole.breached), (2, 2, 0, 2), "as the area itself says");
        let desk = s.token(Role::Dispatcher, "BPN").await;
        s.ask(&desk, "POST", "/incidents/BPN-1/close", json!({ "disposition": "duplicate" })).await.expect(200);
        assert_eq!(s.store.open_counts().await.unwrap()[0].1.open, 1);
    }
}

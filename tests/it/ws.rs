//! Sockets over a real port: who is let in, what is refused, who is closed and why.

mod board;
mod crews;
mod journals;
mod positions;
mod site;
mod slow;

use crate::harness::*;
use futures_util::SinkExt;
use serde_json::json;
use sigap::{
    domain::access::*,
    ws::{Close, Settings},
};
use site::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::{
    Message,
    http::HeaderValue,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// One test on a database of its own. What sockets do does not depend on the engine below.
macro_rules! on_sqlite {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: Db) $body:block)*) => { $(
        $(#[$meta])*
        #[test]
        fn $name() {
            async fn test($db: Db) $body
            run(Engine::Sqlite, test);
        }
    )* };
}
use on_sqlite;

on_sqlite! {
    async fn a_ticket_opens_one_socket_while_it_is_fresh(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let officer = person(&site.store, "officer", "BPN", Role::Officer).await;
        let phone = device();
        let ticket = site.ticket(&officer, phone).await;
        let protocols = format!("sigap.v1, ticket.{ticket}");
        let (mut client, response) = site.handshake(site.request(&protocols)).await;
        assert_eq!(response.headers()["sec-websocket-protocol"], "sigap.v1", "the ticket is not echoed");
        let hello = client.until("hello").await;
        assert_eq!(hello["heartbeat_ms"], 10_000);
        assert_eq!(hello["server_ms"], site.now().0);
        assert_eq!(hello["limits"], json!({"frame_bytes": 16_384, "fixes": 100}));
        assert_eq!(hello["roles"], json!([["BPN", "officer"]]));
        let desk = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        assert_eq!(site.open(&desk, device()).await.hello["heartbeat_ms"], 1_500, "a desk sees a halt soon");
        assert_eq!(site.refused(&protocols).await, 4004, "used before");
        let late = format!("sigap.v1, ticket.{}", site.ticket(&officer, phone).await);
        site.pass(30_001);
        assert_eq!(site.refused(&late).await, 4004, "too old");
        assert_eq!(site.refused("sigap.v1, ticket.c29tZXRoaW5n").await, 4004, "none of ours");
        assert_eq!(site.refused("sigap.v1").await, 4500, "missing");
        assert_eq!(site.hub.counts().closed(Close::TicketExpired), 3);
        assert_eq!(site.hub.sessions().count(), 1, "the first one is still there");
        site.stop().await;
    }

    async fn a_page_from_elsewhere_is_refused_and_its_ticket_not_used_up(db: Db) {
        let origins = vec!["https://console.example.id".to_owned()];
        let site = Site::start(&db, Settings { origins, ..Settings::default() }).await;
        let who = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let protocols = format!("sigap.v1, ticket.{}", site.ticket(&who, device()).await);
        let from = |origin: &str| {
            let mut request = site.request(&protocols);
            request.headers_mut().insert("Origin", HeaderValue::from_str(origin).unwrap());
            request
        };
        for foreign in ["https://evil.example", "null"] {
            assert_eq!(site.handshake(from(foreign)).await.0.closed().await, 4500, "{foreign}");
        }
        site.handshake(from("https://console.example.id")).await.0.until("hello").await;
        site.stop().await;
    }

    async fn a_plain_request_is_told_what_is_spoken(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let mut tcp = tokio::net::TcpStream::connect(site.address).await.unwrap();
        tcp.write_all(b"GET /api/v1/ws HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("upgrade_required"), "{answer}");
        site.stop().await;
    }

    async fn what_is_not_understood_is_told_and_the_session_goes_on(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, officer, phone) = crewed(&site.store, "BPN-M1", site.now()).await;
        let mut client = site.open(&officer, phone).await;
        let fix = |what: &str| format!(r#"{{"type":"fixes","fixes":[{{"at_ms":{},"lat":{what},"lng":116.8}}]}}"#, T0.0);
        for wrong in [
            "", "{", "[]", "null", r#"{"type":"dance"}"#, r#"{"fixes":[]}"#, r#"{"type":"fixes","fixes":7}"#,
            r#"{"type":"step","command_id":"x","dispatch":"BPN-D1","to":"accepted"}"#,
            r#"{"type":"delivered","dispatch":"BPN-1"}"#, r#"{"type":"view","area":"bpn"}"#,
            r#"{"type":"delivered","dispatch":"BPN-D1","more":1}"#, &fix("NaN"), &fix("\"-1.2\""), &fix("1e999"),
        ] {
            client.send_raw(wrong).await;
            let problem = client.problem().await;
            assert_eq!((&problem["code"], &problem["status"]), (&json!("malformed"), &json!(400)), "{wrong}");
        }
        client.socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
        assert_eq!(client.problem().await["code"], "malformed");
        let many = vec![json!({"at_ms": 0, "lat": 0, "lng": 0}); 101];
        client.send(json!({"type": "fixes", "fixes": many})).await;
        assert!(client.problem().await["detail"].as_str().unwrap().contains("at most 100"));
        client.send_raw(&fix("91")).await;
        let taken = client.until("fixes_taken").await;
        assert_eq!(taken["refused"][0]["reason"], "out_of_range", "a number, but no place");
        client.fixes(None, &[(crate::dispatches::scene(), T0.0)]).await;
        client.settled().await;
        let position = site.engine.unit(&Scope::system(), unit).await.unwrap().1.unwrap();
        assert_eq!(position.fix.unwrap().place, crate::dispatches::scene(), "the session went on");
        site.stop().await;
    }

    async fn too_much_that_is_not_understood_closes(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let who = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let mut client = site.open(&who, device()).await;
        for _ in 0..20 {
            client.send_raw("?").await;
            client.problem().await;
        }
        site.pass(60_000);
        for _ in 0..20 {
            client.send_raw("?").await;
            client.problem().await;
        }
        client.send_raw("?").await;
        assert_eq!(client.closed().await, 4501, "21 in a minute");
        site.until_sessions(0).await;
        site.stop().await;
    }

    async fn a_frame_that_is_too_big_closes_whole_or_in_parts_or_only_announced(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let who = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let mut fits = site.open(&who, device()).await;
        fits.send_raw(&" ".repeat(16 * 1024)).await;
        fits.problem().await;
        let mut whole = site.open(&who, device()).await;
        whole.send_raw(&" ".repeat(16 * 1024 + 1)).await;
        assert_eq!(whole.closed().await, 1009);
        let mut parts = site.open(&who, device()).await;
        for n in 0..3 {
            let code = OpCode::Data(if n == 0 { Data::Text } else { Data::Continue });
            parts.socket.send(Message::Frame(Frame::message(vec![b' '; 6_000], code, false))).await.unwrap();
        }
        assert_eq!(parts.closed().await, 1009);
        let mut giant = site.open(&who, device()).await;
        let mut header = vec![0x81, 0xff];
        header.extend((1_u64 << 40).to_be_bytes());
        header.extend([0; 4]);
        giant.socket.get_mut().write_all(&header).await.unwrap();
        assert_eq!(giant.closed().await, 1009);
        fits.settled().await;
        site.until_sessions(1).await;
        site.stop().await;
    }

    async fn a_newer_session_of_a_device_replaces_the_older(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let who = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let (desk, other) = (device(), device());
        let mut older = site.open(&who, desk).await;
        let mut beside = site.open(&who, other).await;
        let mut newer = site.open(&who, desk).await;
        assert_eq!(older.closed().await, 4502);
        newer.settled().await;
        beside.settled().await;
        assert_eq!(site.hub.sessions().count(), 2);
        site.stop().await;
    }

    async fn whoever_says_nothing_is_given_up(db: Db) {
        let site = Site::start(&db, Settings { heartbeat_ms: 200, ..Settings::default() }).await;
        let who = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let mut answers = site.open(&who, device()).await;
        // A client answers pings only while it reads.
        let mut silent = site.open(&who, device()).await;
        for _ in 0..10 {
            answers.until("heartbeat").await;
        }
        site.until_sessions(1).await;
        let mut rest = Vec::new();
        silent.socket.get_mut().read_to_end(&mut rest).await.unwrap();
        let farewell = [&4001_u16.to_be_bytes()[..], Close::NoPong.reason().as_bytes()].concat();
        assert!(rest.ends_with(&farewell), "it ends in {:?}", String::from_utf8_lossy(&rest));
        answers.settled().await;
        site.stop().await;
    }

    async fn a_drain_closes_all_and_lets_nobody_in(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let who = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(site.open(&who, device()).await);
        }
        let draining = site.hub.sessions().drain(Duration::from_secs(5));
        let (left, ()) = tokio::join!(draining, async {
            for client in &mut clients {
                assert_eq!(client.closed().await, 4000);
            }
        });
        assert_eq!(left, 0);
        let late = format!("sigap.v1, ticket.{}", site.ticket(&who, device()).await);
        assert_eq!(site.refused(&late).await, 4000);
        site.stop().await;
    }

    async fn a_revoked_account_is_shut_out_at_once(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let one = person(&site.store, "one", "BPN", Role::Dispatcher).await;
        let other = person(&site.store, "other", "BPN", Role::Dispatcher).await;
        let (mut a, mut b) = (site.open(&one, device()).await, site.open(&other, device()).await);
        assert_eq!(site.hub.sessions().revoke(one.account().unwrap()), 1);
        assert_eq!(a.closed().await, 4503);
        b.settled().await;
        site.stop().await;
    }

    async fn pings_of_a_client_are_answered(db: Db) {
        use futures_util::StreamExt;
        let site = Site::start(&db, Settings::default()).await;
        let who = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let mut client = site.open(&who, device()).await;
        client.socket.send(Message::Ping(vec![7, 8].into())).await.unwrap();
        assert_eq!(client.socket.next().await.unwrap().unwrap(), Message::Pong(vec![7, 8].into()));
        client.socket.close(None).await.unwrap();
        site.until_sessions(0).await;
        site.stop().await;
    }
}

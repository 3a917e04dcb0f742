//! Clients that do not read, or not fast enough: they go, and the others do not notice.

use super::{on_sqlite, site::*};
use crate::{dispatches::scene, harness::*};
use serde_json::{Value, json};
use sigap::{
    domain::{access::*, ids::UnitId},
    ws::{Close, Settings},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// A frame as a client sends it, masked with zeros.
fn masked(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

/// Opens a socket by hand, with a small window, asks for positions, and reads no more.
async fn mute(site: &Site, who: &Scope) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut tcp = socket.connect(site.address).await.unwrap();
    let ticket = site.ticket(who, device()).await;
    let head = format!(
        "GET /api/v1/ws HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sigap.v1, ticket.{ticket}\r\n\r\n"
    );
    tcp.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    tcp.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 101");
    tcp.write_all(&masked(&json!({"type": "view", "area": "BPN"}).to_string())).await.unwrap();
    tcp
}

/// Moves all units again and again until told to stop.
async fn keep_moving(site: &Site, all: &[UnitId], stop: &AtomicBool) {
    let mut streams = Vec::new();
    for unit in all {
        streams.push(site.engine.stream(*unit, device()).await);
    }
    let mut metres = 0.0;
    while !stop.load(Ordering::SeqCst) {
        site.pass(1_000);
        metres += 5.0;
        let now = site.now();
        for stream in &mut streams {
            stream.take(None, &[raw_fix(scene().moved(45.0, metres), now.0)], now);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn fleet(site: &Site) -> Vec<UnitId> {
    let names: Vec<String> = (1..=200).map(|n| format!("BPN-M{n}")).collect();
    units(&site.store, &names.iter().map(String::as_str).collect::<Vec<_>>()).await
}

on_sqlite! {
    async fn a_client_that_never_reads_is_gone_within_ten_seconds_and_others_do_not_notice(db: Db) {
        let site = Arc::new(Site::start(&db, Settings { positions_ms: 20, ..Settings::default() }).await);
        let all = fleet(&site).await;
        let desk = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let mut reader = site.open(&desk, device()).await;
        reader.send(json!({"type": "view", "area": "BPN"})).await;
        let mut muted = mute(&site, &desk).await;
        site.until_sessions(2).await;
        let began = Instant::now();
        let stop = AtomicBool::new(false);
        let mut worst_gap = Duration::ZERO;
        let watch = async {
            let mut last = Instant::now();
            while site.hub.sessions().count() > 1 {
                reader.until("positions").await;
                worst_gap = worst_gap.max(last.elapsed());
                last = Instant::now();
                assert!(began.elapsed() < Duration::from_secs(10), "the session is still there");
            }
            // Forgotten; and the connection itself is gone: what is written to it comes back as an error.
            while muted.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.is_ok() {
                reader.until("positions").await;
                assert!(began.elapsed() < Duration::from_secs(10), "the connection is still there");
            }
            stop.store(true, Ordering::SeqCst);
        };
        tokio::join!(watch, keep_moving(&site, &all, &stop));
        assert!(worst_gap < Duration::from_secs(2), "others waited {worst_gap:?}");
        println!("gone after {:?}; the other's worst gap {worst_gap:?}", began.elapsed());
        reader.settled().await;
    }

    async fn who_reads_too_slowly_is_told_so(db: Db) {
        let settings = Settings { positions_ms: 20, write_ms: 500, ..Settings::default() };
        let site = Arc::new(Site::start(&db, settings).await);
        let all = fleet(&site).await;
        let desk = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let mut muted = mute(&site, &desk).await;
        site.until_sessions(1).await;
        let stop = AtomicBool::new(false);
        let watch = async {
            site.until_sessions(0).await;
            stop.store(true, Ordering::SeqCst);
        };
        tokio::join!(watch, keep_moving(&site, &all, &stop));
        // It reads again, while the server still tries to say farewell.
        let mut rest = Vec::new();
        muted.read_to_end(&mut rest).await.unwrap();
        let farewell = [&4002_u16.to_be_bytes()[..], Close::TooSlow.reason().as_bytes()].concat();
        assert!(rest.ends_with(&farewell), "it ends in {:?}", String::from_utf8_lossy(&rest[rest.len().saturating_sub(80)..]));
        assert_eq!(site.hub.counts().closed(Close::TooSlow), 1);
    }

    async fn a_thousand_events_reach_a_slow_reader_in_order(db: Db) {
        let site = Site::start(&db, Settings::default()).await;
        let (unit, ..) = crewed(&site.store, "BPN-M1", site.now()).await;
        let desk = person(&site.store, "desk", "BPN", Role::Dispatcher).await;
        let mut console = site.open(&desk, device()).await;
        console.subscribe("BPN", None).await;
        let mut cursor = console.until("reset").await["cursor"].clone();
        for _ in 0..1_000 {
            site.toggle(unit).await;
        }
        for _ in 0..1_000 {
            let event: Value = console.until("event").await;
            assert_eq!(event["prev"], cursor, "a gap");
            cursor = event["seq"].clone();
        }
        site.stop().await;
    }
}

//! Bytes that a console hears while a thousand units move once a second and the whole city is in its view, counted on its
//! socket, with everything else that comes: heartbeats, pings, frames' heads. Beside it the same moves as an integrator
//! would write them, a JSON object per unit and second, without anything around it.

use super::{
    city::City,
    common::{Better, Summary},
    database::{Database, Kind},
    phone::{self, Phones},
    process::{SERVER, Server},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sigap::{
    app::Clock,
    domain::{gazetteer::balikpapan, place::Place},
    wire::{
        frames::{ClientFrame, PROTOCOL, PositionFrame},
        packed::Unpacker,
    },
};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{ClientRequestBuilder, Message},
};

const UNITS: u16 = 1_000;
const EVERY: Duration = Duration::from_secs(1);
/// Until everybody has been told of, and has moved.
const WARM_UP: Duration = Duration::from_secs(5);
const RUN: Duration = Duration::from_secs(30);
const OPENING: Duration = Duration::from_secs(10);

pub async fn run(summary: &mut Summary) {
    let database = Database::create(Kind::Sqlite).await;
    let city = City::build(&database, UNITS).await;
    let (seats, (_, desk)) = (city.crew().await, city.tokens().await);
    city.leave().await;
    let server = Server::sigap(&database, Some(SERVER)).await;
    let mut sockets = Vec::new();
    for seat in &seats {
        sockets.push(phone::open(server.port, Some(&seat.ticket)).await);
    }
    let mut phones = Phones::drive(sockets, EVERY, u64::MAX, Clock::start());
    let packed = measure(&server, &phones, &desk, true).await;
    let texts = measure(&server, &phones, &desk, false).await;
    phones.are_well();
    let share = |heard: &Heard| heard.bytes / heard.naive_bytes * 100.0;
    for (name, heard) in [("packed", &packed), ("texts", &texts)] {
        println!(
            "console_bytes: {name}: {:.0} B/s on the socket, {:.0} B/s as naive JSON ({:.1} B each): {:.2} %; {:.0} positions/s of {:.0} fixes/s",
            heard.bytes,
            heard.naive_bytes,
            heard.naive_bytes / heard.fixes,
            share(heard),
            heard.positions,
            heard.fixes
        );
        assert!(
            heard.positions >= 0.97 * heard.fixes,
            "{name}: moves are left out: {} of {}",
            heard.positions,
            heard.fixes
        );
    }
    summary.add_beside(
        "console_bytes_per_unit_s",
        packed.bytes / f64::from(UNITS),
        "B",
        packed.naive_bytes / f64::from(UNITS),
        Better::Lower,
    );
    summary.add("console_bytes_of_naive", share(&packed), "%");
    drop((phones, server));
    database.remove().await;
}

/// What came in a second.
struct Heard {
    bytes: f64,
    positions: f64,
    fixes: f64,
    naive_bytes: f64,
}

async fn measure(server: &Server, phones: &Phones, token: &str, packed: bool) -> Heard {
    let area = balikpapan::area().code;
    let (mut socket, bytes) = open(server.port, token).await;
    for frame in [
        ClientFrame::Subscribe { areas: [(area, None)].into() },
        ClientFrame::View { area, bounds: None, on: true, packed },
    ] {
        let text = serde_json::to_string(&frame).expect("a frame is JSON");
        socket.send(Message::text(text)).await.expect("the server reads");
    }
    let mut unpacker = Unpacker::default();
    listen(&mut socket, &mut unpacker, Instant::now() + WARM_UP).await;
    let (before, sent, begun) = (bytes.load(Relaxed), phones.sent(), Instant::now());
    let (positions, texts) = listen(&mut socket, &mut unpacker, begun + RUN).await;
    let seconds = begun.elapsed().as_secs_f64();
    let fixes = (phones.sent() - sent) as f64 / seconds;
    let each = texts as f64 / positions as f64;
    Heard {
        bytes: (bytes.load(Relaxed) - before) as f64 / seconds,
        positions: positions as f64 / seconds,
        fixes,
        naive_bytes: each * fixes,
    }
}

/// How many positions came until then, and how many bytes they are as naive JSON.
async fn listen(socket: &mut Console, unpacker: &mut Unpacker, until: Instant) -> (u64, u64) {
    let (mut positions, mut texts) = (0, 0);
    loop {
        let message = tokio::select! {
            message = socket.next() => message.expect("the server stays").expect("the server stays"),
            () = sleep_until(until) => return (positions, texts),
        };
        let units: Vec<PositionFrame> = match message {
            Message::Binary(bytes) => unpacker.unpack(&bytes).expect("it is packed").1,
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(&text).expect("a frame is JSON");
                // A console that says nothing is given up.
                if frame["type"] == "heartbeat" {
                    socket.send(Message::Pong(Default::default())).await.expect("the server reads");
                }
                if frame["type"] != "positions" {
                    continue;
                }
                serde_json::from_value(frame["units"].clone()).expect("positions")
            }
            Message::Close(close) => panic!("closed: {close:?}"),
            _ => continue,
        };
        // Whoever has not been heard of yet has no place.
        let placed = || units.iter().filter_map(|unit| Some((unit, unit.place?)));
        positions += placed().count() as u64;
        texts += placed().map(naive).map(|text| text.len() as u64).sum::<u64>();
    }
}

/// A move as an integrator would write it.
fn naive((unit, place): (&PositionFrame, Place)) -> String {
    let round = |n: f64, digits: f64| (n * digits).round() / digits;
    json!({
        "unit": unit.unit,
        "lat": round(place.lat(), 1e6),
        "lng": round(place.lng(), 1e6),
        "speed": unit.speed_mps.map(|mps| round(f64::from(mps), 10.0)),
        "heading": unit.heading_deg.map(|deg| round(f64::from(deg), 10.0)),
        "at_ms": unit.at,
        "status": unit.availability,
    })
    .to_string()
}

type Console = WebSocketStream<Counted>;

async fn open(port: u16, token: &str) -> (Console, Arc<AtomicU64>) {
    let asked = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/api/v1/ws-ticket"))
        .bearer_auth(token)
        .json(&json!({ "device": sigap::domain::ids::DeviceId::random() }));
    let answer: Value = asked.send().await.expect("an answer").json().await.expect("a ticket");
    let ticket = answer["ticket"].as_str().unwrap_or_else(|| panic!("no ticket: {answer}"));
    let url = format!("ws://127.0.0.1:{port}/api/v1/ws").parse().expect("an address");
    let request =
        ClientRequestBuilder::new(url).with_sub_protocol(PROTOCOL).with_sub_protocol(format!("ticket.{ticket}"));
    let bytes = Arc::<AtomicU64>::default();
    let tcp = TcpStream::connect(("127.0.0.1", port)).await.expect("the server accepts");
    let counted = Counted { tcp, bytes: Arc::clone(&bytes) };
    let (socket, _) =
        timeout(OPENING, client_async(request, counted)).await.expect("in time").expect("the server upgrades");
    (socket, bytes)
}

/// A connection that counts what it hears.
struct Counted {
    tcp: TcpStream,
    bytes: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.tcp).poll_read(cx, buffer);
        self.bytes.fetch_add((buffer.filled().len() - before) as u64, Relaxed);
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

//! Phones that do nothing but send fixes: a socket each, a fix at a time, at a steady rate.

use futures_util::{SinkExt, StreamExt};
use sigap::{
    app::Clock,
    domain::{gazetteer::balikpapan, time::UnixMs},
    wire::frames::{ClientFrame, FixFrame, PROTOCOL},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{ClientRequestBuilder, Message, protocol::WebSocketConfig},
};

/// Buffers are kept small: thousands of phones live in one process.
const BUFFER_BYTES: usize = 2 * 1024;
/// How fast everybody drives, metres per second.
const SPEED_MPS: f64 = 10.0;
/// Metres in a degree of latitude.
const DEGREE_M: f64 = 111_195.0;

/// An open socket.
pub type Socket = WebSocketStream<TcpStream>;

/// Opens a socket, with a ticket where the server wants one.
pub async fn open(port: u16, ticket: Option<&str>) -> Socket {
    let url = format!("ws://127.0.0.1:{port}/api/v1/ws").parse().expect("an address");
    let mut request = ClientRequestBuilder::new(url);
    if let Some(ticket) = ticket {
        request = request.with_sub_protocol(PROTOCOL).with_sub_protocol(format!("ticket.{ticket}"));
    }
    let tcp = TcpStream::connect(("127.0.0.1", port)).await.expect("the server accepts");
    tcp.set_nodelay(true).expect("a fresh socket takes options");
    let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(0);
    let (mut socket, _) = client_async_with_config(request, tcp, Some(config)).await.expect("the server upgrades");
    if ticket.is_some() {
        let hello = socket.next().await.expect("a first frame").expect("a first frame");
        assert!(hello.to_text().is_ok_and(|text| text.contains("\"hello\"")), "not let in: {hello:?}");
    }
    socket
}

/// One phone's fix of this moment, as the frame that carries it.
fn frame(phone: usize, nth: u64, every: Duration, at: UnixMs) -> String {
    let centre = balikpapan::area().centre;
    // A grid of starting places some hundred metres apart; everybody drives north and back, 200 fixes each way.
    let (row, column) = ((phone / 40) as f64, (phone % 40) as f64);
    let (turn, along) = (nth / 200 % 2, (nth % 200) as f64);
    let steps = if turn == 0 { along } else { 200.0 - along };
    let north_m = steps * SPEED_MPS * every.as_secs_f64();
    let fix = FixFrame {
        at_ms: at.0,
        lat: ((centre.lat() + row * 0.001 + north_m / DEGREE_M) * 1e7).round() / 1e7,
        lng: ((centre.lng() + column * 0.001) * 1e7).round() / 1e7,
        accuracy_m: Some(4.5),
        speed_mps: Some(SPEED_MPS),
        heading_deg: Some(if turn == 0 { 0.0 } else { 180.0 }),
        battery_pct: None,
        mock: false,
        backlog: false,
    };
    let frame = ClientFrame::Fixes { sent_ms: Some(at.0), fixes: vec![fix] };
    serde_json::to_string(&frame).expect("a frame is JSON")
}

/// Phones under way; dropping them hangs up.
pub struct Phones {
    tasks: JoinSet<()>,
    sent: Arc<AtomicU64>,
    heard: Arc<AtomicU64>,
}

impl Phones {
    /// Sets phones off, each with a fix every so often, spread over that time; `most` fixes each, and from then on only
    /// what comes is read and pings are answered.
    pub fn drive(sockets: Vec<Socket>, every: Duration, most: u64, clock: Clock) -> Self {
        let (sent, heard) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (mut tasks, begin, count) = (JoinSet::new(), Instant::now(), sockets.len() as u32);
        for (phone, mut socket) in sockets.into_iter().enumerate() {
            let (sent, heard) = (Arc::clone(&sent), Arc::clone(&heard));
            tasks.spawn(async move {
                let mut ticks = tokio::time::interval_at(begin + every * (phone as u32) / count, every);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                let mut nth = 0;
                loop {
                    tokio::select! {
                        message = socket.next() => match message {
                            Some(Ok(Message::Text(_))) => drop(heard.fetch_add(1, Relaxed)),
                            Some(Ok(Message::Close(close))) => panic!("closed: {close:?}"),
                            Some(Ok(_)) => {}
                            other => panic!("lost: {other:?}"),
                        },
                        _ = ticks.tick(), if nth < most => {
                            let text = frame(phone, nth, every, clock.now());
                            socket.send(Message::text(text)).await.expect("the server reads");
                            nth += 1;
                            sent.fetch_add(1, Relaxed);
                        }
                    }
                }
            });
        }
        Self { tasks, sent, heard }
    }

    /// Fixes sent so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// Texts that came so far.
    pub fn heard(&self) -> u64 {
        self.heard.load(Relaxed)
    }

    /// Complains of a phone that fell.
    pub fn are_well(&mut self) {
        if let Some(ended) = self.tasks.try_join_next() {
            panic!("a phone fell: {ended:?}");
        }
    }
}

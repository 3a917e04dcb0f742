//! A server of sockets on a port of its own, and clients that speak `sigap.v1`.

use crate::harness::*;
use actix_web::{App, HttpServer, dev::ServerHandle, rt::System};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sigap::{
    domain::{access::*, fix::RawFix, ids::*, place::Place, time::UnixMs},
    engine::{Engine, Settings as EngineSettings},
    live::Live,
    live::bus::{Bus, Ear},
    road::Road,
    store::Store,
    ws::{self, Hub, Settings},
};
use std::{
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};
use tokio::{net::TcpStream, runtime::Handle, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        handshake::client::Response,
        http::{HeaderValue, Request},
    },
};

/// Longer than anything that a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A small world behind real sockets, whose clock the test turns.
pub struct Site {
    pub store: Store,
    pub engine: Engine,
    pub hub: Arc<Hub>,
    pub address: SocketAddr,
    clock: Arc<AtomicI64>,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    pub async fn start(db: &Db, settings: Settings) -> Self {
        let store = db.open().await;
        areas(&store).await;
        let clock = Arc::new(AtomicI64::new(T0.0));
        let hand = Arc::clone(&clock);
        let now = Arc::new(move || UnixMs(hand.load(Ordering::SeqCst)));
        let parts = (store.clone(), Live::memory(), Road::default(), EngineSettings::default());
        let (engine, conductor) =
            Engine::start(parts.0, parts.1, (Bus::Local, Ear::deaf()), parts.2, parts.3, now, Handle::current())
                .await
                .unwrap();
        let hub = Hub::new(engine.clone(), settings);
        tokio::spawn(conductor.run());
        tokio::spawn(Arc::clone(&hub).follow());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let sockets = Arc::clone(&hub);
        let thread = std::thread::spawn(move || {
            System::new().block_on(async move {
                let server = HttpServer::new(move || App::new().configure(ws::configure(&sockets)))
                    .on_connect(|io, _| ws::tune_socket(io))
                    .workers(1)
                    .disable_signals()
                    .listen(listener)
                    .unwrap()
                    .run();
                tell.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let server = told.recv().unwrap();
        Self { store, engine, hub, address, clock, server, thread: Some(thread) }
    }

    pub async fn stop(mut self) {
        self.server.stop(false).await;
        let thread = self.thread.take().unwrap();
        tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap();
    }

    pub fn pass(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn now(&self) -> UnixMs {
        self.engine.now()
    }

    pub async fn ticket(&self, who: &Scope, device: DeviceId) -> String {
        self.engine.auth().ticket(who.account().unwrap(), device, self.now()).await.unwrap()
    }

    pub fn request(&self, protocols: &str) -> Request<()> {
        let mut request = format!("ws://{}/api/v1/ws", self.address).into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_str(protocols).unwrap());
        request
    }

    pub async fn handshake(&self, request: Request<()>) -> (Client, Response) {
        let tcp = TcpStream::connect(self.address).await.unwrap();
        let (socket, response) = client_async(request, tcp).await.unwrap();
        (Client { socket, hello: Value::Null }, response)
    }

    /// Opens a socket with a fresh ticket and reads its `hello`.
    pub async fn open(&self, who: &Scope, device: DeviceId) -> Client {
        let request = self.request(&format!("sigap.v1, ticket.{}", self.ticket(who, device).await));
        let (mut client, _) = self.handshake(request).await;
        client.hello = client.until("hello").await;
        client
    }

    /// Opens a socket with these subprotocols and gives the code that it is closed with.
    pub async fn refused(&self, protocols: &str) -> u16 {
        self.handshake(self.request(protocols)).await.0.closed().await
    }

    /// Waits until as many devices have a session.
    pub async fn until_sessions(&self, count: usize) {
        until("the number of sessions", || self.hub.sessions().count() == count).await;
    }

    /// Turns out-of-service on or off: an event that the unit's crew sees.
    pub async fn toggle(&self, unit: UnitId) {
        use sigap::domain::unit::Duty;
        let duty = self.store.unit(&Scope::system(), unit).await.unwrap().unwrap().duty;
        let to = if duty == Duty::On { Duty::OutOfService } else { Duty::On };
        let cause = Cause::system(self.now());
        self.engine.set_duty(&cause, unit, to, Some("fuel".to_owned())).await.unwrap();
    }

    /// Puts a unit somewhere, as its phone would.
    pub async fn put(&self, unit: UnitId, place: Place) {
        let raw = raw_fix(place, self.now().0);
        let taken = self.engine.stream(unit, device()).await.take(None, &[raw], self.now());
        assert_eq!(taken.kept, 1, "{taken:?}");
    }
}

pub fn raw_fix(place: Place, device_ms: i64) -> RawFix {
    RawFix {
        lat: place.lat(),
        lng: place.lng(),
        device_ms,
        accuracy_m: Some(8.0),
        speed_mps: None,
        heading_deg: None,
        battery_pct: None,
        mock: false,
        backlog: false,
    }
}

/// Waits for a condition.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

/// A client that speaks the protocol.
pub struct Client {
    pub socket: WebSocketStream<TcpStream>,
    pub hello: Value,
}

impl Client {
    pub async fn send(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub async fn send_raw(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next frame, or the code of the close.
    pub async fn next(&mut self) -> Result<Value, u16> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("nothing comes").expect("no close frame") {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The next binary frame.
    pub async fn packed(&mut self) -> Vec<u8> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("nothing comes").expect("no close frame") {
                Ok(Message::Binary(bytes)) => return bytes.to_vec(),
                Ok(Message::Close(frame)) => panic!("closed: {frame:?}"),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The next frame of this type; others before it are let go.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap_or_else(|code| panic!("closed with {code} before {kind}"));
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The next event of this kind.
    pub async fn event(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.until("event").await;
            if frame["event"]["kind"] == kind {
                return frame;
            }
        }
    }

    pub async fn problem(&mut self) -> Value {
        self.until("problem").await["problem"].clone()
    }

    /// Reads until the server closes.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    pub async fn subscribe(&mut self, area: &str, since: Option<i64>) {
        self.send(json!({"type": "subscribe", "areas": {area: since}})).await;
    }

    /// Sends fixes, each `(place, made at)` by the phone's clock.
    pub async fn fixes(&mut self, sent_ms: Option<i64>, fixes: &[(Place, i64)]) {
        let fixes: Vec<Value> = fixes
            .iter()
            .map(|(place, at)| json!({"at_ms": at, "lat": place.lat(), "lng": place.lng(), "accuracy_m": 8.0}))
            .collect();
        let mut frame = json!({"type": "fixes", "fixes": fixes});
        if let Some(sent_ms) = sent_ms {
            frame["sent_ms"] = json!(sent_ms);
        }
        self.send(frame).await;
    }

    /// Waits until the server has read everything that was sent before.
    pub async fn settled(&mut self) {
        self.send_raw("{}").await;
        self.problem().await;
    }
}

//! The API over a real port, on a clock that the test turns.

mod access;
mod aml;
mod bad_input;
mod coverage;
mod operations;
mod outlines;
mod screens;
mod spec;
mod trackers;
mod work;

use crate::harness::*;
use actix_web::{App, HttpServer, web};
use reqwest::{Client, Method, header::HeaderMap};
use serde_json::{Value, json};
use sigap::{
    domain::{access::*, fix::RawFix, ids::*, place::Place, time::UnixMs},
    engine::{self, Engine},
    http::{self, Gauge, HttpState},
    live::Live,
    live::bus::{Bus, Ear},
    road::Road,
    store::Store,
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tokio::runtime::Handle;

pub const PASSWORD: &str = "correct horse battery";

/// A server on a port of its own.
pub struct Served {
    pub store: Store,
    pub engine: Engine,
    pub state: web::Data<HttpState>,
    pub url: String,
    clock: Arc<AtomicI64>,
    client: Client,
}

/// What came back.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e} in {:?}", self.text))
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem of an answer with this status and code.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json", "{body}");
        assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!(status)), "{body}");
        body
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

impl Served {
    /// The small world behind a server: ID > KALTIM > BPN and SMD.
    pub async fn start(db: &Db) -> Self {
        Self::start_with(db, http::Settings::default()).await
    }

    pub async fn start_with(db: &Db, settings: http::Settings) -> Self {
        Self::start_as(db, settings, None).await
    }

    /// With a gateway that knows this secret.
    pub async fn start_as(db: &Db, settings: http::Settings, aml: Option<&str>) -> Self {
        let store = db.open().await;
        areas(&store).await;
        let clock = Arc::new(AtomicI64::new(T0.0));
        let hand = Arc::clone(&clock);
        let now = Arc::new(move || UnixMs(hand.load(Ordering::SeqCst)));
        let rules = engine::Settings::default();
        let (engine, conductor) = Engine::start(
            store.clone(),
            Live::memory(),
            (Bus::Local, Ear::deaf()),
            Road::default(),
            rules,
            now,
            Handle::current(),
        )
        .await
        .unwrap();
        tokio::spawn(conductor.run());
        let sockets = Gauge {
            name: "sigap_sessions",
            help: "Open sockets.",
            kind: "gauge",
            labels: String::new(),
            read: Arc::new(|| 7),
        };
        let state = web::Data::new(HttpState::new(engine.clone(), settings, vec![sockets]).with_aml(aml));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = state.clone();
        let app = move || App::new().app_data(shared.clone()).configure(http::configure);
        tokio::spawn(HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run());
        Self { store, engine, state, url, clock, client: Client::new() }
    }

    pub fn pass(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    /// A request with exactly these bytes.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.url)).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Reply { status, headers, text: answer.text().await.unwrap() }
    }

    /// A request below the API by somebody; `Value::Null` for no body.
    pub async fn ask(&self, token: &str, method: &str, path: &str, body: Value) -> Reply {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        if !bytes.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        self.send(method, &format!("/api/v1{path}"), &headers, bytes).await
    }

    pub async fn get(&self, token: &str, path: &str) -> Reply {
        self.ask(token, "GET", path, Value::Null).await
    }

    pub async fn post(&self, token: &str, path: &str, body: Value) -> Reply {
        self.ask(token, "POST", path, body).await
    }

    /// Sets up an account that can log in.
    pub async fn account(&self, login: &str, grants: &[(Role, &str)]) {
        let grants = grants.iter().map(|&(role, area)| Grant { area: code(area), role }).collect();
        self.engine.add_account(&system(0), login.parse().unwrap(), PASSWORD.to_owned(), grants).await.unwrap();
    }

    pub async fn log_in(&self, login: &str) -> Value {
        self.post("", "/auth/login", json!({ "login": login, "password": PASSWORD })).await.expect(200)
    }

    /// An access token of a new account with one role.
    pub async fn token(&self, role: Role, area: &str) -> String {
        let login = format!("{role}.{}.{}", area.to_lowercase(), AccountId::random().0.simple());
        self.account(&login, &[(role, area)]).await;
        self.log_in(&login).await["access_token"].as_str().unwrap().to_owned()
    }

    /// A motorcycle on duty whose phone has just sent a fix: unit, the officer's token, the phone.
    pub async fn patrol(&self, sign: &str, place: Place) -> (String, String, DeviceId) {
        let admin = self.token(Role::Admin, "BPN").await;
        self.post(&admin, "/areas/BPN/units", json!({ "sign": sign, "kind": "motorcycle" })).await.expect(201);
        let (unit, officer, phone) = (format!("BPN-{sign}"), self.token(Role::Officer, "BPN").await, device());
        self.post(&officer, &format!("/units/{unit}/sign-on"), json!({ "device": phone })).await.expect(200);
        self.fix(unit.parse().unwrap(), phone, place).await;
        (unit, officer, phone)
    }

    pub async fn fix(&self, unit: UnitId, phone: DeviceId, place: Place) {
        let raw = RawFix {
            lat: place.lat(),
            lng: place.lng(),
            device_ms: self.engine.now().0,
            accuracy_m: Some(8.0),
            speed_mps: None,
            heading_deg: None,
            battery_pct: Some(80.0),
            mock: false,
            backlog: false,
        };
        let taken = self.engine.stream(unit, phone).await.take(None, &[raw], self.engine.now());
        assert_eq!(taken.kept, 1, "{taken:?}");
    }

    /// Asks until the answer is as wanted.
    pub async fn until(&self, token: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..400 {
            let body = self.get(token, path).await.expect(200);
            if wanted(&body) {
                return body;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("{path} never was as wanted: {}", self.get(token, path).await.text);
    }
}

/// A place in the middle of Balikpapan.
pub fn scene() -> Place {
    Place::new(-1.268, 116.832).unwrap()
}

/// A place in the strait, in no city.
pub fn at_sea() -> Place {
    Place::new(-1.30, 117.30).unwrap()
}

/// A valid call about `place`.
pub fn report(place: Place) -> Value {
    json!({
        "command_id": CommandId::random(), "channel": "call", "kind": "traffic_accident", "priority": "P1",
        "valid": true, "place": place, "caller_number": "+62 811-000-001", "caller_name": "Caller", "text": "two cars",
    })
}

/// Runs each on both engines.
#[macro_export]
macro_rules! served_on_both {
    ($($(#[$meta:meta])* async fn $name:ident($served:ident: Served) $body:block)*) => {
        $crate::on_both! { $(
            $(#[$meta])*
            async fn $name(db: Db) {
                let $served = $crate::http::Served::start(&db).await;
                $body
            }
        )* }
    };
}

/// Runs each on SQLite: what lies below is tested on both engines by itself.
#[macro_export]
macro_rules! served {
    ($($(#[$meta:meta])* async fn $name:ident($served:ident: Served) $body:block)*) => { $(
        $(#[$meta])*
        #[test]
        fn $name() {
            async fn test(db: $crate::harness::Db) {
                let $served = $crate::http::Served::start(&db).await;
                $body
            }
            $crate::harness::run($crate::harness::Engine::Sqlite, test);
        }
    )* };
}

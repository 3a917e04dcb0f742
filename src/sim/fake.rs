//! A server of a few routes that plays its part from a script, so that the clients of this room are tried over real
//! sockets without the real one.

use super::script;
use crate::{
    domain::ids::{CommandId, DispatchId},
    wire::frames::{ClientFrame, PROTOCOL, ServerFrame},
};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use actix_ws::{AggregatedMessage, CloseCode, CloseReason};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// What the server saw, and what it is to do.
#[derive(Default)]
pub struct Seen {
    /// Logins by password.
    pub logins: u32,
    /// Refreshes.
    pub refreshes: u32,
    /// Units signed on to, by path.
    pub sign_ons: Vec<String>,
    /// Units signed off from.
    pub sign_offs: u32,
    /// Sockets that were opened with a good ticket.
    pub sockets: u32,
    /// The subscriptions, as sent.
    pub subscriptions: Vec<Value>,
    /// Fixes, backlog included.
    pub fixes: usize,
    /// Offers acknowledged.
    pub delivered: Vec<DispatchId>,
    /// Steps, in their order.
    pub steps: Vec<String>,
    /// Close codes to be used up: each ends a socket at its next fix.
    pub close_with: Vec<u16>,
    /// The next answers to reports get lost: the work is done, and 503 is said.
    pub lose_answers: u32,
    /// Access tokens that are not accepted any more.
    pub spent: Vec<String>,
    tickets: Vec<String>,
    reports: HashMap<CommandId, Value>,
    /// Replies and events by command.
    commands: HashMap<CommandId, ()>,
    seq: i64,
    dispatches: i64,
    socket: Option<actix_ws::Session>,
}

type Shared = web::Data<Mutex<Seen>>;

/// A running server.
pub struct Fake {
    /// As clients want it.
    pub base_url: String,
    seen: Shared,
    handle: ServerHandle,
}

impl Fake {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let seen = Shared::new(Mutex::new(Seen { seq: 5, ..Seen::default() }));
        let shared = seen.clone();
        let server = HttpServer::new(move || {
            let api = web::scope("/api/v1")
                .route("/auth/login", web::post().to(login))
                .route("/auth/refresh", web::post().to(refresh))
                .route("/ws-ticket", web::post().to(ticket))
                .route("/units/{unit}/sign-on", web::post().to(sign_on))
                .route("/units/{unit}/sign-off", web::post().to(sign_off))
                .route("/reports", web::post().to(report))
                .route("/ws", web::get().to(open));
            App::new().app_data(shared.clone()).service(api)
        });
        let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let base_url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { base_url, seen, handle }
    }

    /// Looks at what was seen, or changes what is to be done.
    pub fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap())
    }

    /// Stops.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

fn tokens(no: u32) -> HttpResponse {
    HttpResponse::Ok().json(json!({"access_token": format!("access{no}"), "refresh_token": format!("refresh{no}")}))
}

fn problem(status: u16, code: &str) -> HttpResponse {
    let body = json!({"code": code, "status": status, "title": code, "detail": code});
    HttpResponse::build(status.try_into().unwrap()).json(body)
}

async fn login(seen: Shared, body: web::Json<Value>) -> HttpResponse {
    if body["password"] != "correct" {
        return problem(401, "unauthenticated");
    }
    let mut seen = seen.lock().unwrap();
    seen.logins += 1;
    tokens(seen.logins + seen.refreshes)
}

async fn refresh(seen: Shared, body: web::Json<Value>) -> HttpResponse {
    let mut seen = seen.lock().unwrap();
    if body["refresh_token"] != format!("refresh{}", seen.logins + seen.refreshes) {
        return problem(401, "unauthenticated");
    }
    seen.refreshes += 1;
    tokens(seen.logins + seen.refreshes)
}

fn is_in(seen: &Seen, request: &HttpRequest) -> bool {
    let token = request.headers().get("authorization").and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    token.is_some_and(|token| !seen.spent.iter().any(|s| s == token))
}

async fn ticket(seen: Shared, request: HttpRequest, _: web::Json<Value>) -> HttpResponse {
    let mut seen = seen.lock().unwrap();
    if !is_in(&seen, &request) {
        return problem(401, "unauthenticated");
    }
    let ticket = format!("t{}", seen.tickets.len() as u32 + seen.sockets);
    seen.tickets.push(ticket.clone());
    HttpResponse::Created().json(json!({"ticket": ticket}))
}

async fn sign_on(seen: Shared, unit: web::Path<String>, body: web::Json<Value>) -> HttpResponse {
    assert_eq!(body["position_source"], true);
    seen.lock().unwrap().sign_ons.push(unit.into_inner());
    HttpResponse::Ok().json(json!({}))
}

async fn sign_off(seen: Shared, _: web::Json<Value>) -> HttpResponse {
    seen.lock().unwrap().sign_offs += 1;
    HttpResponse::Ok().json(json!({}))
}

/// Each report opens an incident that is offered to the one unit at once.
async fn report(seen: Shared, body: web::Json<Value>) -> HttpResponse {
    let id: CommandId = body["command_id"].as_str().unwrap().parse().unwrap();
    let (answer, offer) = {
        let mut seen = seen.lock().unwrap();
        let seen = &mut *seen;
        let mut offer = None;
        let answer = seen.reports.entry(id).or_insert_with(|| {
            (seen.seq, seen.dispatches) = (seen.seq + 1, seen.dispatches + 1);
            offer = seen.socket.clone().map(|socket| (socket, script::offer(seen.seq, seen.dispatches)));
            json!({"report": {"id": format!("BPN-R{}", seen.dispatches)}, "incident": {"id": format!("BPN-{}", seen.dispatches)}})
        });
        let answer = answer.clone();
        let lost = seen.lose_answers > 0;
        seen.lose_answers = seen.lose_answers.saturating_sub(1);
        (if lost { None } else { Some(answer) }, offer)
    };
    if let Some((mut socket, offer)) = offer {
        let _ = socket.text(serde_json::to_string(&offer).unwrap()).await;
    }
    answer.map_or_else(|| problem(503, "unavailable"), |answer| HttpResponse::Created().json(answer))
}

async fn open(seen: Shared, request: HttpRequest, body: web::Payload) -> actix_web::Result<HttpResponse> {
    let offered = request.headers().get("sec-websocket-protocol").unwrap().to_str().unwrap().to_owned();
    let ticket = offered.split(',').find_map(|p| p.trim().strip_prefix("ticket.")).unwrap_or_default().to_owned();
    let (response, mut socket, stream) = actix_ws::handle_with_protocols(&request, body, &[PROTOCOL])?;
    let good = {
        let mut seen = seen.lock().unwrap();
        let at = seen.tickets.iter().position(|t| *t == ticket);
        at.map(|at| seen.tickets.remove(at)).is_some_and(|_| {
            seen.sockets += 1;
            seen.socket = Some(socket.clone());
            true
        })
    };
    actix_web::rt::spawn(async move {
        if !good {
            return close(socket, 4004).await;
        }
        let hello = json!({
            "type": "hello", "session": "s", "server_ms": 1, "heartbeat_ms": 10_000,
            "limits": {"frame_bytes": 16_384, "fixes": 100}, "unit": script::UNIT, "position_source": true, "roles": [],
        });
        let _ = socket.text(hello.to_string()).await;
        let mut stream = stream.aggregate_continuations();
        while let Some(Ok(AggregatedMessage::Text(text))) = stream.next().await {
            let (answers, end) = take(&seen, &text);
            for frame in answers {
                let _ = socket.text(serde_json::to_string(&frame).unwrap()).await;
            }
            if let Some(code) = end {
                return close(socket, code).await;
            }
        }
    });
    Ok(response)
}

async fn close(socket: actix_ws::Session, code: u16) {
    let _ = socket.close(Some(CloseReason { code: CloseCode::from(code), description: None })).await;
}

/// What a frame leads to: answers, and perhaps the end of the socket.
fn take(seen: &Shared, text: &str) -> (Vec<ServerFrame>, Option<u16>) {
    let mut seen = seen.lock().unwrap();
    let seen = &mut *seen;
    match serde_json::from_str::<ClientFrame>(text).unwrap() {
        ClientFrame::Subscribe { areas } => {
            seen.subscriptions.push(serde_json::to_value(&areas).unwrap());
            let (&area, cursor) = areas.iter().next().unwrap();
            let answer = if cursor.is_none() && seen.seq == 5 {
                script::reset(None)
            } else {
                ServerFrame::Resumed { area, cursor: seen.seq }
            };
            (vec![answer], None)
        }
        ClientFrame::Fixes { fixes, .. } => {
            seen.fixes += fixes.len();
            let end = if seen.close_with.is_empty() { None } else { Some(seen.close_with.remove(0)) };
            if end.is_some() {
                seen.socket = None;
            }
            (Vec::new(), end)
        }
        ClientFrame::Delivered { dispatch } => {
            seen.delivered.push(dispatch);
            (Vec::new(), None)
        }
        ClientFrame::Step { command_id, dispatch, to, .. } => {
            let mut answers = vec![script::reply(command_id, None)];
            if seen.commands.insert(command_id, ()).is_none() {
                seen.steps.push(to.to_string());
                seen.seq += 1;
                answers.push(script::step(seen.seq, dispatch.no, &format!("dispatch.{to}")));
            }
            (answers, None)
        }
        other => panic!("the simulated send no {other:?}"),
    }
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "{what} did not come");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// A clock for tests over real sockets.
pub fn clock() -> super::Clock {
    let start = std::time::Instant::now();
    Arc::new(move || crate::domain::time::UnixMs(1_800_000_000_000 + start.elapsed().as_millis() as i64))
}

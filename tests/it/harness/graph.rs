//! A stand-in for Meta's Graph API: it holds every request against the documented shapes, remembers what it took, and
//! fails where a test says so.

use super::PATIENCE;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// The app's secret, the token that is repeated, the token by which messages are sent, our number.
pub const APP_SECRET: &str = "the app's secret";
pub const VERIFY_TOKEN: &str = "the verify token";
pub const ACCESS_TOKEN: &str = "EAAG-the-access-token";
pub const NUMBER_ID: &str = "106540352242922";

/// How a request is failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fail {
    /// This status, with Graph's error of this code.
    Status(u16, i64),
    /// 429, to come back after so many seconds.
    TooMany { retry_after_s: u32 },
    /// The message is taken, and the answer never comes.
    Silence,
    /// The connection ends without an answer.
    Reset,
}

/// A message that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Posted {
    /// Meta's name for it.
    pub id: String,
    pub body: Value,
    pub at: Instant,
}

impl Posted {
    pub fn text(&self) -> &str {
        let body = &self.body;
        body["text"]["body"].as_str().or(body["interactive"]["body"]["text"].as_str()).unwrap()
    }

    pub fn reference(&self) -> &str {
        self.body["biz_opaque_callback_data"].as_str().unwrap()
    }
}

#[derive(Default)]
struct Book {
    failures: VecDeque<Fail>,
    posted: Vec<Posted>,
    tries: Vec<Instant>,
    /// Requests that are not as the reference says.
    wrong: Vec<String>,
    /// How long an answer takes, milliseconds.
    slow_ms: u64,
    at_once: usize,
    most_at_once: usize,
}

/// The stand-in. Dropped, it is gone.
pub struct Graph {
    pub url: String,
    book: Arc<Mutex<Book>>,
    handle: ServerHandle,
}

impl Graph {
    pub async fn start() -> Self {
        let book = Arc::new(Mutex::new(Book::default()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v23.0", listener.local_addr().unwrap());
        let shared = web::Data::from(Arc::clone(&book));
        let app = move || App::new().app_data(shared.clone()).default_service(web::to(post));
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, book, handle }
    }

    /// The next requests fail like this, in this order.
    pub fn fail(&self, failures: impl IntoIterator<Item = Fail>) {
        self.book.lock().unwrap().failures.extend(failures);
    }

    pub fn slow(&self, ms: u64) {
        self.book.lock().unwrap().slow_ms = ms;
    }

    /// What was taken. Nothing was wrong with any request.
    #[track_caller]
    pub fn posted(&self) -> Vec<Posted> {
        let book = self.book.lock().unwrap();
        assert!(book.wrong.is_empty(), "not as the reference says: {:#?}", book.wrong);
        book.posted.clone()
    }

    /// When requests came, failed ones too.
    pub fn tries(&self) -> Vec<Instant> {
        self.book.lock().unwrap().tries.clone()
    }

    pub fn most_at_once(&self) -> usize {
        self.book.lock().unwrap().most_at_once
    }

    /// Waits until so many messages were taken.
    pub async fn until(&self, count: usize) -> Vec<Posted> {
        let started = Instant::now();
        while self.posted().len() < count {
            assert!(started.elapsed() < PATIENCE, "waited in vain for {count} messages: {:#?}", self.posted());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.posted()
    }

    /// The table `[whatsapp]` for a service that speaks to this one.
    pub fn settings(&self) -> Value {
        json!({
            "api_url": self.url, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN, "access_token": ACCESS_TOKEN,
            "numbers": { NUMBER_ID: "BPN" }, "timeout_ms": 1_000,
        })
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn post(request: HttpRequest, body: web::Bytes, book: web::Data<Mutex<Book>>) -> HttpResponse {
    let (slow_ms, failure) = {
        let mut book = book.lock().unwrap();
        book.tries.push(Instant::now());
        book.at_once += 1;
        book.most_at_once = book.most_at_once.max(book.at_once);
        (book.slow_ms, book.failures.pop_front())
    };
    tokio::time::sleep(Duration::from_millis(slow_ms)).await;
    book.lock().unwrap().at_once -= 1;
    let error = |code: i64| json!({ "error": { "message": "(#1)", "type": "OAuthException", "code": code, "fbtrace_id": "A" } });
    match failure {
        Some(Fail::Status(status, code)) => {
            return HttpResponse::build(status.try_into().unwrap()).json(error(code));
        }
        Some(Fail::TooMany { retry_after_s }) => {
            return HttpResponse::TooManyRequests()
                .insert_header(("Retry-After", retry_after_s.to_string()))
                .json(error(4));
        }
        Some(Fail::Reset) => {
            // A body that ends before it began: actix closes the connection in the middle of the answer.
            let broken = futures_util::stream::once(async { Err::<web::Bytes, _>(std::io::Error::other("reset")) });
            return HttpResponse::Ok().streaming(broken);
        }
        Some(Fail::Silence) | None => {}
    }
    let id = match checked(&request, &body) {
        Err(wrong) => {
            book.lock().unwrap().wrong.push(wrong);
            return HttpResponse::BadRequest().json(error(100));
        }
        Ok(body) => {
            let mut book = book.lock().unwrap();
            let id = format!("wamid.HBgM{:08}", book.posted.len() + 1);
            book.posted.push(Posted { id: id.clone(), body, at: Instant::now() });
            id
        }
    };
    if failure == Some(Fail::Silence) {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    HttpResponse::Ok().json(json!({
        "messaging_product": "whatsapp", "contacts": [{ "input": "62", "wa_id": "62" }], "messages": [{ "id": id }],
    }))
}

/// The request as the reference has it, or what is wrong with it.
fn checked(request: &HttpRequest, body: &[u8]) -> Result<Value, String> {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let is = |what: &str, good: bool| if good { Ok(()) } else { Err(format!("{what}: {} {body}", request.path())) };
    is("method", request.method() == "POST")?;
    is("path", request.path() == format!("/v23.0/{NUMBER_ID}/messages"))?;
    is("token", header("authorization") == format!("Bearer {ACCESS_TOKEN}"))?;
    is("content type", header("content-type") == "application/json")?;
    is("product", body["messaging_product"] == "whatsapp")?;
    is("recipient type", body["recipient_type"] == "individual")?;
    let to = body["to"].as_str().unwrap_or_default();
    is("to", to.strip_prefix('+').unwrap_or(to).bytes().all(|b| b.is_ascii_digit()) && (8..=16).contains(&to.len()))?;
    let length = |text: &Value, most: usize| text.as_str().is_some_and(|t| (1..=most).contains(&t.chars().count()));
    match body["type"].as_str() {
        Some("text") => {
            is("text", length(&body["text"]["body"], 4_096))?;
            is("preview", body["text"]["preview_url"].is_boolean() && body.get("interactive").is_none())?;
        }
        Some("interactive") => {
            let part = &body["interactive"];
            is("kind", part["type"] == "location_request_message" && body.get("text").is_none())?;
            is("text", length(&part["body"]["text"], 1_024))?;
            is("action", part["action"] == json!({ "name": "send_location" }))?;
        }
        _ => is("type", false)?,
    }
    is("reference", length(&body["biz_opaque_callback_data"], 512))?;
    let known =
        ["messaging_product", "recipient_type", "to", "type", "text", "interactive", "biz_opaque_callback_data"];
    is("unknown field", body.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())))?;
    Ok(body)
}

/// `X-Hub-Signature-256` of a body.
pub fn signature(secret: &str, body: &[u8]) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, body);
    format!("sha256={}", tag.as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>())
}

/// A webhook's body with these messages and statuses.
pub fn delivery(messages: &[Value], statuses: &[Value]) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "62542110110", "phone_number_id": NUMBER_ID },
        "contacts": [{ "profile": { "name": "Caller" }, "wa_id": "628110000001" }],
    });
    if !messages.is_empty() {
        value["messages"] = json!(messages);
    }
    if !statuses.is_empty() {
        value["statuses"] = json!(statuses);
    }
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "102290129340398", "changes": [{ "field": "messages", "value": value }] }],
    })
}

/// A text message of a citizen.
pub fn text(id: &str, at_ms: i64, words: &str) -> Value {
    json!({
        "from": "628110000001", "id": id, "timestamp": (at_ms / 1_000).to_string(), "type": "text",
        "text": { "body": words },
    })
}

/// A place that a citizen shares.
pub fn pin(id: &str, at_ms: i64, (lat, lng): (f64, f64)) -> Value {
    json!({
        "from": "628110000001", "id": id, "timestamp": (at_ms / 1_000).to_string(), "type": "location",
        "location": { "latitude": lat, "longitude": lng, "name": "Pasar" },
    })
}

//! A plain client over real sockets: JSON values, reqwest, tokio-tungstenite. It shares nothing with the program's own.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sigap::domain::ids::DeviceId;
use std::{collections::VecDeque, time::Duration};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{ClientRequestBuilder, Message},
};

/// Whatever is waited for must come within this.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The problem of an answer with this status and code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        self.body
    }
}

/// Requests to one server.
#[derive(Clone)]
pub struct Api {
    pub url: String,
    http: reqwest::Client,
}

impl Api {
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), http: reqwest::Client::new() }
    }

    /// A request; an error when the server is gone.
    pub async fn try_ask(&self, method: &str, token: &str, path: &str, body: &Value) -> Result<Reply, reqwest::Error> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.url)).timeout(PATIENCE);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status().as_u16(), answer.text().await?);
        Ok(Reply { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }

    pub async fn get(&self, token: &str, path: &str) -> Value {
        self.try_ask("GET", token, path, &Value::Null).await.unwrap().expect(200)
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Reply {
        self.try_ask("POST", token, path, body).await.unwrap()
    }

    /// Asks until the answer is as wanted.
    pub async fn until(&self, token: &str, path: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let asking = async {
            loop {
                last = self.get(token, path).await;
                if wanted(&last) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let came = timeout(PATIENCE, asking).await;
        assert!(came.is_ok(), "waited in vain for {what} at {path}; it is {last:#}");
        last
    }

    /// A socket of this phone, after its `hello`.
    pub async fn socket(&self, token: &str, phone: DeviceId) -> Socket {
        self.try_socket(token, phone).await.unwrap()
    }

    /// A socket of this phone, or why there is none.
    pub async fn try_socket(&self, token: &str, phone: DeviceId) -> Result<Socket, String> {
        let asked = self.try_ask("POST", token, "/ws-ticket", &json!({ "device": phone })).await;
        let asked = asked.map_err(|e| e.to_string())?;
        if asked.status != 201 {
            return Err(format!("no ticket: {asked:?}"));
        }
        let ticket = asked.body["ticket"].as_str().unwrap().to_owned();
        let url = format!("{}/api/v1/ws", self.url.replacen("http", "ws", 1)).parse().unwrap();
        let request =
            ClientRequestBuilder::new(url).with_sub_protocol("sigap.v1").with_sub_protocol(format!("ticket.{ticket}"));
        let (stream, _) = connect_async(request).await.map_err(|e| e.to_string())?;
        let mut socket = Socket { stream, hello: Value::Null, laid_by: VecDeque::new() };
        socket.hello = socket.next().await?;
        assert_eq!(socket.hello["type"], "hello");
        Ok(socket)
    }
}

/// An open socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub hello: Value,
    /// Frames that came before a reply.
    laid_by: VecDeque<Value>,
}

impl Socket {
    /// The next frame; the text of an error starts with the close code where there is one.
    pub async fn next(&mut self) -> Result<Value, String> {
        match self.laid_by.pop_front() {
            Some(frame) => Ok(frame),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Value, String> {
        loop {
            match timeout(PATIENCE, self.stream.next()).await {
                Err(_) => return Err("silent for too long".to_owned()),
                Ok(Some(Ok(Message::Text(text)))) => return Ok(serde_json::from_str(&text).unwrap()),
                Ok(Some(Ok(Message::Close(frame)))) => {
                    return Err(frame.map_or("closed".to_owned(), |f| format!("{} {}", u16::from(f.code), f.reason)));
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(error))) => return Err(error.to_string()),
                Ok(None) => return Err("ended".to_owned()),
            }
        }
    }

    pub async fn send(&mut self, frame: &Value) -> Result<(), String> {
        self.stream.send(Message::text(frame.to_string())).await.map_err(|e| e.to_string())
    }

    /// The next frame that is wanted; the others are let go.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (mut others, deadline) = (Vec::new(), Instant::now() + PATIENCE);
        loop {
            match timeout_at(deadline, self.next()).await.unwrap_or_else(|_| Err("its time is up".to_owned())) {
                Ok(frame) if wanted(&frame) => return frame,
                Ok(frame) => others.push(frame),
                Err(error) => panic!("waited in vain for {what} ({error}); what came: {others:#?}"),
            }
        }
    }

    /// The next event of this kind.
    pub async fn event(&mut self, kind: &str) -> Value {
        self.until(kind, |f| f["type"] == "event" && f["event"]["kind"] == kind).await
    }

    /// Sends a command and gives its reply. What comes before it is read afterwards.
    pub async fn command(&mut self, frame: &Value) -> Value {
        self.send(frame).await.unwrap();
        self.reply(frame).await.unwrap()
    }

    /// The reply to a command that was sent.
    pub async fn reply(&mut self, to: &Value) -> Result<Value, String> {
        loop {
            let frame = self.read().await?;
            if frame["type"] == "reply" && frame["command_id"] == to["command_id"] {
                return Ok(frame);
            }
            self.laid_by.push_back(frame);
        }
    }

    /// Follows an area from now on, or after a cursor; gives the frame that begins it.
    pub async fn follow(&mut self, area: &str, since: Option<i64>) -> Value {
        self.send(&json!({ "type": "subscribe", "areas": { area: since } })).await.unwrap();
        self.until("reset or resumed", |f| f["type"] == "reset" || f["type"] == "resumed").await
    }
}

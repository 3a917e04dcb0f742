//! WhatsApp over real ports: Meta's webhook on one side, a stand-in for its Graph API on the other.

mod conversation;
mod sending;
mod webhook;

use crate::{
    harness::{graph::*, *},
    http::{Reply, Served},
};
use serde_json::{Value, json};
use sigap::{domain::access::Role, engine::Post};
use std::time::{Duration, Instant};

/// The route of the webhook.
const WEBHOOK: &str = "/api/v1/channels/whatsapp";

/// A service on a clock that the test turns, and the stand-in that it speaks to.
pub struct Chat {
    pub s: Served,
    pub graph: Graph,
}

impl Chat {
    pub async fn start(db: &Db) -> Self {
        let (s, graph) = (Served::start(db).await, Graph::start().await);
        s.engine.open_post(Post::new(Some(serde_json::from_value(graph.settings()).unwrap())).unwrap());
        Self { s, graph }
    }

    /// A body from Meta.
    pub async fn deliver(&self, body: &Value) -> Reply {
        let bytes = body.to_string().into_bytes();
        let signed = signature(APP_SECRET, &bytes);
        self.s.send("POST", WEBHOOK, &[("x-hub-signature-256", &signed)], bytes).await
    }

    /// Messages from Meta, which are taken.
    pub async fn hear(&self, messages: &[Value]) {
        assert_eq!(self.deliver(&delivery(messages, &[])).await.status, 200);
    }

    pub fn now(&self) -> i64 {
        self.s.engine.now().0
    }

    /// What came in with this outcome.
    pub fn counted(&self, outcome: &str) -> u64 {
        self.s.engine.whatsapp_counted().iter().find(|(word, _)| *word == outcome).unwrap().1
    }

    /// Sends what is due and waits until nothing is on its way, so that what was written of it is there.
    pub async fn send_all(&self, db: &Db) {
        let started = Instant::now();
        loop {
            let begun = self.s.engine.send_messages().await.unwrap();
            // What was begun has been written down when its next try is elsewhere than where the taking put it.
            let taken =
                format!("SELECT COUNT(*) FROM outbox WHERE state = 'queued' AND next_ms = {}", self.now() + 45_000);
            while db.count(&taken).await > 0 {
                assert!(started.elapsed() < PATIENCE, "messages are taken and nothing becomes of them");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let due = self.s.store.due_messages(self.s.engine.now(), 1).await.unwrap();
            if begun == 0 && due.is_empty() {
                return;
            }
        }
    }

    /// The events of Balikpapan of this kind.
    pub async fn events(&self, desk: &str, kind: &str) -> Vec<Value> {
        let page = self.s.get(desk, "/areas/BPN/journal?after=0&limit=1000").await.expect(200);
        page["events"].as_array().unwrap().iter().filter(|e| e["kind"] == kind).cloned().collect()
    }

    pub async fn desk(&self) -> String {
        self.s.token(Role::Dispatcher, "BPN").await
    }

    /// Our messages about a report.
    pub async fn messages(&self, desk: &str, report: &str) -> Vec<Value> {
        self.s.get(desk, &format!("/reports/{report}/messages")).await.expect(200).as_array().unwrap().clone()
    }
}

/// Nothing that came from outside is in the database.
async fn nothing_is_stored(db: &Db) {
    for table in ["report", "inbox", "outbox", "conversation", "sealed"] {
        assert_eq!(db.count(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}

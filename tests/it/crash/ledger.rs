//! What clients asked for, and what they were told.

use crate::harness::*;
use serde_json::{Value, json};
use sigap::domain::ids::CommandId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::{sync::watch, task::JoinSet};

/// How a command was sent, so that it can be sent again.
#[derive(Clone, Debug)]
pub enum Way {
    Http { token: String, path: String },
    Socket { patrol: Patrol },
}

/// A command; no answer when the line broke first.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: CommandId,
    pub way: Way,
    pub body: Value,
    pub answer: Option<Reply>,
}

impl Entry {
    /// Whether it was acknowledged as done.
    pub fn is_done(&self) -> bool {
        self.answer.as_ref().is_some_and(|a| a.status < 300)
    }
}

/// All commands of a round, shared by cloning.
#[derive(Clone)]
pub struct Ledger {
    entries: Arc<Mutex<Vec<Entry>>>,
    done: Arc<watch::Sender<usize>>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { entries: Arc::default(), done: Arc::new(watch::Sender::new(0)) }
    }
}

impl Ledger {
    pub fn write(&self, entry: Entry) {
        let done = usize::from(entry.is_done());
        self.entries.lock().unwrap().push(entry);
        self.done.send_modify(|n| *n += done);
    }

    /// Waits until so many were acknowledged.
    pub async fn reach(&self, wanted: usize) {
        let mut done = self.done.subscribe();
        let reached = tokio::time::timeout(2 * PATIENCE, done.wait_for(|n| *n >= wanted)).await.is_ok();
        assert!(reached, "only {} of {wanted} commands were acknowledged", *self.done.borrow());
    }

    /// Waits until so many more were acknowledged.
    pub async fn more(&self, count: usize) {
        let so_far = *self.done.borrow();
        self.reach(so_far + count).await;
    }

    pub fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.entries.lock().unwrap())
    }
}

/// Sends every command again. Who had an answer must get the same; who had none gets one now.
pub async fn repeat_all(api: &Api, entries: &mut Vec<Entry>) {
    // One client after the other would take a minute; the commands of one client keep their order.
    let mut clients: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for (n, entry) in entries.drain(..).enumerate() {
        let client = match &entry.way {
            Way::Http { path, .. } if path == "/reports" => format!("citizen {}", n % 8),
            Way::Http { token, .. } => token.clone(),
            Way::Socket { patrol } => patrol.unit.to_string(),
        };
        clients.entry(client).or_default().push(entry);
    }
    let mut tasks = JoinSet::new();
    for mine in clients.into_values() {
        tasks.spawn(repeat(api.clone(), mine));
    }
    while let Some(repeated) = tasks.join_next().await {
        entries.extend(repeated.unwrap());
    }
}

async fn repeat(api: Api, mut mine: Vec<Entry>) -> Vec<Entry> {
    let mut socket = None;
    for entry in &mut mine {
        let again = match &entry.way {
            Way::Http { token, path } => api.post(token, path, &entry.body).await,
            Way::Socket { patrol } => {
                if socket.is_none() {
                    socket = Some(api.socket(&patrol.token, patrol.phone).await);
                }
                answer(&socket.as_mut().unwrap().command(&entry.body).await)
            }
        };
        assert!(again.status < 500, "{entry:?} got {again:?}");
        if entry.is_done() {
            assert_eq!(entry.answer.as_ref(), Some(&again), "a repeat of {entry:?}");
        }
        if again.status < 300 {
            entry.answer = Some(again);
        }
    }
    mine
}

/// A reply frame as a reply.
pub fn answer(frame: &Value) -> Reply {
    match frame.get("problem") {
        None => Reply { status: 200, body: frame["ok"].clone() },
        Some(problem) => Reply {
            status: u16::try_from(problem["status"].as_u64().unwrap()).unwrap(),
            body: json!({ "code": problem["code"], "detail": problem["detail"] }),
        },
    }
}

//! Desks at two nodes, racing for the same units. Every command goes under one id until it is answered, at whichever
//! node answers; what was answered is written down.

use super::offers::scene;
use crate::{crash::ledger::*, harness::*};
use serde_json::{Value, json};
use sigap::domain::ids::{CommandId, UnitId};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

/// How often a command is tried before it counts as lost: half a minute and more.
const TRIES: usize = 300;

/// Where the nodes are now.
#[derive(Clone, Default)]
pub struct Nodes(Arc<Mutex<Vec<Api>>>);

impl Nodes {
    pub fn set(&self, n: usize, api: &Api) {
        let mut all = self.0.lock().unwrap();
        if all.len() <= n {
            all.resize(n + 1, api.clone());
        }
        all[n] = api.clone();
    }

    /// The node of this number, going round.
    pub fn pick(&self, n: usize) -> Api {
        let all = self.0.lock().unwrap();
        all[n % all.len()].clone()
    }
}

/// Clients at work.
pub struct Load {
    tasks: JoinSet<()>,
    stop: Arc<AtomicBool>,
    pub ledger: Ledger,
    /// Times that a node said 503.
    pub unavailable: Arc<AtomicUsize>,
}

impl Load {
    pub fn start(nodes: &Nodes, token: &str, units: &[UnitId], clients: usize) -> Self {
        let (stop, ledger, unavailable) = (Arc::default(), Ledger::default(), Arc::default());
        let mut tasks = JoinSet::new();
        for n in 0..clients {
            let client = Client {
                nodes: nodes.clone(),
                token: token.to_owned(),
                units: units.to_vec(),
                chance: n * 7_919 + 1,
                stop: Arc::clone(&stop),
                ledger: ledger.clone(),
                unavailable: Arc::clone(&unavailable),
            };
            tasks.spawn(client.work());
        }
        Self { tasks, stop, ledger, unavailable }
    }

    /// Lets everybody finish what they have begun, and gives what was written down.
    pub async fn end(mut self) -> Vec<Entry> {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        self.ledger.take()
    }
}

struct Client {
    nodes: Nodes,
    token: String,
    units: Vec<UnitId>,
    chance: usize,
    stop: Arc<AtomicBool>,
    ledger: Ledger,
    unavailable: Arc<AtomicUsize>,
}

impl Client {
    async fn work(mut self) {
        while !self.stop.load(Ordering::SeqCst) {
            let place = scene().moved((self.roll() % 360) as f64, (self.roll() % 1_500) as f64);
            let body = json!({
                "channel": "call", "kind": "theft", "valid": true, "place": place, "priority": "P2",
                "caller_number": format!("+62811{:06}", self.roll() % 1_000_000), "text": "help",
            });
            let received = self.command("/reports", body).await.expect(201);
            let incident = received["incident"]["id"].as_str().unwrap().to_owned();
            for _ in 0..4 {
                let chance = self.roll();
                let unit = self.units[chance % self.units.len()];
                let order = json!({ "unit": unit, "mode": "assign" });
                let ordered = self.command(&format!("/incidents/{incident}/dispatches"), order).await;
                if ordered.status == 201 {
                    let id = ordered.body["id"].as_str().unwrap().to_owned();
                    self.drive(&id).await;
                    break;
                }
                assert_eq!(ordered.status, 409, "{ordered:?}");
            }
            self.close(&incident).await;
        }
    }

    async fn drive(&mut self, dispatch: &str) {
        for to in ["en_route", "on_scene", "cleared"] {
            let mut step = json!({ "to": to });
            if to == "cleared" {
                step["disposition"] = json!("handled");
            }
            let reply = self.command(&format!("/dispatches/{dispatch}/status"), step).await;
            assert_eq!(reply.status, 200, "{dispatch} to {to}: {reply:?}");
        }
    }

    /// Closes what is still open: what was offered meanwhile is recalled.
    async fn close(&mut self, incident: &str) {
        let closed = self.command(&format!("/incidents/{incident}/close"), json!({ "disposition": "handled" })).await;
        assert!(matches!(closed.status, 200 | 409), "{closed:?}");
    }

    /// Sends a command until it is answered.
    async fn command(&mut self, path: &str, mut body: Value) -> Reply {
        let id = CommandId::random();
        body["command_id"] = json!(id);
        for _ in 0..TRIES {
            let chance = self.roll();
            let api = self.nodes.pick(chance);
            let asked = tokio::time::timeout(PATIENCE, api.try_ask("POST", &self.token, path, &body)).await;
            match asked {
                Ok(Ok(reply)) if reply.status == 503 => {
                    assert_eq!(reply.body["code"], "unavailable", "{reply:?}");
                    self.unavailable.fetch_add(1, Ordering::SeqCst);
                }
                Ok(Ok(reply)) => {
                    assert!(reply.status < 500, "{path} got {reply:?}");
                    let way = Way::Http { token: self.token.clone(), path: path.to_owned() };
                    self.ledger.write(Entry { id, way, body, answer: Some(reply.clone()) });
                    return reply;
                }
                // The node is gone, or going.
                Ok(Err(_)) | Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{path}: nobody answers");
    }

    /// A number by chance, the same in each run.
    fn roll(&mut self) -> usize {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.chance >> 33
    }
}

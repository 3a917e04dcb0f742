//! Phones that ride on while something happens: each streams where it is, follows its unit's journal and writes notes.
//! A phone whose node is gone goes on at the other one, from where it was.

use super::{
    load::Nodes,
    offers::{fix, scene},
    pair::until,
};
use crate::{
    crash::ledger::{Entry, Ledger, Way, answer},
    harness::*,
};
use serde_json::{Value, json};
use sigap::domain::{
    access::Scope,
    ids::{CommandId, UnitId},
    place::Place,
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

/// How often a phone says where it is.
const FIX: Duration = Duration::from_millis(250);

/// Phones at work.
pub struct Phones {
    tasks: JoinSet<()>,
    order: watch::Sender<Order>,
    rides: Vec<Arc<Ride>>,
}

/// What phones are to do.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Ride,
    Stand,
    End,
}

/// What a phone did and heard, and at which node it began.
pub struct Ride {
    pub unit: UnitId,
    pub began_at: usize,
    /// Sockets that it lost.
    pub lost: AtomicUsize,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// The cursor that it began with, the one that it has now, and the events in between.
    since: Option<i64>,
    cursor: i64,
    events: Vec<i64>,
    /// Notes that have no answer yet.
    notes: VecDeque<Value>,
    place: Option<Place>,
}

impl Phones {
    /// Phones of these patrols, in turn at each of two nodes. They are on their way when this returns.
    pub async fn start(nodes: &Nodes, patrols: &[Patrol], ledger: &Ledger) -> Self {
        let (order, _) = watch::channel(Order::Ride);
        let (mut tasks, mut rides) = (JoinSet::new(), Vec::new());
        for (n, patrol) in patrols.iter().enumerate() {
            let ride = Arc::new(Ride {
                unit: patrol.unit,
                began_at: n % 2,
                lost: AtomicUsize::new(0),
                heard: Mutex::default(),
            });
            rides.push(Arc::clone(&ride));
            let phone = Phone {
                nodes: nodes.clone(),
                patrol: patrol.clone(),
                ledger: ledger.clone(),
                ride,
                node: n % 2,
                fixes: n * 1_000,
                asked: None,
            };
            tasks.spawn(phone.work(order.subscribe()));
        }
        let phones = Self { tasks, order, rides };
        until("every phone is on its way", || async {
            phones.rides.iter().all(|ride| ride.heard.lock().unwrap().since.is_some())
        })
        .await;
        phones
    }

    /// How often phones lost a socket, of those that began at this node.
    pub fn lost_at(&self, node: usize) -> usize {
        let began = self.rides.iter().filter(|ride| ride.began_at == node);
        began.map(|ride| ride.lost.load(Ordering::SeqCst)).sum()
    }

    /// Holds every phone against the journal and the live positions: each event of its unit came once and in order, every
    /// note was answered, and all nodes know where it is.
    pub async fn end(mut self, db: &Db, apis: &[Api], desk: &str) {
        let store = db.open().await;
        for ride in &self.rides {
            until(&format!("the phone of {} has heard all and was answered", ride.unit), || async {
                let since = ride.heard.lock().unwrap().since.unwrap();
                let mut wanted = Vec::new();
                loop {
                    let after = wanted.last().copied().unwrap_or(since);
                    let page = store.events(&Scope::system(), code("BPN"), after, 1_000, Some(ride.unit)).await;
                    let page = page.unwrap();
                    wanted.extend(page.iter().map(|event| event.seq));
                    if page.len() < 1_000 {
                        break;
                    }
                }
                let heard = ride.heard.lock().unwrap();
                heard.events == wanted && heard.notes.is_empty()
            })
            .await;
        }
        store.close().await;
        assert!(
            self.rides.iter().any(|ride| !ride.heard.lock().unwrap().events.is_empty()),
            "nobody had anything to hear"
        );
        self.order.send_replace(Order::Stand);
        for ride in &self.rides {
            for api in apis {
                let path = format!("/units/{}", ride.unit);
                api.until(desk, &path, "the phone's last place", |unit| {
                    let there = serde_json::from_value::<Place>(unit["fix"]["place"].clone()).ok();
                    there
                        .zip(ride.heard.lock().unwrap().place)
                        .is_some_and(|(there, last)| there.distance_m(last) < 0.1)
                })
                .await;
            }
        }
        self.order.send_replace(Order::End);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}

struct Phone {
    nodes: Nodes,
    patrol: Patrol,
    ledger: Ledger,
    ride: Arc<Ride>,
    /// Where it is, or tries to be.
    node: usize,
    fixes: usize,
    /// The note that it waits for an answer to, and since when.
    asked: Option<(CommandId, Instant)>,
}

impl Phone {
    async fn work(mut self, mut order: watch::Receiver<Order>) {
        while *order.borrow() != Order::End {
            let api = self.nodes.pick(self.node);
            match timeout(Duration::from_secs(5), api.try_socket(&self.patrol.token, self.patrol.phone)).await {
                Ok(Ok(socket)) => {
                    let Err(why) = self.ride(socket, &mut order).await else { return };
                    self.ride.lost.fetch_add(1, Ordering::SeqCst);
                    assert!(!why.starts_with("45"), "{} was sent away: {why}", self.patrol.unit);
                }
                Ok(Err(_)) | Err(_) => sleep(Duration::from_millis(100)).await,
            }
            self.node += 1;
        }
    }

    /// Rides until it is told to end, or the line breaks.
    async fn ride(&mut self, mut socket: Socket, order: &mut watch::Receiver<Order>) -> Result<(), String> {
        self.asked = None;
        let since = {
            let heard = self.ride.heard.lock().unwrap();
            heard.since.map(|_| heard.cursor)
        };
        socket.send(&json!({ "type": "subscribe", "areas": { "BPN": since } })).await?;
        let mut turns = interval(FIX);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = *order.borrow_and_update();
            if now == Order::End {
                return Ok(());
            }
            tokio::select! {
                _ = order.changed() => {}
                _ = turns.tick(), if now == Order::Ride => self.turn(&mut socket).await?,
                frame = socket.next() => self.hear(&frame?),
            }
        }
    }

    /// Says where it is, and sends a note that waits.
    async fn turn(&mut self, socket: &mut Socket) -> Result<(), String> {
        self.fixes += 1;
        let place = scene().moved(45.0, self.fixes as f64);
        self.ride.heard.lock().unwrap().place = Some(place);
        fix(socket, place).await?;
        // Half a minute is more than a node may take to say that it cannot.
        if self.asked.is_some_and(|(_, at)| at.elapsed() < PATIENCE) {
            return Ok(());
        }
        let note = self.ride.heard.lock().unwrap().notes.front().cloned();
        if let Some(note) = note {
            self.asked = Some((note["command_id"].as_str().unwrap().parse().unwrap(), Instant::now()));
            socket.send(&note).await?;
        }
        Ok(())
    }

    fn hear(&mut self, frame: &Value) {
        let mut heard = self.ride.heard.lock().unwrap();
        match frame["type"].as_str().unwrap() {
            "reset" => {
                assert_eq!(heard.since, None, "{} could not resume: {frame}", self.patrol.unit);
                heard.cursor = frame["cursor"].as_i64().unwrap();
                heard.since = Some(heard.cursor);
            }
            "resumed" => heard.cursor = frame["cursor"].as_i64().unwrap(),
            "heartbeat" => {
                if let Some(cursor) = frame["cursors"]["BPN"].as_i64() {
                    assert!(cursor >= heard.cursor, "{frame}");
                    heard.cursor = cursor;
                }
            }
            "event" => {
                assert_eq!(frame["prev"], heard.cursor, "an event is missing before {frame}");
                heard.cursor = frame["seq"].as_i64().unwrap();
                let seq = heard.cursor;
                heard.events.push(seq);
                if frame["event"]["kind"] == "dispatch.accepted" {
                    let incident = &frame["event"]["body"]["incident"];
                    let id = CommandId::random();
                    let note = json!({ "type": "note", "command_id": id, "incident": incident, "text": "coming" });
                    heard.notes.push_back(note);
                }
            }
            "reply" => {
                let (asked, _) = self.asked.take().expect("it asked");
                assert_eq!(frame["command_id"], json!(asked));
                let reply = answer(frame);
                if reply.status != 503 {
                    let body = heard.notes.pop_front().unwrap();
                    let way = Way::Socket { patrol: self.patrol.clone() };
                    self.ledger.write(Entry { id: asked, way, body, answer: Some(reply) });
                }
            }
            _ => {}
        }
    }
}

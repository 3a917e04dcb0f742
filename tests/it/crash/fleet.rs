//! Citizens and crews, for as long as the server lives.

use super::ledger::{Entry, Ledger, Way, answer};
use crate::harness::*;
use serde_json::{Value, json};
use sigap::domain::{ids::CommandId, place::Place};
use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{sync::Semaphore, task::JoinSet};

/// Citizens that report at once.
const CITIZENS: usize = 4;

/// Everybody at work.
pub struct Fleet {
    tasks: JoinSet<()>,
    room: Arc<Semaphore>,
}

impl Fleet {
    /// Crews that work off what comes, and citizens who post the reports of these numbers.
    pub fn start(api: &Api, city: &City, ledger: &Ledger, numbers: Range<usize>) -> Self {
        let mut tasks = JoinSet::new();
        // A little more work than crews, so that some of it waits.
        let room = Arc::new(Semaphore::new(city.patrols.len() + 4));
        for (n, patrol) in city.patrols.iter().enumerate() {
            let crew = Crew {
                api: api.clone(),
                patrol: patrol.clone(),
                by_http: n % 3 == 0,
                ledger: ledger.clone(),
                room: Arc::clone(&room),
                offers: n,
            };
            tasks.spawn(crew.ride());
        }
        let next = Arc::new(AtomicUsize::new(numbers.start));
        for _ in 0..CITIZENS {
            let (api, ledger, next) = (api.clone(), ledger.clone(), Arc::clone(&next));
            tasks.spawn(report(api, city.desk.clone(), ledger, next, numbers.end, Arc::clone(&room)));
        }
        Self { tasks, room }
    }

    /// The server is gone, or nobody wants to work any more.
    pub async fn cut_off(mut self) {
        self.room.close();
        // Whoever waits for an answer gets a broken line by itself; whoever is idle is sent home.
        let leaving =
            async { while self.tasks.join_next().await.is_some_and(|ended| ended.map(|()| true).unwrap()) {} };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(5), leaving).await;
        self.tasks.shutdown().await;
    }
}

async fn report(api: Api, token: String, ledger: Ledger, next: Arc<AtomicUsize>, end: usize, room: Arc<Semaphore>) {
    loop {
        let n = next.fetch_add(1, Ordering::SeqCst);
        if n >= end {
            return;
        }
        let Ok(place_in_line) = room.acquire().await else { return };
        place_in_line.forget();
        let id = CommandId::random();
        let place = scene().moved((n * 37 % 360) as f64, (n * 53 % 1_500) as f64);
        let body = json!({
            "command_id": id, "channel": "call", "kind": "theft", "valid": true, "place": place,
            "priority": (["P1", "P2", "P3", "P4"])[n % 4], "caller_number": format!("+62811{n:06}"), "text": "help",
        });
        let answer = api.try_ask("POST", &token, "/reports", &body).await.ok();
        let gone = answer.is_none();
        ledger.write(Entry { id, way: Way::Http { token: token.clone(), path: "/reports".to_owned() }, body, answer });
        if gone {
            return;
        }
    }
}

/// A place in the middle of Balikpapan.
fn scene() -> Place {
    Place::new(-1.25, 116.84).unwrap()
}

struct Crew {
    api: Api,
    patrol: Patrol,
    by_http: bool,
    ledger: Ledger,
    room: Arc<Semaphore>,
    offers: usize,
}

impl Crew {
    /// Works until the line breaks.
    async fn ride(mut self) {
        let Ok(mut socket) = self.api.try_socket(&self.patrol.token, self.patrol.phone).await else { return };
        assert_eq!(socket.hello["unit"], json!(self.patrol.unit));
        let subscribe = json!({ "type": "subscribe", "areas": { "BPN": null } });
        if socket.send(&subscribe).await.is_ok() && self.say_where(&mut socket).await {
            while let Ok(frame) = socket.next().await {
                if !self.hear(&mut socket, &frame).await {
                    return;
                }
            }
        }
    }

    /// `false` when the line is broken.
    async fn hear(&mut self, socket: &mut Socket, frame: &Value) -> bool {
        let kind = frame["type"].as_str().unwrap();
        if kind == "heartbeat" {
            return self.say_where(socket).await;
        }
        if kind == "reset" {
            let open = frame["work"].as_array().unwrap().clone();
            for brief in open {
                if !self.work(socket, &brief["dispatch"]).await {
                    return false;
                }
            }
            return true;
        }
        if kind == "event" && frame["event"]["kind"] == "dispatch.offered" {
            let offered = json!({ "id": frame["event"]["body"]["dispatch"], "status": "offered" });
            return self.work(socket, &offered).await;
        }
        assert_ne!(kind, "problem", "{frame}");
        true
    }

    async fn say_where(&self, socket: &mut Socket) -> bool {
        let place = scene().moved(f64::from(self.offers as u32 * 15 % 360), 400.0);
        let at_ms = now().0;
        let fix = json!({ "at_ms": at_ms, "lat": place.lat(), "lng": place.lng(), "accuracy_m": 8.0 });
        socket.send(&json!({ "type": "fixes", "sent_ms": at_ms, "fixes": [fix] })).await.is_ok()
    }

    /// Takes the work from where it stands to its end; `false` when the line is broken.
    async fn work(&mut self, socket: &mut Socket, dispatch: &Value) -> bool {
        let (id, status) = (dispatch["id"].as_str().unwrap(), dispatch["status"].as_str().unwrap());
        let steps: &[&str] = match status {
            "offered" => {
                if socket.send(&json!({ "type": "delivered", "dispatch": id })).await.is_err() {
                    return false;
                }
                self.offers += 1;
                if self.offers.is_multiple_of(9) {
                    &["declined"]
                } else {
                    &["accepted", "en_route", "on_scene", "cleared"]
                }
            }
            "accepted" => &["en_route", "on_scene", "cleared"],
            "en_route" => &["on_scene", "cleared"],
            "on_scene" => &["cleared"],
            _ => &[],
        };
        for to in steps {
            match self.tap(socket, id, to).await {
                None => return false,
                // Expired in the meantime, or taken back: somebody else goes.
                Some(reply) if reply.status >= 300 => {
                    assert_eq!(reply.body["code"], "transition_not_allowed", "{reply:?}");
                    return true;
                }
                Some(_) if *to == "cleared" => self.room.add_permits(usize::from(!self.room.is_closed())),
                Some(_) => {}
            }
        }
        true
    }

    async fn tap(&mut self, socket: &mut Socket, dispatch: &str, to: &str) -> Option<Reply> {
        let id = CommandId::random();
        let mut body = json!({ "command_id": id, "to": to });
        match to {
            "declined" => body["reason"] = json!("refuelling"),
            "cleared" => body["disposition"] = json!("handled"),
            _ => {}
        }
        let (way, answer) = if self.by_http {
            let (token, path) = (self.patrol.token.clone(), format!("/dispatches/{dispatch}/status"));
            let answer = self.api.try_ask("POST", &token, &path, &body).await.ok();
            (Way::Http { token, path }, answer)
        } else {
            body["type"] = json!("step");
            body["dispatch"] = json!(dispatch);
            let answer = match socket.send(&body).await {
                Ok(()) => socket.reply(&body).await.ok().map(|frame| answer(&frame)),
                Err(_) => None,
            };
            (Way::Socket { patrol: self.patrol.clone() }, answer)
        };
        self.ledger.write(Entry { id, way, body, answer: answer.clone() });
        answer
    }
}

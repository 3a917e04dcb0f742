//! The task that keeps Redis told: connects, sends what waits, finds out about an emptied index, and says when Redis is
//! away.

use super::{
    Inner,
    link::Failure,
    seat::{Item, Seat},
};
use crate::domain::time::UnixMs;
use futures_util::stream::{self, StreamExt};
use redis::{Cmd, Pipeline, Value};
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::time::{MissedTickBehavior, interval};

/// An index that nobody told anything for so long is asked whether it is still there, milliseconds.
const CHECK_MS: i64 = 2_000;
/// An index that did not answer is tried again after so long, milliseconds.
const RETRY_MS: i64 = 400;
/// So many calls in one pipeline.
const PER_PIPE: usize = 64;
/// So many areas of a cluster at the same time; of those that did not answer, so many per turn.
const AT_ONCE: usize = 32;

struct Parcel {
    seat: Arc<Seat>,
    items: Vec<Item>,
}

pub(super) async fn run(inner: Arc<Inner>) {
    let mut turns = interval(Duration::from_millis(inner.settings.flush_ms.max(1)));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut wait, mut pause) = (0, 0);
    loop {
        turns.tick().await;
        if !inner.link.is_connected() {
            if wait > 0 {
                wait -= 1;
                continue;
            }
            if let Err(failure) = inner.link.connect().await {
                inner.all_lost(&failure);
                // At most every eighth turn: within two seconds.
                pause = (pause * 2 + 1).min(7);
                wait = pause;
                continue;
            }
            pause = 0;
        }
        inner.turn().await;
    }
}

impl Inner {
    /// Sends what is due.
    async fn turn(&self) {
        let now = self.now();
        let mut parcels = Vec::new();
        let mut retries = 0;
        for seat in self.seats() {
            let items = if seat.is_lost() {
                // Asks for the marker only; what to tell is known when it answers.
                if (self.link.is_cluster() && retries == AT_ONCE) || !seat.is_silent_for(RETRY_MS, now) {
                    continue;
                }
                retries += 1;
                Vec::new()
            } else {
                seat.waiting(Some((now, self.settings.unit_ms)))
            };
            if !items.is_empty() || seat.is_lost() || seat.is_silent_for(CHECK_MS, now) {
                parcels.push(Parcel { seat, items });
            }
        }
        if self.link.is_cluster() {
            self.send_apart(&parcels).await;
        } else {
            self.send_together(&parcels).await;
        }
        self.judge();
    }

    /// One server: the calls of all areas share pipelines.
    async fn send_together(&self, parcels: &[Parcel]) {
        let calls: Vec<_> = parcels
            .iter()
            .flat_map(|p| self.store_calls(&p.seat, &p.items).into_iter().map(|(cmd, items)| (&*p.seat, cmd, items)))
            .collect();
        let mut calls = calls.into_iter().peekable();
        while calls.peek().is_some() {
            let mut pipe = Pipeline::with_capacity(PER_PIPE);
            let mut sent = Vec::with_capacity(PER_PIPE);
            for (seat, cmd, items) in calls.by_ref().take(PER_PIPE) {
                pipe.add_command(cmd);
                sent.push((seat, items));
            }
            match self.link.run(pipe.ignore_errors()).await {
                Ok(answers) => {
                    let now = self.now();
                    for ((seat, items), answer) in sent.into_iter().zip(&answers) {
                        self.take_in(seat, items, answer, now);
                    }
                }
                // Without a connection nothing that was sent is certain, whoever sent it.
                Err(failure) => return self.all_lost(&failure),
            }
        }
    }

    /// A cluster: each area has pipelines of its own, as its server may be another.
    async fn send_apart(&self, parcels: &[Parcel]) {
        let sends: Vec<_> = parcels.iter().map(|parcel| self.send_parcel(parcel)).collect();
        let results: Vec<_> = stream::iter(sends).buffer_unordered(AT_ONCE).collect().await;
        if results.iter().any(Result::is_err) && self.seats().iter().all(|seat| seat.is_lost()) {
            // Nobody answers any more: the servers may have new addresses.
            self.link.give_up();
        }
    }

    async fn send_parcel(&self, parcel: &Parcel) -> Result<(), Failure> {
        for (cmd, items) in self.store_calls(&parcel.seat, &parcel.items) {
            self.send_one(&parcel.seat, cmd, items).await?;
        }
        Ok(())
    }

    async fn send_one(&self, seat: &Seat, cmd: Cmd, items: &[Item]) -> Result<(), Failure> {
        let mut pipe = Pipeline::with_capacity(1);
        pipe.add_command(cmd);
        match self.link.run(pipe.ignore_errors()).await {
            Ok(answers) => self.take_in(seat, items, answers.first().unwrap_or(&Value::Nil), self.now()),
            Err(failure) => {
                self.lost(seat, &failure);
                return Err(failure);
            }
        }
        Ok(())
    }

    fn take_in(&self, seat: &Seat, items: &[Item], answer: &Value, now: UnixMs) {
        if !self.stored(seat, items, answer, now) {
            let failure = match answer {
                Value::ServerError(error) => Failure::Redis(error.clone().into()),
                _ => Failure::Unreadable,
            };
            self.lost(seat, &failure);
        }
    }

    /// An area's index does not answer.
    pub(super) fn lost(&self, seat: &Seat, failure: &Failure) {
        seat.lost(self.now());
        if self.set_away(true) {
            tracing::warn!(area = %seat.area, %failure, "Redis is away, or a part of it; going on with what this node holds");
        }
    }

    fn all_lost(&self, failure: &Failure) {
        let now = self.now();
        if self.set_away(true) {
            tracing::warn!(%failure, "Redis is away; going on with what this node holds");
        }
        for seat in self.seats() {
            seat.lost(now);
        }
    }

    fn judge(&self) {
        let away = !self.link.is_connected() || self.seats().iter().any(|seat| seat.is_lost());
        if self.set_away(away) && !away {
            tracing::info!("Redis is back");
        }
    }

    /// Says whether that is news.
    fn set_away(&self, away: bool) -> bool {
        let now = self.now();
        let mut known = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let news = known.is_some() != away;
        if news {
            *known = away.then_some(now);
        }
        news
    }
}

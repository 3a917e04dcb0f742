//! Reading what other nodes told: one unit, an area, and the changes of areas that somebody looks at.
//!
//! Invariants: what is read goes into this node's own [`Memory`](super::Memory), by the same rules as what it hears
//! itself, so reading twice or too late does no harm; how much is read depends on who looks, not on who moves. The log
//! of changes is short, and who falls behind it reads the area anew.

use super::{Inner, link::Failure, pack, seat::Seat};
use crate::domain::{
    ids::{AreaCode, UnitId},
    time::UnixMs,
};
use futures_util::stream::{self, StreamExt};
use redis::{Pipeline, Value};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// An area is followed so long after somebody looked, milliseconds.
const LOOK_MS: i64 = 60_000;
/// The nodes keep the log for so long after a follower last read it, seconds.
const LOG_S: i64 = 10;
/// So many entries are read at most; with more, the whole area.
const ENTRIES: usize = 256;
/// So many areas at the same time.
const AT_ONCE: usize = 16;

pub(super) async fn run(inner: Arc<Inner>) {
    let mut turns = interval(Duration::from_millis(inner.settings.mirror_ms.max(1)));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        let now = inner.now();
        let looked =
            inner.seats().into_iter().filter(|seat| seat.is_looked_at(LOOK_MS, LOG_S * 1_000, now) && !seat.is_lost());
        let reads: Vec<_> = looked.map(|seat| inner.follow(seat)).collect();
        stream::iter(reads).buffer_unordered(AT_ONCE).collect::<()>().await;
    }
}

impl Inner {
    /// Somebody looks at an area: reads it, unless it is followed already.
    pub(super) async fn look_at(&self, area: AreaCode) {
        if !self.seat(area).look(self.now()) {
            self.read_area(area).await;
        }
    }

    /// Reads an area as it is. When that fails, what this node holds must do.
    pub(super) async fn read_area(&self, area: AreaCode) {
        self.link.settled().await;
        let seat = self.seat(area);
        if !seat.is_lost()
            && let Err(failure) = self.read_all(&seat).await
        {
            self.lost(&seat, &failure);
        }
    }

    /// Brings what this node holds of an area up to the present: by what changed since the last time, where that is
    /// known.
    pub(super) async fn catch_up(&self, area: AreaCode) {
        self.link.settled().await;
        let seat = self.seat(area);
        if !seat.is_lost() {
            seat.survey(self.now());
            self.follow(seat).await;
        }
    }

    /// Reads one unit.
    pub(super) async fn read_unit(&self, unit: UnitId) {
        self.link.settled().await;
        let seat = self.seat(unit.area);
        if seat.is_lost() {
            return;
        }
        let mut pipe = Pipeline::new();
        pipe.cmd("HGET").arg(&seat.keys.said).arg(unit.sign()).cmd("HGET").arg(&seat.keys.fixes).arg(unit.sign());
        match self.link.run(pipe.ignore_errors()).await {
            Ok(answers) => answers.iter().for_each(|answer| self.learn(unit, answer)),
            Err(failure) => self.lost(&seat, &failure),
        }
    }

    /// Reads what changed in an area since the last time.
    async fn follow(&self, seat: Arc<Seat>) {
        let done = match seat.cursor() {
            Some(cursor) => self.read_changes(&seat, &cursor).await,
            None => Ok(false),
        };
        let done = match done {
            Ok(false) => self.read_all(&seat).await,
            other => other.map(drop),
        };
        if let Err(failure) = done {
            self.lost(&seat, &failure);
        }
    }

    async fn read_all(&self, seat: &Seat) -> Result<(), Failure> {
        let (keys, began) = (&seat.keys, self.now());
        let mut pipe = Pipeline::new();
        // The end of the log first: what is told while the rest is read comes again with the changes.
        pipe.cmd("SET").arg(&keys.looked).arg(1).arg("EX").arg(LOG_S);
        pipe.cmd("XREVRANGE").arg(&keys.log).arg("+").arg("-").arg("COUNT").arg(1);
        pipe.cmd("HGETALL").arg(&keys.said);
        pipe.cmd("HGETALL").arg(&keys.fixes);
        let answers = self.link.run(pipe.ignore_errors()).await?;
        let [_, Value::Array(last), Value::Array(said), Value::Array(fixes)] = answers.as_slice() else {
            return Err(Failure::Unreadable);
        };
        self.learn_pairs(seat.area, said);
        let seen = self.learn_pairs(seat.area, fixes);
        if fixes.chunks(2).any(|p| matches!(p, [Value::BulkString(star), Value::BulkString(marker)] if star == b"*" && seat.is_marked(marker)))
        {
            self.forget_absent(seat, &seen, began);
        }
        let cursor = last.first().and_then(|entry| parts(entry)?.first().and_then(text)).unwrap_or("0-0");
        seat.follow_from(cursor.to_owned());
        Ok(())
    }

    /// Whether the log still reached back to the cursor.
    async fn read_changes(&self, seat: &Seat, cursor: &str) -> Result<bool, Failure> {
        let keys = &seat.keys;
        let mut pipe = Pipeline::new();
        pipe.cmd("SET").arg(&keys.looked).arg(1).arg("EX").arg(LOG_S).arg("GET");
        // From the cursor itself on: as long as it is there, nothing after it was cut off.
        pipe.cmd("XRANGE").arg(&keys.log).arg(cursor).arg("+").arg("COUNT").arg(ENTRIES);
        let answers = self.link.run(pipe.ignore_errors()).await?;
        let [looked, Value::Array(entries)] = answers.as_slice() else { return Err(Failure::Unreadable) };
        if *looked == Value::Nil {
            // This node was late, and nobody kept the log meanwhile.
            return Ok(false);
        }
        let id = |entry| parts(entry).and_then(|p| p.first()).and_then(text);
        if cursor == "0-0" && entries.is_empty() {
            return Ok(true);
        }
        if entries.len() == ENTRIES || entries.first().and_then(id) != Some(cursor) {
            return Ok(false);
        }
        for entry in &entries[1..] {
            if let Some(Value::Array(pairs)) = parts(entry).and_then(|p| p.get(1)) {
                self.learn_pairs(seat.area, pairs);
            }
        }
        if let Some(last) = entries.last().and_then(id) {
            seat.follow_from(last.to_owned());
        }
        Ok(true)
    }

    fn learn_pairs(&self, area: AreaCode, pairs: &[Value]) -> HashSet<UnitId> {
        let mut seen = HashSet::with_capacity(pairs.len() / 2);
        for pair in pairs.chunks(2) {
            if let Some(unit) = pair.first().and_then(text).and_then(|sign| UnitId::new(area, sign).ok())
                && let Some(value) = pair.get(1)
            {
                self.learn(unit, value);
                seen.insert(unit);
            }
        }
        seen
    }

    /// A fix, what was said, or that the unit is off the map.
    fn learn(&self, unit: UnitId, value: &Value) {
        let Value::BulkString(bytes) = value else { return };
        if let Some(fix) = pack::read_fix(bytes) {
            self.memory.put(unit, &fix);
        } else if let Some((availability, seq)) = pack::read_said(bytes) {
            self.memory.set_availability(unit, availability, seq);
        } else if bytes == b"X" && self.seat(unit.area).is_quiet(unit, self.now()) {
            self.memory.remove(unit);
        }
    }

    /// Units that another node took off the map while nobody here looked.
    fn forget_absent(&self, seat: &Seat, seen: &HashSet<UnitId>, began: UnixMs) {
        for position in self.memory.snapshot(seat.area).units {
            if !seen.contains(&position.unit) && seat.is_quiet(position.unit, began) {
                self.memory.remove(position.unit);
            }
        }
    }
}

fn parts(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(parts) => Some(parts),
        _ => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

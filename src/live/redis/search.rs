//! The nearest free units of an area, asked of Redis by `near.lua`.
//!
//! Invariant: exact. Of few free units all are read; of many those in a disk of cells around the place, and wider ones
//! until the answer lies within what [`Disk`] is sure of. What this node has not told yet goes ahead of the question in
//! the same pipeline, so that it finds what it put.

use super::{Inner, link::Failure, pack, seat::Item};
use crate::domain::{
    cell::Disk,
    fix::Fix,
    ids::{AreaCode, UnitId},
    nearest::{Candidate, rank},
    place::Place,
    time::UnixMs,
};
use redis::{Pipeline, Value};
use std::collections::HashMap;

pub(super) const SCRIPT: &str = include_str!("near.lua");
/// The place of the script in the list that the link knows.
const AT: usize = 1;
/// Up to so many free units, all are read at once: in most cities.
const READ_ALL: usize = 64;
/// A disk of more rings has more cells than a city has units.
const MOST_RINGS: u32 = 16;

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) from: Place,
    pub(super) limit_m: f64,
    pub(super) k: usize,
    pub(super) stale_ms: i64,
    pub(super) now: UnixMs,
}

impl Inner {
    /// The nearest `k` free, fresh units of an area.
    pub(super) async fn search(&self, area: AreaCode, ask: &Ask) -> Result<Vec<Candidate>, Failure> {
        if ask.k == 0 || ask.limit_m.is_nan() || ask.limit_m < 0.0 {
            return Ok(Vec::new());
        }
        self.link.settled().await;
        let seat = self.seat(area);
        if seat.is_lost() {
            return Err(Failure::NotConnected);
        }
        let mut waiting = seat.waiting(None);
        let mut hits = HashMap::<UnitId, Fix>::new();
        let mut asked = Vec::new();
        let mut rings = if ask.k == 1 { 1 } else { 2 };
        loop {
            let disk = if rings > MOST_RINGS { None } else { Disk::around(ask.from, rings) };
            let mut cells: Vec<u32> = disk.iter().flat_map(|d| &d.cells).map(|c| pack::score(*c)).collect();
            cells.retain(|cell| !asked.contains(cell));
            let answer = self.ask_once(&seat, &waiting, &cells, disk.is_none()).await?;
            waiting.clear();
            asked.append(&mut cells);
            let all = read(area, &answer, &mut hits).ok_or(Failure::Unreadable)?;
            let found = ranked(&hits, ask);
            let Some(disk) = disk.filter(|_| !all) else { return Ok(found) };
            let worst_m = found.get(ask.k - 1).map(|c| c.distance_m);
            if worst_m.unwrap_or(ask.limit_m).min(ask.limit_m) <= disk.sure_m {
                return Ok(found);
            }
            rings = more_rings(rings, disk.sure_m, worst_m.unwrap_or(f64::INFINITY).min(ask.limit_m));
        }
    }

    async fn ask_once(&self, seat: &super::Seat, waiting: &[Item], cells: &[u32], all: bool) -> Result<Value, Failure> {
        let mut pipe = Pipeline::new();
        let mut told = Vec::new();
        if !waiting.is_empty() {
            for (cmd, items) in self.store_calls(seat, waiting) {
                pipe.add_command(cmd);
                told.push(items);
            }
        }
        let mut cmd = self.link.script(AT).call(2);
        cmd.arg(&seat.keys.fixes).arg(&seat.keys.free).arg(if all { usize::MAX >> 12 } else { READ_ALL });
        for (first, last) in pack::ranges(cells.to_vec()) {
            cmd.arg(first).arg(last);
        }
        pipe.add_command(cmd);
        let answers = match self.link.run(pipe.ignore_errors()).await {
            Ok(answers) => answers,
            Err(failure) => {
                self.lost(seat, &failure);
                return Err(failure);
            }
        };
        let mut answers = answers.into_iter();
        let now = self.now();
        for (items, answer) in told.into_iter().zip(answers.by_ref()) {
            if !self.stored(seat, items, &answer, now) {
                return Err(Failure::Unreadable);
            }
        }
        match answers.next() {
            Some(Value::ServerError(error)) => Err(Failure::Redis(error.into())),
            Some(answer) => Ok(answer),
            None => Err(Failure::Unreadable),
        }
    }
}

/// Reads an answer; says whether it holds all free units.
fn read(area: AreaCode, answer: &Value, hits: &mut HashMap<UnitId, Fix>) -> Option<bool> {
    let Value::Array(parts) = answer else { return None };
    let (Value::Int(_), Value::Int(all)) = (parts.first()?, parts.get(1)?) else { return None };
    for pair in parts[2..].chunks(2) {
        let [Value::BulkString(sign), Value::BulkString(fix)] = pair else { continue };
        let unit = std::str::from_utf8(sign).ok().and_then(|sign| UnitId::new(area, sign).ok());
        if let (Some(unit), Some(fix)) = (unit, pack::read_fix(fix)) {
            hits.insert(unit, fix);
        }
    }
    Some(*all == 1)
}

fn ranked(hits: &HashMap<UnitId, Fix>, ask: &Ask) -> Vec<Candidate> {
    let fresh_from = ask.now.plus(ask.stale_ms.saturating_neg());
    let mut found: Vec<_> = hits
        .iter()
        .filter(|(_, fix)| fix.at >= fresh_from)
        .map(|(unit, fix)| Candidate::new(*unit, fix.place, fix.at, ask.from, ask.now))
        .filter(|c| c.distance_m <= ask.limit_m)
        .collect();
    rank(&mut found, ask.k);
    found
}

/// The next disk: just wide enough to be sure of what was found, or twice as wide while too few were.
fn more_rings(rings: u32, sure_m: f64, wanted_m: f64) -> u32 {
    let per_ring_m = sure_m / (1.5 * f64::from(rings) - 0.5);
    let enough = (1..=MOST_RINGS).find(|r| per_ring_m * 0.99 * (1.5 * f64::from(*r) - 0.5) >= wanted_m);
    enough.unwrap_or(rings * 2).clamp(rings + 1, (rings * 2).max(rings + 1))
}

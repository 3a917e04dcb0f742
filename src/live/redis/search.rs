//! The nearest free units of an area, asked of Redis.
//!
//! Invariant: exact. Of few free units all are read; of many those in a disk of cells around the place, and wider ones
//! until the answer lies within what [`Disk`] is sure of. What this node has not told yet goes ahead of the question in
//! the same pipeline, so that it finds what it put. A question is one command, and all of a disk is read at once, so no
//! unit is seen at two places.

use super::{
    Inner,
    link::Failure,
    pack,
    seat::{Item, Seat},
};
use crate::domain::{
    cell::Disk,
    ids::{AreaCode, UnitId},
    nearest::{Candidate, rank},
    place::Place,
    time::UnixMs,
};
use redis::{Pipeline, Value};
use tokio::task::yield_now;

/// Up to so many free units, all are read at once: in most cities.
const READ_ALL: usize = 64;
/// A disk of more rings has more cells than a city has units.
const MOST_RINGS: u32 = 16;
/// The field of how many free units there are.
const TOTAL: &[u8] = b"*";

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
        let mut asked = 0;
        let mut rings = if ask.k == 1 { 1 } else { 2 };
        loop {
            let few = seat.free_units().is_some_and(|free| free <= READ_ALL.max(2 * asked));
            let disk = if few || rings > MOST_RINGS { None } else { Disk::around(ask.from, rings) };
            let Some(disk) = disk else {
                return self.ask_once(&seat, &waiting, None, ask).await;
            };
            // What the disk is sure of takes longer than all else here: it is worked out while Redis looks.
            let sure_m = async {
                yield_now().await;
                disk.sure_m()
            };
            let (found, sure_m) = tokio::join!(self.ask_once(&seat, &waiting, Some(&disk), ask), sure_m);
            let found = found?;
            waiting.clear();
            asked = disk.cells.len();
            let worst_m = found.get(ask.k - 1).map_or(ask.limit_m, |c| c.distance_m);
            if worst_m <= sure_m {
                return Ok(found);
            }
            rings = more_rings(rings, sure_m, worst_m);
        }
    }

    /// Tells what waits, and reads the nearest in these cells, or in all.
    async fn ask_once(
        &self,
        seat: &Seat,
        waiting: &[Item],
        disk: Option<&Disk>,
        ask: &Ask,
    ) -> Result<Vec<Candidate>, Failure> {
        let mut pipe = Pipeline::new();
        let mut told = Vec::new();
        if !waiting.is_empty() {
            for (cmd, items) in self.store_calls(seat, waiting) {
                pipe.add_command(cmd);
                told.push(items);
            }
        }
        let cells = &seat.keys.cells;
        match disk {
            None => drop(pipe.cmd("HGETALL").arg(cells)),
            Some(disk) => {
                pipe.cmd("HMGET").arg(cells).arg(TOTAL);
                for cell in &disk.cells {
                    pipe.arg(pack::short(*cell).to_be_bytes().as_slice());
                }
            }
        }
        let answers = match self.link.run(pipe.ignore_errors()).await {
            Ok(answers) => answers,
            Err(failure) => {
                self.lost(seat, &failure);
                return Err(failure);
            }
        };
        let mut answers = answers.iter();
        let now = self.now();
        for (items, answer) in told.into_iter().zip(answers.by_ref()) {
            if !self.stored(seat, items, answer, now) {
                return Err(Failure::Unreadable);
            }
        }
        let Some(Value::Array(answer)) = answers.next() else { return Err(Failure::Unreadable) };
        let mut nearest = Nearest { area: seat.area, ask, limit_m: ask.limit_m, found: Vec::new() };
        let mut total = &Value::Nil;
        if disk.is_some() {
            total = answer.first().unwrap_or(total);
            answer.iter().skip(1).for_each(|records| nearest.read(records));
        } else {
            for pair in answer.chunks_exact(2) {
                if bytes(&pair[0]) == TOTAL {
                    total = &pair[1];
                } else {
                    nearest.read(&pair[1]);
                }
            }
        }
        let total = std::str::from_utf8(bytes(total)).ok().and_then(|total| total.parse().ok());
        seat.has_free_units(total.unwrap_or_default());
        rank(&mut nearest.found, ask.k);
        Ok(nearest.found)
    }
}

/// The nearest of what was read.
struct Nearest<'a> {
    area: AreaCode,
    ask: &'a Ask,
    /// What is farther is none of them, metres.
    limit_m: f64,
    /// They, and some more.
    found: Vec<Candidate>,
}

impl Nearest<'_> {
    /// Takes in those of a cell's units that are fresh and near enough.
    fn read(&mut self, records: &Value) {
        let Ask { from, k, stale_ms, now, .. } = *self.ask;
        for record in bytes(records).as_chunks().0 {
            let Some((sign, place, at)) = pack::read_free(record) else { continue };
            if at < now.plus(stale_ms.saturating_neg()) || from.distance_m(place) > self.limit_m {
                continue;
            }
            let Ok(unit) = UnitId::new(self.area, sign) else { continue };
            self.found.push(Candidate::new(unit, place, at, from, now));
            if self.found.len() >= k.saturating_mul(2) {
                rank(&mut self.found, k);
                self.limit_m = self.found[k - 1].distance_m;
            }
        }
    }
}

fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::BulkString(bytes) => bytes,
        _ => &[],
    }
}

/// The next disk: just wide enough to be sure of what was found, and twice as wide at most.
fn more_rings(rings: u32, sure_m: f64, wanted_m: f64) -> u32 {
    let per_ring_m = sure_m / (1.5 * f64::from(rings) - 0.5);
    let enough = (1..=MOST_RINGS).find(|r| per_ring_m * 0.99 * (1.5 * f64::from(*r) - 0.5) >= wanted_m);
    enough.unwrap_or(rings * 2).clamp(rings + 1, rings * 2)
}

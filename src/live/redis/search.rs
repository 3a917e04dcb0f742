//! The nearest free units of an area, asked of Redis.
//!
//! Invariant: exact. Of few free units all are read; of many those in a disk of cells around the place, and wider ones
//! until the answer lies within what [`Disk`] is sure of. What this node has not told yet goes ahead of the question in
//! the same pipeline, so that it finds what it put.

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
        let (mut found, mut asked) = (Vec::new(), Vec::new());
        let mut rings = if ask.k == 1 { 1 } else { 2 };
        loop {
            let few = seat.free_units().is_some_and(|free| free <= READ_ALL.max(2 * asked.len()));
            let disk = if few || rings > MOST_RINGS { None } else { Disk::around(ask.from, rings) };
            let Some(disk) = disk else {
                let mut all = self.ask_once(&seat, &waiting, None, ask).await?;
                rank(&mut all, ask.k);
                return Ok(all);
            };
            let mut cells: Vec<u32> = disk.cells.iter().map(|c| pack::score(*c)).collect();
            cells.retain(|cell| !asked.contains(cell));
            found.append(&mut self.ask_once(&seat, &waiting, Some(&cells), ask).await?);
            waiting.clear();
            asked.append(&mut cells);
            each_once(&mut found);
            rank(&mut found, usize::MAX);
            let worst_m = found.get(ask.k - 1).map_or(ask.limit_m, |c| c.distance_m);
            if worst_m <= disk.sure_m {
                found.truncate(ask.k);
                return Ok(found);
            }
            rings = more_rings(rings, disk.sure_m, worst_m);
        }
    }

    /// Tells what waits, and reads the fresh free units within the limit of these cells, or all.
    async fn ask_once(
        &self,
        seat: &Seat,
        waiting: &[Item],
        cells: Option<&[u32]>,
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
        let free = &seat.keys.free;
        pipe.cmd("ZCARD").arg(free);
        match cells {
            None => drop(pipe.cmd("ZRANGE").arg(free).arg(0).arg(-1)),
            Some(cells) => pack::ranges(cells.to_vec()).into_iter().for_each(|(first, last)| {
                pipe.cmd("ZRANGEBYSCORE").arg(free).arg(first).arg(last);
            }),
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
        let Some(Value::Int(total)) = answers.next() else { return Err(Failure::Unreadable) };
        seat.has_free_units(usize::try_from(*total).unwrap_or_default());
        let mut found = Vec::new();
        for answer in answers {
            let Value::Array(members) = answer else { return Err(Failure::Unreadable) };
            found.extend(members.iter().filter_map(|member| candidate(seat.area, member, ask)));
        }
        Ok(found)
    }
}

/// A member of the set of free units, if it is fresh and near enough.
fn candidate(area: AreaCode, member: &Value, ask: &Ask) -> Option<Candidate> {
    let Value::BulkString(bytes) = member else { return None };
    let (sign, place, at) = pack::read_free(bytes)?;
    if at < ask.now.plus(ask.stale_ms.saturating_neg()) {
        return None;
    }
    let found = Candidate::new(UnitId::new(area, sign).ok()?, place, at, ask.from, ask.now);
    (found.distance_m <= ask.limit_m).then_some(found)
}

/// A unit that moved between two questions may have been answered twice: its newest fix counts.
fn each_once(found: &mut Vec<Candidate>) {
    found.sort_unstable_by(|a, b| a.unit.cmp(&b.unit).then_with(|| a.fix_age_ms.cmp(&b.fix_age_ms)));
    found.dedup_by(|later, first| later.unit == first.unit);
}

/// The next disk: just wide enough to be sure of what was found, and twice as wide at most.
fn more_rings(rings: u32, sure_m: f64, wanted_m: f64) -> u32 {
    let per_ring_m = sure_m / (1.5 * f64::from(rings) - 0.5);
    let enough = (1..=MOST_RINGS).find(|r| per_ring_m * 0.99 * (1.5 * f64::from(*r) - 0.5) >= wanted_m);
    enough.unwrap_or(rings * 2).clamp(rings + 1, rings * 2)
}

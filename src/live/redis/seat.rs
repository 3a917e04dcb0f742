//! What this node has still to tell Redis of one area, and what it knows of the area's index there.
//!
//! Invariants: a unit is in `waiting` once while anything of it is unsent or unacknowledged, so the list is bounded by
//! the area's units and the newest wins; an acknowledgement clears only what has not changed since it was sent.

use crate::{
    domain::{
        ids::{AreaCode, UnitId},
        time::UnixMs,
    },
    live::hash::QuickMap,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is to be told of a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct What {
    pub(super) fix: bool,
    pub(super) said: bool,
    /// It was taken off the map, before all else here.
    pub(super) gone: bool,
}

/// One that is being told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) unit: UnitId,
    pub(super) what: What,
    slot: u32,
    change: u64,
}

#[derive(Debug)]
struct Mine {
    unit: UnitId,
    what: What,
    /// The number of its last change.
    change: u64,
    waits: bool,
    /// When its fix was last sent, and arrived.
    sent: UnixMs,
}

/// What is known of the area's index in Redis.
#[derive(Debug, Default, PartialEq, Eq)]
enum Trust {
    /// Never asked.
    #[default]
    Unknown,
    /// It answered, and this is its marker.
    Good(Vec<u8>),
    /// It did not answer: what was sent may be lost.
    Lost,
}

/// What an answer showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The index that was there before.
    Same,
    /// The first answer: it must be told what this node knows.
    First,
    /// Another index, or the same after a time without answers: it must be told, and may lack what other nodes told.
    Another,
}

#[derive(Debug, Default)]
struct State {
    slots: QuickMap<UnitId, u32>,
    units: Vec<Mine>,
    waiting: Vec<u32>,
    changes: u64,
    trust: Trust,
    asked: Option<UnixMs>,
    looked: Option<UnixMs>,
    surveyed: Option<UnixMs>,
    cursor: Option<String>,
    free: Option<usize>,
}

/// Names of an area's keys. The area is the hash tag: all lie on one server of a cluster.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) fixes: String,
    pub(super) said: String,
    pub(super) cells: String,
    pub(super) log: String,
    pub(super) looked: String,
}

/// One area.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) area: AreaCode,
    pub(super) keys: Keys,
    state: Mutex<State>,
}

impl Seat {
    pub(super) fn new(prefix: &str, area: AreaCode) -> Self {
        let key = |name| format!("{prefix}{{{area}}}:{name}");
        let keys = Keys {
            fixes: key("fixes"),
            said: key("said"),
            cells: key("cells"),
            log: key("log"),
            looked: key("looked"),
        };
        Self { area, keys, state: Mutex::default() }
    }

    /// Lays by what is to be told of a unit.
    pub(super) fn lay_by(&self, unit: UnitId, what: What) {
        self.state().lay_by(unit, what);
    }

    /// Lays by everything that is known of these units.
    pub(super) fn lay_by_all(&self, units: impl Iterator<Item = UnitId>) {
        let mut state = self.state();
        for unit in units {
            state.lay_by(unit, What { fix: true, said: true, gone: false });
        }
    }

    /// What is to be sent now: all that waits, or only what is `due`, which fixes sent within `unit_ms` are not.
    pub(super) fn waiting(&self, due: Option<(UnixMs, i64)>) -> Vec<Item> {
        let state = self.state();
        let is_due = |mine: &Mine| {
            due.is_none_or(|(now, unit_ms)| {
                mine.what.said || mine.what.gone || !(0..unit_ms).contains(&now.since(mine.sent))
            })
        };
        let items = state.waiting.iter().filter_map(|slot| {
            let mine = &state.units[*slot as usize];
            is_due(mine).then_some(Item { unit: mine.unit, what: mine.what, slot: *slot, change: mine.change })
        });
        items.collect()
    }

    /// These arrived.
    pub(super) fn arrived(&self, items: &[Item], now: UnixMs) {
        let state = &mut *self.state();
        for item in items {
            let mine = &mut state.units[item.slot as usize];
            if item.what.fix {
                mine.sent = now;
            }
            if mine.change == item.change {
                (mine.what, mine.waits) = (What::default(), false);
            }
        }
        let units = &state.units;
        state.waiting.retain(|slot| units[*slot as usize].waits);
    }

    /// Whether this node has told nothing of a unit since `moment`, nor has anything to tell.
    pub(super) fn is_quiet(&self, unit: UnitId, moment: UnixMs) -> bool {
        let state = self.state();
        state.slots.get(&unit).is_none_or(|slot| {
            let mine = &state.units[*slot as usize];
            !mine.waits && mine.sent < moment
        })
    }

    /// The index answered, with this marker.
    pub(super) fn heard(&self, marker: &[u8], now: UnixMs) -> Heard {
        let mut state = self.state();
        state.asked = Some(now);
        let heard = match &state.trust {
            Trust::Good(known) if known == marker => return Heard::Same,
            Trust::Unknown => Heard::First,
            Trust::Good(_) | Trust::Lost => Heard::Another,
        };
        state.trust = Trust::Good(marker.to_vec());
        state.cursor = None;
        heard
    }

    /// The index did not answer.
    pub(super) fn lost(&self, now: UnixMs) {
        let mut state = self.state();
        state.asked = Some(now);
        state.cursor = None;
        state.trust = Trust::Lost;
    }

    /// Whether the last attempt to reach the index failed.
    pub(super) fn is_lost(&self) -> bool {
        self.state().trust == Trust::Lost
    }

    /// Whether this is the index that this node knows.
    pub(super) fn is_marked(&self, marker: &[u8]) -> bool {
        matches!(&self.state().trust, Trust::Good(known) if known == marker)
    }

    /// Whether nothing was asked of the index for so long.
    pub(super) fn is_silent_for(&self, ms: i64, now: UnixMs) -> bool {
        self.state().asked.is_none_or(|asked| !(0..ms).contains(&now.since(asked)))
    }

    /// Somebody looks at the area. Says whether its changes are followed already.
    pub(super) fn look(&self, now: UnixMs) -> bool {
        let mut state = self.state();
        state.looked = Some(now);
        state.cursor.is_some()
    }

    /// The area is surveyed now, and may be again: its changes are known up to the cursor meanwhile.
    pub(super) fn survey(&self, now: UnixMs) {
        self.state().surveyed = Some(now);
    }

    /// Whether somebody looked within so long. If not, and nobody surveyed it within `kept_ms` either, its changes are not
    /// followed any more.
    pub(super) fn is_looked_at(&self, within_ms: i64, kept_ms: i64, now: UnixMs) -> bool {
        let mut state = self.state();
        let within = |at: Option<UnixMs>, ms| at.is_some_and(|at| now.since(at) <= ms);
        let looked = within(state.looked, within_ms);
        if !looked && !within(state.surveyed, kept_ms) {
            state.cursor = None;
        }
        looked
    }

    /// Up to which entry of the log its changes are known.
    pub(super) fn cursor(&self) -> Option<String> {
        self.state().cursor.clone()
    }

    /// Its changes are known up to here.
    pub(super) fn follow_from(&self, cursor: String) {
        let mut state = self.state();
        if (state.looked.is_some() || state.surveyed.is_some()) && state.trust != Trust::Lost {
            state.cursor = Some(cursor);
        }
    }

    /// How many free units Redis had when it was last asked.
    pub(super) fn free_units(&self) -> Option<usize> {
        self.state().free
    }

    /// So many free units it has.
    pub(super) fn has_free_units(&self, free: usize) {
        self.state().free = Some(free);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn lay_by(&mut self, unit: UnitId, what: What) {
        self.changes += 1;
        let slot = *self.slots.entry(unit).or_insert_with(|| {
            let sent = UnixMs(i64::MIN / 2);
            self.units.push(Mine { unit, what: What::default(), change: 0, waits: false, sent });
            u32::try_from(self.units.len() - 1).expect("an area has fewer units than u32 can name")
        });
        let mine = &mut self.units[slot as usize];
        mine.change = self.changes;
        if what.gone {
            mine.what = what;
        } else {
            mine.what.fix |= what.fix;
            mine.what.said |= what.said;
        }
        if !mine.waits {
            mine.waits = true;
            self.waiting.push(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIX: What = What { fix: true, said: false, gone: false };

    fn seat() -> (Seat, UnitId) {
        (Seat::new("t:", "BPN".parse().unwrap()), "BPN-M1".parse().unwrap())
    }

    #[test]
    fn a_unit_waits_once_and_not_longer_than_it_must() {
        let (seat, unit) = seat();
        for _ in 0..3 {
            seat.lay_by(unit, FIX);
        }
        let sent = seat.waiting(Some((UnixMs(5_000), 1_000)));
        assert_eq!(sent.len(), 1);
        // A newer one while that was on its way stays, but is not due before the second is over.
        seat.lay_by(unit, FIX);
        seat.arrived(&sent, UnixMs(5_000));
        assert_eq!(seat.waiting(Some((UnixMs(5_999), 1_000))).len(), 0);
        assert_eq!(seat.waiting(None).len(), 1);
        let sent = seat.waiting(Some((UnixMs(6_000), 1_000)));
        seat.arrived(&sent, UnixMs(6_000));
        assert_eq!(seat.waiting(None).len(), 0);
        // What is said of it does not wait.
        seat.lay_by(unit, FIX);
        seat.lay_by(unit, What { said: true, ..What::default() });
        assert_eq!(seat.waiting(Some((UnixMs(6_001), 1_000)))[0].what, What { said: true, ..FIX });
    }

    #[test]
    fn another_index_and_a_lost_one_are_told_everything() {
        let (seat, _) = seat();
        assert_eq!(seat.heard(b"a", UnixMs(1)), Heard::First);
        assert_eq!(seat.heard(b"a", UnixMs(2)), Heard::Same);
        assert_eq!(seat.heard(b"b", UnixMs(3)), Heard::Another);
        seat.lost(UnixMs(4));
        seat.lost(UnixMs(5));
        assert!(seat.is_lost());
        assert_eq!(seat.heard(b"b", UnixMs(6)), Heard::Another);
        assert!(seat.is_silent_for(2_000, UnixMs(2_006)) && !seat.is_silent_for(2_000, UnixMs(2_005)));
    }
}

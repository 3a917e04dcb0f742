//! Whether help will be late, before it is; and what would make it come sooner.
//!
//! Invariants: whoever is farther is at risk no later than whoever is nearer; [`AT_RISK_SHARE`](super::AT_RISK_SHARE) of the
//! target gone is a risk whatever anybody expects, and no look is put off beyond that moment.

use super::{Clock, tally::Tally};
use crate::domain::{ids::*, incident::Priority, time::UnixMs};
use serde::{Deserialize, Serialize};

/// While a unit is on its way it is looked at again after so long, milliseconds: it may stand still, or meet a jam.
pub const LOOK_MS: i64 = 15_000;
/// What arrivals were is known from so many days.
pub const LIKE_DAYS: i64 = 28;
/// Fewer arrivals than these say nothing about the next.
const LIKE_MIN: i64 = 20;

/// Who is expected, and when, by what is known at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coming {
    /// Accepted the work; otherwise the best that could be asked.
    pub under_way: bool,
    /// Left until it sets out, milliseconds.
    pub turnout_ms: i64,
    /// Left to travel from where it is now, milliseconds.
    pub travel_ms: i64,
}

impl Coming {
    /// Until help is there, milliseconds.
    #[must_use]
    pub const fn expected_ms(&self) -> i64 {
        self.turnout_ms.saturating_add(self.travel_ms)
    }

    /// As late as help must be reckoned with, milliseconds: the ride takes longer by the share of rides that were late.
    #[must_use]
    pub fn cautious_ms(&self, late_share: f64) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a share of a ride is far below 2^53 ms")]
        #[expect(clippy::cast_precision_loss, reason = "a ride is far below 2^53 ms")]
        let more_ms = (self.travel_ms as f64 * late_share.clamp(0.0, 1.0)) as i64;
        self.expected_ms().saturating_add(more_ms)
    }
}

/// What a look finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Help may be late: the dispatchers are told.
    AtRisk,
    /// Not yet: it is looked at again then.
    Again(UnixMs),
}

/// The moment at which the dispatchers are told whatever is expected.
#[must_use]
pub fn backstop(clock: &Clock) -> UnixMs {
    clock.warn_at(None)
}

/// Whether an incident that nobody has reached is at risk now.
#[must_use]
pub fn look(clock: &Clock, coming: Option<&Coming>, late_share: f64, now: UnixMs) -> Look {
    let last = backstop(clock);
    if now >= last {
        return Look::AtRisk;
    }
    let Some(coming) = coming else { return Look::Again(last) };
    let cautious_ms = coming.cautious_ms(late_share);
    if now.plus(cautious_ms) > clock.due() {
        return Look::AtRisk;
    }
    // Nobody moves while nobody is asked: the next moment of interest is when the best unit would be late.
    let next = if coming.under_way { now.plus(LOOK_MS) } else { clock.due().plus(1 - cautious_ms) };
    Look::Again(next.max(now.plus(1)).min(last))
}

/// Of the arrivals in like cases, the share that was late: those of one priority, of all where they are too few, none where
/// these are too few as well.
#[must_use]
pub fn late_share(like: &Tally, all: &Tally) -> f64 {
    let of = |tally: &Tally| {
        let late = (tally.arrived - tally.kept).max(0);
        #[expect(clippy::cast_precision_loss, reason = "incidents are far below 2^53")]
        let share = late as f64 / tally.arrived as f64;
        (tally.arrived >= LIKE_MIN).then_some(share)
    };
    of(like).or_else(|| of(all)).unwrap_or_default()
}

/// What would make help come sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(tag = "help", rename_all = "snake_case")]
pub enum Help {
    /// A free unit that would be there sooner.
    Nearer {
        /// Which.
        unit: UnitId,
        /// It would be there in so many milliseconds.
        eta_ms: i64,
        /// So much sooner than who is coming; none where nobody is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        saves_ms: Option<i64>,
    },
    /// A free unit that could be sent as well, in case the first does not make it.
    Backup {
        /// Which.
        unit: UnitId,
        /// It would be there in so many milliseconds.
        eta_ms: i64,
    },
    /// A unit on its way to something less urgent that would be there sooner.
    Divert {
        /// Its present work.
        dispatch: DispatchId,
        /// Which unit.
        unit: UnitId,
        /// The incident that would have to wait.
        incident: IncidentId,
        /// How urgent that is.
        priority: Priority,
        /// It would be there in so many milliseconds.
        eta_ms: i64,
    },
}

/// How an incident stands with its promise, and what would help.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(default)]
pub struct Advice {
    /// Help is expected in so many milliseconds; none where nobody is on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_ms: Option<i64>,
    /// Of the arrivals in like cases of the last 28 days, the share that was late.
    pub late_share: f64,
    /// What would help, the best first; nothing where so many are at risk at once that nobody looked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub helps: Vec<Help>,
}

/// A unit that could be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Could {
    /// Which.
    pub unit: UnitId,
    /// In so many milliseconds.
    pub eta_ms: i64,
}

/// A unit on its way to something less urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Its present work.
    pub dispatch: DispatchId,
    /// What that is for.
    pub incident: IncidentId,
    /// How urgent that is.
    pub priority: Priority,
    /// Which unit, and how soon it could be here.
    pub could: Could,
}

/// What would help: of free units the soonest, of those that could be diverted the soonest, least urgent first. `expected_ms` is
/// when whoever is on the way will be there.
#[must_use]
pub fn helps(expected_ms: Option<i64>, free: &[Could], elsewhere: &[Elsewhere]) -> Vec<Help> {
    let sooner = |could: &Could| expected_ms.is_none_or(|expected| could.eta_ms < expected);
    let mut helps = Vec::new();
    if let Some(&could) = free.iter().min_by_key(|could| (could.eta_ms, could.unit)) {
        let Could { unit, eta_ms } = could;
        helps.push(match sooner(&could) {
            true => Help::Nearer { unit, eta_ms, saves_ms: expected_ms.map(|expected| expected - eta_ms) },
            false => Help::Backup { unit, eta_ms },
        });
    }
    let better = |other: &&Elsewhere| {
        // Who is free costs nobody anything: only a unit that is sooner than any free one is worth taking away.
        sooner(&other.could) && free.iter().all(|could| other.could.eta_ms < could.eta_ms)
    };
    let divert = elsewhere.iter().filter(better);
    if let Some(other) = divert.min_by_key(|o| (o.could.eta_ms, std::cmp::Reverse(o.priority), o.could.unit)) {
        let Elsewhere { dispatch, incident, priority, could: Could { unit, eta_ms } } = *other;
        helps.push(Help::Divert { dispatch, unit, incident, priority, eta_ms });
    }
    helps
}

#[cfg(test)]
mod tests;

//! Counts as they are shown: shares with their intervals, percentiles, how segments stand against their budgets.
//!
//! Invariant: nothing flatters. Lengths are whole seconds, rounded up; what is unverified is shown beside the whole.

use super::{
    fact::Exclusion,
    policy::{Policy, Rules, Segment},
    tally::{Histogram, Tally, ratio, wilson},
};
use crate::domain::{incident::Priority, time::UnixMs};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How long something took, seconds; percentiles by nearest rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lengths {
    /// How many are known.
    pub count: i64,
    /// Half of them took no longer.
    pub p50_s: Option<i64>,
    /// Nine of ten took no longer.
    pub p90_s: Option<i64>,
    /// Nineteen of twenty took no longer.
    pub p95_s: Option<i64>,
}

impl From<&Histogram> for Lengths {
    fn from(all: &Histogram) -> Self {
        let [p50_s, p90_s, p95_s] = [50, 90, 95].map(|percent| all.percentile_s(percent));
        Self { count: all.total(), p50_s, p90_s, p95_s }
    }
}

/// How long a part of the response took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct SegmentFigures {
    /// The lengths.
    #[serde(flatten)]
    pub lengths: Lengths,
    /// How long it may take, seconds, where every promise in force says the same.
    pub budget_s: Option<i64>,
    /// The share that took no longer than that.
    pub within_budget: Option<f64>,
}

/// The counts of a time, or of a part of it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Figures {
    /// Incidents that count for the promise to citizens.
    pub counted: i64,
    /// Of those, with a unit there within the target.
    pub kept: i64,
    /// `kept / counted`; none when nothing counts.
    pub share: Option<f64>,
    /// Where the true share lies with 95 % confidence, judged by so few (Wilson).
    pub interval: Option<[f64; 2]>,
    /// The share that was promised: the mean of what was promised to each.
    pub promised: Option<f64>,
    /// Whether the share is what was promised, or more.
    pub met: Option<bool>,
    /// Of those kept, with an arrival that the unit's own fix confirms.
    pub kept_verified: i64,
    /// `kept_verified / counted`: the share that can be shown to be true.
    pub share_verified: Option<f64>,
    /// Arrivals, in time or not.
    pub arrived: i64,
    /// Of those, confirmed.
    pub arrived_verified: i64,
    /// Closed without a unit having been there.
    pub unreached: i64,
    /// Incidents that do not count, for whatever reason.
    pub excluded: i64,
    /// Why, and how many.
    pub excluded_by: BTreeMap<Exclusion, i64>,
    /// Of those past their target: which part spent the time.
    pub causes: BTreeMap<Segment, i64>,
    /// From the first ring to the first unit on scene.
    pub response: Lengths,
    /// Each part.
    pub segments: BTreeMap<Segment, SegmentFigures>,
}

impl Figures {
    /// The figures of these counts, held against what all promises have in common.
    #[must_use]
    pub fn of(tally: &Tally, common: &Common) -> Self {
        let none = Histogram::default();
        let segment = |segment: &Segment| {
            let lengths = tally.segments.get(segment).unwrap_or(&none);
            let budget_s = common.budget_ms(*segment).map(|ms| ms / 1_000);
            let within = |s| lengths.each().filter(|(length, _)| *length <= s).map(|(_, count)| count).sum();
            let within_budget = budget_s.and_then(|s| ratio(within(s), lengths.total()));
            (*segment, SegmentFigures { lengths: lengths.into(), budget_s, within_budget })
        };
        Self {
            counted: tally.counted,
            kept: tally.kept,
            share: tally.share(),
            interval: wilson(tally.kept, tally.counted),
            promised: tally.promised(),
            met: (tally.counted > 0).then_some(tally.kept * 10_000 >= tally.promised_bp),
            kept_verified: tally.kept_verified,
            share_verified: ratio(tally.kept_verified, tally.counted),
            arrived: tally.arrived,
            arrived_verified: tally.arrived_verified,
            unreached: tally.unreached,
            excluded: tally.excluded.values().sum(),
            excluded_by: tally.excluded.clone(),
            causes: tally.causes.clone(),
            response: (&tally.response).into(),
            segments: Segment::ALL.iter().map(segment).collect(),
        }
    }

    /// Those that count and were not kept.
    #[must_use]
    pub const fn missed(&self) -> i64 {
        self.counted - self.kept
    }
}

/// What several promises have in common, whatever the priority and the distance; none where they differ.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Common {
    /// The target of the whole, milliseconds.
    pub target_ms: Option<i64>,
    /// The share promised.
    pub share: Option<f64>,
    budgets: [Option<i64>; 5],
}

impl Common {
    /// What these rules have in common.
    #[must_use]
    pub fn of<'r>(rules: impl Iterator<Item = &'r Rules> + Clone) -> Self {
        let bands = rules.flat_map(|rules| Priority::ALL.iter().flat_map(|priority| rules.bands(*priority)));
        let budget = |segment| same(bands.clone().map(|band| band.budgets().of(segment)));
        use Segment::{Answer, Processing, Queue, Travel, Turnout};
        Self {
            target_ms: same(bands.clone().map(|band| band.target_ms)),
            share: same(bands.clone().map(|band| band.share)),
            budgets: [Answer, Processing, Queue, Turnout, Travel].map(budget),
        }
    }

    /// The budget of a part, milliseconds.
    #[must_use]
    pub const fn budget_ms(&self, segment: Segment) -> Option<i64> {
        self.budgets[segment as usize]
    }
}

/// What all of them are, where all are the same.
fn same<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// The policies that were in force at some moment from `start` on and before `end`, the first one first, each with the
/// moment from which on another one was.
#[must_use]
pub fn in_force(mut all: Vec<Policy>, (start, end): (UnixMs, UnixMs)) -> Vec<(Policy, Option<UnixMs>)> {
    // Of several from one moment on, only the newest was ever in force.
    all.sort_by_key(|policy| (policy.from, std::cmp::Reverse(policy.version)));
    all.dedup_by_key(|policy| policy.from);
    let ends: Vec<Option<UnixMs>> = all.iter().skip(1).map(|next| Some(next.from)).chain([None]).collect();
    let both = all.into_iter().zip(ends);
    both.filter(|(policy, until)| policy.from < end && until.is_none_or(|until| until > start)).collect()
}

#[cfg(test)]
mod tests;

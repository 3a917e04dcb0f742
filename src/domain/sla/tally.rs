//! Sums of facts: counts, and histograms exact to the second, so that sums of days and of cities have true percentiles.
//!
//! Invariant: [`Tally::take`] undoes [`Tally::add`] exactly; the order of facts does not matter.

use super::{
    Segments,
    fact::{Exclusion, Fact, Outcome},
    policy::Segment,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often each length was, by whole seconds, rounded up: a percentile never flatters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram(BTreeMap<i64, i64>);

impl Histogram {
    fn count(&mut self, ms: Option<i64>, by: i64) {
        let Some(ms) = ms else { return };
        let second = ms.max(0).div_euclid(1_000) + i64::from(ms.max(0).rem_euclid(1_000) > 0);
        let count = self.0.entry(second).or_default();
        *count += by;
        if *count == 0 {
            self.0.remove(&second);
        }
    }

    /// How many were counted.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.0.values().sum()
    }

    /// The seconds within which `percent` of them lie (nearest rank); `None` of nothing.
    #[must_use]
    pub fn percentile_s(&self, percent: i64) -> Option<i64> {
        let rank = (self.total() * percent.clamp(0, 100)).div_euclid(100)
            + i64::from((self.total() * percent.clamp(0, 100)).rem_euclid(100) > 0);
        let mut seen = 0;
        self.0
            .iter()
            .find(|(_, count)| {
                seen += **count;
                seen >= rank.max(1)
            })
            .map(|(second, _)| *second)
    }

    /// Each length that was, seconds, and how often.
    pub fn each(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0.iter().map(|(second, count)| (*second, *count))
    }

    fn and(&mut self, other: &Self, by: i64) {
        for (second, count) in &other.0 {
            let sum = self.0.entry(*second).or_default();
            *sum += count * by;
            if *sum == 0 {
                self.0.remove(second);
            }
        }
    }
}

/// Counts of facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Incidents that count for the promise.
    pub counted: i64,
    /// Of those, within the target.
    pub kept: i64,
    /// Of those kept, with an arrival that a fix of the unit confirms.
    pub kept_verified: i64,
    /// Arrivals, in time or not.
    pub arrived: i64,
    /// Of those, confirmed.
    pub arrived_verified: i64,
    /// Closed without a unit having been there.
    pub unreached: i64,
    /// The shares promised to those that count, in ten-thousandths, added up.
    pub promised_bp: i64,
    /// Why others do not count, and how many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub excluded: BTreeMap<Exclusion, i64>,
    /// Of those that were late: which part spent the time.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub causes: BTreeMap<Segment, i64>,
    /// From the first ring to the first unit on scene.
    pub response: Histogram,
    /// Each part.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub segments: BTreeMap<Segment, Histogram>,
}

/// Adds to a count in a map, where nothing is kept of what is zero.
fn bump<K: Ord>(counts: &mut BTreeMap<K, i64>, key: K, by: i64) {
    let count = counts.entry(key).or_default();
    *count += by;
    counts.retain(|_, count| *count != 0);
}

impl Tally {
    /// Counts a fact in.
    pub fn add(&mut self, fact: &Fact) {
        self.count(fact, 1);
    }

    /// Counts a fact out again.
    pub fn take(&mut self, fact: &Fact) {
        self.count(fact, -1);
    }

    fn count(&mut self, fact: &Fact, by: i64) {
        if let Some(why) = fact.excluded {
            bump(&mut self.excluded, why, by);
            return;
        }
        let when = |yes: bool| if yes { by } else { 0 };
        let (kept, there) = (fact.outcome == Outcome::Kept, fact.segments.response_ms.is_some());
        let verified = fact.verified == Some(true);
        self.counted += by;
        self.kept += when(kept);
        self.kept_verified += when(kept && verified);
        self.arrived += when(there);
        self.arrived_verified += when(there && verified);
        self.unreached += when(fact.outcome == Outcome::Unreached);
        #[expect(clippy::cast_possible_truncation, reason = "a share is at most 1")]
        let promised_bp = (fact.share * 10_000.0).round() as i64;
        self.promised_bp += promised_bp * by;
        if let Some(cause) = &fact.cause {
            bump(&mut self.causes, cause.segment, by);
        }
        self.response.count(fact.segments.response_ms, by);
        for segment in Segment::ALL {
            if let Some(ms) = fact.segments.of(*segment) {
                self.segments.entry(*segment).or_default().count(Some(ms), by);
            }
        }
        self.segments.retain(|_, histogram| !histogram.0.is_empty());
    }

    /// Adds another sum.
    pub fn and(&mut self, other: &Self) {
        self.counted += other.counted;
        self.kept += other.kept;
        self.kept_verified += other.kept_verified;
        self.arrived += other.arrived;
        self.arrived_verified += other.arrived_verified;
        self.unreached += other.unreached;
        self.promised_bp += other.promised_bp;
        for (why, count) in &other.excluded {
            bump(&mut self.excluded, *why, *count);
        }
        for (segment, count) in &other.causes {
            bump(&mut self.causes, *segment, *count);
        }
        self.response.and(&other.response, 1);
        for (segment, histogram) in &other.segments {
            self.segments.entry(*segment).or_default().and(histogram, 1);
        }
    }

    /// Whether nothing is counted, so that the row can go.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The share within target; `None` when nothing counts.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        ratio(self.kept, self.counted)
    }

    /// The share promised, as the mean of what was promised to each.
    #[must_use]
    pub fn promised(&self) -> Option<f64> {
        ratio(self.promised_bp, self.counted).map(|bp| bp / 10_000.0)
    }
}

/// A part of a whole; `None` of nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "incidents are far below 2^53")]
pub fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The 95 % confidence interval of a share (E. B. Wilson, 1927): where the true share lies, judged by so few.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "incidents are far below 2^53")]
pub fn wilson(kept: i64, all: i64) -> Option<[f64; 2]> {
    /// The 97.5th percentile of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    let (n, share) = (all as f64, ratio(kept, all)?);
    let z2n = Z * Z / n;
    let middle = (share + z2n / 2.0) / (1.0 + z2n);
    let half = Z / (1.0 + z2n) * (share * (1.0 - share) / n + z2n / (4.0 * n)).sqrt();
    Some([(middle - half).max(0.0), (middle + half).min(1.0)])
}

impl Segments {
    /// One part, milliseconds.
    #[must_use]
    pub const fn of(&self, segment: Segment) -> Option<i64> {
        match segment {
            Segment::Answer => self.answer_ms,
            Segment::Processing => self.processing_ms,
            Segment::Queue => self.queue_ms,
            Segment::Turnout => self.turnout_ms,
            Segment::Travel => self.travel_ms,
        }
    }
}

#[cfg(test)]
mod tests;

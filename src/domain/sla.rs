//! The promise: from the first ring to the first unit on scene.
//!
//! The intervals are those of NFPA 1225 and FIELD practice: answer, processing, queue, turnout, travel; response is the
//! whole. A mean hides the tail, so figures are shares and percentiles.

pub mod cases;
pub mod cause;
pub mod compliance;
pub mod fact;
pub mod figures;
pub mod policy;
pub mod preset;
pub mod risk;
pub mod tally;

use super::time::UnixMs;
use policy::Segment;
use serde::{Deserialize, Serialize};
use tally::Tally;

/// Share of the target after which an incident is at risk whatever its units do.
pub const AT_RISK_SHARE: f64 = 0.7;

/// The moments of an incident that count for the promise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Clock {
    /// The first ring or arrival of its earliest report.
    pub start: UnixMs,
    /// What was promised when it began, milliseconds.
    pub target_ms: i64,
    /// The version of the city's policy that says so.
    #[serde(default)]
    pub policy: i64,
    /// When that report was answered.
    pub answered: Option<UnixMs>,
    /// When it was found valid.
    pub validated: Option<UnixMs>,
    /// When a unit first accepted.
    pub accepted: Option<UnixMs>,
    /// When a unit first set out.
    pub en_route: Option<UnixMs>,
    /// When a unit was first on scene: stops the clock.
    pub on_scene: Option<UnixMs>,
    /// When `at_risk` fired.
    pub at_risk: Option<UnixMs>,
    /// When `breached` fired.
    pub breached: Option<UnixMs>,
}

/// How long each part took, milliseconds; `None` where its end has not come.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema,
)]
pub struct Segments {
    /// Rung → answered.
    pub answer_ms: Option<i64>,
    /// Answered → validated.
    pub processing_ms: Option<i64>,
    /// Validated → first offer accepted.
    pub queue_ms: Option<i64>,
    /// Accepted → en route.
    pub turnout_ms: Option<i64>,
    /// En route → on scene.
    pub travel_ms: Option<i64>,
    /// Rung → on scene.
    pub response_ms: Option<i64>,
}

impl Clock {
    /// When the promise is broken unless a unit is there: the last moment that still counts as kept.
    #[must_use]
    pub const fn due(&self) -> UnixMs {
        self.start.plus(self.target_ms)
    }

    /// When to warn: 70 % of the target gone, or too little left for the expected travel, whichever comes first.
    #[must_use]
    pub fn warn_at(&self, travel_ms: Option<i64>) -> UnixMs {
        #[expect(clippy::cast_possible_truncation, reason = "a share of a target is far below 2^53 ms")]
        let by_share = self.start.plus((self.target_ms as f64 * AT_RISK_SHARE) as i64);
        travel_ms.map_or(by_share, |t| by_share.min(self.due().plus(-t)))
    }

    /// When a part began, as far as is known: the latest moment before it that has come.
    #[must_use]
    pub fn began(&self, segment: Segment) -> UnixMs {
        let moments = [Some(self.start), self.answered, self.validated, self.accepted, self.en_route];
        let until = segment as usize;
        moments.into_iter().take(until + 1).flatten().next_back().unwrap_or(self.start)
    }

    /// Whether the promise was kept; `None` while that is open.
    #[must_use]
    pub fn kept(&self) -> Option<bool> {
        match (self.on_scene, self.breached) {
            (Some(there), _) => Some(there <= self.due()),
            (None, Some(_)) => Some(false),
            (None, None) => None,
        }
    }

    /// The parts. A part that was skipped (accepted by radio, already on scene) takes no time; none is negative.
    #[must_use]
    pub fn segments(&self) -> Segments {
        let span = |from: Option<UnixMs>, to: Option<UnixMs>| Some(to?.since(from?).max(0));
        let start = Some(self.start);
        Segments {
            answer_ms: span(start, self.answered),
            processing_ms: span(self.answered, self.validated),
            queue_ms: span(self.validated, self.accepted),
            turnout_ms: span(self.accepted, self.en_route),
            travel_ms: span(self.en_route, self.on_scene),
            response_ms: span(start, self.on_scene),
        }
    }
}

/// What is open in an area: incidents of citizens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCounts {
    /// All of them.
    pub open: i64,
    /// Those that wait for a unit.
    pub waiting: i64,
    /// At risk and not breached.
    pub at_risk: i64,
    /// Past their target without a unit on scene.
    pub breached: i64,
    /// Of those, begun on the city's own day.
    pub late_today: i64,
}

/// How a city stands: what is open, and what was decided of what began today.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Today {
    /// What is open.
    pub open: OpenCounts,
    /// What is decided.
    pub tally: Tally,
}

impl Today {
    /// Adds another city.
    pub fn and(&mut self, other: &Self) {
        let (open, of) = (&mut self.open, &other.open);
        open.open += of.open;
        open.waiting += of.waiting;
        open.at_risk += of.at_risk;
        open.breached += of.breached;
        open.late_today += of.late_today;
        self.tally.and(&other.tally);
    }

    /// As it is shown.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let (open, tally) = (&self.open, &self.tally);
        let decided_today = tally.counted + open.late_today;
        let response = |percent| tally.response.percentile_s(percent).map(|s| s * 1_000);
        #[expect(clippy::cast_precision_loss, reason = "incidents of a day are far below 2^53")]
        let share_today = (decided_today > 0).then(|| tally.kept as f64 / decided_today as f64);
        Standing {
            open: open.open,
            waiting: open.waiting,
            at_risk: open.at_risk,
            breached: open.breached,
            decided_today,
            within_target_today: tally.kept,
            verified_today: tally.kept_verified,
            excluded_today: tally.excluded.values().sum(),
            share_today,
            promised_today: tally.promised(),
            p50_ms: response(50),
            p90_ms: response(90),
            p95_ms: response(95),
        }
    }
}

/// Live counts of an area, and today's share within target. What began on the city's own day counts as today's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(default)]
pub struct Standing {
    /// Open incidents of citizens.
    pub open: i64,
    /// Open ones that wait for a unit.
    pub waiting: i64,
    /// Open ones at risk and not breached.
    pub at_risk: i64,
    /// Open ones past their target without a unit on scene.
    pub breached: i64,
    /// Of today's: those whose promise is decided.
    pub decided_today: i64,
    /// Of those, kept.
    pub within_target_today: i64,
    /// Of those kept, with an arrival that the unit's own fix confirms.
    pub verified_today: i64,
    /// Of today's: those that do not count, for whatever reason.
    pub excluded_today: i64,
    /// `within_target_today / decided_today`; `None` when none is decided.
    pub share_today: Option<f64>,
    /// What share was promised to those of today that were decided by an arrival or by closing, on the mean.
    pub promised_today: Option<f64>,
    /// Median response of today's arrivals, milliseconds, by whole seconds, rounded up.
    pub p50_ms: Option<i64>,
    /// 90th percentile of today's arrivals, milliseconds.
    pub p90_ms: Option<i64>,
    /// 95th percentile of today's arrivals, milliseconds.
    pub p95_ms: Option<i64>,
}

/// The value below or at which `percent` of `sorted` lie (nearest rank); `None` of an empty list.
#[must_use]
pub fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent.min(100)).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: Clock = Clock {
        start: UnixMs(0),
        target_ms: 600_000,
        policy: 1,
        answered: None,
        validated: None,
        accepted: None,
        en_route: None,
        on_scene: None,
        at_risk: None,
        breached: None,
    };

    #[test]
    fn warns_at_seventy_percent_or_when_travel_needs_more() {
        assert_eq!(CLOCK.warn_at(None), UnixMs(420_000));
        assert_eq!(CLOCK.warn_at(Some(60_000)), UnixMs(420_000));
        assert_eq!(CLOCK.warn_at(Some(300_000)), UnixMs(300_000));
    }

    #[test]
    fn the_last_millisecond_is_kept() {
        assert_eq!(CLOCK.kept(), None);
        assert_eq!(Clock { on_scene: Some(UnixMs(600_000)), ..CLOCK }.kept(), Some(true));
        assert_eq!(Clock { on_scene: Some(UnixMs(600_001)), ..CLOCK }.kept(), Some(false));
        assert_eq!(Clock { breached: Some(UnixMs(600_001)), ..CLOCK }.kept(), Some(false));
    }

    #[test]
    fn segments_add_up_to_the_response() {
        let at = |s: i64| Some(UnixMs(s * 1000));
        let clock = Clock {
            answered: at(4),
            validated: at(40),
            accepted: at(50),
            en_route: at(70),
            on_scene: at(400),
            ..CLOCK
        };
        let s = clock.segments();
        let parts = [s.answer_ms, s.processing_ms, s.queue_ms, s.turnout_ms, s.travel_ms];
        assert_eq!(parts.iter().map(|p| p.unwrap()).sum::<i64>(), s.response_ms.unwrap());
    }

    #[test]
    fn percentiles_by_nearest_rank() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 90), Some(7));
        assert_eq!(percentile(&[1, 2, 3, 4], 50), Some(2));
        assert_eq!(percentile(&(1..=100).collect::<Vec<_>>(), 90), Some(90));
    }
}

//! Why a promise was broken: the part that spent the time, and what stood in the way.

use super::{
    Clock, Segments,
    policy::{Band, Budgets, Segment, under_way},
};
use crate::domain::{incident::Incident, time::UnixMs};
use serde::{Deserialize, Serialize};

/// What stood in the way, as far as the work itself tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(default)]
pub struct Circumstances {
    /// When no free unit was to be found for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_unit: Option<UnixMs>,
    /// Offers that a crew declined.
    #[serde(skip_serializing_if = "is_none")]
    pub declined: i64,
    /// Offers that nobody answered.
    #[serde(skip_serializing_if = "is_none")]
    pub unanswered: i64,
    /// Units that were taken back.
    #[serde(skip_serializing_if = "is_none")]
    pub recalled: i64,
    /// Times that a report rang on because no desk took it or its holder was gone, or was given back.
    #[serde(skip_serializing_if = "is_none")]
    pub returned: i64,
    /// How far away the unit that came, or is coming, was when it was picked, metres in a straight line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
const fn is_none(count: &i64) -> bool {
    *count == 0
}

/// The part that spent the time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Attribution {
    /// Which part.
    pub segment: Segment,
    /// How long it took, or has taken so far, milliseconds.
    pub spent_ms: i64,
    /// By how much that is over its budget, milliseconds; negative where no part was over its own and all were slow.
    pub over_ms: i64,
    /// What stood in the way.
    #[serde(flatten)]
    pub facts: Circumstances,
}

/// A part of the response beside its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Part {
    /// Which.
    pub segment: Segment,
    /// How long it may take, milliseconds.
    pub budget_ms: i64,
    /// How long it took, or has taken so far, milliseconds; none where it has not begun.
    pub spent_ms: Option<i64>,
    /// By how much that is over its budget, milliseconds; none where it is not.
    pub over_ms: Option<i64>,
}

/// How the time of an incident was spent, beside what was promised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Spent {
    /// The version of the policy that it began under.
    pub policy: i64,
    /// The share promised in its band.
    pub share: f64,
    /// Each part, in order.
    pub parts: Vec<Part>,
    /// Which part spent the time, once the target has passed without a unit there.
    pub cause: Option<Attribution>,
}

/// How long a part took by `until`; none where it has not begun.
fn spent_ms(clock: &Clock, segments: &Segments, segment: Segment, until: UnixMs) -> Option<i64> {
    match under_way(segments) {
        Some(now) if now == segment => Some(until.since(clock.began(segment)).max(0)),
        _ => segments.of(segment),
    }
}

impl Spent {
    /// How the time was spent by `now`.
    #[must_use]
    pub fn of(incident: &Incident, band: &Band, facts: Circumstances, now: UnixMs) -> Self {
        let (clock, budgets, segments) = (&incident.clock, band.budgets(), incident.clock.segments());
        let until = clock.on_scene.or(incident.closed).unwrap_or(now);
        let part = |segment: &Segment| {
            let (budget_ms, spent_ms) = (budgets.of(*segment), spent_ms(clock, &segments, *segment, until));
            let over_ms = spent_ms.map(|spent| spent - budget_ms).filter(|over| *over > 0);
            Part { segment: *segment, budget_ms, spent_ms, over_ms }
        };
        let cause = (until > clock.due()).then(|| Attribution::of(clock, &budgets, facts, until));
        Self { policy: clock.policy, share: band.share, parts: Segment::ALL.iter().map(part).collect(), cause }
    }
}

impl Attribution {
    /// The part that is most over its budget at `until`: what has not come by then is counted as under way.
    #[must_use]
    pub fn of(clock: &Clock, budgets: &Budgets, facts: Circumstances, until: UnixMs) -> Self {
        let segments = clock.segments();
        let spent = |segment| spent_ms(clock, &segments, segment, until).unwrap_or_default();
        let over = |segment| spent(segment) - budgets.of(segment);
        let worst = Segment::ALL.iter().copied().max_by_key(|segment| over(*segment)).unwrap_or(Segment::Travel);
        Self { segment: worst, spent_ms: spent(worst), over_ms: over(worst), facts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(at: [Option<i64>; 5]) -> Clock {
        let [answered, validated, accepted, en_route, on_scene] = at.map(|s| s.map(|s| UnixMs(s * 1_000)));
        Clock {
            start: UnixMs(0),
            target_ms: 600_000,
            answered,
            validated,
            accepted,
            en_route,
            on_scene,
            ..Clock::default()
        }
    }

    #[test]
    fn the_part_that_is_most_over_its_budget_is_named() {
        let budgets = Budgets::usual(600_000);
        let why = |at, until: i64| {
            let found = Attribution::of(&clock(at), &budgets, Circumstances::default(), UnixMs(until * 1_000));
            (found.segment, found.spent_ms / 1_000, found.over_ms / 1_000)
        };
        let late = [Some(5), Some(60), Some(400), Some(430), Some(700)];
        assert_eq!(why(late, 700), (Segment::Queue, 340, 310));
        assert_eq!(why([Some(5), Some(60), None, None, None], 601), (Segment::Queue, 541, 511), "still waiting");
        assert_eq!(why([None; 5], 601), (Segment::Answer, 601, 591), "nobody answered");
        assert_eq!(why([Some(5), Some(60), Some(70), Some(80), None], 601), (Segment::Travel, 521, 81));
        // An arrival without taps before it: what was skipped took no time.
        assert_eq!(why([Some(5), Some(60), None, None, Some(700)], 700).0, Segment::Queue);
    }
}

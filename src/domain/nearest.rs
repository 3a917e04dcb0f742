//! Who is nearest: the order of units, and the record of why one was picked.
//!
//! Invariant: the order is total. Nearer comes first by [`Place::distance_m`], and units at the same distance go by
//! name, so that every search, on whatever index and node, gives the same answer.

use super::{
    ids::{AreaCode, UnitId},
    place::Place,
    time::UnixMs,
};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A fix older than this makes no candidate for an automatic offer, milliseconds.
pub const STALE_MS: i64 = 60_000;

/// So many candidates, and so many of those passed over, are kept with a pick.
pub const KEPT: usize = 8;

/// A unit that could be sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Candidate {
    /// Which.
    pub unit: UnitId,
    /// Where its last fix was made.
    pub place: Place,
    /// Great-circle distance to the place asked about, metres.
    pub distance_m: f64,
    /// Age of its fix, milliseconds.
    pub fix_age_ms: i64,
    /// It comes from a city beside the one that the scene is in.
    #[serde(default)]
    pub neighbour: bool,
}

impl Candidate {
    /// The unit at `place`, seen from `from`.
    #[must_use]
    pub fn new(unit: UnitId, place: Place, fixed_at: UnixMs, from: Place, now: UnixMs) -> Self {
        Self { unit, place, distance_m: from.distance_m(place), fix_age_ms: now.since(fixed_at), neighbour: false }
    }

    /// Nearer first, then by name.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        self.distance_m.total_cmp(&other.distance_m).then_with(|| self.unit.cmp(&other.unit))
    }
}

/// Why a unit was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It works on something else.
    Busy,
    /// Nobody is signed on, or it is out of service.
    OffDuty,
    /// Its fix is too old to send it by.
    Stale,
    /// It was asked for this incident already.
    Tried,
    /// It comes from a neighbouring city that sends by hand: a dispatcher may send it, the program does not.
    ByHand,
}

/// A unit that was passed over although it is near.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Skip {
    /// Which.
    pub unit: UnitId,
    /// Great-circle distance to the place asked about, metres.
    pub distance_m: f64,
    /// Age of its fix, milliseconds.
    pub fix_age_ms: i64,
    /// Why.
    pub why: Why,
    /// It comes from a city beside the one that the scene is in.
    #[serde(default)]
    pub neighbour: bool,
}

impl Skip {
    /// A unit that could be sent but for `why`.
    #[must_use]
    pub const fn new(of: &Candidate, why: Why) -> Self {
        Self { unit: of.unit, distance_m: of.distance_m, fix_age_ms: of.fix_age_ms, why, neighbour: of.neighbour }
    }

    /// Nearer first, then by name.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        self.distance_m.total_cmp(&other.distance_m).then_with(|| self.unit.cmp(&other.unit))
    }
}

/// What was seen around a place: the nearest units that can be sent, and the nearest that cannot. Both in order, and
/// at most [`KEPT`] of each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Survey {
    /// Units that can be sent.
    pub candidates: Vec<Candidate>,
    /// Units that cannot, each with the reason.
    pub skipped: Vec<Skip>,
}

impl Survey {
    /// Puts both lists in order and cuts them to [`KEPT`].
    pub fn settle(&mut self) {
        self.candidates.sort_unstable_by(Candidate::order);
        self.candidates.truncate(KEPT);
        self.skipped.sort_unstable_by(Skip::order);
        self.skipped.truncate(KEPT);
    }
}

/// Which unit was picked, and out of what; stored with the dispatch as its explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Pick {
    /// When.
    pub at: UnixMs,
    /// The place that it was picked for.
    pub place: Place,
    /// How far away a unit could be, metres.
    pub limit_m: f64,
    /// The nearest that was left, if any.
    pub chosen: Option<Candidate>,
    /// What was seen.
    pub survey: Survey,
    /// Cities near to the place whose units were looked at as well, nearest first.
    #[serde(default)]
    pub neighbours: Vec<AreaCode>,
}

impl Pick {
    /// Marks what comes from elsewhere than `city`, whose incident it is, and keeps who was looked at beside it.
    #[must_use]
    pub fn across(mut self, city: AreaCode, neighbours: Vec<AreaCode>) -> Self {
        let mark = |c: &mut Candidate| c.neighbour = c.unit.area != city;
        self.chosen.as_mut().map(mark);
        self.survey.candidates.iter_mut().for_each(mark);
        self.survey.skipped.iter_mut().for_each(|s| s.neighbour = s.unit.area != city);
        self.neighbours = neighbours;
        self
    }

    /// The chosen one turned out to have work: the next is chosen, if any is left.
    pub fn pass_over_chosen(&mut self) {
        if let Some(busy) = self.chosen.take() {
            self.survey.candidates.retain(|c| c.unit != busy.unit);
            self.survey.skipped.push(Skip::new(&busy, Why::Busy));
            self.survey.settle();
            self.chosen = self.survey.candidates.first().copied();
        }
    }
}

/// Picks the nearest candidate that was not tried before.
///
/// `candidates` are the free, fresh units within `limit_m` in any order, at least as many as `tried` and one more;
/// `survey` says who else was near.
#[must_use]
pub fn pick(
    mut candidates: Vec<Candidate>,
    tried: &[UnitId],
    mut survey: Survey,
    place: Place,
    limit_m: f64,
    at: UnixMs,
) -> Pick {
    rank(&mut candidates, usize::MAX);
    let (asked, left): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|c| tried.contains(&c.unit));
    // Who was tried is told as such, also while the index still has its unit busy with the offer that it declined.
    survey.skipped.retain(|s| !asked.iter().any(|c| c.unit == s.unit));
    for skip in survey.skipped.iter_mut().filter(|s| tried.contains(&s.unit)) {
        skip.why = Why::Tried;
    }
    survey.skipped.extend(asked.iter().map(|c| Skip::new(c, Why::Tried)));
    let chosen = left.first().copied();
    survey.candidates = left;
    survey.settle();
    Pick { at, place, limit_m, chosen, survey, neighbours: Vec::new() }
}

/// Sorts by [`Candidate::order`] and keeps the best `k`. Merges what several areas answered.
pub fn rank(candidates: &mut Vec<Candidate>, k: usize) {
    candidates.sort_unstable_by(Candidate::order);
    candidates.truncate(k);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit(no: usize) -> UnitId {
        format!("BPN-M{no}").parse().unwrap()
    }

    fn candidate(no: usize, distance_m: f64) -> Candidate {
        Candidate {
            unit: unit(no),
            place: Place::new(-1.2, 116.8).unwrap(),
            distance_m,
            fix_age_ms: 900,
            neighbour: false,
        }
    }

    #[test]
    fn the_nearest_untried_is_picked_and_the_rest_is_told() {
        let here = Place::new(-1.2, 116.8).unwrap();
        let near = vec![candidate(3, 80.0), candidate(2, 50.0), candidate(1, 50.0)];
        let survey = Survey { skipped: vec![Skip::new(&candidate(9, 10.0), Why::Busy)], ..Survey::default() };
        let pick = pick(near, &[unit(1)], survey, here, 5_000.0, UnixMs(7));
        assert_eq!(pick.chosen.unwrap().unit, unit(2));
        let skipped: Vec<_> = pick.survey.skipped.iter().map(|s| (s.unit, s.why)).collect();
        assert_eq!(skipped, [(unit(9), Why::Busy), (unit(1), Why::Tried)]);
        let text = serde_json::to_string(&pick).unwrap();
        assert_eq!(serde_json::from_str::<Pick>(&text).unwrap(), pick);
    }

    #[test]
    fn who_was_tried_is_told_also_while_the_index_has_it_busy() {
        let here = Place::new(-1.2, 116.8).unwrap();
        let survey = Survey { skipped: vec![Skip::new(&candidate(1, 10.0), Why::Busy)], ..Survey::default() };
        let pick = pick(vec![candidate(2, 50.0)], &[unit(1)], survey, here, 5_000.0, UnixMs(7));
        let skipped: Vec<_> = pick.survey.skipped.iter().map(|s| (s.unit, s.why)).collect();
        assert_eq!((pick.chosen.unwrap().unit, skipped), (unit(2), vec![(unit(1), Why::Tried)]));
    }

    proptest! {
        #[test]
        fn a_pick_is_bounded_and_in_order(metres in prop::collection::vec(0_u8..20, 0..40), tried in 0_usize..40) {
            let all: Vec<_> = metres.iter().enumerate().map(|(i, m)| candidate(i, f64::from(*m))).collect();
            let tried: Vec<_> = (0..tried).map(unit).collect();
            let here = Place::new(-1.2, 116.8).unwrap();
            let pick = pick(all.clone(), &tried, Survey::default(), here, 5_000.0, UnixMs(7));
            let best = all.iter().filter(|c| !tried.contains(&c.unit)).min_by(|a, b| a.order(b)).copied();
            prop_assert_eq!(pick.chosen, best);
            prop_assert!(pick.survey.candidates.len() <= KEPT && pick.survey.skipped.len() <= KEPT);
            prop_assert!(pick.survey.candidates.is_sorted_by(|a, b| a.order(b) == Ordering::Less));
        }
    }
}

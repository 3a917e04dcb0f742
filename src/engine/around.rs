//! Who is around a place: by the live index and, while that is away, also by the places that were kept in SQL.
//!
//! Invariant: what is found is a proposal. A place out of SQL counts only as long as a fix would: the staleness limit
//! is the same.

use super::Engine;
use crate::{
    domain::{
        ids::*,
        nearest::{Candidate, Survey, rank},
        place::Place,
    },
    live::Health,
};
use std::collections::HashMap;

impl Engine {
    /// Free units by the last place that any node kept of them; none while the live index is there.
    pub(super) async fn kept_around(&self, areas: &[AreaCode], from: Place) -> Vec<Candidate> {
        let (settings, now) = (&self.inner.settings, self.now());
        if self.inner.live.health() == Health::Well {
            return Vec::new();
        }
        match self.inner.store.free_units(areas, now.plus(-settings.stale_ms)).await {
            Ok(units) => units
                .into_iter()
                .map(|(unit, last)| Candidate::new(unit, last.place, last.at, from, now))
                .filter(|candidate| candidate.distance_m <= settings.search_limit_m)
                .collect(),
            Err(error) => {
                tracing::warn!(%error, "no places in SQL either");
                Vec::new()
            }
        }
    }
}

/// Fills up the nearest `k` units of these areas with what was kept.
pub(super) fn fill(candidates: &mut Vec<Candidate>, kept: &[Candidate], areas: &[AreaCode], k: usize) {
    let theirs: Vec<_> = kept.iter().copied().filter(|c| areas.contains(&c.unit.area)).collect();
    if !theirs.is_empty() {
        merge(candidates, &theirs);
        rank(candidates, k);
    }
}

/// Fills up a survey with what was kept.
pub(super) fn fill_survey(survey: &mut Survey, kept: &[Candidate]) {
    merge(&mut survey.candidates, kept);
    // What SQL knows to be free is not passed over for what this node last heard of it.
    survey.skipped.retain(|skip| !kept.iter().any(|c| c.unit == skip.unit));
    survey.settle();
}

/// Adds candidates; of two with one name the fresher fix counts.
fn merge(into: &mut Vec<Candidate>, more: &[Candidate]) {
    let mut freshest: HashMap<UnitId, Candidate> = HashMap::with_capacity(into.len() + more.len());
    for candidate in into.drain(..).chain(more.iter().copied()) {
        let best = freshest.entry(candidate.unit).or_insert(candidate);
        if candidate.fix_age_ms < best.fix_age_ms {
            *best = candidate;
        }
    }
    into.extend(freshest.into_values());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::UnixMs;

    #[test]
    fn the_fresher_of_two_places_counts() {
        let (here, now) = (Place::new(-1.2, 116.8).unwrap(), UnixMs(100_000));
        let at = |name: &str, metres: f64, age_ms: i64| {
            Candidate::new(name.parse().unwrap(), here.moved(90.0, metres), now.plus(-age_ms), here, now)
        };
        let mut found = vec![at("BPN-M1", 100.0, 9_000), at("BPN-M2", 200.0, 1_000)];
        merge(&mut found, &[at("BPN-M1", 500.0, 2_000), at("BPN-M2", 50.0, 5_000), at("BPN-M3", 10.0, 50_000)]);
        rank(&mut found, 9);
        let named: Vec<_> = found.iter().map(|c| (c.unit.sign().to_owned(), c.fix_age_ms)).collect();
        assert_eq!(named, [("M3".to_owned(), 50_000), ("M2".to_owned(), 1_000), ("M1".to_owned(), 2_000)]);
    }
}

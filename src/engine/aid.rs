//! Mutual aid: whose units may serve a scene near a border.
//!
//! Invariants: aid is mutual, a city that set it to nothing neither asks nor is asked; who may serve is a matter of the
//! scene, not of who is free; and the units of a neighbour that sends by hand are never offered by the program.

use super::{
    Catalog, Engine, Error,
    around::{fill, fill_survey},
};
use crate::{
    domain::{
        access::{Act, Scope},
        area::OfferMode,
        ids::*,
        incident::Incident,
        nearest::{self, Candidate, Pick, Skip, Survey, Why},
        place::Place,
    },
    live::LiveError,
};
use futures_util::future::try_join3;

/// Candidates looked at per round beyond those that were asked before.
const LOOK_AT: usize = 8;
/// Neighbours whose units are looked at, at most: the nearest ones.
const NEIGHBOURS_MAX: usize = 8;

/// Who decides on what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The program: units of neighbours that send by hand are not for it to offer.
    Program,
    /// A dispatcher, who may send any of them.
    Hand,
}

impl By {
    pub const fn of(offers: OfferMode) -> Self {
        match offers {
            OfferMode::Auto | OfferMode::OnClaim => Self::Program,
            OfferMode::Manual => Self::Hand,
        }
    }
}

/// What was found around a scene.
pub(super) struct Around {
    /// The pick.
    pub pick: Pick,
    /// The nearest unit that only a dispatcher may send, where the program was to decide.
    pub by_hand: Option<UnitId>,
}

impl Catalog {
    /// The cities beside `city` whose units may serve a scene of it at `place`, nearest first.
    #[must_use]
    pub fn helpers(&self, city: AreaCode, place: Place) -> Vec<AreaCode> {
        let Some(within_m) = self.aid_m(city) else { return Vec::new() };
        let near = self.neighbours(city, place, within_m).into_iter().map(|(code, _)| code);
        near.filter(|code| self.aid_m(*code).is_some()).take(NEIGHBOURS_MAX).collect()
    }

    /// Whether the units of `other` may serve a scene of `city` at `place`: it is the city itself, or it helps there.
    #[must_use]
    pub fn serves(&self, other: AreaCode, city: AreaCode, place: Place) -> bool {
        let near = |within_m| self.aid_m(other).is_some() && self.is_neighbour(city, other, place, within_m);
        other == city || self.aid_m(city).is_some_and(near)
    }

    /// How near to a neighbour a scene of the city must be, metres, where the city takes part.
    fn aid_m(&self, city: AreaCode) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "metres within a country are far below 2^53")]
        let within_m = self.area(city)?.aid_m as f64;
        (within_m > 0.0).then_some(within_m)
    }
}

impl Engine {
    /// Who can be sent to a scene of `city`, and who cannot and why; `tried` were asked before.
    pub(super) async fn look_around(&self, city: AreaCode, place: Place, tried: &[UnitId], by: By) -> Around {
        let (helpers, limit_m, now) =
            (self.catalog().helpers(city, place), self.inner.settings.search_limit_m, self.now());
        let sends_by_hand = |code: &AreaCode| by == By::Program && self.offers(*code) == OfferMode::Manual;
        let (by_hand, asked): (Vec<_>, Vec<_>) = helpers.iter().copied().partition(sends_by_hand);
        let asked: Vec<AreaCode> = std::iter::once(city).chain(asked).collect();
        let seen = self.see(&asked, &by_hand, place, tried.len() + LOOK_AT).await.unwrap_or_else(|error| {
            tracing::error!(%error, "live positions are away; the dispatchers decide");
            Default::default()
        });
        let (mut candidates, others, mut survey) = seen;
        let (tried_before, by_hand): (Vec<_>, Vec<_>) = others.into_iter().partition(|c| tried.contains(&c.unit));
        candidates.extend(tried_before);
        survey.skipped.extend(by_hand.iter().map(|c| Skip::new(c, Why::ByHand)));
        let by_hand = by_hand.iter().min_by(|a, b| a.order(b)).map(|c| c.unit);
        let pick = nearest::pick(candidates, tried, survey, place, limit_m, now).across(city, helpers);
        Around { pick, by_hand }
    }

    /// The nearest free units of `asked`, those of `by_hand`, and who else is near.
    async fn see(
        &self,
        asked: &[AreaCode],
        by_hand: &[AreaCode],
        place: Place,
        k: usize,
    ) -> Result<(Vec<Candidate>, Vec<Candidate>, Survey), LiveError> {
        let (live, settings, now) = (&self.inner.live, &self.inner.settings, self.now());
        let (limit_m, stale_ms) = (settings.search_limit_m, settings.stale_ms);
        let all = [asked, by_hand].concat();
        // At once: a citizen waits.
        let (mut candidates, mut others, mut survey) = try_join3(
            live.candidates(asked, place, limit_m, k, stale_ms, now),
            live.candidates(by_hand, place, limit_m, k, stale_ms, now),
            live.survey(&all, place, limit_m, stale_ms, now),
        )
        .await?;
        let kept = self.kept_around(&all, place).await;
        if !kept.is_empty() {
            fill(&mut candidates, &kept, asked, k);
            fill(&mut others, &kept, by_hand, k);
            fill_survey(&mut survey, &kept);
        }
        Ok((candidates, others, survey))
    }

    /// Whether a dispatcher of the scene's city may name this unit: it lies in their scope, or helps there.
    pub(super) fn may_be_named(&self, scope: &Scope, unit: UnitId, city: AreaCode, place: Place) -> bool {
        scope.may(unit.area, Act::See) || self.catalog().serves(unit.area, city, place)
    }

    /// Tells the dispatchers that it is their turn: with the unit that only they may send, or without any.
    pub(super) async fn call_dispatchers(&self, of: &Incident, by_hand: Option<UnitId>) -> Result<(), Error> {
        match by_hand {
            Some(unit) => {
                let travel_ms = self.travel_ms(unit, of.place).await;
                self.inner.store.propose(&self.system(), of.id, unit, travel_ms).await?
            }
            None => self.inner.store.mark_unassigned(&self.system(), of.id).await?,
        };
        Ok(())
    }
}

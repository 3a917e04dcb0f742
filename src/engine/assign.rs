//! The nearest free unit is asked; then the next; then the dispatchers are told.
//!
//! Invariant: whether a unit is free is decided by the claim in SQL, never by the live index, which only proposes.

use super::{
    Engine, Error,
    aid::{Around, By},
};
use crate::{
    domain::{
        access::*,
        area::OfferMode,
        dispatch::*,
        ids::*,
        incident::*,
        nearest::{Candidate, Pick},
        place::Place,
        refusal::Refusal,
    },
    store::{FirstOffer, NewDispatch, Step},
};

/// Units that were free in the index and busy in SQL before a round gives up; the next tick tries again.
const ROUNDS: usize = 16;

/// What a dispatcher orders.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Which unit.
    pub unit: UnitId,
    /// Ask, order, or queue.
    pub mode: Mode,
}

impl Engine {
    /// Gives an incident the units that it needs, if it needs any: offers the nearest, or proposes it, or alarms the
    /// dispatchers. Safe to call at any time, from anywhere, at once.
    pub(super) async fn serve(&self, id: IncidentId) {
        match self.try_serve(id).await {
            Ok(()) => {}
            Err(error) => tracing::warn!(incident = %id, %error, "could not serve; the next round tries again"),
        }
    }

    async fn try_serve(&self, id: IncidentId) -> Result<(), Error> {
        let everywhere = Scope::system();
        let Some(incident) = self.inner.store.find_incident(&everywhere, id).await? else { return Ok(()) };
        // Officers handle what they found; a panic wants two, since the one who pressed cannot help.
        let wanted = match incident.origin {
            Origin::Citizen | Origin::Officer => 1,
            Origin::Panic => 2,
        };
        for _ in 0..wanted {
            let all = self.inner.store.dispatches(&everywhere, id).await?;
            let at_work = all.iter().filter(|d| d.status.is_open()).count();
            let served = all.iter().any(|d| d.on_scene.is_some());
            if !incident.status.is_open() || served || at_work >= wanted {
                return Ok(());
            }
            let offers = self.offers(id.area);
            if offers == OfferMode::OnClaim && all.is_empty() && self.inner.store.awaits_claim(id).await? {
                return Ok(());
            }
            let around = self.around(&incident, &all, By::of(offers)).await;
            match (offers, around.pick.chosen) {
                (OfferMode::Auto | OfferMode::OnClaim, Some(_)) => {
                    if !self.offer(&incident, around, wanted).await? {
                        return Ok(());
                    }
                }
                (OfferMode::Manual, Some(chosen)) if incident.unassigned_since.is_none() => {
                    let travel_ms = self.travel_ms(chosen.unit, incident.place).await;
                    self.inner.store.propose(&self.system(), id, chosen.unit, travel_ms).await?;
                    return Ok(());
                }
                (OfferMode::Manual, Some(_)) => return Ok(()),
                (_, None) => {
                    // Once told is enough: a round over hundreds that wait must not write for each of them.
                    if at_work == 0 && incident.unassigned_since.is_none() {
                        self.call_dispatchers(&incident, around.by_hand).await?;
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    pub(super) fn offers(&self, area: AreaCode) -> OfferMode {
        self.catalog().area(area).map_or(OfferMode::Auto, |a| a.offers)
    }

    /// Offers to the first of a pick that SQL lets go; `false` when the incident has enough or nobody is left.
    async fn offer(&self, incident: &Incident, around: Around, wanted: usize) -> Result<bool, Error> {
        let Around { mut pick, by_hand } = around;
        for _ in 0..ROUNDS {
            let Some(chosen) = pick.chosen else { break };
            let kind = self.catalog().unit_kind(chosen.unit);
            let travel_ms = Some(self.inner.road.travel_ms(chosen.place, incident.place, kind));
            let new = NewDispatch {
                incident: incident.id,
                unit: chosen.unit,
                mode: Mode::Auto,
                at_most: Some(wanted),
                limits: self.inner.settings.offer,
                travel_ms,
                pick: Some(pick.clone()),
            };
            match self.inner.store.dispatch(&self.system(), new).await {
                Ok(dispatch) => {
                    tracing::info!(dispatch = %dispatch.id, unit = %dispatch.unit, "offered");
                    return Ok(true);
                }
                Err(Error::Refused(Refusal::EnoughUnits(_) | Refusal::IncidentClosed(_))) => return Ok(false),
                // Somebody was faster, or the index is a moment behind: the next one, please.
                Err(Error::Refused(refusal)) => {
                    tracing::debug!(unit = %chosen.unit, %refusal, "not free after all");
                    pick.pass_over_chosen();
                }
                Err(error) => return Err(error),
            }
        }
        if pick.chosen.is_none() && incident.unassigned_since.is_none() {
            self.call_dispatchers(incident, by_hand).await?;
        }
        Ok(false)
    }

    /// Whom an incident about to open at this place asks first, where its city asks by itself.
    pub(super) async fn first_offer(&self, city: AreaCode, place: Place) -> Option<FirstOffer> {
        if self.offers(city) != OfferMode::Auto {
            return None;
        }
        let pick = self.look_around(city, place, &[], By::of(OfferMode::Auto)).await.pick;
        let travel_ms = self.rides(&pick, place);
        pick.chosen.is_some().then_some(FirstOffer { pick, travel_ms, limits: self.inner.settings.offer })
    }

    /// The expected travel of each candidate, milliseconds.
    pub(super) fn rides(&self, pick: &Pick, to: Place) -> Vec<(UnitId, i64)> {
        let catalog = self.catalog();
        let travel = |c: &Candidate| (c.unit, self.inner.road.travel_ms(c.place, to, catalog.unit_kind(c.unit)));
        pick.survey.candidates.iter().map(travel).collect()
    }

    /// Looks around an incident. `before` are its dispatches so far.
    pub(super) async fn around(&self, incident: &Incident, before: &[Dispatch], by: By) -> Around {
        let now = self.now();
        let tried: Vec<UnitId> = before
            .iter()
            .filter(|d| {
                d.status.is_open()
                    || (matches!(
                        d.status,
                        DispatchStatus::Declined | DispatchStatus::Expired | DispatchStatus::Recalled
                    ) && d.ended.is_some_and(|e| now.since(e) < self.inner.settings.ask_again_ms))
            })
            .map(|d| d.unit)
            .chain(incident.opened_by_unit)
            .collect();
        self.look_around(incident.id.area, incident.place, &tried, by).await
    }

    /// A unit can be sent again: first what is queued behind it, then whoever waits.
    pub(super) async fn unit_free(&self, unit: UnitId) {
        let queued = match self.inner.store.queued_for(&Scope::system(), unit).await {
            Ok(queued) => queued,
            Err(error) => return tracing::warn!(%unit, %error, "could not look for queued work"),
        };
        if let Some(dispatch) = queued {
            let limits = Some(self.inner.settings.offer);
            let step = Step { limits, ..Step::to(DispatchStatus::Offered) };
            match self.inner.store.step(&self.system(), dispatch.id, step).await {
                Ok(_) => return,
                Err(error) => tracing::warn!(dispatch = %dispatch.id, %error, "queued work was not offered"),
            }
        }
        self.serve_waiting(Some(unit.area)).await;
    }

    /// Tries every incident that waits, the most urgent and oldest first; those that the units of one city may serve, in
    /// it and near its border, or all.
    pub(super) async fn serve_waiting(&self, city: Option<AreaCode>) {
        let Some(mut round) = self.inner.rounds.begin(city) else { return };
        loop {
            self.go_round(city).await;
            if !round.again() {
                return;
            }
        }
    }

    async fn go_round(&self, city: Option<AreaCode>) {
        match self.inner.store.waiting_incidents(500).await {
            Ok(waiting) => {
                let catalog = self.catalog();
                let serves = |c: AreaCode, i: &Incident| catalog.serves(c, i.id.area, i.place);
                for incident in waiting.iter().filter(|i| city.is_none_or(|c| serves(c, i))) {
                    // The dispatchers know, and nobody is there who could go: it is not worth a read of the database.
                    let is_in_vain = incident.unassigned_since.is_some() && self.is_nobody_near(incident).await;
                    if !is_in_vain {
                        self.serve(incident.id).await;
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "could not read what waits"),
        }
    }

    async fn is_nobody_near(&self, incident: &Incident) -> bool {
        self.around(incident, &[], By::of(self.offers(incident.id.area))).await.pick.chosen.is_none()
    }

    /// A dispatcher sends a unit.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn order(&self, cause: &Cause, incident: IncidentId, order: Order) -> Result<Dispatch, Error> {
        let new = self.ordered(cause, incident, order).await?;
        self.inner.store.dispatch(cause, new).await
    }

    /// A dispatcher takes the work from one unit and gives it to another.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn hand_over(&self, cause: &Cause, dispatch: DispatchId, order: Order) -> Result<Dispatch, Error> {
        let before = self.dispatch(&cause.scope, dispatch).await?;
        let new = self.ordered(cause, before.incident, order).await?;
        self.inner.store.hand_over(cause, dispatch, new).await
    }

    async fn ordered(&self, cause: &Cause, id: IncidentId, order: Order) -> Result<NewDispatch, Error> {
        let incident = self.incident(&cause.scope, id).await?;
        if !self.may_be_named(&cause.scope, order.unit, id.area, incident.place) {
            return Err(Refusal::NotFound("unit").into());
        }
        let mut pick = self.look_around(id.area, incident.place, &[], By::Hand).await.pick;
        // What the dispatcher saw, and whom they chose: not always the nearest.
        pick.chosen = pick.survey.candidates.iter().copied().find(|c| c.unit == order.unit);
        let travel_ms = self.travel_ms(order.unit, incident.place).await;
        Ok(NewDispatch {
            incident: id,
            unit: order.unit,
            mode: order.mode,
            at_most: None,
            limits: self.inner.settings.offer,
            travel_ms,
            pick: Some(pick),
        })
    }

    /// Expected travel time of a unit from its fresh fix, milliseconds.
    pub(super) async fn travel_ms(&self, unit: UnitId, to: Place) -> Option<i64> {
        let fix = self.fresh_fix(unit).await?;
        Some(self.inner.road.travel_ms(fix.place, to, self.catalog().unit_kind(unit)))
    }
}

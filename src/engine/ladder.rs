//! Where a report rings, and what is done when it rang long enough, or whoever had it is gone.
//!
//! Invariant: what is decided here from a reading is guarded in SQL by what was read: any node may decide, one counts.

use super::{Engine, Error};
use crate::domain::{
    access::Scope,
    area::OfferMode,
    desk::{Ladder, Ring, Shift, Stage},
    ids::*,
    report::{Attention, Report, RingReason},
};
use std::collections::BTreeSet;

impl Engine {
    /// The ladder of an area's flow for a report in this district; `None` where the stage has no rungs.
    pub(super) fn ladder(&self, flow: AreaCode, stage: Stage, district: Option<&str>) -> Option<Ladder> {
        let catalog = self.catalog();
        let desk = district.and_then(|district| catalog.district_desk(flow, district));
        Ladder::new(&catalog.flow(flow), stage, desk)
    }

    /// The ladder that a report is on. What follows up without rungs of its own rings where it would be answered.
    fn ladder_of(&self, report: &Report) -> Option<Ladder> {
        let ladder = |stage| self.ladder(report.flow, stage, report.district.as_deref());
        ladder(report.stage).or_else(|| ladder(Stage::Answering).map(|ladder| ladder.for_stage(report.stage)))
    }

    /// The desks of a ladder where somebody is on shift now.
    pub(super) async fn staffed(&self, ladder: &Ladder, beside: Option<DeskId>) -> Result<BTreeSet<DeskId>, Error> {
        let desks = ladder.desks().chain(beside).collect();
        Ok(self.inner.store.on_shift(desks, self.now()).await?.into_iter().map(|shift| shift.desk).collect())
    }

    /// Where a report begins to ring.
    pub(super) async fn first_ring(
        &self,
        flow: AreaCode,
        stage: Stage,
        district: Option<&str>,
    ) -> Result<Option<Ring>, Error> {
        let Some(ladder) = self.ladder(flow, stage, district) else { return Ok(None) };
        let staffed = self.staffed(&ladder, None).await?;
        Ok(Some(ladder.first(|desk| staffed.contains(&desk))))
    }

    /// Where a report rings that somebody passes to a desk, or that is let go at one: there, or, with nobody on shift,
    /// at the next at once.
    pub(super) async fn ring_at(&self, report: &Report, desk: DeskId) -> Result<Option<Ring>, Error> {
        let Some(ladder) = self.ladder_of(report) else { return Ok(None) };
        let staffed = self.staffed(&ladder, Some(desk)).await?;
        Ok(Some(ladder.from(desk, |desk| staffed.contains(&desk))))
    }

    /// A report is due: it rang long enough, its holder is looked for, or its desk reminded.
    pub(super) async fn attend(&self, id: ReportId) -> Result<bool, Error> {
        let Some(report) = self.inner.store.find_report(&Scope::system(), id).await? else { return Ok(false) };
        match report.attention {
            Attention::Ringing => self.climb(&report).await,
            Attention::Held => self.look_for_holder(&report).await,
            Attention::Followed | Attention::Done => self.inner.store.keep_report(&self.system(), &report).await,
        }
    }

    /// Nobody took it where it rang: on to the next desk, or back to whoever passed it on.
    async fn climb(&self, report: &Report) -> Result<bool, Error> {
        let (store, cause) = (&self.inner.store, self.system());
        let Some(ladder) = self.ladder_of(report) else { return store.keep_report(&cause, report).await };
        let staffed = self.staffed(&ladder, None).await?;
        let next = ladder.next(report.rung_no, report.lap, |desk| staffed.contains(&desk));
        if report.passed_by.is_some() && store.give_back(&cause, report, next.desk).await? {
            return Ok(true);
        }
        store.ring_report(&cause, report, next, RingReason::Climbed).await
    }

    /// Whoever holds it is there, or it rings again; so it does where the caller was to be reached again and was not.
    async fn look_for_holder(&self, report: &Report) -> Result<bool, Error> {
        let (store, cause) = (&self.inner.store, self.system());
        let present = match report.holder {
            Some(holder) => store.is_present(holder, cause.now).await?,
            None => false,
        };
        let late = report.callback_by.is_some_and(|by| by <= cause.now);
        let why = match (present, late) {
            (true, false) => return store.keep_report(&cause, report).await,
            (true, true) => RingReason::Callback,
            (false, _) => RingReason::HolderGone,
        };
        let Some(ring) = self.ring_at(report, report.desk).await? else {
            return store.keep_report(&cause, report).await;
        };
        store.ring_report(&cause, report, ring, why).await
    }

    /// The desk that an incident waited for took its report, or did not in time: the incident is served.
    pub(super) async fn serve_report(&self, id: ReportId) {
        match self.inner.store.find_report(&Scope::system(), id).await {
            Ok(report) => {
                let incident = report.and_then(|report| report.incident);
                if let Some(id) = incident.filter(|id| self.offers(id.area) == OfferMode::OnClaim) {
                    self.serve(id).await;
                }
            }
            Err(error) => tracing::warn!(report = %id, %error, "could not look for its incident; the sweep does"),
        }
    }

    /// These people have a console open now, wherever they sit.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn seen_at_desks(&self, accounts: Vec<AccountId>) -> Result<(), Error> {
        self.inner.store.seen_at_desks(accounts, self.now()).await
    }

    /// Who is on shift at the desks of an area.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn on_shift(&self, scope: &Scope, area: AreaCode) -> Result<Vec<Shift>, Error> {
        scope.require(area, crate::domain::access::Act::SeeDesk)?;
        let desks = self.catalog().desks(area).map(|desk| desk.id).collect();
        self.inner.store.on_shift(desks, self.now()).await
    }
}

//! What desks do and see: read, note, correct, close.

use super::{
    Engine, Error,
    aid::By,
    feed::{Subscription, View},
};
use crate::{
    domain::{
        access::*,
        dispatch::Dispatch,
        event::Event,
        ids::*,
        incident::*,
        nearest::Pick,
        place::{Bounds, Place},
        refusal::Refusal,
        report::Report,
        unit::Unit,
    },
    live::{LiveError, Position, Positions},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a crew needs to know of its work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Brief {
    /// The work.
    pub dispatch: Dispatch,
    /// What happened, and where.
    pub incident: Incident,
    /// What is known.
    pub notes: Vec<Note>,
    /// Expected travel time from the unit's fresh fix, milliseconds.
    pub travel_ms: Option<i64>,
}

/// Who could be sent to an incident.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Ranking {
    /// The ranking: who could be sent, nearest first, and who is near and could not, and why.
    #[serde(flatten)]
    pub pick: Pick,
    /// Expected travel of each candidate from where its fix was made, milliseconds.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub travel_ms: BTreeMap<UnitId, i64>,
}

/// A desk's picture of an area at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Deskful {
    /// Open incidents, the most urgent and oldest first.
    pub incidents: Vec<Incident>,
    /// Their open dispatches, and those of the area's own units in other areas.
    pub dispatches: Vec<Dispatch>,
    /// The area's units.
    pub units: Vec<Unit>,
    /// Open reports that it received or that are at its desks, without their places.
    pub reports: Vec<Report>,
}

/// Units in one answer about positions at most.
const MOVED: usize = 5_000;
/// Rows in a list at most.
const LIST: i64 = 500;

impl Engine {
    /// One incident.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when unknown or out of scope, or the database's failure.
    pub async fn incident(&self, scope: &Scope, id: IncidentId) -> Result<Incident, Error> {
        let found = self.inner.store.find_incident(scope, id).await?;
        found.ok_or(Error::Refused(Refusal::NotFound("incident")))
    }

    /// One dispatch.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when unknown or out of scope, or the database's failure.
    pub async fn dispatch(&self, scope: &Scope, id: DispatchId) -> Result<Dispatch, Error> {
        let found = self.inner.store.find_dispatch(scope, id).await?;
        found.ok_or(Error::Refused(Refusal::NotFound("dispatch")))
    }

    /// One report.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when unknown or out of scope, or the database's failure.
    pub async fn report(&self, scope: &Scope, id: ReportId) -> Result<Report, Error> {
        self.inner.store.find_report(scope, id).await?.ok_or(Error::Refused(Refusal::NotFound("report")))
    }

    /// One unit, with its live part.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when unknown or out of scope, or the database's failure.
    pub async fn unit(&self, scope: &Scope, id: UnitId) -> Result<(Unit, Option<Position>), Error> {
        let unit = self.inner.store.unit(scope, id).await?.ok_or(Refusal::NotFound("unit"))?;
        Ok((unit, self.position(id).await))
    }

    /// An area's units, each with its live part.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn units(&self, scope: &Scope, area: AreaCode) -> Result<Vec<(Unit, Option<Position>)>, Error> {
        let mut all = Vec::new();
        for unit in self.inner.store.units(scope, area).await? {
            let live = self.position(unit.id).await;
            all.push((unit, live));
        }
        Ok(all)
    }

    /// An area's incidents.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn incidents(&self, scope: &Scope, area: AreaCode, open_only: bool) -> Result<Vec<Incident>, Error> {
        self.inner.store.incidents(scope, area, open_only, LIST).await
    }

    /// An area's newest reports.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn reports(
        &self,
        scope: &Scope,
        area: AreaCode,
        outside_only: bool,
        open_only: bool,
    ) -> Result<Vec<Report>, Error> {
        self.inner.store.reports(scope, area, outside_only, open_only, LIST).await
    }

    /// The dispatches of an incident.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn dispatches(&self, scope: &Scope, id: IncidentId) -> Result<Vec<Dispatch>, Error> {
        self.inner.store.dispatches(scope, id).await
    }

    /// The notes of an incident.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn notes(&self, scope: &Scope, id: IncidentId) -> Result<Vec<Note>, Error> {
        self.inner.store.notes(scope, id).await
    }

    /// Who could be sent to an incident, ranked, and who could not and why. For desks: it tells where everybody is, and
    /// an officer is told by an offer.
    ///
    /// # Errors
    /// [`Error`] when out of scope, or the database fails.
    pub async fn candidates(&self, scope: &Scope, id: IncidentId) -> Result<Ranking, Error> {
        scope.require(id.area, Act::SeeDesk)?;
        let incident = self.incident(scope, id).await?;
        let before = self.inner.store.dispatches(scope, id).await?;
        let pick = self.around(&incident, &before, By::Hand).await.pick;
        let travel_ms = self.rides(&pick, incident.place).into_iter().collect();
        Ok(Ranking { pick, travel_ms })
    }

    /// What a crew needs to know of a dispatch. For its crew also where the incident lies in another area.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when unknown or out of scope, or the database's failure.
    pub async fn brief(&self, scope: &Scope, id: DispatchId) -> Result<Brief, Error> {
        let (dispatch, incident, notes) = self.inner.store.brief(scope, id).await?;
        let travel_ms = self.travel_ms(dispatch.unit, incident.place).await;
        Ok(Brief { dispatch, incident, notes, travel_ms })
    }

    /// A unit's open work: what holds it, then what waits behind.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn work_of(&self, scope: &Scope, unit: UnitId) -> Result<Vec<Brief>, Error> {
        let mut work = Vec::new();
        for id in self.inner.store.open_work(scope, unit).await? {
            work.push(self.brief(scope, id).await?);
        }
        Ok(work)
    }

    /// A desk's picture of an area, for a console that starts or was too far behind.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn deskful(&self, scope: &Scope, area: AreaCode) -> Result<Deskful, Error> {
        let incidents = self.incidents(scope, area, true).await?;
        let dispatches = self.inner.store.open_dispatches_of(scope, area, LIST).await?;
        let units = self.inner.store.units(scope, area).await?;
        let reports = self.reports(scope, area, false, true).await?;
        Ok(Deskful { incidents, dispatches, units, reports })
    }

    /// Adds a note; gives its number.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn add_note(&self, cause: &Cause, id: IncidentId, text: String) -> Result<i64, Error> {
        self.inner.store.add_note(cause, id, text).await
    }

    /// Another place became known.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn move_incident(&self, cause: &Cause, id: IncidentId, place: Place) -> Result<Incident, Error> {
        let district = self.catalog().district(id.area, place);
        self.inner.store.move_incident(cause, id, place, district).await
    }

    /// More or less urgent.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn set_priority(&self, cause: &Cause, id: IncidentId, priority: Priority) -> Result<Incident, Error> {
        self.inner.store.set_priority(cause, id, priority).await
    }

    /// Closes an incident; its units are recalled.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn close_incident(&self, cause: &Cause, id: IncidentId, how: Disposition) -> Result<Incident, Error> {
        self.inner.store.close_incident(cause, id, how).await
    }

    /// A page of an area's journal.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn journal(&self, scope: &Scope, area: AreaCode, after: i64, limit: i64) -> Result<Vec<Event>, Error> {
        self.inner.store.events(scope, area, after, limit.clamp(1, 1_000), None).await
    }

    /// Follows an area's journal from after `since`, or from now on.
    ///
    /// # Errors
    /// [`Refusal`] when the view is out of scope.
    pub fn subscribe(
        &self,
        scope: &Scope,
        area: AreaCode,
        view: View,
        since: Option<i64>,
    ) -> Result<Subscription, Refusal> {
        match view {
            View::Desk => scope.require(area, Act::SeeDesk)?,
            View::Unit(unit) => scope.require(unit.area, Act::See)?,
        }
        Ok(self.inner.feed.subscribe(self.inner.store.clone(), scope.clone(), area, view, since))
    }

    /// Units of an area that changed since a version of its positions, within a box.
    ///
    /// # Errors
    /// [`Error`] when out of scope.
    pub async fn moved(
        &self,
        scope: &Scope,
        area: AreaCode,
        since: u64,
        within: Option<&Bounds>,
    ) -> Result<Positions, Error> {
        scope.require(area, Act::See)?;
        self.inner.live.changed_since(area, since, within, MOVED).await.map_err(|error: LiveError| {
            tracing::error!(%error, "live positions are away");
            Error::TimedOut
        })
    }
}

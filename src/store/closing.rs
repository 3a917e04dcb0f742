//! Closing an incident: its units are recalled, its clock stops.

use super::{AreaTx, Store, StoreError, dispatches::Step, incidents::open_only, sql::sql};
use crate::domain::{
    access::{Act, Cause},
    dispatch::DispatchStatus,
    event::{Audience, Happened},
    ids::*,
    incident::*,
    refusal::Refusal,
};

impl AreaTx {
    /// A crew that cleared as the last one said how it ended: in the same transaction, so that no crash can come between.
    /// A panic stays open, a dispatcher has to look; so does what other units still work on.
    pub(super) async fn close_served(&mut self, id: IncidentId, disposition: Disposition) -> Result<(), StoreError> {
        let incident = self.incident(id).await?;
        if incident.status == IncidentStatus::Cleared && incident.origin != Origin::Panic {
            self.close(&incident, disposition).await?;
        }
        Ok(())
    }

    /// Recalls the units that still work on an incident.
    async fn recall_all(&mut self, id: IncidentId, reason: &str) -> Result<(), StoreError> {
        for dispatch in self.open_dispatches(id).await? {
            let reason = Some(reason.to_owned());
            self.take_step(&dispatch, Step { reason, ..Step::to(DispatchStatus::Recalled) }).await?;
        }
        Ok(())
    }

    /// Closes an open incident whose units are gone.
    async fn close(&mut self, incident: &Incident, disposition: Disposition) -> Result<Incident, StoreError> {
        let (id, now) = (incident.id, self.now().0);
        if incident.clock.on_scene.is_none() {
            self.stop_clock(incident).await?;
        }
        sql!(
            run,
            self.conn(),
            "UPDATE incident SET status = 'closed', closed_ms = $3, disposition = $4, unassigned_ms = NULL
             WHERE area = $1 AND no = $2",
            id.area.as_str(),
            id.no,
            now,
            disposition.as_str()
        )?;
        let what = Happened::IncidentClosed { incident: id, disposition };
        self.event(id.area, &id.to_string(), Audience::Desk, what).await?;
        self.close_reports(id).await?;
        self.incident(id).await
    }
}

impl Store {
    /// Closes an incident. What is still open of its units' work is recalled.
    ///
    /// # Errors
    /// [`Refusal::IncidentClosed`], out of scope, or the database's failure.
    pub async fn close_incident(
        &self,
        cause: &Cause,
        id: IncidentId,
        disposition: Disposition,
    ) -> Result<Incident, StoreError> {
        cause.scope.require(id.area, Act::Dispatch)?;
        let areas = self.areas_of(id).await?;
        self.write(&areas, cause, move |tx| {
            Box::pin(async move {
                open_only(&tx.incident(id).await?)?;
                tx.recall_all(id, "incident closed").await?;
                let incident = tx.incident(id).await?;
                tx.close(&incident, disposition).await
            })
        })
        .await
    }

    /// Closes an incident as the same as another one of its city, which gets its reports; its clock starts at the
    /// earliest of them all. What is still open of the closed one's units is recalled.
    ///
    /// # Errors
    /// [`Refusal::IncidentClosed`], [`Refusal::Invalid`] for itself or another city's, out of scope, or the database's
    /// failure.
    pub async fn merge_incident(
        &self,
        cause: &Cause,
        id: IncidentId,
        into: IncidentId,
    ) -> Result<Incident, StoreError> {
        cause.scope.require(id.area, Act::Dispatch)?;
        if id == into || id.area != into.area {
            return Err(Refusal::invalid("into", "another incident of the same city").into());
        }
        let mut areas = self.areas_of(id).await?;
        areas.extend(self.areas_of(into).await?);
        self.write(&areas, cause, move |tx| {
            Box::pin(async move {
                let (same, other) = (tx.incident(id).await?, tx.incident(into).await?);
                open_only(&same)?;
                open_only(&other)?;
                for report in tx.reports_of(id).await? {
                    tx.join(report.id, into).await?;
                }
                let what = Happened::IncidentMerged { incident: id, into };
                tx.event(id.area, &id.to_string(), Audience::Desk, what).await?;
                tx.start_clock_at(&other, other.clock.start.min(same.clock.start)).await?;
                tx.recall_all(id, "merged").await?;
                let same = tx.incident(id).await?;
                tx.close(&same, Disposition::Duplicate).await?;
                tx.incident(into).await
            })
        })
        .await
    }

    /// The journals that a change of an incident writes: its own, those of its units, those of the desks that reported it.
    pub(super) async fn areas_of(&self, id: IncidentId) -> Result<Vec<AreaCode>, StoreError> {
        let mut areas = vec![id.area];
        let units = self.dispatches(&crate::domain::access::Scope::system(), id).await?;
        areas.extend(units.iter().filter(|d| d.status.is_open()).map(|d| d.unit.area));
        let desks = self.read(move |c| {
            Box::pin(async move {
                let select = "SELECT area, COALESCE(desk_area, area) FROM report
                    WHERE incident_area = $1 AND incident_no = $2";
                Ok(sql!(all(String, String), c, select, id.area.as_str(), id.no)?)
            })
        });
        for (received, desk) in desks.await? {
            areas.push(received.parse()?);
            areas.push(desk.parse()?);
        }
        Ok(areas)
    }
}

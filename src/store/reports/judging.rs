//! Valid or not; the same as something that is open, or not after all.

use super::{
    super::{AreaTx, Store, StoreError, error::refuse, incidents::open_only, openings::Beginning, sql::sql},
    Landing, must_hold,
};
use crate::domain::{access::Cause, desk::Ring, event::Happened, ids::*, incident::*, refusal::Refusal, report::*};

/// What a valid report leads to.
#[derive(Clone, Debug)]
pub enum Judged {
    /// To an incident of its own, or to no city.
    Lands(Landing),
    /// It tells of what is open already.
    Joins(IncidentId),
}

impl AreaTx {
    /// A report that was not valid before is now.
    async fn set_valid(&mut self, report: &Report, outside: bool) -> Result<Report, StoreError> {
        report.status.change(ReportStatus::Valid).map_err(Refusal::from)?;
        let (id, now) = (report.id, self.now().0);
        sql!(
            run,
            self.conn(),
            "UPDATE report SET status = 'valid', validated_ms = COALESCE(validated_ms, $3), callback_ms = NULL,
                answered_ms = COALESCE(answered_ms, $3), outside_area = $4,
                call = CASE WHEN call IN ('silent', 'dropped') THEN 'ended' ELSE call END
             WHERE area = $1 AND no = $2",
            id.area.as_str(),
            id.no,
            now,
            i64::from(outside)
        )?;
        self.report(id).await
    }

    /// The incident of a valid report: a new one, or the one that it joins.
    async fn lead(&mut self, report: &Report, judged: Judged) -> Result<Option<Incident>, StoreError> {
        let told = self.personal(report.id).await?;
        let note = told.as_ref().and_then(|(subject, personal)| Some((*subject, personal.note()?)));
        match judged {
            Judged::Lands(Landing::City { city, district, priority, place, first }) => {
                let opening = NewIncident {
                    kind: report.kind.clone(),
                    priority,
                    origin: Origin::Citizen,
                    place,
                    district,
                    by_unit: None,
                    note: note.as_ref().map(|(_, note)| note.clone()),
                };
                let beginning =
                    Beginning { start: report.rung, answered: report.answered, validated: report.validated };
                let teller = told.map(|(subject, _)| (report.id, subject));
                let opened = self.open(city, opening, beginning, teller).await?;
                self.join(report.id, opened.id).await?;
                if let Some(first) = first {
                    self.ask_first(&opened, *first).await?;
                }
                Ok(Some(opened))
            }
            Judged::Joins(id) => {
                let incident = self.incident(id).await?;
                open_only(&incident)?;
                self.join(report.id, id).await?;
                if let Some((subject, note)) = note {
                    self.write_note(id, &note, Some((report.id.area, subject))).await?;
                }
                self.start_clock_at(&incident, incident.clock.start.min(report.rung)).await?;
                Ok(Some(self.incident(id).await?))
            }
            Judged::Lands(Landing::Unjudged | Landing::Outside { .. }) => {
                self.tell_report(report, Happened::ReportValidated { report: report.id, incident: None }).await?;
                Ok(None)
            }
        }
    }
}

impl Store {
    /// Finds a report valid: its incident opens, or it joins an open one, whose clock then starts at the earlier of the
    /// two. With `ring` it rings there next and whoever judged it has it back when nobody takes it; without, its
    /// incident is followed at the desk of the city.
    ///
    /// # Errors
    /// [`Refusal::ReportHeld`], [`Refusal::IncidentClosed`], a wrong state, out of scope, or the database's failure.
    pub async fn judge_valid(
        &self,
        cause: &Cause,
        id: ReportId,
        judged: Judged,
        ring: Option<Ring>,
    ) -> Result<(Report, Option<Incident>), StoreError> {
        let mut others: Vec<AreaCode> = ring.iter().map(|ring| ring.desk.area).collect();
        let outside = matches!(judged, Judged::Lands(Landing::Outside { .. }));
        match &judged {
            Judged::Lands(Landing::City { city, .. }) => others.push(*city),
            Judged::Joins(incident) => others.extend(self.areas_of(*incident).await?),
            Judged::Lands(Landing::Unjudged) => {
                return Err(Refusal::invalid("place", "a valid report needs a place").into());
            }
            Judged::Lands(Landing::Outside { .. }) => {}
        }
        self.write_report(cause, id, &others, move |tx, report| {
            Box::pin(async move {
                must_hold(&tx.cause.scope, &report)?;
                let valid = tx.set_valid(&report, outside).await?;
                let incident = tx.lead(&valid, judged).await?;
                let valid = tx.report(id).await?;
                let me = tx.cause.scope.account();
                match (ring, &incident) {
                    (Some(ring), _) => {
                        tx.set_passer(id, me).await?;
                        tx.ring(&valid, ring, RingReason::Passed).await?;
                    }
                    (None, Some(incident)) => tx.follow(&valid, DeskId::main(incident.id.area)).await?,
                    // In no city and nowhere to ring: it stays with whoever found it.
                    (None, None) => {}
                }
                Ok((tx.report(id).await?, incident))
            })
        })
        .await
    }

    /// Finds a report to be no police work; closes it at once where asked.
    ///
    /// # Errors
    /// [`Refusal::CallbackFirst`] where nobody tried to reach a silent caller again, [`Refusal::ReportHeld`], a wrong
    /// state, out of scope, or the database's failure.
    pub async fn judge_invalid(
        &self,
        cause: &Cause,
        id: ReportId,
        reason: InvalidReason,
        close: bool,
    ) -> Result<Report, StoreError> {
        self.write_report(cause, id, &[], move |tx, report| {
            Box::pin(async move {
                must_hold(&tx.cause.scope, &report)?;
                report.status.change(ReportStatus::Invalid).map_err(Refusal::from)?;
                if report.call.is_some_and(CallState::wants_callback) && report.callbacks == 0 {
                    refuse!(Refusal::CallbackFirst(id));
                }
                let now = tx.now().0;
                sql!(
                    run,
                    tx.conn(),
                    "UPDATE report SET status = 'invalid', invalid = $4, validated_ms = COALESCE(validated_ms, $3),
                        answered_ms = COALESCE(answered_ms, $3), callback_ms = NULL
                     WHERE area = $1 AND no = $2",
                    id.area.as_str(),
                    id.no,
                    now,
                    reason.as_str()
                )?;
                tx.tell_report(&report, Happened::ReportInvalid { report: id, reason }).await?;
                let invalid = tx.report(id).await?;
                if close {
                    tx.close_report(&invalid, Closing::Invalid, Informed::Call).await?;
                }
                tx.report(id).await
            })
        })
        .await
    }

    /// Takes a report out of an incident that it shares with others: it opens one of its own, and both clocks start at
    /// the earliest of their own reports.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] where it is the incident's only report, a wrong state, out of scope, or the database's
    /// failure.
    pub async fn split_report(
        &self,
        cause: &Cause,
        id: ReportId,
        landing: Landing,
    ) -> Result<(Report, Option<Incident>), StoreError> {
        let everywhere = crate::domain::access::Scope::system();
        let found = self.find_report(&everywhere, id).await?.and_then(|report| report.incident);
        let from = found.ok_or_else(|| Refusal::invalid("incident", "it is of no incident"))?;
        let Landing::City { city, .. } = &landing else {
            return Err(Refusal::invalid("place", "an incident opens in a city").into());
        };
        let mut others = self.areas_of(from).await?;
        others.push(*city);
        self.write_report(cause, id, &others, move |tx, report| {
            Box::pin(async move {
                if report.status != ReportStatus::Valid {
                    report.status.change(ReportStatus::Valid).map_err(Refusal::from)?;
                }
                let before = tx.incident(from).await?;
                let rest: Vec<Report> = tx.reports_of(from).await?.into_iter().filter(|r| r.id != id).collect();
                let Some(start) = rest.iter().map(|r| r.rung).min() else {
                    refuse!(Refusal::invalid("incident", "it is the only report of its incident"));
                };
                let incident = tx.lead(&report, Judged::Lands(landing)).await?;
                if let Some(incident) = &incident {
                    let what = Happened::ReportSplit { report: id, from, to: incident.id };
                    tx.tell_report(&report, what).await?;
                }
                if before.status.is_open() && before.clock.start == report.rung {
                    tx.start_clock_at(&before, start).await?;
                }
                Ok((tx.report(id).await?, incident))
            })
        })
        .await
    }
}

impl AreaTx {
    /// Every report that hangs on an incident, open or not.
    pub(in crate::store) async fn reports_of(&mut self, incident: IncidentId) -> Result<Vec<Report>, StoreError> {
        let select = "SELECT area, no FROM report WHERE incident_area = $1 AND incident_no = $2 ORDER BY rung_ms";
        let rows = sql!(all(String, i64), self.conn(), select, incident.area.as_str(), incident.no)?;
        let mut reports = Vec::new();
        for (area, no) in rows {
            reports.push(self.report(ReportId { area: area.parse()?, no }).await?);
        }
        Ok(reports)
    }
}

//! The end of a report: by whoever has it, or with its incident; and its beginning anew.

use super::{
    super::{AreaTx, Store, StoreError, error::refuse, sql::sql},
    must_hold,
};
use crate::domain::{access::Cause, event::Happened, ids::*, refusal::Refusal, report::*};

impl AreaTx {
    /// Closes a report that may be closed.
    pub(super) async fn close_report(
        &mut self,
        report: &Report,
        closing: Closing,
        informed: Informed,
    ) -> Result<(), StoreError> {
        let (id, now) = (report.id, self.now().0);
        sql!(
            run,
            self.conn(),
            "UPDATE report SET status = 'closed', closed_ms = $3, closing = $4, attention = 'done', holder = NULL,
                passed_by = NULL, callback_ms = NULL, since_ms = $3,
                call = CASE WHEN call IS NULL THEN NULL ELSE 'ended' END
             WHERE area = $1 AND no = $2",
            id.area.as_str(),
            id.no,
            now,
            closing.as_str()
        )?;
        self.nothing_due(id).await?;
        self.tell_report(report, Happened::ReportClosed { report: id, closing, informed }).await
    }

    /// Closes the reports of a closed incident. The caller holds the journals of their desks, see `areas_of`.
    pub(in crate::store) async fn close_reports(&mut self, incident: IncidentId) -> Result<(), StoreError> {
        for report in self.open_reports(incident).await? {
            if self.holds(report.id.area) {
                self.close_report(&report, Closing::WithIncident, Informed::No).await?;
            }
        }
        Ok(())
    }

    /// The open reports that hang on an incident.
    pub(super) async fn open_reports(&mut self, incident: IncidentId) -> Result<Vec<Report>, StoreError> {
        let rows = sql!(
            all(String, i64),
            self.conn(),
            "SELECT area, no FROM report WHERE incident_area = $1 AND incident_no = $2 AND closed_ms IS NULL",
            incident.area.as_str(),
            incident.no
        )?;
        let mut reports = Vec::new();
        for (area, no) in rows {
            reports.push(self.report(ReportId { area: area.parse()?, no }).await?);
        }
        Ok(reports)
    }
}

impl Store {
    /// Closes a report that was judged. Its incident goes on.
    ///
    /// # Errors
    /// [`Refusal::CallbackFirst`] where nobody tried to reach a silent caller again, [`Refusal::ReportHeld`], a wrong
    /// state, out of scope, or the database's failure.
    pub async fn close_report(
        &self,
        cause: &Cause,
        id: ReportId,
        closing: Closing,
        informed: Informed,
    ) -> Result<Report, StoreError> {
        self.write_report(cause, id, &[], move |tx, report| {
            Box::pin(async move {
                must_hold(&tx.cause.scope, &report)?;
                report.status.change(ReportStatus::Closed).map_err(Refusal::from)?;
                let wrote = "SELECT COUNT(*) FROM outbox WHERE area = $1 AND report_no = $2 AND state <> 'failed'";
                if informed == Informed::Message
                    && sql!(scalar i64, tx.conn(), wrote, id.area.as_str(), id.no)?.unwrap_or(0) == 0
                {
                    refuse!(Refusal::invalid("informed", "no message about it was written to the caller"));
                }
                tx.close_report(&report, closing, informed).await?;
                tx.report(id).await
            })
        })
        .await
    }

    /// Opens a closed report again, for whoever asks; they must be at a desk. The reason is sealed.
    ///
    /// # Errors
    /// [`Refusal::NotOnShift`], a wrong state, out of scope, or the database's failure.
    pub async fn reopen_report(&self, cause: &Cause, id: ReportId, reason: String) -> Result<Report, StoreError> {
        let desk = self.seat(&cause.scope).await?;
        let me = cause.scope.account().ok_or(Refusal::NotOnShift)?;
        self.write_report(cause, id, &[desk.area], move |tx, report| {
            Box::pin(async move {
                let status = report.status.change(ReportStatus::Answered).map_err(Refusal::from)?;
                if report.status.is_open() {
                    refuse!(Refusal::Report(crate::domain::refusal::WrongTransition {
                        what: "report",
                        from: report.status,
                        to: status
                    }));
                }
                // What is said of a caller goes with the caller.
                let subject = match tx.personal(id).await? {
                    Some((subject, _)) => subject,
                    None => tx.new_subject(id.area).await?,
                };
                let context = format!("reopen/{}/{}", id.no, report.reopened + 1);
                let commitment = tx.seal(id.area, subject, &context, &reason).await?;
                sql!(
                    run,
                    tx.conn(),
                    "UPDATE report SET status = 'answered', closed_ms = NULL, closing = NULL, invalid = NULL,
                        reopened = reopened + 1, stage = 'answering', incident_area = NULL, incident_no = NULL
                     WHERE area = $1 AND no = $2",
                    id.area.as_str(),
                    id.no
                )?;
                tx.tell_report(&report, Happened::ReportReopened { report: id, commitment }).await?;
                let open = tx.report(id).await?;
                tx.hold(&open, desk, me).await?;
                tx.report(id).await
            })
        })
        .await
    }
}

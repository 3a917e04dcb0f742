//! Who has an eye on a report: it rings at desks until somebody takes it.
//!
//! Invariant: whatever changes who has an eye on it sets when that is looked at again, in the same transaction. A ring
//! is moved on only from where it was seen to be, so that two nodes that look at once move it once.

use super::super::{AreaTx, Store, StoreError, desks::is_present, error::refuse, sql::sql};
use crate::domain::{
    access::Cause,
    deadline::DeadlineKind,
    desk::{HOLD_MS, Ring, Stage},
    event::Happened,
    ids::*,
    refusal::Refusal,
    report::*,
    time::UnixMs,
};

impl AreaTx {
    /// Lets a report ring at a desk, whose journal is held. The desk where it was before is told as well.
    pub(super) async fn ring(&mut self, report: &Report, ring: Ring, why: RingReason) -> Result<(), StoreError> {
        let (id, now) = (report.id, self.now());
        let status = if report.status.is_judged() { report.status } else { ReportStatus::Ringing };
        sql!(
            run,
            self.conn(),
            "UPDATE report SET desk_area = $3, desk = $4, stage = $5, rung_no = $6, lap = $7, attention = 'ringing',
                holder = NULL, since_ms = $8, status = $9, returned = returned + $10 WHERE area = $1 AND no = $2",
            id.area.as_str(),
            id.no,
            ring.desk.area.as_str(),
            ring.desk.name(),
            ring.stage.as_str(),
            ring.rung,
            ring.lap,
            now.0,
            status.as_str(),
            i64::from(why.is_return())
        )?;
        let until = now.plus(ring.ring_ms);
        self.set_deadline(id.area, DeadlineKind::Report, id.no, until).await?;
        let Ring { desk, stage, lap, staffed, .. } = ring;
        let what = Happened::ReportRinging { report: id, desk, stage, lap, until, staffed, why };
        self.tell_desks(id, &[report.desk.area, desk.area], what).await
    }

    /// Gives a report to somebody at a desk.
    pub(super) async fn hold(&mut self, report: &Report, desk: DeskId, holder: AccountId) -> Result<(), StoreError> {
        let (id, now) = (report.id, self.now().0);
        sql!(
            run,
            self.conn(),
            "UPDATE report SET attention = 'held', holder = $3, since_ms = $4, desk_area = $5, desk = $6,
                status = CASE WHEN status = 'ringing' THEN 'answered' ELSE status END,
                answered_ms = COALESCE(answered_ms, $4),
                call = CASE WHEN call = 'ringing' THEN 'talking' ELSE call END
             WHERE area = $1 AND no = $2",
            id.area.as_str(),
            id.no,
            holder.to_string(),
            now,
            desk.area.as_str(),
            desk.name()
        )?;
        self.look_at_holder(report).await?;
        let what = Happened::ReportClaimed { report: id, desk, holder, from: report.holder };
        self.tell_desks(id, &[report.desk.area, desk.area], what).await
    }

    /// A held report is looked at again after a while, and when the caller must have been reached again.
    pub(super) async fn look_at_holder(&mut self, report: &Report) -> Result<(), StoreError> {
        let look = self.now().plus(HOLD_MS);
        let at = report.callback_by.filter(|by| *by > self.now()).map_or(look, |by| by.min(look));
        self.set_deadline(report.id.area, DeadlineKind::Report, report.id.no, at).await
    }

    /// From here on its incident is followed; its desk is that of the incident's city.
    pub(super) async fn follow(&mut self, report: &Report, desk: DeskId) -> Result<(), StoreError> {
        let (id, now) = (report.id, self.now());
        sql!(
            run,
            self.conn(),
            "UPDATE report SET attention = 'followed', holder = NULL, since_ms = $3, desk_area = $4, desk = $5
             WHERE area = $1 AND no = $2",
            id.area.as_str(),
            id.no,
            now.0,
            desk.area.as_str(),
            desk.name()
        )?;
        self.set_deadline(id.area, DeadlineKind::Report, id.no, now.plus(REMIND_MS)).await
    }
}

/// Where a ring was seen to be.
fn rings_there(report: &Report, seen: &Report) -> bool {
    report.attention == Attention::Ringing
        && (report.stage, report.rung_no, report.lap, report.since) == (seen.stage, seen.rung_no, seen.lap, seen.since)
}

impl Store {
    /// Somebody at a desk takes a report; one wins. `take_over` takes it from whoever holds it.
    ///
    /// # Errors
    /// [`Refusal::ReportHeld`] with the holder, [`Refusal::NotOnShift`], a wrong state, out of scope, or the database's
    /// failure.
    pub async fn claim_report(&self, cause: &Cause, id: ReportId, take_over: bool) -> Result<Report, StoreError> {
        let desk = self.seat(&cause.scope).await?;
        let me = cause.scope.account().ok_or(Refusal::NotOnShift)?;
        self.write_report(cause, id, &[desk.area], move |tx, report| {
            Box::pin(async move {
                if !report.status.is_open() {
                    report.status.change(ReportStatus::Valid).map_err(Refusal::from)?;
                }
                match report.holder {
                    Some(holder) if holder == me && report.desk == desk => return Ok(report),
                    Some(holder) if holder != me && !take_over => {
                        refuse!(Refusal::ReportHeld { report: id, desk: report.desk, holder })
                    }
                    _ => {}
                }
                tx.hold(&report, desk, me).await?;
                tx.report(id).await
            })
        })
        .await
    }

    /// Passes a report on: by its holder, by the program when nobody took it where `seen` says that it rang, or when its
    /// holder is gone. `false` when it is no longer so.
    ///
    /// # Errors
    /// [`Refusal::ReportHeld`] when somebody else holds it, out of scope, or the database's failure.
    pub async fn ring_report(
        &self,
        cause: &Cause,
        seen: &Report,
        ring: Ring,
        why: RingReason,
    ) -> Result<bool, StoreError> {
        let seen = seen.clone();
        self.write_report(cause, seen.id, &[ring.desk.area], move |tx, report| {
            Box::pin(async move {
                let now = tx.now();
                let as_seen = match why {
                    RingReason::Climbed => rings_there(&report, &seen),
                    RingReason::HolderGone => {
                        let holder = report.holder.filter(|_| report.holder == seen.holder);
                        match holder {
                            Some(holder) => !is_present(&mut tx.conn(), holder, now).await?,
                            None => false,
                        }
                    }
                    RingReason::Callback => {
                        report.attention == Attention::Held && report.callback_by.is_some_and(|by| by <= now)
                    }
                    RingReason::New | RingReason::Passed | RingReason::GivenBack | RingReason::Reopened => {
                        super::must_hold(&tx.cause.scope, &report)?;
                        report.status.is_open()
                    }
                };
                if !as_seen {
                    return Ok(false);
                }
                if why == RingReason::Callback {
                    tx.want_callback(&report, now.plus(CALLBACK_MS)).await?;
                }
                let passer = tx.cause.scope.account().filter(|_| why == RingReason::Passed);
                tx.passed_by(&report, passer, why).await?;
                tx.ring(&report, ring, why).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Nobody at the city took a report that was passed on: whoever passed it has it back, without a siren. `false` when
    /// it does not ring there any more, or they are gone.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn give_back(&self, cause: &Cause, seen: &Report, desk: DeskId) -> Result<bool, StoreError> {
        let seen = seen.clone();
        self.write_report(cause, seen.id, &[desk.area], move |tx, report| {
            Box::pin(async move {
                let now = tx.now();
                let Some(passer) = report.passed_by.filter(|_| rings_there(&report, &seen)) else { return Ok(false) };
                if !is_present(&mut tx.conn(), passer, now).await? {
                    return Ok(false);
                }
                tx.set_passer(report.id, None).await?;
                let back = "UPDATE report SET returned = returned + 1 WHERE area = $1 AND no = $2";
                sql!(run, tx.conn(), back, report.id.area.as_str(), report.id.no)?;
                tx.hold(&report, desk, passer).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Whether a report of an incident rings at the first desk of its city, and that desk shall decide.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn awaits_claim(&self, incident: IncidentId) -> Result<bool, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let ringing =
                    "SELECT no FROM report WHERE incident_area = $1 AND incident_no = $2 AND closed_ms IS NULL
                    AND stage = 'follow_up' AND attention = 'ringing' AND rung_no = 0 AND lap = 0 LIMIT 1";
                Ok(sql!(scalar i64, c, ringing, incident.area.as_str(), incident.no)?.is_some())
            })
        })
        .await
    }

    /// What is due of a report is looked at again later: its holder is there, or its incident is open. `false` where it
    /// was moved meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn keep_report(&self, cause: &Cause, seen: &Report) -> Result<bool, StoreError> {
        let seen = seen.clone();
        self.write_report(cause, seen.id, &[], move |tx, report| {
            Box::pin(async move {
                if (report.attention, report.holder, report.since) != (seen.attention, seen.holder, seen.since) {
                    return Ok(false);
                }
                if !tx.take_due(report.id.area, DeadlineKind::Report, report.id.no).await? {
                    return Ok(false);
                }
                match report.attention {
                    Attention::Held => tx.look_at_holder(&report).await?,
                    Attention::Followed | Attention::Ringing => {
                        tx.tell_report(&report, Happened::ReportWaiting { report: report.id }).await?;
                        let at: UnixMs = tx.now().plus(REMIND_MS);
                        tx.set_deadline(report.id.area, DeadlineKind::Report, report.id.no, at).await?;
                    }
                    Attention::Done => {}
                }
                Ok(true)
            })
        })
        .await
    }
}

impl AreaTx {
    /// Who has it back when nobody takes it; kept while it climbs.
    async fn passed_by(
        &mut self,
        report: &Report,
        passer: Option<AccountId>,
        why: RingReason,
    ) -> Result<(), StoreError> {
        let keeps = why == RingReason::Climbed && report.stage == Stage::FollowUp && passer.is_none();
        if keeps && report.passed_by.is_some() {
            return Ok(());
        }
        self.set_passer(report.id, passer).await
    }

    pub(super) async fn set_passer(&mut self, id: ReportId, passer: Option<AccountId>) -> Result<(), StoreError> {
        let set = "UPDATE report SET passed_by = $3 WHERE area = $1 AND no = $2";
        sql!(run, self.conn(), set, id.area.as_str(), id.no, passer.map(|p| p.to_string()))?;
        Ok(())
    }
}

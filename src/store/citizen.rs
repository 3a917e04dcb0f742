//! What a citizen sees and says of their own report, by its link.
//!
//! Invariants: nothing here closes a report or an incident; a rating is given once; words are sealed under the caller, so
//! that erasing the caller erases them.

use super::{
    AreaTx, Store, StoreError,
    error::refuse,
    seal,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause},
    dispatch::DispatchStatus,
    event::{Audience, Happened},
    ids::*,
    link::{Complaint, Destination, Help},
    refusal::Refusal,
    report::{Report, ReportStatus},
    time::UnixMs,
};

/// Complaints about one report at most.
const COMPLAINTS_MAX: i64 = 10;
/// Complaints in one export at most.
const EXPORT_MAX: i64 = 10_000;

/// How a report stands, as far as its citizen may know.
#[derive(Clone, Debug)]
pub struct CitizensView {
    /// The report.
    pub report: Report,
    /// How far help is.
    pub help: Help,
    /// The unit that is on its way.
    pub unit: Option<UnitId>,
    /// Said to be no longer needed.
    pub cancelled: bool,
    /// One to five.
    pub rated: Option<i64>,
}

fn rating_context(report: ReportId) -> String {
    format!("rating/{}", report.no)
}

fn complaint_context(id: ComplaintId) -> String {
    format!("complaint/{id}")
}

async fn said(c: &mut Conn<'_>, report: ReportId) -> Result<(bool, Option<i64>), sqlx::Error> {
    let row = sql!(
        row(Option<i64>, Option<i64>),
        c,
        "SELECT cancelled_ms, stars FROM citizen_word WHERE area = $1 AND report_no = $2",
        report.area.as_str(),
        report.no
    )?;
    Ok(row.map_or((false, None), |(cancelled, stars)| (cancelled.is_some(), stars)))
}

impl AreaTx {
    /// Whose key seals what a report's citizen says now: the caller's, or, once that was destroyed, one of its own.
    async fn living_subject(&mut self, report: ReportId) -> Result<SubjectId, StoreError> {
        let living = sql!(
            scalar String,
            self.conn(),
            "SELECT r.subject FROM report r JOIN subject_key k ON k.area = r.area AND k.subject = r.subject
             WHERE r.area = $1 AND r.no = $2",
            report.area.as_str(),
            report.no
        )?;
        match living {
            Some(subject) => Ok(subject.parse()?),
            None => self.new_subject(report.area).await,
        }
    }
}

impl Store {
    /// How a report stands for its citizen; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn citizens_view(&self, id: ReportId) -> Result<Option<CitizensView>, StoreError> {
        let everywhere = crate::domain::access::Scope::system();
        let Some(report) = self.find_report(&everywhere, id).await? else { return Ok(None) };
        let dispatches = match report.incident {
            Some(incident) => self.dispatches(&everywhere, incident).await?,
            None => Vec::new(),
        };
        let mut help = Help::None;
        let mut unit = None;
        for dispatch in dispatches {
            let so_far = match dispatch.status {
                DispatchStatus::OnScene | DispatchStatus::Cleared => Help::Arrived,
                DispatchStatus::Accepted | DispatchStatus::EnRoute => Help::OnTheWay,
                _ => Help::None,
            };
            if so_far > help {
                help = so_far;
                unit = (so_far == Help::OnTheWay).then_some(dispatch.unit);
            }
        }
        let (cancelled, rated) = self.read(move |c| Box::pin(async move { Ok(said(c, id).await?) })).await?;
        Ok(Some(CitizensView { report, help, unit, cancelled, rated }))
    }

    /// A link was made for a report.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn link_made(&self, cause: &Cause, report: ReportId, expires: UnixMs) -> Result<(), StoreError> {
        self.write_report(cause, report, &[], move |tx, report| {
            Box::pin(async move {
                let what = Happened::LinkMade { report: report.id, expires };
                tx.tell_report(&report, what).await
            })
        })
        .await
    }

    /// The citizen says that help is no longer needed; told to the desk once.
    ///
    /// # Errors
    /// A wrong state when it is closed, [`StoreError`] when the database fails.
    pub async fn cancel_by_citizen(&self, cause: &Cause, id: ReportId) -> Result<(), StoreError> {
        self.write_report(cause, id, &[], move |tx, report| {
            Box::pin(async move {
                if said(&mut tx.conn(), id).await?.0 {
                    return Ok(());
                }
                if !report.status.is_open() {
                    report.status.change(ReportStatus::Valid).map_err(Refusal::from)?;
                }
                let now = tx.now().0;
                sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO citizen_word (area, report_no, cancelled_ms) VALUES ($1, $2, $3)
                     ON CONFLICT (area, report_no) DO UPDATE SET cancelled_ms = excluded.cancelled_ms",
                    id.area.as_str(),
                    id.no,
                    now
                )?;
                tx.tell_report(&report, Happened::CitizenCancelled { report: id }).await
            })
        })
        .await
    }

    /// The citizen rates how a closed report was handled: once.
    ///
    /// # Errors
    /// [`Refusal::NotClosed`], [`Refusal::Exists`] the second time, [`StoreError`] when the database fails.
    pub async fn rate(&self, cause: &Cause, id: ReportId, stars: i64, text: Option<String>) -> Result<(), StoreError> {
        self.write_report(cause, id, &[], move |tx, report| {
            Box::pin(async move {
                if report.status.is_open() {
                    refuse!(Refusal::NotClosed(id))
                }
                let now = tx.now().0;
                let rated = sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO citizen_word (area, report_no, stars, rated_ms) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (area, report_no) DO UPDATE SET stars = excluded.stars, rated_ms = excluded.rated_ms
                     WHERE citizen_word.stars IS NULL",
                    id.area.as_str(),
                    id.no,
                    stars,
                    now
                )?;
                if rated == 0 {
                    refuse!(Refusal::Exists("the rating".to_owned()))
                }
                let commitment = match text {
                    Some(text) => {
                        let subject = tx.living_subject(id).await?;
                        Some(tx.seal(id.area, subject, &rating_context(id), &text).await?)
                    }
                    None => None,
                };
                tx.tell_report(&report, Happened::CitizenRated { report: id, stars, commitment }).await
            })
        })
        .await
    }

    /// The citizen complains.
    ///
    /// # Errors
    /// [`Refusal::Enough`] after ten of them, [`StoreError`] when the database fails.
    pub async fn complain(&self, cause: &Cause, id: ReportId, text: String) -> Result<ComplaintId, StoreError> {
        self.write_report(cause, id, &[], move |tx, report| {
            Box::pin(async move {
                let before = sql!(
                    scalar i64,
                    tx.conn(),
                    "SELECT COUNT(*) FROM complaint WHERE area = $1 AND report_no = $2",
                    id.area.as_str(),
                    id.no
                )?;
                if before.unwrap_or_default() >= COMPLAINTS_MAX {
                    refuse!(Refusal::Enough("complaints"))
                }
                let (complaint, destination, now) = (ComplaintId::random(), Destination::DumasPresisi, tx.now().0);
                let subject = tx.living_subject(id).await?;
                let commitment = tx.seal(id.area, subject, &complaint_context(complaint), &text).await?;
                sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO complaint (area, id, report_no, subject, destination, at_ms)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                    id.area.as_str(),
                    complaint.to_string(),
                    id.no,
                    subject.to_string(),
                    destination.as_str(),
                    now
                )?;
                let what = Happened::ComplaintFiled { complaint, report: id, destination, commitment };
                tx.tell_report(&report, what).await?;
                Ok(complaint)
            })
        })
        .await
    }

    /// The complaints about reports of an area from `from` until before `to`, the oldest first. That they were read is
    /// told in the journal.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn complaints(
        &self,
        cause: &Cause,
        area: AreaCode,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Complaint>, StoreError> {
        cause.scope.require(area, Act::ReadComplaints)?;
        let keys = self.keys().clone();
        let found = self
            .read(move |c| {
                Box::pin(async move {
                    let rows = sql!(
                        all(String, i64, String, String, i64, Option<i64>),
                        c,
                        "SELECT c.id, c.report_no, c.subject, c.destination, c.at_ms, w.stars FROM complaint c
                         LEFT JOIN citizen_word w ON w.area = c.area AND w.report_no = c.report_no
                         WHERE c.area = $1 AND c.at_ms >= $2 AND c.at_ms < $3 ORDER BY c.at_ms, c.id LIMIT $4",
                        area.as_str(),
                        from.0,
                        to.0,
                        EXPORT_MAX
                    )?;
                    let mut found = Vec::with_capacity(rows.len());
                    for (id, no, subject, destination, at, rated) in rows {
                        let id: ComplaintId = id.parse()?;
                        let text = seal::unseal(c, &keys, area, subject.parse()?, &complaint_context(id)).await?;
                        let (report, at) = (ReportId { area, no }, UnixMs(at));
                        found.push(Complaint { id, report, at, destination: destination.parse()?, text, rated });
                    }
                    Ok(found)
                })
            })
            .await?;
        let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                tx.event(area, area.as_str(), Audience::Desk, Happened::ComplaintsRead { from, to, count }).await
            })
        })
        .await?;
        Ok(found)
    }
}

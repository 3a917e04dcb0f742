//! Reports as they are read: rows, sealed parts, lists.
//!
//! A report is numbered in the area that received it, and may be at the desk of another one: then both journals tell
//! what happens to it, and both areas' desks may see it.

mod aml;
mod attention;
mod callers;
mod calls;
mod closing;
mod judging;
mod receiving;

pub(super) use callers::{number_in, number_of};
pub use judging::Judged;
pub use receiving::{Landing, Received, Reception};

use super::{
    AreaTx, Out, Store, StoreError,
    incidents::word,
    seal,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause, Scope},
    event::{Audience, Happened},
    ids::*,
    phone::PhoneNumber,
    place::Place,
    refusal::Refusal,
    report::*,
    time::UnixMs,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// How often a command on a report that moves between desks is tried.
const TRIES: usize = 4;

#[derive(sqlx::FromRow)]
struct ReportRow {
    area: String,
    no: i64,
    channel: String,
    status: String,
    kind: String,
    priority: String,
    subject: Option<String>,
    accuracy_m: Option<f64>,
    district: Option<String>,
    outside_area: i64,
    incident_area: Option<String>,
    incident_no: Option<i64>,
    rung_ms: i64,
    answered_ms: Option<i64>,
    validated_ms: Option<i64>,
    closed_ms: Option<i64>,
    desk_area: Option<String>,
    desk: Option<String>,
    flow: Option<String>,
    attention: String,
    stage: String,
    rung_no: i64,
    lap: i64,
    holder: Option<String>,
    passed_by: Option<String>,
    since_ms: i64,
    call: Option<String>,
    callback_ms: Option<i64>,
    callbacks: i64,
    invalid: Option<String>,
    closing: Option<String>,
    reopened: i64,
    recording: Option<String>,
}

/// What a report says of the person: kept as one sealed text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Personal {
    place: Option<Place>,
    number: Option<PhoneNumber>,
    name: Option<String>,
    address: Option<String>,
    text: Option<String>,
}

impl Personal {
    /// What a crew is told of it: the place in words, then what was said.
    fn note(&self) -> Option<String> {
        let note = [&self.address, &self.text].into_iter().flatten().cloned().collect::<Vec<_>>().join("\n");
        (!note.is_empty()).then_some(note)
    }
}

/// Under which name a report's personal part is sealed.
fn context(id: ReportId) -> String {
    format!("report/{}", id.no)
}

impl ReportRow {
    fn report(self, personal: Personal) -> Result<Report, StoreError> {
        let incident = match (self.incident_area, self.incident_no) {
            (Some(area), Some(no)) => Some(IncidentId { area: area.parse()?, no }),
            _ => None,
        };
        let area: AreaCode = self.area.parse()?;
        let desk = match (&self.desk_area, &self.desk) {
            (Some(area), Some(name)) => format!("{area}.{name}").parse()?,
            _ => DeskId::main(area),
        };
        Ok(Report {
            id: ReportId { area, no: self.no },
            channel: self.channel.parse()?,
            status: self.status.parse()?,
            rung: UnixMs(self.rung_ms),
            answered: self.answered_ms.map(UnixMs),
            validated: self.validated_ms.map(UnixMs),
            closed: self.closed_ms.map(UnixMs),
            kind: self.kind,
            priority: self.priority.parse()?,
            place: personal.place,
            accuracy_m: self.accuracy_m,
            district: self.district,
            outside_area: self.outside_area == 1,
            incident,
            desk,
            flow: word(self.flow)?.unwrap_or(area),
            attention: self.attention.parse()?,
            stage: self.stage.parse()?,
            rung_no: self.rung_no,
            lap: self.lap,
            holder: word(self.holder)?,
            passed_by: word(self.passed_by)?,
            since: UnixMs(self.since_ms),
            call: word(self.call)?,
            callback_by: self.callback_ms.map(UnixMs),
            callbacks: self.callbacks,
            invalid: word(self.invalid)?,
            closing: word(self.closing)?,
            reopened: self.reopened,
            recording: self.recording,
            caller: personal.number.as_ref().map(PhoneNumber::masked),
        })
    }
}

async fn row(c: &mut Conn<'_>, id: ReportId) -> Result<Option<ReportRow>, StoreError> {
    Ok(sql!(row ReportRow, c, "SELECT * FROM report WHERE area = $1 AND no = $2", id.area.as_str(), id.no)?)
}

/// One report without what is sealed.
async fn find(c: &mut Conn<'_>, id: ReportId) -> Result<Option<Report>, StoreError> {
    row(c, id).await?.map(|row| row.report(Personal::default())).transpose()
}

/// The areas whose desks have to do with a report.
fn areas(report: &Report) -> [AreaCode; 3] {
    [report.id.area, report.desk.area, report.flow]
}

/// Whether somebody may do this to a report: in the area that received it, at whose desk it is, or whose flow it follows.
fn require(scope: &Scope, report: &Report, act: Act) -> Result<(), Refusal> {
    let right = areas(report).into_iter().find(|&area| scope.may(area, act));
    right.map_or_else(|| scope.require(report.id.area, act), |_| Ok(()))
}

/// Whoever holds a report is the one to work on it; where nobody does, anybody of the desk.
fn must_hold(scope: &Scope, report: &Report) -> Result<(), Refusal> {
    match (report.holder, scope.account()) {
        (Some(holder), Some(me)) if holder != me => {
            Err(Refusal::ReportHeld { report: report.id, desk: report.desk, holder })
        }
        _ => Ok(()),
    }
}

impl AreaTx {
    /// Reads one report or refuses.
    pub(super) async fn report(&mut self, id: ReportId) -> Result<Report, StoreError> {
        find(&mut self.conn(), id).await?.ok_or(StoreError::Refused(Refusal::NotFound("report")))
    }

    /// Tells what happened to a report in the journal of its area, and in that of the desk where it is.
    pub(super) async fn tell_report(&mut self, report: &Report, what: Happened) -> Result<(), StoreError> {
        self.tell_desks(report.id, &[report.desk.area], what).await
    }

    async fn tell_desks(&mut self, id: ReportId, others: &[AreaCode], what: Happened) -> Result<(), StoreError> {
        let mut areas = vec![id.area];
        areas.extend(others.iter().filter(|&&area| self.holds(area)));
        areas.sort_unstable();
        areas.dedup();
        for area in areas {
            self.event(area, &id.to_string(), Audience::Desk, what.clone()).await?;
        }
        Ok(())
    }

    /// Whose personal part it is, and that part, where it was not erased.
    async fn personal(&mut self, id: ReportId) -> Result<Option<(SubjectId, Personal)>, StoreError> {
        let select = "SELECT subject FROM report WHERE area = $1 AND no = $2";
        let subject = sql!(scalar Option<String>, self.conn(), select, id.area.as_str(), id.no)?.flatten();
        let Some(subject) = word::<SubjectId>(subject)? else { return Ok(None) };
        let keys = self.keys.clone();
        let text = seal::unseal(&mut self.conn(), &keys, id.area, subject, &context(id)).await?;
        text.map(|text| Ok((subject, serde_json::from_str(&text)?))).transpose()
    }
}

impl Store {
    /// Runs `f` on a report while the journals of its area, of its desk's and of `others` are held. Where it moved to a
    /// desk elsewhere between the look and the lock, it is tried again.
    pub(super) async fn write_report<T, F>(
        &self,
        cause: &Cause,
        id: ReportId,
        others: &[AreaCode],
        f: F,
    ) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: for<'t> FnOnce(&'t mut AreaTx, Report) -> Out<'t, T> + Clone + Send + 'static,
    {
        for _ in 0..TRIES {
            let found = self.read(move |c| Box::pin(find(c, id))).await?;
            let report = found.ok_or(Refusal::NotFound("report"))?;
            require(&cause.scope, &report, Act::TakeReport)?;
            let (f, desk) = (f.clone(), report.desk.area);
            let mut areas = vec![id.area, desk];
            areas.extend(others);
            let done = self.write_at(id.area, &areas, cause, move |tx| {
                Box::pin(async move {
                    let report = tx.report(id).await?;
                    if !tx.holds(report.desk.area) {
                        return Err(StoreError::Moved);
                    }
                    f(tx, report).await
                })
            });
            match done.await {
                Err(StoreError::Moved) => {}
                done => return done,
            }
        }
        Err(StoreError::TimedOut)
    }

    /// One report, with its place and its masked caller where those were not erased.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn find_report(&self, scope: &Scope, id: ReportId) -> Result<Option<Report>, StoreError> {
        let keys = self.keys().clone();
        let found = self
            .read(move |c| {
                Box::pin(async move {
                    let Some(row) = row(c, id).await? else { return Ok(None) };
                    let personal = match &row.subject {
                        Some(s) => seal::unseal(c, &keys, id.area, s.parse()?, &context(id)).await?,
                        None => None,
                    };
                    let personal = personal.map(|p| serde_json::from_str(&p)).transpose()?.unwrap_or_default();
                    row.report(personal).map(Some)
                })
            })
            .await?;
        match found {
            Some(report) => require(scope, &report, Act::SeeDesk).map(|()| Some(report)).map_err(Into::into),
            None => scope.require(id.area, Act::SeeDesk).map(|()| None).map_err(Into::into),
        }
    }

    /// The newest reports of an area: those that it received, and those at its desks; without their places. Only those
    /// in no city, or only open ones, where asked.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn reports(
        &self,
        scope: &Scope,
        area: AreaCode,
        outside_only: bool,
        open_only: bool,
        limit: i64,
    ) -> Result<Vec<Report>, StoreError> {
        scope.require(area, Act::SeeDesk)?;
        self.read(move |c| {
            Box::pin(async move {
                let own = "SELECT * FROM report WHERE area = $1 AND outside_area >= $2
                    AND (closed_ms IS NULL OR $3 = 0) ORDER BY no DESC LIMIT $4";
                let here = "SELECT * FROM report WHERE desk_area = $1 AND area <> $1 AND outside_area >= $2
                    AND closed_ms IS NULL ORDER BY rung_ms DESC LIMIT $3";
                let (outside, open) = (i64::from(outside_only), i64::from(open_only));
                let mut rows = sql!(all ReportRow, c, own, area.as_str(), outside, open, limit)?;
                rows.extend(sql!(all ReportRow, c, here, area.as_str(), outside, limit)?);
                rows.into_iter().map(|r| r.report(Personal::default())).collect()
            })
        })
        .await
    }

    /// The open reports that somebody holds.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn held_by(&self, account: AccountId) -> Result<Vec<Report>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(all ReportRow, c, "SELECT * FROM report WHERE holder = $1", account.to_string())?;
                rows.into_iter().map(|r| r.report(Personal::default())).collect()
            })
        })
        .await
    }
}

//! Reports: received by a desk, valid or not, leading to an incident in a city.

use super::{
    AreaTx, Store, StoreError,
    openings::Beginning,
    seal,
    sql::{Conn, sql},
    steps::FirstOffer,
};
use crate::domain::{
    access::{Act, Cause, Scope},
    deadline::{DeadlineKind, REPORT_MS},
    event::{Audience, Happened},
    ids::*,
    incident::*,
    phone::PhoneNumber,
    place::Place,
    report::*,
    time::UnixMs,
};
use serde::{Deserialize, Serialize};

#[derive(sqlx::FromRow)]
struct ReportRow {
    area: String,
    no: i64,
    channel: String,
    status: String,
    kind: String,
    subject: Option<String>,
    outside_area: i64,
    incident_area: Option<String>,
    incident_no: Option<i64>,
    rung_ms: i64,
    answered_ms: Option<i64>,
    validated_ms: Option<i64>,
    closed_ms: Option<i64>,
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

/// Where a report leads.
#[derive(Clone, Debug)]
pub enum Landing {
    /// Not judged yet.
    Unjudged,
    /// Valid, in this city.
    City {
        /// Where the incident opens.
        city: AreaCode,
        /// The district that holds the place.
        district: Option<String>,
        /// How urgent.
        priority: Priority,
        /// Where.
        place: Place,
        /// Who is asked in the same breath; none where a dispatcher decides or nobody is free.
        first: Option<Box<FirstOffer>>,
    },
    /// Valid, but in no city: these are the nearest ones.
    Outside {
        /// The nearest first.
        near: Vec<AreaCode>,
    },
}

/// A report as received, and the incident that it opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// The report. Its place is left out: it lies sealed.
    pub report: Report,
    /// The incident, where it has a city.
    pub incident: Option<Incident>,
}

impl ReportRow {
    fn report(self, place: Option<Place>) -> Result<Report, StoreError> {
        let incident = match (self.incident_area, self.incident_no) {
            (Some(area), Some(no)) => Some(IncidentId { area: area.parse()?, no }),
            _ => None,
        };
        Ok(Report {
            id: ReportId { area: self.area.parse()?, no: self.no },
            channel: self.channel.parse()?,
            status: self.status.parse()?,
            rung: UnixMs(self.rung_ms),
            answered: self.answered_ms.map(UnixMs),
            validated: self.validated_ms.map(UnixMs),
            closed: self.closed_ms.map(UnixMs),
            kind: self.kind,
            place,
            outside_area: self.outside_area == 1,
            incident,
        })
    }
}

async fn row(c: &mut Conn<'_>, id: ReportId) -> Result<Option<ReportRow>, StoreError> {
    Ok(sql!(row ReportRow, c, "SELECT * FROM report WHERE area = $1 AND no = $2", id.area.as_str(), id.no)?)
}

impl AreaTx {
    /// The subject of a caller: the same one for each call from a number.
    async fn caller(&mut self, desk: AreaCode, number: Option<&PhoneNumber>) -> Result<SubjectId, StoreError> {
        let Some(number) = number else { return self.new_subject(desk).await };
        let hash = self.keys.number_hash(number.as_str());
        let known = sql!(
            scalar String,
            self.conn(),
            "SELECT subject FROM caller WHERE area = $1 AND number_hash = $2",
            desk.as_str(),
            &hash[..]
        )?;
        if let Some(subject) = known {
            return Ok(subject.parse()?);
        }
        let subject = self.new_subject(desk).await?;
        sql!(
            run,
            self.conn(),
            "INSERT INTO caller (area, number_hash, subject) VALUES ($1, $2, $3)",
            desk.as_str(),
            &hash[..],
            subject.to_string()
        )?;
        Ok(subject)
    }

    async fn receive(&mut self, desk: AreaCode, new: NewReport, landing: Landing) -> Result<Received, StoreError> {
        let id = ReportId { area: desk, no: self.next_report(desk)? };
        let now = self.now();
        let rung = new.rung.map_or(now, |r| r.min(now));
        let judged = !matches!(landing, Landing::Unjudged);
        let answered = new.answered.map(|a| a.min(now).max(rung)).or(judged.then_some(now));
        let status = match (judged, answered) {
            (true, _) => ReportStatus::Valid,
            (false, Some(_)) => ReportStatus::Answered,
            (false, None) => ReportStatus::Ringing,
        };
        let subject = self.caller(desk, new.caller_number.as_ref()).await?;
        let outside = matches!(landing, Landing::Outside { .. });
        sql!(
            run,
            self.conn(),
            "INSERT INTO report (area, no, channel, status, kind, subject, outside_area, received_ms, rung_ms,
                answered_ms, validated_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            desk.as_str(),
            id.no,
            new.channel.as_str(),
            status.as_str(),
            &new.kind,
            subject.to_string(),
            i64::from(outside),
            now.0,
            rung.0,
            answered.map(|a| a.0),
            judged.then_some(now.0)
        )?;
        let personal = Personal {
            place: new.place,
            number: new.caller_number.clone(),
            name: new.caller_name.clone(),
            address: new.address.clone(),
            text: new.text.clone(),
        };
        let commitment =
            self.seal(desk, subject, &format!("report/{}", id.no), &serde_json::to_string(&personal)?).await?;
        let near = if let Landing::Outside { near } = &landing { near.clone() } else { Vec::new() };
        let what = Happened::ReportReceived {
            report: id,
            channel: new.channel,
            outside_area: outside,
            near,
            commitment: Some(commitment),
        };
        self.event(desk, &id.to_string(), Audience::Desk, what).await?;
        if !matches!(landing, Landing::City { .. }) {
            self.set_deadline(desk, DeadlineKind::Report, id.no, now.plus(REPORT_MS)).await?;
        }
        let incident = match landing {
            Landing::City { city, district, priority, place, first } => {
                let note = [new.address, new.text].into_iter().flatten().collect::<Vec<_>>().join("\n");
                let opening = NewIncident {
                    kind: new.kind,
                    priority,
                    origin: Origin::Citizen,
                    place,
                    district,
                    by_unit: None,
                    note: (!note.is_empty()).then_some(note),
                };
                let beginning = Beginning { start: rung, answered, validated: Some(now) };
                let opened = self.open(city, opening, beginning, Some((id, subject))).await?;
                self.join(id, opened.id).await?;
                if let Some(first) = first {
                    self.ask_first(&opened, *first).await?;
                }
                Some(opened)
            }
            Landing::Unjudged | Landing::Outside { .. } => None,
        };
        let report = row(&mut self.conn(), id).await?.ok_or_else(|| StoreError::Corrupt(id.to_string()))?;
        Ok(Received { report: report.report(None)?, incident })
    }

    /// Hangs a valid report on its incident.
    async fn join(&mut self, report: ReportId, incident: IncidentId) -> Result<(), StoreError> {
        sql!(
            run,
            self.conn(),
            "UPDATE report SET incident_area = $3, incident_no = $4 WHERE area = $1 AND no = $2",
            report.area.as_str(),
            report.no,
            incident.area.as_str(),
            incident.no
        )?;
        let what = Happened::ReportValidated { report, incident: Some(incident) };
        self.event(report.area, &report.to_string(), Audience::Desk, what).await?;
        Ok(())
    }

    /// Closes the reports of a closed incident. The caller holds the journals of their desks, see `areas_of`.
    pub(super) async fn close_reports(&mut self, incident: IncidentId) -> Result<(), StoreError> {
        let rows = sql!(
            all(String, i64),
            self.conn(),
            "SELECT area, no FROM report WHERE incident_area = $1 AND incident_no = $2 AND closed_ms IS NULL",
            incident.area.as_str(),
            incident.no
        )?;
        let now = self.now().0;
        for (area, no) in rows {
            let id = ReportId { area: area.parse()?, no };
            if !self.holds(id.area) {
                continue;
            }
            sql!(
                run,
                self.conn(),
                "UPDATE report SET status = 'closed', closed_ms = $3 WHERE area = $1 AND no = $2",
                id.area.as_str(),
                no,
                now
            )?;
            self.event(id.area, &id.to_string(), Audience::Desk, Happened::ReportClosed { report: id }).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Receives a report at a desk; a valid one with a city opens its incident in the same transaction, and asks the
    /// first unit of [`FirstOffer`] that can be claimed: a citizen waits for one flush to the disk, not for two.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn receive_report(
        &self,
        cause: &Cause,
        desk: AreaCode,
        report: NewReport,
        landing: Landing,
    ) -> Result<Received, StoreError> {
        match &landing {
            Landing::Outside { .. } => cause.scope.require_pass(desk)?,
            Landing::City { .. } | Landing::Unjudged => cause.scope.require(desk, Act::TakeReport)?,
        }
        let mut areas = vec![desk];
        if let Landing::City { city, .. } = &landing {
            areas.push(*city);
        }
        self.write(&areas, cause, move |tx| Box::pin(async move { tx.receive(desk, report, landing).await })).await
    }

    /// Fires the deadline of a report that nobody took up; `false` when it fired before.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn fire_report(&self, cause: &Cause, id: ReportId) -> Result<bool, StoreError> {
        self.write(&[id.area], cause, move |tx| {
            Box::pin(async move {
                let due = tx.take_due(id.area, DeadlineKind::Report, id.no).await?;
                if due {
                    let what = Happened::ReportWaiting { report: id };
                    tx.event(id.area, &id.to_string(), Audience::Desk, what).await?;
                }
                Ok(due)
            })
        })
        .await
    }

    /// One report, with its place where that was not erased.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn find_report(&self, scope: &Scope, id: ReportId) -> Result<Option<Report>, StoreError> {
        scope.require(id.area, Act::SeeDesk)?;
        let keys = self.keys().clone();
        self.read(move |c| {
            Box::pin(async move {
                let Some(row) = row(c, id).await? else { return Ok(None) };
                let personal = match &row.subject {
                    Some(s) => seal::unseal(c, &keys, id.area, s.parse()?, &format!("report/{}", id.no)).await?,
                    None => None,
                };
                let personal: Personal = personal.map(|p| serde_json::from_str(&p)).transpose()?.unwrap_or_default();
                row.report(personal.place).map(Some)
            })
        })
        .await
    }

    /// An area's newest reports, without their places; only those in no city, where asked.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn reports(
        &self,
        scope: &Scope,
        area: AreaCode,
        outside_only: bool,
        limit: i64,
    ) -> Result<Vec<Report>, StoreError> {
        scope.require(area, Act::SeeDesk)?;
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all ReportRow,
                    c,
                    "SELECT * FROM report WHERE area = $1 AND outside_area >= $2 ORDER BY no DESC LIMIT $3",
                    area.as_str(),
                    i64::from(outside_only),
                    limit
                )?;
                rows.into_iter().map(|r| r.report(None)).collect()
            })
        })
        .await
    }
}

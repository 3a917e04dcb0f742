//! A report comes in: it rings at a desk, or somebody has it already, or it opens its incident in the same breath.

use super::{
    super::{AreaTx, Store, StoreError, openings::Beginning, sql::sql, steps::FirstOffer},
    Personal, context, find,
};
use crate::domain::{
    access::{Act, Cause},
    deadline::DeadlineKind,
    desk::{HOLD_MS, RING_MS, Ring, Stage},
    event::{Audience, Happened},
    ids::*,
    incident::*,
    phone::PhoneNumber,
    place::Place,
    report::*,
};
use serde::{Deserialize, Serialize};

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

/// Which desk gets a report, and how.
#[derive(Clone, Debug)]
pub struct Reception {
    /// The area that receives it and numbers it.
    pub area: AreaCode,
    /// Where a repeat of the command, or of the exchange's word, looks for it: the area by what the sender said, and by
    /// nothing that may have changed since.
    pub home: AreaCode,
    /// Whose flow it follows.
    pub flow: AreaCode,
    /// The district of the place.
    pub district: Option<String>,
    /// Where it rings; none where somebody holds it, or its incident is followed.
    pub ring: Option<Ring>,
    /// Who holds it.
    pub holder: Option<AccountId>,
}

impl Reception {
    /// At an area's own desk.
    #[must_use]
    pub const fn at(area: AreaCode) -> Self {
        Self { area, home: area, flow: area, district: None, ring: None, holder: None }
    }
}

/// A report as received, and the incident that it opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// The report. Its place is left out: it lies sealed.
    pub report: Report,
    /// The incident, where it has a city.
    pub incident: Option<Incident>,
}

impl AreaTx {
    /// The subject of a caller: the same one for each call from a number.
    async fn caller(&mut self, desk: AreaCode, number: Option<&PhoneNumber>) -> Result<SubjectId, StoreError> {
        let Some(number) = number else { return self.new_subject(desk).await };
        let hash = self.keys.number_hash(number.as_str());
        let known = sql!(
            scalar String,
            self.conn(),
            "SELECT subject FROM caller WHERE area = $1 AND number_hash = $2 ORDER BY subject LIMIT 1",
            desk.as_str(),
            &hash[..]
        )?;
        if let Some(subject) = known {
            return Ok(subject.parse()?);
        }
        let subject = self.new_subject(desk).await?;
        self.known_by(desk, number, subject).await?;
        Ok(subject)
    }

    /// From here on this subject is of whoever calls with this number.
    pub(super) async fn known_by(
        &mut self,
        area: AreaCode,
        number: &PhoneNumber,
        subject: SubjectId,
    ) -> Result<(), StoreError> {
        let (hash, fingerprint) = (self.keys.number_hash(number.as_str()), self.keys.fingerprint());
        // As in `new_subject`: a hash under a key that was rotated away finds nobody.
        sql!(
            run,
            self.conn(),
            "INSERT INTO caller (area, number_hash, subject) SELECT $1, $2, $3 WHERE NOT EXISTS
                (SELECT 1 FROM installation WHERE fingerprint <> $4 OR next_fingerprint IS NOT NULL)
             ON CONFLICT (area, subject) DO NOTHING",
            area.as_str(),
            &hash[..],
            subject.to_string(),
            &fingerprint[..]
        )?;
        Ok(())
    }

    /// The report that the exchange told of before under the same name.
    async fn told_before(&mut self, home: AreaCode, new: &NewReport) -> Result<Option<Received>, StoreError> {
        let Some(exchange_id) = &new.exchange_id else { return Ok(None) };
        let select = "SELECT area, no FROM report WHERE home = $1 AND exchange_id = $2";
        let before = sql!(row(String, i64), self.conn(), select, home.as_str(), exchange_id)?;
        let Some((area, no)) = before else { return Ok(None) };
        let report = self.report(ReportId { area: area.parse()?, no }).await?;
        let incident = match report.incident {
            Some(id) => Some(self.incident(id).await?),
            None => None,
        };
        Ok(Some(Received { report, incident }))
    }

    pub(in crate::store) async fn receive(
        &mut self,
        at: Reception,
        new: NewReport,
        landing: Landing,
    ) -> Result<Received, StoreError> {
        if let Some(before) = self.told_before(at.home, &new).await? {
            return Ok(before);
        }
        let id = ReportId { area: at.area, no: self.next_report(at.area)? };
        let subject = self.caller(at.area, new.caller_number.as_ref()).await?;
        self.insert(id, subject, &at, &new, &landing).await?;
        let personal = Personal {
            place: new.place,
            number: new.caller_number,
            name: new.caller_name,
            address: new.address,
            text: new.text,
        };
        let text = serde_json::to_string(&personal)?;
        let commitment = self.seal(at.area, subject, &context(id), &text).await?;
        let (outside_area, near) = match &landing {
            Landing::Outside { near } => (true, near.clone()),
            Landing::City { .. } | Landing::Unjudged => (false, Vec::new()),
        };
        let what = Happened::ReportReceived {
            report: id,
            channel: new.channel,
            outside_area,
            near,
            commitment: Some(commitment),
        };
        let report = find(&mut self.conn(), id).await?.ok_or_else(|| StoreError::Corrupt(id.to_string()))?;
        self.tell_report(&report, what).await?;
        self.first_attention(&report, &at, &landing).await?;
        let incident = match landing {
            Landing::City { city, district, priority, place, first } => {
                let opening = NewIncident {
                    kind: new.kind,
                    priority,
                    origin: Origin::Citizen,
                    place,
                    district,
                    by_unit: None,
                    note: personal.note(),
                };
                let beginning =
                    Beginning { start: report.rung, answered: report.answered, validated: report.validated };
                let opened = self.open(city, opening, beginning, Some((id, subject))).await?;
                self.join(id, opened.id).await?;
                if let Some(first) = first {
                    self.ask_first(&opened, *first).await?;
                }
                Some(opened)
            }
            Landing::Unjudged | Landing::Outside { .. } => None,
        };
        let report = find(&mut self.conn(), id).await?.ok_or_else(|| StoreError::Corrupt(id.to_string()))?;
        Ok(Received { report, incident })
    }

    async fn insert(
        &mut self,
        id: ReportId,
        subject: SubjectId,
        at: &Reception,
        new: &NewReport,
        landing: &Landing,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let rung = new.rung.map_or(now, |r| r.min(now));
        let judged = !matches!(landing, Landing::Unjudged);
        let answered = new.answered.map(|a| a.min(now).max(rung)).or((judged || at.holder.is_some()).then_some(now));
        let status = match (judged, answered) {
            (true, _) => ReportStatus::Valid,
            (false, Some(_)) => ReportStatus::Answered,
            (false, None) => ReportStatus::Ringing,
        };
        let desk = at.ring.map_or_else(|| DeskId::main(at.area), |ring| ring.desk);
        sql!(
            run,
            self.conn(),
            "INSERT INTO report (area, no, channel, status, kind, priority, subject, accuracy_m, district, outside_area,
                received_ms, rung_ms, answered_ms, validated_ms, desk_area, desk, flow, call, exchange_id, home, since_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $11)",
            id.area.as_str(),
            id.no,
            new.channel.as_str(),
            status.as_str(),
            &new.kind,
            new.priority.as_str(),
            subject.to_string(),
            new.accuracy_m,
            &at.district,
            i64::from(matches!(landing, Landing::Outside { .. })),
            now.0,
            rung.0,
            answered.map(|a| a.0),
            judged.then_some(now.0),
            desk.area.as_str(),
            desk.name(),
            at.flow.as_str(),
            new.call.map(CallState::as_str),
            &new.exchange_id,
            at.home.as_str()
        )?;
        Ok(())
    }

    /// It rings, or somebody holds it, or its incident is followed: something is due in each case.
    async fn first_attention(&mut self, report: &Report, at: &Reception, landing: &Landing) -> Result<(), StoreError> {
        let now = self.now();
        match (at.ring, at.holder, landing) {
            (Some(ring), ..) => self.ring(report, ring, RingReason::New).await,
            (None, Some(holder), Landing::Unjudged) => {
                self.hold(report, report.desk, holder).await?;
                self.set_deadline(report.id.area, DeadlineKind::Report, report.id.no, now.plus(HOLD_MS)).await
            }
            (None, _, Landing::City { .. }) => {
                self.set_deadline(report.id.area, DeadlineKind::Report, report.id.no, now.plus(REMIND_MS)).await
            }
            (None, _, Landing::Unjudged | Landing::Outside { .. }) => {
                let stage = if report.status.is_judged() { Stage::FollowUp } else { Stage::Answering };
                let desk = report.desk;
                let ring = Ring { stage, desk, rung: 0, lap: 0, ring_ms: RING_MS, staffed: false };
                self.ring(report, ring, RingReason::New).await
            }
        }
    }

    /// Hangs a valid report on its incident.
    pub(in crate::store) async fn join(&mut self, report: ReportId, incident: IncidentId) -> Result<(), StoreError> {
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
        at: Reception,
        report: NewReport,
        landing: Landing,
    ) -> Result<Received, StoreError> {
        // A call that comes in for a city may ring at the desk of its region first.
        if !cause.scope.may(at.flow, Act::TakeReport) {
            match &landing {
                Landing::Outside { .. } => cause.scope.require_pass(at.area)?,
                Landing::City { .. } | Landing::Unjudged => cause.scope.require(at.area, Act::TakeReport)?,
            }
        }
        let (home, mut areas) = (at.home, vec![at.area, at.home]);
        areas.extend(at.ring.map(|ring| ring.desk.area));
        if let Landing::City { city, .. } = &landing {
            areas.push(*city);
        }
        // Which desk it rings at depends on who is on shift; a repeat must find it all the same.
        self.write_at(home, &areas, cause, move |tx| Box::pin(async move { tx.receive(at, report, landing).await }))
            .await
    }
}

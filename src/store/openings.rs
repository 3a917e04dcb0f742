//! An incident inside a transaction: its opening, its place, its notes, its clock.

use super::{AreaTx, StoreError, incidents::find, sla::InForce, sql::sql};
use crate::domain::{
    deadline::DeadlineKind,
    event::{Audience, Happened, Update, Work},
    ids::*,
    incident::*,
    place::Place,
    refusal::Refusal,
    sla::{Clock, policy::Promise},
    time::UnixMs,
};

/// The moments before the first offer, as far as a report brings them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    pub start: UnixMs,
    pub answered: Option<UnixMs>,
    pub validated: Option<UnixMs>,
}

impl AreaTx {
    /// Reads one incident or refuses.
    pub(super) async fn incident(&mut self, id: IncidentId) -> Result<Incident, StoreError> {
        find(&mut self.conn(), id).await?.ok_or(StoreError::Refused(Refusal::NotFound("incident")))
    }

    /// Keeps what is promised to an incident.
    pub(super) async fn set_promise(&mut self, id: IncidentId, promise: &Promise) -> Result<(), StoreError> {
        sql!(
            run,
            self.conn(),
            "UPDATE incident SET target_ms = $3, policy = $4, station_m = $5 WHERE area = $1 AND no = $2",
            id.area.as_str(),
            id.no,
            promise.band.target_ms,
            promise.version,
            promise.station_m
        )?;
        Ok(())
    }

    /// Writes a new incident with its clock, its deadlines and its first event.
    pub(super) async fn open(
        &mut self,
        city: AreaCode,
        new: NewIncident,
        beginning: Beginning,
        report: Option<(ReportId, SubjectId)>,
    ) -> Result<Incident, StoreError> {
        let id = IncidentId { area: city, no: self.next_incident(city)? };
        let promise = self.promise(city, new.priority, new.place, InForce::At(beginning.start)).await?;
        let target_ms = promise.band.target_ms;
        let now = self.now();
        let ms = |at: Option<UnixMs>| at.map(|t| t.0);
        sql!(
            run,
            self.conn(),
            "INSERT INTO incident (area, no, kind, priority, origin, status, lat, lng, place_version, district, by_sign,
                notes, opened_ms, start_ms, target_ms, answered_ms, validated_ms, policy, station_m)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $15, $9, 0, $10, $11, $12, $13, $14, $16, $17)",
            city.as_str(),
            id.no,
            &new.kind,
            new.priority.as_str(),
            new.origin.as_str(),
            IncidentStatus::Waiting.as_str(),
            new.place.lat(),
            new.place.lng(),
            new.by_unit.map(|u| u.to_string()),
            now.0,
            beginning.start.0,
            target_ms,
            ms(beginning.answered),
            ms(beginning.validated),
            &new.district,
            promise.version,
            promise.station_m
        )?;
        let opened = Happened::IncidentOpened {
            incident: id,
            priority: new.priority,
            origin: new.origin,
            report: report.map(|(id, _)| id),
            by_unit: new.by_unit,
            target_ms,
        };
        self.event(city, &id.to_string(), Audience::Desk, opened).await?;
        self.write_place(id, 1, new.place, &new.district).await?;
        if let Some(text) = &new.note {
            let teller = report.map(|(report, subject)| (report.area, subject));
            self.write_note(id, text, teller).await?;
        }
        let incident = self.incident(id).await?;
        self.set_deadline(city, DeadlineKind::Warn, id.no, incident.clock.warn_at(None)).await?;
        // The last millisecond of the target still keeps the promise.
        self.set_deadline(city, DeadlineKind::Breach, id.no, incident.clock.due().plus(1)).await?;
        Ok(incident)
    }

    /// Writes the next version of the place.
    pub(super) async fn set_place(
        &mut self,
        id: IncidentId,
        place: Place,
        district: Option<String>,
    ) -> Result<(), StoreError> {
        let version = sql!(
            scalar i64,
            self.conn(),
            "UPDATE incident SET lat = $3, lng = $4, district = $5, place_version = place_version + 1
             WHERE area = $1 AND no = $2 RETURNING place_version",
            id.area.as_str(),
            id.no,
            place.lat(),
            place.lng(),
            &district
        )?
        .ok_or(StoreError::Refused(Refusal::NotFound("incident")))?;
        self.write_place(id, version, place, &district).await?;
        let what = Happened::IncidentPlace { incident: id, version, district };
        self.event(id.area, &id.to_string(), Audience::Desk, what).await?;
        // The promise is that of the place where it was all along.
        let incident = self.incident(id).await?;
        let (start, by) = (incident.clock.start, InForce::Version(incident.clock.policy));
        let promise = self.promise(id.area, incident.priority, place, by).await?;
        match promise.band.target_ms == incident.clock.target_ms {
            true => self.set_promise(id, &promise).await,
            false => self.set_clock(&incident, start, &promise).await,
        }
    }

    /// Keeps a version of the place beside those before it.
    async fn write_place(
        &mut self,
        id: IncidentId,
        version: i64,
        place: Place,
        district: &Option<String>,
    ) -> Result<(), StoreError> {
        let (area, source, now) = (id.area.as_str(), self.cause.source.as_str(), self.now().0);
        sql!(
            run,
            self.conn(),
            "INSERT INTO incident_place (area, incident, version, lat, lng, district, source, at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            area,
            id.no,
            version,
            place.lat(),
            place.lng(),
            district,
            source,
            now
        )?;
        Ok(())
    }

    /// Appends a note. What a caller told is sealed under the caller, so that erasing the caller erases it too; all
    /// else under a subject of its own.
    pub(super) async fn write_note(
        &mut self,
        id: IncidentId,
        text: &str,
        teller: Option<(AreaCode, SubjectId)>,
    ) -> Result<i64, StoreError> {
        let no = sql!(
            scalar i64,
            self.conn(),
            "UPDATE incident SET notes = notes + 1 WHERE area = $1 AND no = $2 RETURNING notes",
            id.area.as_str(),
            id.no
        )?
        .ok_or(StoreError::Refused(Refusal::NotFound("incident")))?;
        let (home, subject) = match teller {
            Some(teller) => teller,
            None => (id.area, self.new_subject(id.area).await?),
        };
        let (now, author) = (self.now().0, self.cause.scope.actor().to_string());
        sql!(
            run,
            self.conn(),
            "INSERT INTO note (area, incident, no, at_ms, author, subject_area, subject) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            id.area.as_str(),
            id.no,
            no,
            now,
            author,
            home.as_str(),
            subject.to_string()
        )?;
        let commitment = self.seal(home, subject, &note_context(id, no), text).await?;
        let what = Happened::IncidentNote { incident: id, no, commitment };
        self.event(id.area, &id.to_string(), Audience::Desk, what).await?;
        Ok(no)
    }

    /// Tells the crews that work on it that something changed. A unit that was sent between the look for its area and
    /// this transaction gets the change with its offer.
    pub(super) async fn tell_crews(&mut self, id: IncidentId, what: Update) -> Result<(), StoreError> {
        for dispatch in self.open_dispatches(id).await? {
            let work = Work { dispatch: dispatch.id, incident: id, unit: dispatch.unit };
            if self.holds(dispatch.unit.area) {
                let told = Happened::DispatchUpdated { work, what };
                let audience = Audience::Unit(dispatch.unit);
                self.event(dispatch.unit.area, &dispatch.id.to_string(), audience, told).await?;
            }
        }
        Ok(())
    }

    /// Broken promise: marks it once. Called by the clock, and by what stops the clock too late.
    pub(super) async fn breach(&mut self, id: IncidentId) -> Result<bool, StoreError> {
        let now = self.now().0;
        let first = sql!(
            run,
            self.conn(),
            "UPDATE incident SET breached_ms = $3 WHERE area = $1 AND no = $2 AND breached_ms IS NULL AND on_scene_ms IS NULL",
            id.area.as_str(),
            id.no,
            now
        )?;
        if first > 0 {
            let incident = self.incident(id).await?;
            self.tell_breaches(&[incident]).await?;
        }
        Ok(first > 0)
    }

    /// Lets the clock start at another moment, with the promise that was in force then.
    pub(super) async fn start_clock_at(&mut self, incident: &Incident, start: UnixMs) -> Result<(), StoreError> {
        if start == incident.clock.start {
            return Ok(());
        }
        let by = InForce::At(start);
        let promise = self.promise(incident.id.area, incident.priority, incident.place, by).await?;
        self.set_clock(incident, start, &promise).await
    }

    /// Lets the clock run from `start` with this promise: breached or not, and its deadlines, follow.
    async fn set_clock(&mut self, incident: &Incident, start: UnixMs, promise: &Promise) -> Result<(), StoreError> {
        let (id, now) = (incident.id, self.now());
        self.set_promise(id, promise).await?;
        let target_ms = promise.band.target_ms;
        let clock = Clock { start, target_ms, policy: promise.version, ..incident.clock };
        let late = clock.on_scene.unwrap_or(now) > clock.due();
        let breached = if late { clock.breached.or(Some(now)) } else { None };
        sql!(
            run,
            self.conn(),
            "UPDATE incident SET start_ms = $3, breached_ms = $4 WHERE area = $1 AND no = $2",
            id.area.as_str(),
            id.no,
            start.0,
            breached.map(|b| b.0)
        )?;
        let what = Happened::IncidentClock { incident: id, start, target_ms };
        self.event(id.area, &id.to_string(), Audience::Desk, what).await?;
        let is_news = late && clock.breached.is_none();
        let clock = Clock { breached, ..clock };
        let incident = Incident { clock, station_m: promise.station_m, ..incident.clone() };
        if is_news {
            self.tell_breaches(std::slice::from_ref(&incident)).await?;
        }
        if clock.on_scene.is_some() || late {
            self.drop_deadline(id.area, DeadlineKind::Warn, id.no).await?;
            self.drop_deadline(id.area, DeadlineKind::Breach, id.no).await?;
        } else {
            self.move_deadlines(&incident).await?;
        }
        Ok(())
    }

    /// Stops the clock: breached if it is past its target, deadlines dropped.
    pub(super) async fn stop_clock(&mut self, incident: &Incident) -> Result<(), StoreError> {
        let id = incident.id;
        if self.now() > incident.clock.due() {
            self.breach(id).await?;
        }
        self.drop_deadlines(id.area, [DeadlineKind::Warn, DeadlineKind::Breach], id.no).await?;
        Ok(())
    }
}

/// The name under which a note is sealed.
pub(super) fn note_context(id: IncidentId, no: i64) -> String {
    format!("note/{id}/{no}")
}

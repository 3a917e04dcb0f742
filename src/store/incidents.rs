//! Incidents: opening, what becomes known, closing.

use super::{
    Keys, Store, StoreError,
    openings::{Beginning, note_context},
    seal,
    sla::{InForce, Versions},
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause, Scope},
    event::{Audience, Happened, Update},
    ids::*,
    incident::*,
    place::Place,
    refusal::Refusal,
    sla::Clock,
    time::UnixMs,
};
use std::str::FromStr;

/// The row of an incident.
#[derive(sqlx::FromRow)]
pub(super) struct IncidentRow {
    area: String,
    no: i64,
    kind: String,
    priority: String,
    origin: String,
    status: String,
    lat: f64,
    lng: f64,
    place_version: i64,
    district: Option<String>,
    by_sign: Option<String>,
    opened_ms: i64,
    closed_ms: Option<i64>,
    disposition: Option<String>,
    unassigned_ms: Option<i64>,
    start_ms: i64,
    target_ms: i64,
    policy: i64,
    station_m: Option<f64>,
    answered_ms: Option<i64>,
    validated_ms: Option<i64>,
    accepted_ms: Option<i64>,
    en_route_ms: Option<i64>,
    on_scene_ms: Option<i64>,
    at_risk_ms: Option<i64>,
    breached_ms: Option<i64>,
}

/// Reads an optional word.
pub(super) fn word<T: FromStr<Err = InvalidId>>(text: Option<String>) -> Result<Option<T>, StoreError> {
    Ok(text.map(|t| t.parse()).transpose()?)
}

impl TryFrom<IncidentRow> for Incident {
    type Error = StoreError;

    fn try_from(row: IncidentRow) -> Result<Self, StoreError> {
        let area: AreaCode = row.area.parse()?;
        Ok(Self {
            id: IncidentId { area, no: row.no },
            kind: row.kind,
            priority: row.priority.parse()?,
            origin: row.origin.parse()?,
            status: row.status.parse()?,
            place: Place::new(row.lat, row.lng)?,
            place_version: row.place_version,
            district: row.district,
            opened_by_unit: row.by_sign.map(|u| u.parse()).transpose()?,
            opened: UnixMs(row.opened_ms),
            closed: row.closed_ms.map(UnixMs),
            disposition: word(row.disposition)?,
            unassigned_since: row.unassigned_ms.map(UnixMs),
            station_m: row.station_m,
            clock: Clock {
                start: UnixMs(row.start_ms),
                target_ms: row.target_ms,
                policy: row.policy,
                answered: row.answered_ms.map(UnixMs),
                validated: row.validated_ms.map(UnixMs),
                accepted: row.accepted_ms.map(UnixMs),
                en_route: row.en_route_ms.map(UnixMs),
                on_scene: row.on_scene_ms.map(UnixMs),
                at_risk: row.at_risk_ms.map(UnixMs),
                breached: row.breached_ms.map(UnixMs),
            },
        })
    }
}

/// Reads one incident.
pub(super) async fn find(c: &mut Conn<'_>, id: IncidentId) -> Result<Option<Incident>, StoreError> {
    let row = sql!(
        row IncidentRow,
        c,
        "SELECT * FROM incident WHERE area = $1 AND no = $2",
        id.area.as_str(),
        id.no
    )?;
    row.map(Incident::try_from).transpose()
}

impl Store {
    /// Opens an incident that an officer found, or a panic. The clock starts now.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn open_incident(&self, cause: &Cause, city: AreaCode, new: NewIncident) -> Result<Incident, StoreError> {
        cause.scope.require(city, Act::Ride).or_else(|_| cause.scope.require(city, Act::Dispatch))?;
        let now = cause.now;
        self.write(&[city], cause, move |tx| {
            let beginning = Beginning { start: now, answered: Some(now), validated: Some(now) };
            Box::pin(async move { tx.open(city, new, beginning, None).await })
        })
        .await
    }

    /// One incident.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn find_incident(&self, scope: &Scope, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        scope.require(id.area, Act::See)?;
        self.read(move |c| Box::pin(async move { find(c, id).await })).await
    }

    /// An area's incidents, the most urgent and oldest first; only open ones, or all from the newest back.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn incidents(
        &self,
        scope: &Scope,
        area: AreaCode,
        open_only: bool,
        limit: i64,
    ) -> Result<Vec<Incident>, StoreError> {
        scope.require(area, Act::SeeDesk)?;
        self.read(move |c| {
            Box::pin(async move {
                let rows = if open_only {
                    sql!(
                        all IncidentRow,
                        c,
                        "SELECT * FROM incident WHERE area = $1 AND closed_ms IS NULL ORDER BY priority, start_ms, no LIMIT $2",
                        area.as_str(),
                        limit
                    )?
                } else {
                    sql!(
                        all IncidentRow,
                        c,
                        "SELECT * FROM incident WHERE area = $1 ORDER BY no DESC LIMIT $2",
                        area.as_str(),
                        limit
                    )?
                };
                rows.into_iter().map(Incident::try_from).collect()
            })
        })
        .await
    }

    /// The incidents of every area that no unit works on, the most urgent and oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn waiting_incidents(&self, limit: i64) -> Result<Vec<Incident>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all IncidentRow,
                    c,
                    "SELECT * FROM incident i WHERE closed_ms IS NULL AND status = 'waiting' AND NOT EXISTS (
                        SELECT 1 FROM dispatch d WHERE d.area = i.area AND d.incident = i.no
                        AND d.status IN ('queued', 'offered', 'accepted', 'en_route', 'on_scene'))
                     ORDER BY priority, start_ms, no LIMIT $1",
                    limit
                )?;
                rows.into_iter().map(Incident::try_from).collect()
            })
        })
        .await
    }

    /// The notes of an incident, in order.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn notes(&self, scope: &Scope, id: IncidentId) -> Result<Vec<Note>, StoreError> {
        scope.require(id.area, Act::See)?;
        let keys = self.keys().clone();
        self.read(move |c| Box::pin(async move { notes(c, &keys, id).await })).await
    }

    /// Adds a note; gives its number.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn add_note(&self, cause: &Cause, id: IncidentId, text: String) -> Result<i64, StoreError> {
        self.require_work(cause, id).await?;
        let areas = self.areas_of(id).await?;
        self.write(&areas, cause, move |tx| {
            Box::pin(async move {
                let no = tx.write_note(id, &text, None).await?;
                tx.tell_crews(id, Update::Note).await?;
                Ok(no)
            })
        })
        .await
    }

    /// Another place became known.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope, closed, or the database fails.
    pub async fn move_incident(
        &self,
        cause: &Cause,
        id: IncidentId,
        place: Place,
        district: Option<String>,
    ) -> Result<Incident, StoreError> {
        cause.scope.require(id.area, Act::Dispatch)?;
        let areas = self.areas_of(id).await?;
        self.write(&areas, cause, move |tx| {
            Box::pin(async move {
                open_only(&tx.incident(id).await?)?;
                tx.set_place(id, place, district).await?;
                tx.tell_crews(id, Update::Place).await?;
                tx.incident(id).await
            })
        })
        .await
    }

    /// More or less urgent. The promise becomes what the incident's policy says for that priority.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope, closed, or the database fails.
    pub async fn set_priority(
        &self,
        cause: &Cause,
        id: IncidentId,
        priority: Priority,
    ) -> Result<Incident, StoreError> {
        cause.scope.require(id.area, Act::Dispatch)?;
        let areas = self.areas_of(id).await?;
        self.write(&areas, cause, move |tx| {
            Box::pin(async move {
                let before = tx.incident(id).await?;
                open_only(&before)?;
                let by = InForce::Version(before.clock.policy);
                let promise = tx.promise(id.area, priority, before.place, by).await?;
                let target_ms = promise.band.target_ms;
                let change = "UPDATE incident SET priority = $3 WHERE area = $1 AND no = $2";
                sql!(run, tx.conn(), change, id.area.as_str(), id.no, priority.as_str())?;
                tx.set_promise(id, &promise).await?;
                let what = Happened::IncidentPriority { incident: id, priority, target_ms };
                tx.event(id.area, &id.to_string(), Audience::Desk, what).await?;
                let after = tx.incident(id).await?;
                tx.move_deadlines(&after).await?;
                tx.tell_crews(id, Update::Priority).await?;
                Ok(after)
            })
        })
        .await
    }

    /// Alarms the dispatchers that no unit could be found; once until a unit takes it. `false` when told already.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn mark_unassigned(&self, cause: &Cause, id: IncidentId) -> Result<bool, StoreError> {
        self.wait_for_dispatchers(cause, id, Happened::IncidentUnassigned { incident: id }, None).await
    }

    /// In a city that offers by hand: tells the dispatchers once which unit is nearest; the incident waits for them. It is
    /// looked at when that unit's turnout and its ride of `travel_ms` would be too long.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn propose(
        &self,
        cause: &Cause,
        id: IncidentId,
        unit: UnitId,
        travel_ms: Option<i64>,
    ) -> Result<bool, StoreError> {
        let what = Happened::IncidentProposed { incident: id, unit };
        self.wait_for_dispatchers(cause, id, what, travel_ms).await
    }

    /// Tells the dispatchers that it is their turn, the first time only.
    async fn wait_for_dispatchers(
        &self,
        cause: &Cause,
        id: IncidentId,
        what: Happened,
        travel_ms: Option<i64>,
    ) -> Result<bool, StoreError> {
        cause.scope.require(id.area, Act::Dispatch)?;
        self.write(&[id.area], cause, move |tx| {
            Box::pin(async move {
                let now = tx.now().0;
                // Where one is proposed, there is a unit.
                let nobody = i64::from(matches!(what, Happened::IncidentUnassigned { .. }));
                let first = sql!(
                    run,
                    tx.conn(),
                    "UPDATE incident SET unassigned_ms = $3,
                        no_unit_ms = CASE WHEN $4 = 1 THEN COALESCE(no_unit_ms, $3) ELSE no_unit_ms END
                     WHERE area = $1 AND no = $2 AND unassigned_ms IS NULL AND status = 'waiting'",
                    id.area.as_str(),
                    id.no,
                    now,
                    nobody
                )?;
                if first > 0 {
                    tx.event(id.area, &id.to_string(), Audience::Desk, what).await?;
                }
                if first > 0 && travel_ms.is_some() {
                    let incident = tx.incident(id).await?;
                    let turnout_ms = Versions::default().band(&mut tx.conn(), &incident).await?.budgets().turnout_ms;
                    tx.move_warning(&incident, travel_ms.map(|ms| ms + turnout_ms), false).await?;
                }
                Ok(first > 0)
            })
        })
        .await
    }
}

/// Refuses what only makes sense before the end.
pub(super) fn open_only(incident: &Incident) -> Result<(), Refusal> {
    if incident.status.is_open() { Ok(()) } else { Err(Refusal::IncidentClosed(incident.id)) }
}

/// The notes of an incident, in order.
pub(super) async fn notes(c: &mut Conn<'_>, keys: &Keys, id: IncidentId) -> Result<Vec<Note>, StoreError> {
    let rows = sql!(
        all(i64, i64, String, String, String),
        c,
        "SELECT no, at_ms, author, subject_area, subject FROM note WHERE area = $1 AND incident = $2 ORDER BY no",
        id.area.as_str(),
        id.no
    )?;
    let mut notes = Vec::with_capacity(rows.len());
    for (no, at, author, home, subject) in rows {
        let context = note_context(id, no);
        let text = seal::unseal(c, keys, home.parse()?, subject.parse()?, &context).await?;
        notes.push(Note { no, at: UnixMs(at), author: author.parse()?, text });
    }
    Ok(notes)
}

//! Dispatches: one unit's work on one incident, from the offer to its end.

use super::{
    Store, StoreError,
    error::refuse,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause, Scope},
    deadline::DeadlineKind,
    dispatch::*,
    event::{Happened, Work},
    ids::*,
    incident::Disposition,
    nearest::Pick,
    refusal::Refusal,
    time::UnixMs,
};

#[derive(sqlx::FromRow)]
pub(super) struct DispatchRow {
    area: String,
    no: i64,
    incident: i64,
    unit_area: String,
    unit_sign: String,
    status: String,
    mode: String,
    created_ms: i64,
    offered_ms: Option<i64>,
    delivered_ms: Option<i64>,
    accepted_ms: Option<i64>,
    en_route_ms: Option<i64>,
    on_scene_ms: Option<i64>,
    ended_ms: Option<i64>,
    verified: Option<i64>,
    distance_m: Option<f64>,
    reason: Option<String>,
    pick: Option<String>,
}

impl TryFrom<DispatchRow> for Dispatch {
    type Error = StoreError;

    fn try_from(row: DispatchRow) -> Result<Self, StoreError> {
        let area: AreaCode = row.area.parse()?;
        Ok(Self {
            id: DispatchId { area, no: row.no },
            incident: IncidentId { area, no: row.incident },
            unit: UnitId::new(row.unit_area.parse()?, &row.unit_sign)?,
            status: row.status.parse()?,
            mode: row.mode.parse()?,
            created: UnixMs(row.created_ms),
            offered: row.offered_ms.map(UnixMs),
            delivered: row.delivered_ms.map(UnixMs),
            accepted: row.accepted_ms.map(UnixMs),
            en_route: row.en_route_ms.map(UnixMs),
            on_scene: row.on_scene_ms.map(UnixMs),
            ended: row.ended_ms.map(UnixMs),
            arrival: row.verified.map(|v| Arrival { verified: v == 1, distance_m: row.distance_m }),
            reason: row.reason,
            pick: row.pick.map(|p| serde_json::from_str(&p)).transpose()?,
        })
    }
}

/// An offer or an order to be made.
#[derive(Clone, Debug)]
pub struct NewDispatch {
    /// The work.
    pub incident: IncidentId,
    /// Who shall do it.
    pub unit: UnitId,
    /// How it comes to be.
    pub mode: Mode,
    /// Refuse when so many units work on it already; `None` for no bound. Keeps two automatic offers made at the same
    /// moment from both counting.
    pub at_most: Option<usize>,
    /// How long the crew has.
    pub limits: OfferLimits,
    /// Expected travel time, milliseconds, where known: the warning follows it.
    pub travel_ms: Option<i64>,
    /// Why this unit.
    pub pick: Option<Pick>,
}

/// A step to be taken.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where to.
    pub to: DispatchStatus,
    /// Why, for those that end the work early.
    pub reason: Option<String>,
    /// What the unit's own fix says of an arrival.
    pub arrival: Option<Arrival>,
    /// Expected travel time, milliseconds, where known: the warning follows it.
    pub travel_ms: Option<i64>,
    /// How long a crew has that is asked by this step; the defaults where nothing is said.
    pub limits: Option<OfferLimits>,
    /// How it ended: closes the incident with a clearing after which no unit is on it.
    pub disposition: Option<Disposition>,
}

impl Step {
    /// A step without particulars.
    #[must_use]
    pub const fn to(to: DispatchStatus) -> Self {
        Self { to, reason: None, arrival: None, travel_ms: None, limits: None, disposition: None }
    }
}

pub(super) async fn find(c: &mut Conn<'_>, id: DispatchId) -> Result<Option<Dispatch>, StoreError> {
    let row = sql!(
        row DispatchRow,
        c,
        "SELECT * FROM dispatch WHERE area = $1 AND no = $2",
        id.area.as_str(),
        id.no
    )?;
    row.map(Dispatch::try_from).transpose()
}

pub(super) async fn of_incident(c: &mut Conn<'_>, id: IncidentId) -> Result<Vec<Dispatch>, StoreError> {
    let rows = sql!(
        all DispatchRow,
        c,
        "SELECT * FROM dispatch WHERE area = $1 AND incident = $2 ORDER BY no",
        id.area.as_str(),
        id.no
    )?;
    rows.into_iter().map(Dispatch::try_from).collect()
}

/// Whether an account rides with a unit now.
pub(super) async fn is_crew(c: &mut Conn<'_>, unit: UnitId, account: AccountId) -> Result<bool, StoreError> {
    let found = sql!(
        scalar i64,
        c,
        "SELECT CAST(1 AS BIGINT) FROM crew WHERE area = $1 AND sign = $2 AND account = $3 AND to_ms IS NULL LIMIT 1",
        unit.area.as_str(),
        unit.sign(),
        account.to_string()
    )?;
    Ok(found.is_some())
}

impl Store {
    /// Offers, orders or queues: claims the unit, unless queued, and tells both.
    ///
    /// # Errors
    /// [`Refusal::UnitBusy`], [`Refusal::UnitOffDuty`], [`Refusal::AlreadyAssigned`], [`Refusal::IncidentClosed`], or
    /// the database's failure.
    pub async fn dispatch(&self, cause: &Cause, new: NewDispatch) -> Result<Dispatch, StoreError> {
        cause.scope.require(new.incident.area, Act::Dispatch)?;
        let areas = [new.incident.area, new.unit.area];
        self.write(&areas, cause, move |tx| Box::pin(async move { tx.start_dispatch(new).await })).await
    }

    /// A phone of the crew has the offer. Repeats and late ones change nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the device is not of the crew or the database fails.
    pub async fn deliver(&self, cause: &Cause, id: DispatchId, device: DeviceId) -> Result<(), StoreError> {
        let Some(unit) = self.unit_of(id).await? else { refuse!(Refusal::NotFound("dispatch")) };
        self.write(&[id.area, unit.area], cause, move |tx| {
            Box::pin(async move {
                let dispatch = tx.dispatch(id).await?;
                tx.require_step(&dispatch, DispatchStatus::Accepted).await?;
                if !tx.drop_deadline(id.area, DeadlineKind::Delivery, id.no).await? {
                    return Ok(());
                }
                let now = tx.now().0;
                sql!(
                    run,
                    tx.conn(),
                    "UPDATE dispatch SET delivered_ms = $3 WHERE area = $1 AND no = $2",
                    id.area.as_str(),
                    id.no,
                    now
                )?;
                let work = Work { dispatch: id, incident: dispatch.incident, unit };
                tx.dispatch_event(work, Happened::DispatchDelivered { work, device }).await
            })
        })
        .await
    }

    /// Takes one step of a dispatch's work.
    ///
    /// # Errors
    /// [`Refusal::Dispatch`] with both states, [`Refusal::NotCrew`], or the database's failure.
    pub async fn step(&self, cause: &Cause, id: DispatchId, step: Step) -> Result<Dispatch, StoreError> {
        let Some(known) = self.read(move |c| Box::pin(async move { find(c, id).await })).await? else {
            refuse!(Refusal::NotFound("dispatch"))
        };
        let mut areas = vec![id.area, known.unit.area];
        if step.disposition.is_some() {
            areas.extend(self.areas_of(known.incident).await?);
        }
        self.write(&areas, cause, move |tx| {
            Box::pin(async move {
                let before = tx.dispatch(id).await?;
                tx.require_step(&before, step.to).await?;
                let disposition = step.disposition;
                let after = tx.take_step(&before, step).await?;
                if let (DispatchStatus::Cleared, Some(disposition)) = (after.status, disposition) {
                    tx.close_served(after.incident, disposition).await?;
                }
                Ok(after)
            })
        })
        .await
    }

    /// Fires a deadline of an offer; `None` when it was answered, delivered or fired before.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn expire(&self, cause: &Cause, id: DispatchId, why: Unanswered) -> Result<Option<Dispatch>, StoreError> {
        let Some(unit) = self.unit_of(id).await? else { return Ok(None) };
        let kind = match why {
            Unanswered::Undelivered => DeadlineKind::Delivery,
            Unanswered::NoAnswer => DeadlineKind::Answer,
        };
        self.write(&[id.area, unit.area], cause, move |tx| {
            Box::pin(async move {
                if !tx.take_due(id.area, kind, id.no).await? {
                    return Ok(None);
                }
                let before = tx.dispatch(id).await?;
                let step = Step { reason: Some(why.as_str().to_owned()), ..Step::to(DispatchStatus::Expired) };
                Ok(Some(tx.take_step(&before, step).await?))
            })
        })
        .await
    }

    /// Takes the work from one unit and orders another to do it, in one go.
    ///
    /// # Errors
    /// As [`Self::step`] and [`Self::dispatch`]; nothing changed then.
    pub async fn hand_over(&self, cause: &Cause, id: DispatchId, new: NewDispatch) -> Result<Dispatch, StoreError> {
        cause.scope.require(id.area, Act::Dispatch)?;
        let Some(from) = self.unit_of(id).await? else { refuse!(Refusal::NotFound("dispatch")) };
        self.write(&[id.area, from.area, new.unit.area], cause, move |tx| {
            Box::pin(async move {
                let before = tx.dispatch(id).await?;
                let reason = Some(format!("handed over to {}", new.unit));
                tx.take_step(&before, Step { reason, ..Step::to(DispatchStatus::Recalled) }).await?;
                tx.start_dispatch(new).await
            })
        })
        .await
    }

    /// One dispatch.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn find_dispatch(&self, scope: &Scope, id: DispatchId) -> Result<Option<Dispatch>, StoreError> {
        let found = self.read(move |c| Box::pin(async move { find(c, id).await })).await?;
        if let Some(dispatch) = &found {
            scope.require(id.area, Act::See).or_else(|e| scope.require(dispatch.unit.area, Act::See).map_err(|_| e))?;
        }
        Ok(found)
    }

    /// All dispatches of an incident, in order.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn dispatches(&self, scope: &Scope, id: IncidentId) -> Result<Vec<Dispatch>, StoreError> {
        scope.require(id.area, Act::See)?;
        self.read(move |c| Box::pin(async move { of_incident(c, id).await })).await
    }

    /// The earliest dispatch that waits behind a unit's work.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn queued_for(&self, scope: &Scope, unit: UnitId) -> Result<Option<Dispatch>, StoreError> {
        scope.require(unit.area, Act::See)?;
        self.read(move |c| {
            Box::pin(async move {
                let row = sql!(
                    row DispatchRow,
                    c,
                    "SELECT * FROM dispatch WHERE unit_area = $1 AND unit_sign = $2 AND status = 'queued'
                     ORDER BY created_ms, area, no LIMIT 1",
                    unit.area.as_str(),
                    unit.sign()
                )?;
                row.map(Dispatch::try_from).transpose()
            })
        })
        .await
    }

    /// The units that are on duty and free while work is queued behind them: whoever freed them went away before the
    /// next was offered.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn free_before_queues(&self, limit: i64) -> Result<Vec<UnitId>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all(String, String),
                    c,
                    "SELECT area, sign FROM unit u WHERE duty = 'on_duty' AND dispatch_no IS NULL AND EXISTS (
                        SELECT 1 FROM dispatch d
                        WHERE d.unit_area = u.area AND d.unit_sign = u.sign AND d.status = 'queued')
                     ORDER BY area, sign LIMIT $1",
                    limit
                )?;
                rows.into_iter().map(|(area, sign)| Ok(UnitId::new(area.parse()?, &sign)?)).collect()
            })
        })
        .await
    }

    /// A unit's open work: what holds it first, then what waits behind it.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn open_work(&self, scope: &Scope, unit: UnitId) -> Result<Vec<DispatchId>, StoreError> {
        scope.require(unit.area, Act::See)?;
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all(String, i64),
                    c,
                    "SELECT area, no FROM dispatch WHERE unit_area = $1 AND unit_sign = $2
                     AND status IN ('queued', 'offered', 'accepted', 'en_route', 'on_scene')
                     ORDER BY CASE WHEN status = 'queued' THEN 1 ELSE 0 END, created_ms, area, no",
                    unit.area.as_str(),
                    unit.sign()
                )?;
                rows.into_iter().map(|(area, no)| Ok(DispatchId { area: area.parse()?, no })).collect()
            })
        })
        .await
    }

    /// The open dispatches of an area's incidents, and of its units elsewhere.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn open_dispatches_of(
        &self,
        scope: &Scope,
        area: AreaCode,
        limit: i64,
    ) -> Result<Vec<Dispatch>, StoreError> {
        scope.require(area, Act::SeeDesk)?;
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all DispatchRow,
                    c,
                    "SELECT * FROM dispatch WHERE area = $1
                        AND status IN ('queued', 'offered', 'accepted', 'en_route', 'on_scene')
                     UNION ALL SELECT * FROM dispatch WHERE unit_area = $1 AND area <> $1
                        AND status IN ('offered', 'accepted', 'en_route', 'on_scene')
                     UNION ALL SELECT * FROM dispatch WHERE unit_area = $1 AND area <> $1 AND status = 'queued'
                     ORDER BY area, no LIMIT $2",
                    area.as_str(),
                    limit
                )?;
                rows.into_iter().map(Dispatch::try_from).collect()
            })
        })
        .await
    }

    /// The unit of a dispatch, which never changes.
    async fn unit_of(&self, id: DispatchId) -> Result<Option<UnitId>, StoreError> {
        Ok(self.read(move |c| Box::pin(async move { find(c, id).await })).await?.map(|d| d.unit))
    }
}

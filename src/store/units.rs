//! Units as they are set up, and their duty.

use super::{
    AreaTx, Store, StoreError,
    dispatches::is_crew,
    error::refuse,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause, Scope},
    event::{Audience, Happened},
    ids::*,
    place::Place,
    refusal::Refusal,
    time::UnixMs,
    unit::{Duty, LastPlace, Unit, UnitKind},
};

#[derive(sqlx::FromRow)]
struct UnitRow {
    area: String,
    sign: String,
    kind: String,
    duty: String,
    since_ms: i64,
    dispatch_area: Option<String>,
    dispatch_no: Option<i64>,
    last_lat: Option<f64>,
    last_lng: Option<f64>,
    last_fix_ms: Option<i64>,
}

impl TryFrom<UnitRow> for Unit {
    type Error = StoreError;

    fn try_from(row: UnitRow) -> Result<Self, StoreError> {
        let dispatch = match (row.dispatch_area, row.dispatch_no) {
            (Some(area), Some(no)) => Some(DispatchId { area: area.parse()?, no }),
            _ => None,
        };
        let last = match (row.last_lat, row.last_lng, row.last_fix_ms) {
            (Some(lat), Some(lng), Some(at)) => Some(LastPlace { place: Place::new(lat, lng)?, at: UnixMs(at) }),
            _ => None,
        };
        Ok(Self {
            id: UnitId::new(row.area.parse()?, &row.sign)?,
            kind: row.kind.parse()?,
            duty: row.duty.parse()?,
            since: UnixMs(row.since_ms),
            dispatch,
            last,
        })
    }
}

/// Reads one unit.
pub(super) async fn find(c: &mut Conn<'_>, id: UnitId) -> Result<Option<Unit>, StoreError> {
    let row = sql!(row UnitRow, c, "SELECT * FROM unit WHERE area = $1 AND sign = $2", id.area.as_str(), id.sign())?;
    row.map(Unit::try_from).transpose()
}

impl AreaTx {
    /// Reads one unit or refuses.
    pub(super) async fn unit(&mut self, id: UnitId) -> Result<Unit, StoreError> {
        find(&mut self.conn(), id).await?.ok_or(StoreError::Refused(Refusal::NotFound("unit")))
    }

    /// Writes an event that the unit's crew sees; on its behalf unless one of them did it.
    pub(super) async fn unit_event(&mut self, unit: UnitId, what: Happened, own: bool) -> Result<(), StoreError> {
        let behalf = if own { None } else { Some(unit) };
        self.event_for(unit.area, &unit.to_string(), Audience::Unit(unit), what, behalf).await?;
        Ok(())
    }

    /// Changes a unit's duty in one guarded statement. Only a free unit can leave duty.
    pub(super) async fn change_duty(
        &mut self,
        unit: &Unit,
        duty: Duty,
        reason: Option<String>,
        own: bool,
    ) -> Result<(), StoreError> {
        let id = unit.id;
        unit.duty.change(duty).map_err(Refusal::Duty)?;
        let now = self.now().0;
        let changed = sql!(
            run,
            self.conn(),
            "UPDATE unit SET duty = $3, since_ms = $4
             WHERE area = $1 AND sign = $2 AND duty = $5 AND (dispatch_no IS NULL OR $6 = 1)",
            id.area.as_str(),
            id.sign(),
            duty.as_str(),
            now,
            unit.duty.as_str(),
            i64::from(duty == Duty::On)
        )?;
        if changed == 0 {
            let unit = self.unit(id).await?;
            match unit.dispatch {
                Some(dispatch) => refuse!(Refusal::UnitBusy { unit: id, dispatch }),
                None => return Err(StoreError::Corrupt(format!("the duty of {id} could be changed and was not"))),
            }
        }
        self.unit_event(id, Happened::UnitDuty { unit: id, duty, reason }, own).await
    }
}

impl Store {
    /// Sets up a unit, off duty.
    ///
    /// # Errors
    /// [`Refusal::Exists`] when the call sign is taken, [`StoreError`] when out of scope or the database fails.
    pub async fn add_unit(&self, cause: &Cause, id: UnitId, kind: UnitKind) -> Result<Unit, StoreError> {
        cause.scope.require(id.area, Act::Manage)?;
        self.write(&[id.area], cause, move |tx| {
            Box::pin(async move {
                let now = tx.now().0;
                let added = sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO unit (area, sign, kind, duty, since_ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                    id.area.as_str(),
                    id.sign(),
                    kind.as_str(),
                    Duty::Off.as_str(),
                    now
                )?;
                if added == 0 {
                    refuse!(Refusal::Exists(id.to_string()));
                }
                tx.event(id.area, &id.to_string(), Audience::Desk, Happened::UnitAdded { unit: id }).await?;
                tx.unit(id).await
            })
        })
        .await
    }

    /// The units of an area itself, in the order of their call signs.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn units(&self, scope: &Scope, area: AreaCode) -> Result<Vec<Unit>, StoreError> {
        scope.require(area, Act::See)?;
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(all UnitRow, c, "SELECT * FROM unit WHERE area = $1 ORDER BY sign", area.as_str())?;
                rows.into_iter().map(Unit::try_from).collect()
            })
        })
        .await
    }

    /// One unit.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn unit(&self, scope: &Scope, id: UnitId) -> Result<Option<Unit>, StoreError> {
        scope.require(id.area, Act::See)?;
        self.read(move |c| Box::pin(async move { find(c, id).await })).await
    }

    /// What every unit rides in or on.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn unit_kinds(&self) -> Result<Vec<(UnitId, UnitKind)>, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let rows =
                    sql!(all(String, String, String), c, "SELECT area, sign, kind FROM unit ORDER BY area, sign")?;
                rows.into_iter()
                    .map(|(area, sign, kind)| Ok((UnitId::new(area.parse()?, &sign)?, kind.parse()?)))
                    .collect()
            })
        })
        .await
    }

    /// Every unit that is crewed, whether it can be sent or not: what the engine starts from.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn on_duty_units(&self) -> Result<Vec<Unit>, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let off = Duty::Off.as_str();
                let rows = sql!(all UnitRow, c, "SELECT * FROM unit WHERE duty <> $1 ORDER BY area, sign", off)?;
                rows.into_iter().map(Unit::try_from).collect()
            })
        })
        .await
    }

    /// The units of these areas that are on duty and free and were somewhere at `since` or later, by the last place that
    /// was kept of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn free_units(&self, areas: &[AreaCode], since: UnixMs) -> Result<Vec<(UnitId, LastPlace)>, StoreError> {
        let areas = areas.to_vec();
        self.read(move |c| {
            Box::pin(async move {
                let mut found = Vec::new();
                for area in areas {
                    let rows = sql!(
                        all UnitRow,
                        c,
                        "SELECT * FROM unit
                         WHERE area = $1 AND duty = $2 AND dispatch_no IS NULL AND last_fix_ms >= $3 ORDER BY sign",
                        area.as_str(),
                        Duty::On.as_str(),
                        since.0
                    )?;
                    for row in rows {
                        let unit = Unit::try_from(row)?;
                        found.extend(unit.last.map(|last| (unit.id, last)));
                    }
                }
                Ok(found)
            })
        })
        .await
    }

    /// Changes a unit's duty: by one of its crew, or by a dispatcher. Off duty signs off whoever is still on.
    ///
    /// # Errors
    /// [`Refusal::Duty`] with both states, [`Refusal::UnitBusy`] while a dispatch holds it, [`Refusal::NotCrew`].
    pub async fn set_duty(
        &self,
        cause: &Cause,
        id: UnitId,
        duty: Duty,
        reason: Option<String>,
    ) -> Result<Unit, StoreError> {
        let dispatcher = cause.scope.may(id.area, Act::Dispatch);
        if !dispatcher {
            cause.scope.require(id.area, Act::Ride)?;
        }
        self.write(&[id.area], cause, move |tx| {
            Box::pin(async move {
                let unit = tx.unit(id).await?;
                let own = match tx.cause.scope.account() {
                    Some(account) => is_crew(&mut tx.conn(), id, account).await?,
                    None => false,
                };
                if !own && !dispatcher {
                    refuse!(Refusal::NotCrew(id));
                }
                if duty == Duty::Off {
                    tx.sign_all_off(id, own).await?;
                }
                tx.change_duty(&unit, duty, reason, own).await?;
                tx.unit(id).await
            })
        })
        .await
    }
}

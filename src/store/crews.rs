//! Crews: who rides with a unit, with which phone, and which phone is its position.
//!
//! Invariants: a phone rides with one unit at a time; a unit with a crew has exactly one source of its position; the
//! first on brings the unit on duty, the last off takes it off. The indexes `crew_device` and `crew_source` are the
//! second lock of the first two.

use super::{
    AreaTx, Store, StoreError,
    error::refuse,
    logins::use_device,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause, Role, Scope},
    event::Happened,
    ids::*,
    refusal::Refusal,
    time::UnixMs,
    unit::{CrewMember, Duty, Unit},
};

#[derive(sqlx::FromRow)]
struct CrewRow {
    account: String,
    device: String,
    from_ms: i64,
    position_source: i64,
}

impl TryFrom<CrewRow> for CrewMember {
    type Error = StoreError;

    fn try_from(row: CrewRow) -> Result<Self, StoreError> {
        Ok(Self {
            account: row.account.parse()?,
            device: row.device.parse()?,
            from: UnixMs(row.from_ms),
            position_source: row.position_source != 0,
        })
    }
}

/// Who rides with a unit, the longest first.
async fn crew(c: &mut Conn<'_>, unit: UnitId) -> Result<Vec<CrewMember>, StoreError> {
    let rows = sql!(
        all CrewRow,
        c,
        "SELECT account, device, from_ms, position_source FROM crew
         WHERE area = $1 AND sign = $2 AND to_ms IS NULL ORDER BY from_ms, device",
        unit.area.as_str(),
        unit.sign()
    )?;
    rows.into_iter().map(CrewMember::try_from).collect()
}

/// The unit that a phone rides with, and whether the phone is the source of the unit's position.
async fn riding(c: &mut Conn<'_>, device: DeviceId) -> Result<Option<(UnitId, bool)>, StoreError> {
    let row = sql!(
        row(String, String, i64),
        c,
        "SELECT area, sign, position_source FROM crew WHERE device = $1 AND to_ms IS NULL",
        device.to_string()
    )?;
    row.map(|(area, sign, source)| Ok((UnitId::new(area.parse()?, &sign)?, source != 0))).transpose()
}

impl AreaTx {
    /// Makes one phone of the crew the source of the unit's position, instead of whichever was.
    async fn set_source(&mut self, unit: UnitId, device: DeviceId) -> Result<(), StoreError> {
        let (area, sign) = (unit.area.as_str(), unit.sign());
        // Two statements: the index allows no moment with two sources.
        sql!(
            run,
            self.conn(),
            "UPDATE crew SET position_source = 0
             WHERE area = $1 AND sign = $2 AND to_ms IS NULL AND position_source = 1",
            area,
            sign
        )?;
        sql!(
            run,
            self.conn(),
            "UPDATE crew SET position_source = 1 WHERE area = $1 AND sign = $2 AND device = $3 AND to_ms IS NULL",
            area,
            sign,
            device.to_string()
        )?;
        Ok(())
    }

    /// Adds a phone to a crew, not as the source yet.
    async fn ride(&mut self, unit: UnitId, device: DeviceId, account: AccountId) -> Result<(), StoreError> {
        let now = self.now();
        let (area, sign, device) = (unit.area.as_str(), unit.sign(), device.to_string());
        // A phone that signed off and on within one millisecond is a later member all the same.
        let last = "SELECT MAX(from_ms) FROM crew WHERE area = $1 AND sign = $2 AND device = $3";
        let last = sql!(scalar Option<i64>, self.conn(), last, area, sign, &device)?.flatten();
        let from = last.map_or(now, |last| now.max(UnixMs(last).plus(1)));
        let joined = sql!(
            run,
            self.conn(),
            "INSERT INTO crew (area, sign, device, account, position_source, from_ms) VALUES ($1, $2, $3, $4, 0, $5)
             ON CONFLICT DO NOTHING",
            area,
            sign,
            &device,
            account.to_string(),
            from.0
        )?;
        if joined == 0 {
            // Another area's crew took the phone between the look and this statement.
            let other = riding(&mut self.conn(), device.parse()?).await?;
            refuse!(other.map_or(Refusal::NotFound("device"), |(unit, _)| Refusal::RidesWith(unit)));
        }
        Ok(())
    }

    async fn sign_on(
        &mut self,
        id: UnitId,
        device: DeviceId,
        account: AccountId,
        wants_source: bool,
    ) -> Result<Unit, StoreError> {
        let unit = self.unit(id).await?;
        let now = self.now();
        use_device(&mut self.conn(), device, account, now).await?;
        let on = riding(&mut self.conn(), device).await?;
        if let Some((other, _)) = on.filter(|(unit, _)| *unit != id) {
            refuse!(Refusal::RidesWith(other));
        }
        let has_source = crew(&mut self.conn(), id).await?.iter().any(|m| m.position_source);
        match on {
            Some((_, false)) if wants_source => {
                self.set_source(id, device).await?;
                self.unit_event(id, Happened::CrewSource { unit: id, device }, true).await?;
            }
            Some(_) => {}
            None => {
                let position_source = wants_source || !has_source;
                self.ride(id, device, account).await?;
                if position_source {
                    self.set_source(id, device).await?;
                }
                let what = Happened::CrewSignedOn { unit: id, device, position_source };
                self.unit_event(id, what, true).await?;
            }
        }
        if unit.duty == Duty::Off {
            self.change_duty(&unit, Duty::On, None, true).await?;
        }
        self.unit(id).await
    }

    /// Ends one member's ride.
    async fn leave(&mut self, unit: UnitId, member: &CrewMember, own: bool) -> Result<(), StoreError> {
        let to = self.now().max(member.from);
        sql!(
            run,
            self.conn(),
            "UPDATE crew SET to_ms = $4 WHERE area = $1 AND sign = $2 AND device = $3 AND to_ms IS NULL",
            unit.area.as_str(),
            unit.sign(),
            member.device.to_string(),
            to.0
        )?;
        self.unit_event(unit, Happened::CrewSignedOff { unit, device: member.device }, own).await
    }

    /// Ends everyone's ride.
    pub(super) async fn sign_all_off(&mut self, unit: UnitId, own: bool) -> Result<(), StoreError> {
        for member in crew(&mut self.conn(), unit).await? {
            self.leave(unit, &member, own).await?;
        }
        Ok(())
    }

    async fn sign_off(&mut self, id: UnitId, device: DeviceId, dispatcher: bool) -> Result<Unit, StoreError> {
        let unit = self.unit(id).await?;
        let crew = crew(&mut self.conn(), id).await?;
        let account = self.cause.scope.account();
        let member = crew.iter().find(|m| m.device == device);
        let own = member.is_some_and(|m| Some(m.account) == account);
        let Some(member) = member.filter(|_| own || dispatcher) else { refuse!(Refusal::NotCrew(id)) };
        self.leave(id, member, own).await?;
        match crew.iter().find(|m| m.device != device) {
            None if unit.duty == Duty::Off => {}
            None => self.change_duty(&unit, Duty::Off, None, own).await?,
            Some(next) if member.position_source => {
                self.set_source(id, next.device).await?;
                self.unit_event(id, Happened::CrewSource { unit: id, device: next.device }, own).await?;
            }
            Some(_) => {}
        }
        self.unit(id).await
    }
}

impl Store {
    /// An officer signs on to a unit with a phone. The first phone is the unit's position; asking for
    /// `position_source` takes that over. The same again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::RidesWith`] while the phone rides with another unit, [`Refusal::NotFound`] for an unknown unit or a
    /// revoked phone, [`StoreError`] when out of scope or the database fails.
    pub async fn sign_on(
        &self,
        cause: &Cause,
        id: UnitId,
        device: DeviceId,
        position_source: bool,
    ) -> Result<Unit, StoreError> {
        cause.scope.require(id.area, Act::Ride)?;
        let account = cause.scope.account().ok_or(Refusal::Forbidden { needs: Role::Officer })?;
        self.write(&[id.area], cause, move |tx| {
            Box::pin(async move { tx.sign_on(id, device, account, position_source).await })
        })
        .await
    }

    /// Signs a phone off: its own officer, or a dispatcher. The last one takes the unit off duty; if the phone was the
    /// unit's position, the one that rides the longest takes over.
    ///
    /// # Errors
    /// [`Refusal::UnitBusy`] for the last one while a dispatch holds the unit, [`Refusal::NotCrew`] when the phone does
    /// not ride with it, [`StoreError`] when out of scope or the database fails.
    pub async fn sign_off(&self, cause: &Cause, id: UnitId, device: DeviceId) -> Result<Unit, StoreError> {
        let dispatcher = cause.scope.may(id.area, Act::Dispatch);
        if !dispatcher {
            cause.scope.require(id.area, Act::Ride)?;
        }
        self.write(&[id.area], cause, move |tx| Box::pin(async move { tx.sign_off(id, device, dispatcher).await }))
            .await
    }

    /// Who rides with a unit, the longest first.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn crew(&self, scope: &Scope, id: UnitId) -> Result<Vec<CrewMember>, StoreError> {
        scope.require(id.area, Act::See)?;
        self.read(move |c| Box::pin(async move { crew(c, id).await })).await
    }

    /// The unit that a phone rides with, and whether the phone is the source of the unit's position.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn riding(&self, device: DeviceId) -> Result<Option<(UnitId, bool)>, StoreError> {
        self.read(move |c| Box::pin(async move { riding(c, device).await })).await
    }
}

//! Desks, who sits at them, and the flows of areas.
//!
//! Invariant: somebody sits at one desk at a time, and counts as being there only while their console is heard of.

use super::{
    Store, StoreError,
    areas::check_name,
    error::refuse,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause, Scope},
    desk::{At, Desk, Flow, PRESENT_MS, Shift, Stage},
    event::{Audience, Happened},
    ids::*,
    refusal::Refusal,
    time::UnixMs,
};
use std::collections::BTreeSet;

type DeskRow = (String, String, String, String, Option<String>);

fn desk((area, name, kind, title, district): DeskRow) -> Result<Desk, StoreError> {
    Ok(Desk { id: format!("{area}.{name}").parse()?, kind: kind.parse()?, name: title, district })
}

/// The desk where somebody sits now, heard of or not.
pub(super) async fn seat_of(c: &mut Conn<'_>, account: AccountId) -> Result<Option<DeskId>, StoreError> {
    let seat = "SELECT area, desk FROM shift WHERE account = $1 AND to_ms IS NULL";
    let row = sql!(row(String, String), c, seat, account.to_string())?;
    row.map(|(area, desk)| Ok(format!("{area}.{desk}").parse()?)).transpose()
}

/// Whether somebody sits at a desk and was heard of lately.
pub(super) async fn is_present(c: &mut Conn<'_>, account: AccountId, now: UnixMs) -> Result<bool, StoreError> {
    let seen = "SELECT seen_ms FROM shift WHERE account = $1 AND to_ms IS NULL AND seen_ms >= $2";
    Ok(sql!(scalar i64, c, seen, account.to_string(), now.0 - PRESENT_MS)?.is_some())
}

impl Store {
    /// Sets up a desk, or changes its name.
    ///
    /// # Errors
    /// [`Refusal::Exists`] where the district has another desk, [`Refusal::Invalid`] for a name or a district that makes
    /// no sense, [`StoreError`] when out of scope or the database fails.
    pub async fn put_desk(&self, cause: &Cause, desk: Desk) -> Result<(), StoreError> {
        cause.scope.require(desk.id.area, Act::Manage)?;
        check_name("name", &desk.name)?;
        self.write(&[desk.id.area], cause, move |tx| {
            Box::pin(async move {
                let (area, id) = (desk.id.area, desk.id);
                if let Some(district) = &desk.district {
                    let known = "SELECT code FROM district WHERE area = $1 AND code = $2";
                    if sql!(scalar String, tx.conn(), known, area.as_str(), district)?.is_none() {
                        refuse!(Refusal::invalid("district", "the city has no such district"));
                    }
                    let other = "SELECT name FROM desk WHERE area = $1 AND district = $2 AND name <> $3";
                    if sql!(scalar String, tx.conn(), other, area.as_str(), district, id.name())?.is_some() {
                        refuse!(Refusal::Exists(format!("a desk of {district}")));
                    }
                }
                sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO desk (area, name, kind, title, district) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (area, name) DO UPDATE SET kind = excluded.kind, title = excluded.title,
                        district = excluded.district",
                    area.as_str(),
                    id.name(),
                    desk.kind.as_str(),
                    &desk.name,
                    &desk.district
                )?;
                tx.event(area, &id.to_string(), Audience::Desk, Happened::DeskAdded { desk: id }).await?;
                tx.area_changed(area, "desks").await
            })
        })
        .await
    }

    /// Every desk, in the order of their names: for the catalog.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn all_desks(&self) -> Result<Vec<Desk>, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let all = "SELECT area, name, kind, title, district FROM desk ORDER BY area, name";
                sql!(all DeskRow, c, all)?.into_iter().map(desk).collect()
            })
        })
        .await
    }

    /// Every flow that an area set for itself: for the catalog.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn all_flows(&self) -> Result<Vec<(AreaCode, Flow)>, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let rows = sql!(all(String, String), c, "SELECT area, body FROM flow")?;
                rows.into_iter().map(|(area, body)| Ok((area.parse()?, serde_json::from_str(&body)?))).collect()
            })
        })
        .await
    }

    /// Sets an area's flow. What rings goes on by the new one from its next rung on.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a flow that makes no sense or names a desk that is not there, [`StoreError`] when out of
    /// scope or the database fails.
    pub async fn set_flow(&self, cause: &Cause, area: AreaCode, flow: Flow) -> Result<(), StoreError> {
        cause.scope.require(area, Act::Manage)?;
        flow.check()?;
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                for stage in Stage::ALL {
                    for rung in flow.rungs(*stage) {
                        let At::Desk(desk) = rung.desk else { continue };
                        let known = "SELECT name FROM desk WHERE area = $1 AND name = $2";
                        if sql!(scalar String, tx.conn(), known, desk.area.as_str(), desk.name())?.is_none() {
                            refuse!(Refusal::Invalid { field: "desk", reason: format!("there is no desk {desk}") });
                        }
                    }
                }
                let body = serde_json::to_string(&flow)?;
                let same = "SELECT area FROM flow WHERE area = $1 AND body = $2";
                if sql!(scalar String, tx.conn(), same, area.as_str(), &body)?.is_some() {
                    return Ok(());
                }
                sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO flow (area, body) VALUES ($1, $2) ON CONFLICT (area) DO UPDATE SET body = excluded.body",
                    area.as_str(),
                    &body
                )?;
                tx.area_changed(area, "flow").await
            })
        })
        .await
    }

    /// Sits down at a desk; gets up from another one where need be.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] without such a desk, [`StoreError`] when out of scope or the database fails.
    pub async fn begin_shift(&self, cause: &Cause, desk: DeskId) -> Result<Shift, StoreError> {
        cause.scope.require(desk.area, Act::TakeReport)?;
        let account = cause.scope.account().ok_or(Refusal::NotFound("account"))?;
        let mut areas = vec![desk.area];
        areas.extend(self.read(move |c| Box::pin(seat_of(c, account))).await?.map(|before| before.area));
        self.write(&areas, cause, move |tx| {
            Box::pin(async move {
                let known = "SELECT name FROM desk WHERE area = $1 AND name = $2";
                if sql!(scalar String, tx.conn(), known, desk.area.as_str(), desk.name())?.is_none() {
                    refuse!(Refusal::NotFound("desk"));
                }
                let (now, me) = (tx.now(), account.to_string());
                let before = seat_of(&mut tx.conn(), account).await?;
                if before == Some(desk) {
                    let seen = "UPDATE shift SET seen_ms = $2 WHERE account = $1 AND to_ms IS NULL RETURNING from_ms";
                    let from = sql!(scalar i64, tx.conn(), seen, &me, now.0)?.unwrap_or(now.0);
                    return Ok(Shift { desk, account, from: UnixMs(from), seen: now });
                }
                if let Some(before) = before {
                    sql!(
                        run,
                        tx.conn(),
                        "UPDATE shift SET to_ms = $2 WHERE account = $1 AND to_ms IS NULL",
                        &me,
                        now.0
                    )?;
                    if tx.holds(before.area) {
                        let ended = Happened::ShiftEnded { desk: before, account };
                        tx.event(before.area, &before.to_string(), Audience::Desk, ended).await?;
                    }
                }
                sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO shift (area, desk, account, from_ms, seen_ms) VALUES ($1, $2, $3, $4, $4)
                     ON CONFLICT (area, desk, account, from_ms) DO UPDATE SET to_ms = NULL",
                    desk.area.as_str(),
                    desk.name(),
                    &me,
                    now.0
                )?;
                let began = Happened::ShiftBegan { desk, account };
                tx.event(desk.area, &desk.to_string(), Audience::Desk, began).await?;
                Ok(Shift { desk, account, from: now, seen: now })
            })
        })
        .await
    }

    /// Gets up; gives the reports that were held, which the engine lets ring again. `false` where nobody sat.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn end_shift(&self, cause: &Cause, account: AccountId) -> Result<bool, StoreError> {
        let Some(desk) = self.read(move |c| Box::pin(seat_of(c, account))).await? else { return Ok(false) };
        if cause.scope.account() != Some(account) {
            cause.scope.require(desk.area, Act::Manage)?;
        }
        self.write(&[desk.area], cause, move |tx| {
            Box::pin(async move {
                let (now, end) = (tx.now().0, "UPDATE shift SET to_ms = $2 WHERE account = $1 AND to_ms IS NULL");
                let ended = sql!(run, tx.conn(), end, account.to_string(), now)? > 0;
                if ended {
                    let what = Happened::ShiftEnded { desk, account };
                    tx.event(desk.area, &desk.to_string(), Audience::Desk, what).await?;
                }
                Ok(ended)
            })
        })
        .await
    }

    /// These people were heard of at `now`, wherever they sit. Belongs to no journal: it comes every few seconds.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn seen_at_desks(&self, accounts: Vec<AccountId>, now: UnixMs) -> Result<(), StoreError> {
        // Most sockets are phones: only those few are written that sit at a desk.
        let sitting = self.read(|c| {
            Box::pin(async move { Ok(sql!(all(String,), c, "SELECT account FROM shift WHERE to_ms IS NULL")?) })
        });
        let sitting: BTreeSet<String> = sitting.await?.into_iter().map(|(account,)| account).collect();
        let accounts: Vec<String> =
            accounts.iter().map(AccountId::to_string).filter(|account| sitting.contains(account)).collect();
        if accounts.is_empty() {
            return Ok(());
        }
        self.maintain(move |c| {
            Box::pin(async move {
                for account in accounts {
                    let seen = "UPDATE shift SET seen_ms = $2 WHERE account = $1 AND to_ms IS NULL AND seen_ms < $2";
                    sql!(run, c, seen, account, now.0)?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Who sits at these desks and was heard of lately.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn on_shift(&self, desks: Vec<DeskId>, now: UnixMs) -> Result<Vec<Shift>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let mut all = Vec::new();
                for desk in desks {
                    let rows = sql!(
                        all(String, i64, i64),
                        c,
                        "SELECT account, from_ms, seen_ms FROM shift
                         WHERE area = $1 AND desk = $2 AND to_ms IS NULL AND seen_ms >= $3 ORDER BY from_ms",
                        desk.area.as_str(),
                        desk.name(),
                        now.0 - PRESENT_MS
                    )?;
                    for (account, from, seen) in rows {
                        all.push(Shift { desk, account: account.parse()?, from: UnixMs(from), seen: UnixMs(seen) });
                    }
                }
                Ok(all)
            })
        })
        .await
    }

    /// Whether somebody sits somewhere and was heard of lately.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn is_present(&self, account: AccountId, now: UnixMs) -> Result<bool, StoreError> {
        self.read(move |c| Box::pin(is_present(c, account, now))).await
    }

    /// The desk where somebody sits.
    ///
    /// # Errors
    /// [`Refusal::NotOnShift`] where they sit nowhere, [`StoreError`] when the database fails.
    pub async fn seat(&self, scope: &Scope) -> Result<DeskId, StoreError> {
        let account = scope.account().ok_or(Refusal::NotOnShift)?;
        let seat = self.read(move |c| Box::pin(seat_of(c, account))).await?;
        seat.ok_or(StoreError::Refused(Refusal::NotOnShift))
    }
}

//! Areas: the tree, the promise over time, boundaries.
//!
//! Invariants: a parent stands higher in the tree than its children, and an area never changes its level, so that the
//! tree has no loop; an area and its journal's head appear together.

use super::{
    AreaTx, Store, StoreError,
    error::refuse,
    sla::{targets_at, write_policy},
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Actor, Cause, Scope},
    area::{AID_M_MAX, Area, AreaTree, Level, Targets},
    boundary::Boundary,
    desk::DeskKind,
    event::{Audience, GENESIS, Happened},
    ids::*,
    import::NewArea,
    place::Place,
    refusal::Refusal,
    sla::policy::{Policy, Rules},
    time::UnixMs,
};

/// Characters that a name may have.
const NAME_MAX: usize = 200;

#[derive(sqlx::FromRow)]
struct AreaRow {
    code: String,
    parent: Option<String>,
    level: String,
    name: String,
    official_code: Option<String>,
    zone: String,
    lat: f64,
    lng: f64,
    offers: String,
    aid_m: i64,
}

impl AreaRow {
    fn with(self, targets: Targets) -> Result<Area, StoreError> {
        Ok(Area {
            code: self.code.parse()?,
            parent: self.parent.map(|p| p.parse()).transpose()?,
            level: self.level.parse()?,
            name: self.name,
            official_code: self.official_code,
            zone: self.zone.parse()?,
            centre: Place::new(self.lat, self.lng)?,
            offers: self.offers.parse()?,
            aid_m: self.aid_m,
            targets,
        })
    }
}

/// Refuses a name that is empty, longer than [`NAME_MAX`], or holds what PostgreSQL cannot store.
pub(super) fn check_name(field: &'static str, name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() || name.chars().count() > NAME_MAX || name.contains('\0') {
        return Err(Refusal::invalid(field, format!("1 to {NAME_MAX} characters")));
    }
    Ok(())
}

pub(super) fn check_aid(aid_m: i64) -> Result<(), Refusal> {
    if (0..=AID_M_MAX).contains(&aid_m) {
        return Ok(());
    }
    Err(Refusal::invalid("aid_m", format!("0 to {AID_M_MAX} metres")))
}

pub(super) fn check_targets(targets: Targets) -> Result<(), Refusal> {
    if targets.0.iter().all(|&ms| ms > 0) {
        return Ok(());
    }
    Err(Refusal::invalid("targets", "each target must be longer than nothing"))
}

/// Reads one area with the promise in force at `now`.
pub(super) async fn find(c: &mut Conn<'_>, code: AreaCode, now: UnixMs) -> Result<Option<Area>, StoreError> {
    let row = sql!(
        row AreaRow,
        c,
        "SELECT code, parent, level, name, official_code, zone, lat, lng, offers, aid_m FROM area WHERE code = $1",
        code.as_str()
    )?;
    let Some(row) = row else { return Ok(None) };
    let targets = targets_at(c, Some(code), now).await?.remove(code.as_str()).unwrap_or_default();
    Ok(Some(row.with(targets)?))
}

/// Another area may have the government's code already.
fn official_code_taken(error: sqlx::Error, area: &Area) -> StoreError {
    let unique = error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation);
    match &area.official_code {
        Some(code) if unique => Refusal::Exists(format!("an area with the official code {code}")).into(),
        _ => error.into(),
    }
}

/// Inserts the area, its journal's head and its first promise, unless it is there.
async fn prepare(c: &mut Conn<'_>, new: &NewArea, now: UnixMs) -> Result<(), StoreError> {
    let area = &new.area;
    match area.parent {
        None if area.level != Level::Nation => refuse!(Refusal::invalid("parent", "only a nation has none")),
        None => {}
        Some(parent) => {
            let above = sql!(scalar String, c, "SELECT level FROM area WHERE code = $1", parent.as_str())?;
            let Some(above) = above else { refuse!(Refusal::NotFound("area")) };
            if above.parse::<Level>()? >= area.level {
                refuse!(Refusal::invalid("parent", "it must stand higher in the tree"));
            }
        }
    }
    let inserted = sql!(
        run,
        c,
        "INSERT INTO area (code, parent, level, name, official_code, zone, lat, lng, offers, boundary, created_ms, aid_m)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (code) DO NOTHING",
        area.code.as_str(),
        area.parent.map(|p| p.to_string()),
        area.level.as_str(),
        &area.name,
        &area.official_code,
        area.zone.as_str(),
        area.centre.lat(),
        area.centre.lng(),
        area.offers.as_str(),
        new.boundary.as_ref().map(Boundary::to_string),
        now.0,
        area.aid_m
    )
    .map_err(|e| official_code_taken(e, area))?;
    if inserted > 0 {
        sql!(
            run,
            c,
            "INSERT INTO journal_head (area, seq, hash, reports, incidents, dispatches) VALUES ($1, 0, $2, 0, 0, 0)",
            area.code.as_str(),
            &GENESIS[..]
        )?;
        let kind = match area.level {
            Level::Nation => DeskKind::Mabes,
            Level::Region => DeskKind::Polda,
            Level::City => DeskKind::Polres,
        };
        sql!(
            run,
            c,
            "INSERT INTO desk (area, name, kind, title) VALUES ($1, $2, $3, $4) ON CONFLICT (area, name) DO NOTHING",
            area.code.as_str(),
            DeskId::main(area.code).name(),
            kind.as_str(),
            &area.name
        )?;
        // From the beginning of time: a report may be older than the area that its incident goes to.
        let (rules, author) = (Rules::simple(area.targets).settled(), Actor::System.to_string());
        let first = Policy { version: 1, from: UnixMs(0), set: now, author, rules };
        write_policy(c, area.code, &first).await?;
    }
    Ok(())
}

impl AreaTx {
    /// Tells that an area's settings changed.
    pub(super) async fn area_changed(&mut self, area: AreaCode, what: &str) -> Result<(), StoreError> {
        let what = Happened::AreaChanged { what: what.to_owned() };
        self.event(area, area.as_str(), Audience::Desk, what).await?;
        Ok(())
    }

    /// Brings an area that exists to what was asked, and tells what changed.
    async fn change_area(&mut self, new: &NewArea) -> Result<(), StoreError> {
        let (area, now) = (&new.area, self.now());
        let code = area.code;
        let before = find(&mut self.conn(), code, now).await?.ok_or(Refusal::NotFound("area"))?;
        let boundary = new.boundary.as_ref().map(Boundary::to_string);
        if before.level != area.level {
            refuse!(Refusal::invalid("level", format!("{code} is a {} for good", before.level)));
        }
        if before.parent != area.parent {
            // Whoever moves an area answers for where it goes as well.
            self.cause.scope.require(area.parent.unwrap_or(code), Act::Manage)?;
        }
        let mut what = Vec::new();
        if (Area { targets: area.targets, ..before.clone() }) != *area {
            what.push("settings");
        }
        if boundary.is_some() && boundary != boundary_of(&mut self.conn(), code).await? {
            what.push("boundary");
        }
        if !what.is_empty() {
            sql!(
                run,
                self.conn(),
                "UPDATE area SET parent = $2, name = $3, official_code = $4, zone = $5, lat = $6, lng = $7, offers = $8,
                    boundary = COALESCE($9, boundary), aid_m = $10
                 WHERE code = $1",
                code.as_str(),
                area.parent.map(|p| p.to_string()),
                &area.name,
                &area.official_code,
                area.zone.as_str(),
                area.centre.lat(),
                area.centre.lng(),
                area.offers.as_str(),
                &boundary,
                area.aid_m
            )
            .map_err(|e| official_code_taken(e, area))?;
        }
        if before.targets != area.targets {
            self.put_policy(code, Rules::simple(area.targets).settled(), now).await?;
        }
        if !what.is_empty() {
            self.area_changed(code, &what.join(", ")).await?;
        }
        Ok(())
    }
}

async fn boundary_of(c: &mut Conn<'_>, code: AreaCode) -> Result<Option<String>, sqlx::Error> {
    let row = sql!(scalar Option<String>, c, "SELECT boundary FROM area WHERE code = $1", code.as_str())?;
    Ok(row.flatten())
}

impl Store {
    /// Sets up an area, or changes one; the same again changes nothing. Targets count from now on, the first ones for
    /// all time. No boundary keeps the one that there is.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when the parent or a name makes no sense, [`Refusal::NotFound`] without the parent,
    /// [`Refusal::Exists`] for an official code that is taken, [`StoreError`] when out of scope.
    pub async fn put_area(&self, cause: &Cause, new: NewArea) -> Result<(), StoreError> {
        let (code, now) = (new.area.code, cause.now);
        check_name("name", &new.area.name)?;
        check_targets(new.area.targets)?;
        check_aid(new.area.aid_m)?;
        // A new area is in nobody's tree yet: then the right to the one above counts.
        let may_change = cause.scope.require(code, Act::Manage);
        if may_change.is_err() {
            cause.scope.require(new.area.parent.unwrap_or(code), Act::Manage)?;
        }
        let first = new.clone();
        self.maintain(move |c| Box::pin(async move { prepare(c, &first, now).await })).await?;
        self.write(&[code], cause, move |tx| {
            Box::pin(async move {
                let begun = "SELECT seq FROM event WHERE area = $1 AND seq = 1";
                if sql!(scalar i64, tx.conn(), begun, code.as_str())?.is_some() {
                    may_change.map_err(|_| Refusal::Exists(code.to_string()))?;
                    return tx.change_area(&new).await;
                }
                let what = Happened::AreaCreated { name: new.area.name };
                tx.event(code, code.as_str(), Audience::Desk, what).await?;
                Ok(())
            })
        })
        .await
    }

    /// The areas that somebody may see, in code order, with the promise in force at `now`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn areas(&self, scope: &Scope, now: UnixMs) -> Result<Vec<Area>, StoreError> {
        let scope = scope.clone();
        self.read(move |c| {
            Box::pin(async move {
                let promises = targets_at(c, None, now).await?;
                let rows = sql!(
                    all AreaRow,
                    c,
                    "SELECT code, parent, level, name, official_code, zone, lat, lng, offers, aid_m FROM area ORDER BY code"
                )?;
                let mut areas = Vec::new();
                for row in rows {
                    let targets = promises.get(&row.code).copied().unwrap_or_default();
                    let area = row.with(targets)?;
                    if scope.may(area.code, Act::See) {
                        areas.push(area);
                    }
                }
                Ok(areas)
            })
        })
        .await
    }

    /// One area with the promise in force at `now`.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn area(&self, scope: &Scope, code: AreaCode, now: UnixMs) -> Result<Option<Area>, StoreError> {
        scope.require(code, Act::See)?;
        self.read(move |c| Box::pin(async move { find(c, code, now).await })).await
    }

    /// The tree that scopes are held against.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn area_tree(&self) -> Result<AreaTree, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let mut areas = Vec::new();
                for (code, parent) in sql!(all(String, Option<String>), c, "SELECT code, parent FROM area")? {
                    areas.push((code.parse()?, parent.map(|p| p.parse()).transpose()?));
                }
                Ok(AreaTree::new(areas))
            })
        })
        .await
    }

    /// Every boundary, as the text of a GeoJSON geometry, in code order: what finds the city of a place.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn boundaries(&self) -> Result<Vec<(AreaCode, String)>, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let rows = sql!(
                    all(String, String),
                    c,
                    "SELECT code, boundary FROM area WHERE boundary IS NOT NULL ORDER BY code"
                )?;
                rows.into_iter().map(|(code, boundary)| Ok((code.parse()?, boundary))).collect()
            })
        })
        .await
    }
}

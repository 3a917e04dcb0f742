//! Policies: which promise was in force when, and what it says for one incident.
//!
//! Invariant: a version never changes. An incident keeps the version that was in force when its clock started.

use crate::{
    domain::{
        access::{Act, Cause, Scope},
        area::Targets,
        event::{Audience, Happened},
        ids::*,
        incident::{Incident, Priority},
        place::Place,
        refusal::Refusal,
        sla::policy::{Band, Budgets, Policy, Promise, Rules},
        time::UnixMs,
    },
    store::{
        AreaTx, Store, StoreError,
        sql::{Conn, sql},
    },
};
use std::collections::{HashMap, hash_map::Entry};

/// Policies that a city may have had.
const VERSIONS_MAX: i64 = 1_000;
/// The word of the bands that hold for priorities without their own.
const DEFAULT: &str = "*";

#[derive(sqlx::FromRow)]
struct BandRow {
    version: i64,
    priority: String,
    from_m: i64,
    to_m: Option<i64>,
    share: f64,
    target_ms: i64,
    answer_ms: i64,
    processing_ms: i64,
    queue_ms: i64,
    turnout_ms: i64,
    travel_ms: i64,
}

impl BandRow {
    const fn band(&self) -> Band {
        let budgets = Budgets {
            answer_ms: self.answer_ms,
            processing_ms: self.processing_ms,
            queue_ms: self.queue_ms,
            turnout_ms: self.turnout_ms,
            travel_ms: self.travel_ms,
        };
        Band {
            from_m: self.from_m,
            to_m: self.to_m,
            target_ms: self.target_ms,
            share: self.share,
            budgets: Some(budgets),
        }
    }
}

/// The rules that these rows, in order, are of.
fn rules(rows: &[BandRow]) -> Rules {
    let of = |word: &str| rows.iter().filter(|row| row.priority == word).map(BandRow::band).collect();
    let [p1, p2, p3, p4] = [Priority::P1, Priority::P2, Priority::P3, Priority::P4].map(|p| of(p.as_str()));
    Rules { default: of(DEFAULT), p1, p2, p3, p4 }
}

/// Writes a version of a city's policy.
pub(in crate::store) async fn write_policy(
    c: &mut Conn<'_>,
    area: AreaCode,
    policy: &Policy,
) -> Result<(), StoreError> {
    sql!(
        run,
        c,
        "INSERT INTO sla_policy (area, version, from_ms, set_ms, author) VALUES ($1, $2, $3, $4, $5)",
        area.as_str(),
        policy.version,
        policy.from.0,
        policy.set.0,
        &policy.author
    )?;
    let all = std::iter::once((DEFAULT, None)).chain(Priority::ALL.iter().map(|p| (p.as_str(), Some(*p))));
    for (word, priority) in all {
        for band in policy.rules.own(priority) {
            let budgets = band.budgets();
            sql!(
                run,
                c,
                "INSERT INTO sla_band (area, version, priority, from_m, to_m, share, target_ms,
                    answer_ms, processing_ms, queue_ms, turnout_ms, travel_ms)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                area.as_str(),
                policy.version,
                word,
                band.from_m,
                band.to_m,
                band.share,
                band.target_ms,
                budgets.answer_ms,
                budgets.processing_ms,
                budgets.queue_ms,
                budgets.turnout_ms,
                budgets.travel_ms
            )?;
        }
    }
    Ok(())
}

/// The targets next to a station that are in force at a moment, by area.
pub(in crate::store) async fn targets_at(
    c: &mut Conn<'_>,
    area: Option<AreaCode>,
    at: UnixMs,
) -> Result<HashMap<String, Targets>, StoreError> {
    let rows = sql!(
        all(String, String, i64),
        c,
        "SELECT b.area, b.priority, b.target_ms FROM sla_band b WHERE b.from_m = 0 AND ($1 IS NULL OR b.area = $1)
         AND b.version = (SELECT p.version FROM sla_policy p WHERE p.area = b.area AND p.from_ms <= $2
            ORDER BY p.from_ms DESC, p.version DESC LIMIT 1)
         ORDER BY b.area, b.priority",
        area.as_ref().map(AreaCode::as_str),
        at.0
    )?;
    let mut targets: HashMap<String, Targets> = HashMap::new();
    for (area, priority, target_ms) in rows {
        let of = targets.entry(area).or_default();
        // '*' comes before 'P1': what a priority has of its own is written over it.
        match priority.parse::<Priority>() {
            Ok(priority) => of.0[priority as usize] = target_ms,
            Err(_) => of.0 = [target_ms; 4],
        }
    }
    Ok(targets)
}

impl AreaTx {
    /// What is promised to an incident: by the version that was in force at `start`, or by the one that it has.
    pub(in crate::store) async fn promise(
        &mut self,
        area: AreaCode,
        priority: Priority,
        place: Place,
        by: InForce,
    ) -> Result<Promise, StoreError> {
        let (at, version) = match by {
            InForce::At(start) => (Some(start.0), None),
            InForce::Version(version) => (None, Some(version)),
        };
        let rows = sql!(
            all BandRow,
            self.conn(),
            "SELECT * FROM sla_band WHERE area = $1 AND priority IN ('*', $2) AND version = COALESCE($3,
                (SELECT version FROM sla_policy WHERE area = $1 AND from_ms <= $4
                 ORDER BY from_ms DESC, version DESC LIMIT 1))
             ORDER BY from_m",
            area.as_str(),
            priority.as_str(),
            version,
            at
        )?;
        let (version, rules) = (rows.first().map_or(1, |row| row.version), rules(&rows));
        let station_m = match rules.asks_distance(priority) {
            true => self.station_m(area, place).await?,
            false => None,
        };
        Ok(Promise { version, station_m, band: rules.band(priority, station_m) })
    }

    /// Writes a city's next policy and tells of it; the same rules as those that are in force then change nothing.
    pub(in crate::store) async fn put_policy(
        &mut self,
        area: AreaCode,
        rules: Rules,
        from: UnixMs,
    ) -> Result<Policy, StoreError> {
        let (now, author) = (self.now(), self.cause.scope.actor().to_string());
        let before = policies(&mut self.conn(), area).await?;
        let newest = before.last().map_or(0, |policy| policy.version);
        if newest >= VERSIONS_MAX {
            return Err(Refusal::Enough("policies").into());
        }
        let in_force = before.iter().filter(|p| p.from <= from).max_by_key(|p| (p.from, p.version));
        if let Some(same) = in_force.filter(|p| p.rules == rules) {
            return Ok(same.clone());
        }
        let policy = Policy { version: newest + 1, from, set: now, author, rules };
        write_policy(&mut self.conn(), area, &policy).await?;
        let what = Happened::PolicySet { version: policy.version, from, rules: policy.rules.clone() };
        self.event(area, area.as_str(), Audience::Desk, what).await?;
        Ok(policy)
    }

    /// How far the nearest station of a city is, metres; `None` where none is known.
    async fn station_m(&mut self, area: AreaCode, place: Place) -> Result<Option<f64>, StoreError> {
        let select = "SELECT lat, lng FROM station WHERE area = $1";
        let mut nearest: Option<f64> = None;
        for (lat, lng) in sql!(all(f64, f64), self.conn(), select, area.as_str())? {
            let far_m = Place::new(lat, lng)?.distance_m(place);
            nearest = Some(nearest.map_or(far_m, |m| m.min(far_m)));
        }
        Ok(nearest)
    }
}

/// The versions of policies that were read, for what is done to several incidents at once.
#[derive(Default)]
pub(in crate::store) struct Versions(HashMap<(AreaCode, i64), Rules>);

impl Versions {
    /// The band that an incident is in.
    pub(in crate::store) async fn band(&mut self, c: &mut Conn<'_>, incident: &Incident) -> Result<Band, StoreError> {
        let (area, version) = (incident.id.area, incident.clock.policy);
        let rules = match self.0.entry((area, version)) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => {
                let select = "SELECT * FROM sla_band WHERE area = $1 AND version = $2 ORDER BY from_m";
                let rows = sql!(all BandRow, c, select, area.as_str(), version)?;
                unread.insert(rules(&rows))
            }
        };
        Ok(rules.band(incident.priority, incident.station_m))
    }
}

/// Which version counts.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum InForce {
    /// The one that was in force then.
    At(UnixMs),
    /// This one.
    Version(i64),
}

impl Store {
    /// Sets a city's policy from `from` on, at once where that is not said; gives it. The same rules as those that are in
    /// force then change nothing.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for rules that contradict themselves, a city's only, or a moment that has passed; out of
    /// scope; the database's failure.
    pub async fn set_policy(
        &self,
        cause: &Cause,
        area: AreaCode,
        rules: Rules,
        from: Option<UnixMs>,
    ) -> Result<Policy, StoreError> {
        cause.scope.require(area, Act::Manage)?;
        rules.check().map_err(|bad| Refusal::invalid("rules", bad.to_string()))?;
        let rules = rules.settled();
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                let from = from.unwrap_or(tx.now());
                // In here, where a repeat has its answer already: by then the moment may have come.
                if from < tx.now() {
                    return Err(Refusal::invalid("from", "what has begun keeps its promise: not before now").into());
                }
                tx.put_policy(area, rules, from).await
            })
        })
        .await
    }

    /// Every policy that a city has or had, in the order of their versions.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn policies(&self, scope: &Scope, area: AreaCode) -> Result<Vec<Policy>, StoreError> {
        scope.require(area, Act::See)?;
        self.read(move |c| Box::pin(async move { policies(c, area).await })).await
    }
}

/// Every policy of a city, in the order of their versions.
pub(super) async fn policies(c: &mut Conn<'_>, area: AreaCode) -> Result<Vec<Policy>, StoreError> {
    let select = "SELECT version, from_ms, set_ms, author FROM sla_policy WHERE area = $1 ORDER BY version";
    let versions = sql!(all(i64, i64, i64, String), c, select, area.as_str())?;
    let select = "SELECT * FROM sla_band WHERE area = $1 ORDER BY version, priority, from_m";
    let mut bands: HashMap<i64, Vec<BandRow>> = HashMap::new();
    for row in sql!(all BandRow, c, select, area.as_str())? {
        bands.entry(row.version).or_default().push(row);
    }
    let policy = |(version, from, set, author)| Policy {
        version,
        from: UnixMs(from),
        set: UnixMs(set),
        author,
        rules: rules(bands.get(&version).map_or(&[], Vec::as_slice)),
    };
    Ok(versions.into_iter().map(policy).collect())
}

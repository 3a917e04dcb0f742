//! Time passes over incidents: warnings and broken promises, those of an area that are due together in one command.
//!
//! Invariant: who takes the deadline's row fires it, and nobody else. The incident is marked by one guarded statement, so
//! that what was reached, closed or fired meanwhile is passed over.

use super::{
    AreaTx, Store, StoreError,
    incidents::IncidentRow,
    sla::{Versions, besides},
    sql::Conn,
};
use crate::domain::{
    access::Cause,
    deadline::DeadlineKind,
    event::{Audience, Happened},
    ids::*,
    incident::Incident,
    sla::{cause::Attribution, risk::Advice},
    time::UnixMs,
};
use sqlx::QueryBuilder;
use std::collections::{BTreeMap, HashMap};

/// What a look at an incident has found whose warning was due.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Its number.
    pub no: i64,
    /// What.
    pub found: Found,
}

/// What a look has found.
#[derive(Clone, Debug)]
pub enum Found {
    /// Help may be late: the dispatchers are told, with this.
    AtRisk(Advice),
    /// Not yet; it is looked at again then.
    Again(UnixMs),
}

/// The statement that marks those of these incidents that nobody has reached.
macro_rules! mark {
    ($column:literal, $area:expr, $now:expr, $nos:expr) => {{
        let mut mark = QueryBuilder::new(concat!("UPDATE incident SET ", $column, " = "));
        mark.push_bind($now).push(" WHERE area = ").push_bind($area.as_str());
        mark.push(concat!(" AND ", $column, " IS NULL AND breached_ms IS NULL AND on_scene_ms IS NULL"));
        let mut list = mark.push(" AND closed_ms IS NULL AND no IN (").separated(", ");
        for no in $nos {
            list.push_bind(*no);
        }
        mark.push(") RETURNING *");
        mark
    }};
}

/// The statement that drops the warnings of these incidents.
macro_rules! drop_warnings {
    ($area:expr, $nos:expr) => {{
        let mut drop = QueryBuilder::new("DELETE FROM deadline WHERE area = ");
        drop.push_bind($area.as_str()).push(" AND kind = 'warn' AND no IN (");
        let mut list = drop.separated(", ");
        for no in $nos {
            list.push_bind(*no);
        }
        drop.push(")");
        drop
    }};
}

/// Incidents out of their rows, in the order of their numbers.
fn in_order(rows: Vec<IncidentRow>) -> Result<Vec<Incident>, StoreError> {
    let mut all: Vec<Incident> = rows.into_iter().map(Incident::try_from).collect::<Result<_, _>>()?;
    all.sort_unstable_by_key(|incident| incident.id);
    Ok(all)
}

impl AreaTx {
    /// Marks the broken promise of these incidents; gives those that were not yet, and that nobody has reached.
    async fn mark_breached(&mut self, area: AreaCode, nos: &[i64]) -> Result<Vec<Incident>, StoreError> {
        let now = self.now().0;
        let rows: Vec<IncidentRow> = match self.conn() {
            Conn::Postgres(c) => mark!("breached_ms", area, now, nos).build_query_as().fetch_all(&mut *c).await?,
            Conn::Sqlite(c) => mark!("breached_ms", area, now, nos).build_query_as().fetch_all(&mut *c).await?,
        };
        in_order(rows)
    }

    /// Tells that these promises are broken, each with what is known of why.
    pub(super) async fn tell_breaches(&mut self, broken: &[Incident]) -> Result<(), StoreError> {
        let now = self.now();
        let mut versions = Versions::default();
        let Some(area) = broken.first().map(|incident| incident.id.area) else { return Ok(()) };
        let nos: Vec<i64> = broken.iter().map(|incident| incident.id.no).collect();
        let mut beside = besides(&mut self.conn(), area, &nos).await?;
        for incident in broken {
            let (id, clock) = (incident.id, &incident.clock);
            let budgets = versions.band(&mut self.conn(), incident).await?.budgets();
            let facts = beside.remove(&id.no).unwrap_or_default().circumstances;
            let until = clock.on_scene.unwrap_or(now);
            let cause = Some(Attribution::of(clock, &budgets, facts, until));
            let what = Happened::IncidentBreached { incident: id, cause };
            self.event(area, &id.to_string(), Audience::Desk, what).await?;
        }
        Ok(())
    }

    /// As [`Self::mark_breached`], at risk.
    async fn mark_at_risk(&mut self, area: AreaCode, nos: &[i64]) -> Result<Vec<Incident>, StoreError> {
        let now = self.now().0;
        let rows: Vec<IncidentRow> = match self.conn() {
            Conn::Postgres(c) => mark!("at_risk_ms", area, now, nos).build_query_as().fetch_all(&mut *c).await?,
            Conn::Sqlite(c) => mark!("at_risk_ms", area, now, nos).build_query_as().fetch_all(&mut *c).await?,
        };
        in_order(rows)
    }

    /// Drops the warnings of incidents whose promise is broken: there is nothing left to warn of.
    async fn drop_warnings(&mut self, area: AreaCode, nos: &[i64]) -> Result<(), StoreError> {
        match self.conn() {
            Conn::Postgres(c) => drop_warnings!(area, nos).build().execute(&mut *c).await.map(drop)?,
            Conn::Sqlite(c) => drop_warnings!(area, nos).build().execute(&mut *c).await.map(drop)?,
        }
        Ok(())
    }
}

impl Store {
    /// Fires the deadlines that break the promise of these incidents of an area, at most [`TAKEN`](super::TAKEN), in one
    /// command; gives how many broke. Those that fired before, were moved, or whose unit is there are passed over.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; none has fired then.
    pub async fn fire_breaches(&self, cause: &Cause, area: AreaCode, nos: Vec<i64>) -> Result<usize, StoreError> {
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                let due = tx.take_all_due(area, DeadlineKind::Breach, &nos).await?;
                if due.is_empty() {
                    return Ok(0);
                }
                tx.drop_warnings(area, &due).await?;
                let broken = tx.mark_breached(area, &due).await?;
                tx.tell_breaches(&broken).await?;
                Ok(broken.len())
            })
        })
        .await
    }

    /// Fires the deadlines that warn of incidents of an area, at most [`TAKEN`](super::TAKEN), in one command, by what a look at
    /// each has found; gives how many are at risk from now on. Those that fired before, were moved, or whose unit is there
    /// are passed over.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; none has fired then.
    pub async fn fire_warnings(&self, cause: &Cause, area: AreaCode, looked: Vec<Looked>) -> Result<usize, StoreError> {
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                let nos: Vec<i64> = looked.iter().map(|looked| looked.no).collect();
                let due = tx.take_all_due(area, DeadlineKind::Warn, &nos).await?;
                let mut found: HashMap<i64, Found> = looked.into_iter().map(|l| (l.no, l.found)).collect();
                let mut told: BTreeMap<i64, Advice> = BTreeMap::new();
                for no in due {
                    match found.remove(&no) {
                        Some(Found::AtRisk(advice)) => drop(told.insert(no, advice)),
                        Some(Found::Again(at)) => tx.set_deadline(area, DeadlineKind::Warn, no, at).await?,
                        None => {}
                    }
                }
                if told.is_empty() {
                    return Ok(0);
                }
                let nos: Vec<i64> = told.keys().copied().collect();
                let (now, at_risk) = (tx.now(), tx.mark_at_risk(area, &nos).await?);
                for Incident { id, clock, .. } in &at_risk {
                    let (left_ms, advice) = (clock.due().since(now).max(0), told.remove(&id.no).unwrap_or_default());
                    let what = Happened::IncidentAtRisk { incident: *id, left_ms, advice };
                    tx.event(area, &id.to_string(), Audience::Desk, what).await?;
                }
                Ok(at_risk.len())
            })
        })
        .await
    }
}

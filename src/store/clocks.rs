//! Time passes over incidents: warnings and broken promises, those of an area that are due together in one command.
//!
//! Invariant: who takes the deadline's row fires it, and nobody else. The incident is marked by one guarded statement, so
//! that what was reached, closed or fired meanwhile is passed over.

use super::{AreaTx, Store, StoreError, incidents::IncidentRow, sql::Conn};
use crate::domain::{
    access::Cause,
    deadline::DeadlineKind,
    event::{Audience, Happened},
    ids::*,
    incident::Incident,
};
use sqlx::QueryBuilder;

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
                for Incident { id, .. } in &broken {
                    let what = Happened::IncidentBreached { incident: *id };
                    tx.event(area, &id.to_string(), Audience::Desk, what).await?;
                }
                Ok(broken.len())
            })
        })
        .await
    }

    /// Fires the deadlines that warn of these incidents of an area, at most [`TAKEN`](super::TAKEN), in one command; gives
    /// how many are at risk from now on. Those that fired before, were moved, or whose unit is there are passed over.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; none has fired then.
    pub async fn fire_warnings(&self, cause: &Cause, area: AreaCode, nos: Vec<i64>) -> Result<usize, StoreError> {
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                let due = tx.take_all_due(area, DeadlineKind::Warn, &nos).await?;
                if due.is_empty() {
                    return Ok(0);
                }
                let (now, at_risk) = (tx.now(), tx.mark_at_risk(area, &due).await?);
                for Incident { id, clock, .. } in &at_risk {
                    let left_ms = clock.due().since(now).max(0);
                    let what = Happened::IncidentAtRisk { incident: *id, left_ms };
                    tx.event(area, &id.to_string(), Audience::Desk, what).await?;
                }
                Ok(at_risk.len())
            })
        })
        .await
    }
}

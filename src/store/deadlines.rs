//! Deadlines in SQL: set and dropped in the transaction of the change, fired once by whoever ticks first.

use super::{
    AreaTx, Store, StoreError,
    sql::{Conn, sql},
};
use crate::domain::{
    deadline::{DeadlineKind, Due},
    ids::AreaCode,
    time::UnixMs,
};
use sqlx::QueryBuilder;

/// A deadline that a command has set and not yet written.
pub(super) struct Planned {
    area: AreaCode,
    kind: DeadlineKind,
    no: i64,
    at: UnixMs,
}

/// The statement that sets these deadlines, for the engine that it is executed on.
macro_rules! set_deadlines {
    ($planned:expr) => {{
        let mut set = QueryBuilder::new("INSERT INTO deadline (area, kind, no, due_ms) ");
        set.push_values($planned, |mut row, planned: &Planned| {
            row.push_bind(planned.area.as_str()).push_bind(planned.kind.as_str());
            row.push_bind(planned.no).push_bind(planned.at.0);
        });
        set.push(" ON CONFLICT (area, kind, no) DO UPDATE SET due_ms = excluded.due_ms");
        set
    }};
}

impl AreaTx {
    /// Sets or moves a deadline. It is written when the command ends, all of them in one statement.
    pub async fn set_deadline(
        &mut self,
        area: AreaCode,
        kind: DeadlineKind,
        no: i64,
        at: UnixMs,
    ) -> Result<(), StoreError> {
        self.unplan(area, &[kind], no);
        self.planned.push(Planned { area, kind, no, at });
        Ok(())
    }

    /// Drops a deadline; whether it was still there.
    pub async fn drop_deadline(&mut self, area: AreaCode, kind: DeadlineKind, no: i64) -> Result<bool, StoreError> {
        self.drop_deadlines(area, [kind, kind], no).await
    }

    /// Drops two deadlines; whether any was still there.
    pub async fn drop_deadlines(
        &mut self,
        area: AreaCode,
        kinds: [DeadlineKind; 2],
        no: i64,
    ) -> Result<bool, StoreError> {
        let unplanned = self.unplan(area, &kinds, no);
        let dropped = sql!(
            run,
            self.conn(),
            "DELETE FROM deadline WHERE area = $1 AND kind IN ($2, $3) AND no = $4",
            area.as_str(),
            kinds[0].as_str(),
            kinds[1].as_str(),
            no
        )?;
        Ok(unplanned || dropped > 0)
    }

    fn unplan(&mut self, area: AreaCode, kinds: &[DeadlineKind], no: i64) -> bool {
        let before = self.planned.len();
        self.planned.retain(|p| !(p.area == area && p.no == no && kinds.contains(&p.kind)));
        self.planned.len() < before
    }

    /// Writes the deadlines that the command has set.
    pub(super) async fn write_deadlines(&mut self) -> Result<(), StoreError> {
        let planned = std::mem::take(&mut self.planned);
        if planned.is_empty() {
            return Ok(());
        }
        match self.conn() {
            Conn::Postgres(c) => set_deadlines!(&planned).build().execute(&mut *c).await.map(drop)?,
            Conn::Sqlite(c) => set_deadlines!(&planned).build().execute(&mut *c).await.map(drop)?,
        }
        Ok(())
    }

    /// Takes a deadline that has passed; `false` when somebody else took it, or it was moved.
    pub async fn take_due(&mut self, area: AreaCode, kind: DeadlineKind, no: i64) -> Result<bool, StoreError> {
        let now = self.now().0;
        let taken = sql!(
            run,
            self.conn(),
            "DELETE FROM deadline WHERE area = $1 AND kind = $2 AND no = $3 AND due_ms <= $4",
            area.as_str(),
            kind.as_str(),
            no,
            now
        )?;
        Ok(taken > 0)
    }
}

impl Store {
    /// The deadlines that have passed at `now`, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn due(&self, now: UnixMs, limit: i64) -> Result<Vec<Due>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all(String, String, i64, i64),
                    c,
                    "SELECT area, kind, no, due_ms FROM deadline WHERE due_ms <= $1 ORDER BY due_ms LIMIT $2",
                    now.0,
                    limit
                )?;
                let due = |(area, kind, no, at): (String, String, i64, i64)| {
                    Ok(Due { area: area.parse()?, kind: kind.parse()?, no, at: UnixMs(at) })
                };
                rows.into_iter().map(due).collect()
            })
        })
        .await
    }
}

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

/// Deadlines that one command takes at most: it holds its area for some ten milliseconds then.
pub const TAKEN: usize = 500;

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

/// The statement that takes those of these deadlines that have passed.
macro_rules! take_due {
    ($area:expr, $kind:expr, $now:expr, $nos:expr) => {{
        let mut take = QueryBuilder::new("DELETE FROM deadline WHERE area = ");
        take.push_bind($area.as_str()).push(" AND kind = ").push_bind($kind.as_str());
        take.push(" AND due_ms <= ").push_bind($now).push(" AND no IN (");
        let mut list = take.separated(", ");
        for no in $nos {
            list.push_bind(*no);
        }
        take.push(") RETURNING no");
        take
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

    /// Takes those of these deadlines that have passed, at most [`TAKEN`]; gives them in order, without those that
    /// somebody else took or that were moved.
    pub async fn take_all_due(
        &mut self,
        area: AreaCode,
        kind: DeadlineKind,
        nos: &[i64],
    ) -> Result<Vec<i64>, StoreError> {
        let (now, nos) = (self.now().0, &nos[..nos.len().min(TAKEN)]);
        if nos.is_empty() {
            return Ok(Vec::new());
        }
        let mut taken: Vec<(i64,)> = match self.conn() {
            Conn::Postgres(c) => take_due!(area, kind, now, nos).build_query_as().fetch_all(&mut *c).await?,
            Conn::Sqlite(c) => take_due!(area, kind, now, nos).build_query_as().fetch_all(&mut *c).await?,
        };
        taken.sort_unstable();
        Ok(taken.into_iter().map(|(no,)| no).collect())
    }
}

impl Store {
    /// The deadlines of one kind that have passed at `now`, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn due(&self, kind: DeadlineKind, now: UnixMs, limit: i64) -> Result<Vec<Due>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all(String, i64, i64),
                    c,
                    "SELECT area, no, due_ms FROM deadline WHERE kind = $1 AND due_ms <= $2 ORDER BY due_ms LIMIT $3",
                    kind.as_str(),
                    now.0,
                    limit
                )?;
                let due =
                    |(area, no, at): (String, i64, i64)| Ok(Due { area: area.parse()?, kind, no, at: UnixMs(at) });
                rows.into_iter().map(due).collect()
            })
        })
        .await
    }

    /// When the oldest deadline of each kind falls due, or fell; a kind that has none is left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn first_deadlines(&self) -> Result<Vec<(DeadlineKind, UnixMs)>, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let rows = sql!(all(String, i64), c, "SELECT kind, MIN(due_ms) FROM deadline GROUP BY kind")?;
                rows.into_iter().map(|(kind, at)| Ok((kind.parse()?, UnixMs(at)))).collect()
            })
        })
        .await
    }
}

//! Deadlines in SQL: set and dropped in the transaction of the change, fired once by whoever ticks first.

use super::{AreaTx, Store, StoreError, sql::sql};
use crate::domain::{
    deadline::{DeadlineKind, Due},
    ids::AreaCode,
    time::UnixMs,
};

impl AreaTx {
    /// Sets or moves a deadline.
    pub async fn set_deadline(
        &mut self,
        area: AreaCode,
        kind: DeadlineKind,
        no: i64,
        at: UnixMs,
    ) -> Result<(), StoreError> {
        sql!(
            run,
            self.conn(),
            "INSERT INTO deadline (area, kind, no, due_ms) VALUES ($1, $2, $3, $4)
             ON CONFLICT (area, kind, no) DO UPDATE SET due_ms = excluded.due_ms",
            area.as_str(),
            kind.as_str(),
            no,
            at.0
        )?;
        Ok(())
    }

    /// Drops a deadline; whether it was still there.
    pub async fn drop_deadline(&mut self, area: AreaCode, kind: DeadlineKind, no: i64) -> Result<bool, StoreError> {
        let dropped = sql!(
            run,
            self.conn(),
            "DELETE FROM deadline WHERE area = $1 AND kind = $2 AND no = $3",
            area.as_str(),
            kind.as_str(),
            no
        )?;
        Ok(dropped > 0)
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

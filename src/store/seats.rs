//! Sessions of devices over all nodes, and whether this node belongs to them.
//!
//! Invariant: which session of a device is the newest is decided by a number drawn in SQL when its ticket is taken,
//! never by a clock.

use super::{Store, StoreError, sql::sql};
use crate::domain::{ids::*, time::UnixMs};

/// Seats read at a time.
const PAGE: i64 = 10_000;

impl Store {
    /// The number of a device's newest session; `None` where the device was revoked or is of another account by now, or
    /// the account is closed.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn newest_seat(&self, account: AccountId, device: DeviceId) -> Result<Option<i64>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                Ok(sql!(
                    scalar i64,
                    c,
                    "SELECT d.seat FROM device d JOIN account a ON a.id = d.account
                     WHERE d.id = $1 AND d.account = $2 AND d.revoked_ms IS NULL AND a.closed_ms IS NULL",
                    device.to_string(),
                    account.to_string()
                )?)
            })
        })
        .await
    }

    /// The newest sessions that began at `since` or later, on whatever node; at most ten thousand, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn seats_since(&self, since: UnixMs) -> Result<Vec<(DeviceId, i64)>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all(String, i64),
                    c,
                    "SELECT id, seat FROM device WHERE seated_ms >= $1 ORDER BY seated_ms DESC LIMIT $2",
                    since.0,
                    PAGE
                )?;
                rows.into_iter().map(|(device, seat)| Ok((device.parse()?, seat))).collect()
            })
        })
        .await
    }
}

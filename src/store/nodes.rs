//! Nodes that serve, and the one master key that they share.
//!
//! Invariant: while the key is rotated no node starts, and one that goes on all the same makes nothing that the new key
//! could not open (see `new_subject`).

use super::{
    Store, StoreError,
    sql::{Conn, sql},
};
use crate::domain::{desk::PRESENT_MS, time::UnixMs};

/// Whoever was not heard of for longer serves no more, milliseconds: four beats.
pub(super) const GONE_MS: i64 = PRESENT_MS;

/// Holds a fingerprint against that of the master key in force.
async fn require(c: &mut Conn<'_>, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
    let select = "SELECT fingerprint, next_fingerprint FROM installation WHERE id = 1";
    match sql!(row(Vec<u8>, Option<Vec<u8>>), c, select)? {
        Some((_, Some(_))) => Err(StoreError::Rekeying),
        Some((first, None)) if first == fingerprint => Ok(()),
        _ => Err(StoreError::OtherKey),
    }
}

impl Store {
    /// Holds the master key's fingerprint against that of the node that came first.
    ///
    /// # Errors
    /// [`StoreError::OtherKey`] when they differ, [`StoreError::Rekeying`], [`StoreError`] when the database fails.
    pub async fn require_same_key(&self) -> Result<(), StoreError> {
        let fingerprint = self.keys().fingerprint();
        self.maintain(move |c| {
            Box::pin(async move {
                let note = "INSERT INTO installation (id, fingerprint) VALUES (1, $1) ON CONFLICT DO NOTHING";
                sql!(run, c, note, &fingerprint[..])?;
                require(c, &fingerprint).await
            })
        })
        .await
    }

    /// Says that this node serves, and that its master key is still the one.
    ///
    /// # Errors
    /// [`StoreError::OtherKey`], [`StoreError::Rekeying`], [`StoreError`] when the database fails.
    pub async fn beat(&self, now: UnixMs) -> Result<(), StoreError> {
        let (node, fingerprint) = (self.shared.node.to_string(), self.keys().fingerprint());
        self.maintain(move |c| {
            Box::pin(async move {
                let beat = "INSERT INTO node (id, seen_ms) VALUES ($1, $2)
                    ON CONFLICT (id) DO UPDATE SET seen_ms = excluded.seen_ms";
                sql!(run, c, beat, node, now.0)?;
                sql!(run, c, "DELETE FROM node WHERE seen_ms < $1", now.0 - 100 * GONE_MS)?;
                Ok(())
            })
        })
        .await?;
        self.read(move |c| Box::pin(async move { require(c, &fingerprint).await })).await
    }

    /// This node serves no more.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn take_leave(&self) -> Result<(), StoreError> {
        let node = self.shared.node.to_string();
        self.maintain(move |c| {
            Box::pin(async move { Ok(sql!(run, c, "DELETE FROM node WHERE id = $1", node).map(drop)?) })
        })
        .await
    }
}

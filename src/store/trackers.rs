//! Trackers of units. Only hashes of secrets are stored.
//!
//! Invariant: a number is given once, so that a tracker in the journal is always the same one.

use super::{
    Store, StoreError,
    error::refuse,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause, Scope},
    event::{Audience, Happened},
    ids::*,
    refusal::Refusal,
    time::UnixMs,
    tracker::Tracker,
    unit::Duty,
};
use serde::{Deserialize, Serialize};

/// Trackers whose last moment is written in one transaction.
const SEEN_AT_ONCE: usize = 256;

/// A tracker that was added, and the hash that was stored: a repeat of the command finds the first one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedTracker {
    /// As stored.
    pub tracker: Tracker,
    /// SHA-256 of its secret.
    pub secret: [u8; 32],
}

/// What is held against whoever says that they are a tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackerSeal {
    /// SHA-256 of its secret.
    pub secret: [u8; 32],
    /// Whether it speaks beside the crew's phone.
    pub position_source: bool,
    /// How its unit stands.
    pub duty: Duty,
}

#[derive(sqlx::FromRow)]
struct TrackerRow {
    area: String,
    sign: String,
    no: i64,
    secret: Vec<u8>,
    position_source: i64,
    created_ms: i64,
    revoked_ms: Option<i64>,
    seen_ms: Option<i64>,
}

impl TryFrom<TrackerRow> for AddedTracker {
    type Error = StoreError;

    fn try_from(row: TrackerRow) -> Result<Self, StoreError> {
        let id = TrackerId { unit: UnitId::new(row.area.parse()?, &row.sign)?, no: row.no };
        let tracker = Tracker {
            id,
            position_source: row.position_source != 0,
            created: UnixMs(row.created_ms),
            revoked: row.revoked_ms.map(UnixMs),
            last_seen: row.seen_ms.map(UnixMs),
        };
        Ok(Self { tracker, secret: hash(row.secret, id)? })
    }
}

fn hash(bytes: Vec<u8>, id: TrackerId) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt(format!("the secret's hash of {id}")))
}

async fn find(c: &mut Conn<'_>, id: TrackerId) -> Result<Option<AddedTracker>, StoreError> {
    let row = sql!(
        row TrackerRow,
        c,
        "SELECT * FROM tracker WHERE area = $1 AND sign = $2 AND no = $3",
        id.unit.area.as_str(),
        id.unit.sign(),
        id.no
    )?;
    row.map(AddedTracker::try_from).transpose()
}

impl Store {
    /// Adds a tracker to a unit. A repeat of the command gives what the first one stored.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown unit, [`StoreError`] when out of scope or the database fails.
    pub async fn add_tracker(
        &self,
        cause: &Cause,
        unit: UnitId,
        secret: [u8; 32],
        position_source: bool,
    ) -> Result<AddedTracker, StoreError> {
        cause.scope.require(unit.area, Act::Equip)?;
        self.write(&[unit.area], cause, move |tx| {
            Box::pin(async move {
                tx.unit(unit).await?;
                let (area, sign, now) = (unit.area.as_str(), unit.sign(), tx.now());
                // The journal's head is held: nobody draws the same number.
                let last = "SELECT MAX(no) FROM tracker WHERE area = $1 AND sign = $2";
                let last = sql!(scalar Option<i64>, tx.conn(), last, area, sign)?.flatten().unwrap_or(0);
                let id = TrackerId { unit, no: last + 1 };
                sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO tracker (area, sign, no, secret, position_source, created_ms)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                    area,
                    sign,
                    id.no,
                    &secret[..],
                    i64::from(position_source),
                    now.0
                )?;
                let what = Happened::TrackerAdded { tracker: id, unit, position_source };
                tx.event(unit.area, &id.to_string(), Audience::Desk, what).await?;
                let tracker = Tracker { id, position_source, created: now, revoked: None, last_seen: None };
                Ok(AddedTracker { tracker, secret })
            })
        })
        .await
    }

    /// Ends a tracker: its secret counts no more. The same again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown one, [`StoreError`] when out of scope or the database fails.
    pub async fn revoke_tracker(&self, cause: &Cause, id: TrackerId) -> Result<Tracker, StoreError> {
        let area = id.unit.area;
        cause.scope.require(area, Act::Equip)?;
        self.write(&[area], cause, move |tx| {
            Box::pin(async move {
                let now = tx.now().0;
                let revoked = sql!(
                    run,
                    tx.conn(),
                    "UPDATE tracker SET revoked_ms = $4
                     WHERE area = $1 AND sign = $2 AND no = $3 AND revoked_ms IS NULL",
                    area.as_str(),
                    id.unit.sign(),
                    id.no,
                    now
                )?;
                if revoked > 0 {
                    let what = Happened::TrackerRevoked { tracker: id, unit: id.unit };
                    tx.event(area, &id.to_string(), Audience::Desk, what).await?;
                }
                match find(&mut tx.conn(), id).await? {
                    Some(found) => Ok(found.tracker),
                    None => refuse!(Refusal::NotFound("tracker")),
                }
            })
        })
        .await
    }

    /// The trackers of an area's units, or of one unit; revoked ones too.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn trackers(
        &self,
        scope: &Scope,
        area: AreaCode,
        unit: Option<UnitId>,
    ) -> Result<Vec<Tracker>, StoreError> {
        scope.require(area, Act::Equip)?;
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all TrackerRow,
                    c,
                    "SELECT * FROM tracker WHERE area = $1 AND (sign = $2 OR $2 = '') ORDER BY sign, no",
                    area.as_str(),
                    unit.as_ref().map_or("", UnitId::sign)
                )?;
                rows.into_iter().map(|row| Ok(AddedTracker::try_from(row)?.tracker)).collect()
            })
        })
        .await
    }

    /// What a tracker is known by; `None` for one that is unknown or revoked.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn tracker_seal(&self, id: TrackerId) -> Result<Option<TrackerSeal>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let row = sql!(
                    row(Vec<u8>, i64, String),
                    c,
                    "SELECT t.secret, t.position_source, u.duty
                     FROM tracker t JOIN unit u ON u.area = t.area AND u.sign = t.sign
                     WHERE t.area = $1 AND t.sign = $2 AND t.no = $3 AND t.revoked_ms IS NULL",
                    id.unit.area.as_str(),
                    id.unit.sign(),
                    id.no
                )?;
                let Some((secret, source, duty)) = row else { return Ok(None) };
                Ok(Some(TrackerSeal { secret: hash(secret, id)?, position_source: source != 0, duty: duty.parse()? }))
            })
        })
        .await
    }

    /// Notes when trackers were heard; an older moment never replaces a newer one.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn trackers_seen(&self, seen: Vec<(TrackerId, UnixMs)>) -> Result<(), StoreError> {
        for some in seen.chunks(SEEN_AT_ONCE) {
            let mut some = some.to_vec();
            // In one order on every node, so that two never wait for each other crosswise.
            some.sort_unstable();
            self.maintain(move |c| {
                Box::pin(async move {
                    for (id, at) in some {
                        sql!(
                            run,
                            c,
                            "UPDATE tracker SET seen_ms = $4
                             WHERE area = $1 AND sign = $2 AND no = $3 AND (seen_ms IS NULL OR seen_ms < $4)",
                            id.unit.area.as_str(),
                            id.unit.sign(),
                            id.no,
                            at.0
                        )?;
                    }
                    Ok(())
                })
            })
            .await?;
        }
        Ok(())
    }
}

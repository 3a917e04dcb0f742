//! Where units were: their last place, and packed tracks.
//!
//! Invariant: an older place never overwrites a newer one, in whatever order they come.

use super::{Store, StoreError, sql::sql};
use crate::domain::{
    access::{Act, Cause, Scope},
    ids::*,
    place::Place,
    time::UnixMs,
};
use std::collections::BTreeMap;

/// How much time one part of a track covers at most, milliseconds.
pub const TRACK_SPAN_MS: i64 = 300_000;

/// Places written in one go: bounds how long they keep an area's commands waiting.
const PLACES_AT_ONCE: usize = 32;

/// A packed piece of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackPart {
    /// The start of its five minutes.
    pub start: UnixMs,
    /// Which piece of these five minutes.
    pub part: String,
    /// The points, packed.
    pub points: Vec<u8>,
}

impl Store {
    /// Stores packed pieces of tracks, all or none: one flush to the disk for all of them. [`TrackPart::part`] tells
    /// pieces of the same five minutes apart; the same part again replaces the first, so that a repeat after a lost
    /// answer is safe.
    ///
    /// # Errors
    /// [`StoreError`] when a unit is unknown or the database fails.
    pub async fn append_tracks(&self, parts: Vec<(UnitId, TrackPart)>) -> Result<(), StoreError> {
        self.maintain(move |c| {
            Box::pin(async move {
                for (unit, TrackPart { start, part, points }) in parts {
                    sql!(
                        run,
                        c,
                        "INSERT INTO track (area, sign, start_ms, part, points) VALUES ($1, $2, $3, $4, $5)
                         ON CONFLICT (area, sign, start_ms, part) DO UPDATE SET points = excluded.points",
                        unit.area.as_str(),
                        unit.sign(),
                        start.0,
                        &part,
                        &points[..]
                    )?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The pieces of a unit's track that may hold points from `from` to before `to`, in order.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn track_parts(
        &self,
        scope: &Scope,
        unit: UnitId,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<TrackPart>, StoreError> {
        scope.require(unit.area, Act::SeeDesk)?;
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all(i64, String, Vec<u8>),
                    c,
                    "SELECT start_ms, part, points FROM track
                     WHERE area = $1 AND sign = $2 AND start_ms > $3 AND start_ms < $4 ORDER BY start_ms, part",
                    unit.area.as_str(),
                    unit.sign(),
                    from.plus(-TRACK_SPAN_MS).0,
                    to.0
                )?;
                let part = |(start, part, points)| TrackPart { start: UnixMs(start), part, points };
                Ok(rows.into_iter().map(part).collect())
            })
        })
        .await
    }

    /// Keeps the last place of each unit, for a start without live positions. Unknown units and older places change
    /// nothing. The rows are written behind the area's own commands, which lock unit rows too, and in an order of
    /// their own: without its journal's head the two could wait for each other.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; what was written before stays.
    pub async fn save_places(&self, places: Vec<(UnitId, Place, UnixMs)>) -> Result<(), StoreError> {
        let mut by_area: BTreeMap<AreaCode, Vec<_>> = BTreeMap::new();
        for place in places {
            by_area.entry(place.0.area).or_default().push(place);
        }
        for (area, places) in by_area {
            for some in places.chunks(PLACES_AT_ONCE) {
                self.save_some(area, some.to_vec()).await?;
            }
        }
        Ok(())
    }

    async fn save_some(&self, area: AreaCode, places: Vec<(UnitId, Place, UnixMs)>) -> Result<(), StoreError> {
        // The cause tells nobody anything: nothing is written into the journal.
        self.write(&[area], &Cause::system(UnixMs(0)), move |tx| {
            Box::pin(async move {
                for (unit, place, at) in places {
                    sql!(
                        run,
                        tx.conn(),
                        "UPDATE unit SET last_lat = $3, last_lng = $4, last_fix_ms = $5
                         WHERE area = $1 AND sign = $2 AND (last_fix_ms IS NULL OR last_fix_ms < $5)",
                        area.as_str(),
                        unit.sign(),
                        place.lat(),
                        place.lng(),
                        at.0
                    )?;
                }
                Ok(())
            })
        })
        .await
    }
}

//! Where units were: their last place, and packed tracks.
//!
//! Invariant: an older place never overwrites a newer one, in whatever order they come.

use super::{
    Store, StoreError,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause, Scope},
    ids::*,
    place::Place,
    time::UnixMs,
};
use sqlx::QueryBuilder;
use std::collections::BTreeMap;

/// How much time one part of a track covers at most, milliseconds.
pub const TRACK_SPAN_MS: i64 = 300_000;

/// Places written in one go: bounds how long they keep an area's commands waiting.
const PLACES_AT_ONCE: usize = 64;

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

/// The statement that stores these pieces of tracks, for the engine that it is executed on: one round trip for all.
macro_rules! upsert_tracks {
    ($parts:expr) => {{
        let mut insert = QueryBuilder::new("INSERT INTO track (area, sign, start_ms, part, points) ");
        insert.push_values($parts, |mut row, (unit, part): &(UnitId, TrackPart)| {
            row.push_bind(unit.area.to_string()).push_bind(unit.sign().to_owned()).push_bind(part.start.0);
            row.push_bind(&part.part).push_bind(&part.points[..]);
        });
        insert.push(" ON CONFLICT (area, sign, start_ms, part) DO UPDATE SET points = excluded.points");
        insert
    }};
}

/// The statement that writes these last places; both engines call the columns of a list of values `column1` and so on.
macro_rules! update_places {
    ($places:expr) => {{
        let set = "UPDATE unit SET last_lat = v.column3, last_lng = v.column4, last_fix_ms = v.column5 FROM (";
        let mut update = QueryBuilder::new(set);
        update.push_values($places, |mut row, (unit, place, at): &(UnitId, Place, UnixMs)| {
            row.push_bind(unit.area.to_string()).push_bind(unit.sign().to_owned());
            row.push_bind(place.lat()).push_bind(place.lng()).push_bind(at.0);
        });
        update.push(
            ") AS v WHERE unit.area = v.column1 AND unit.sign = v.column2
             AND (unit.last_fix_ms IS NULL OR unit.last_fix_ms < v.column5)",
        );
        update
    }};
}

impl Store {
    /// Stores packed pieces of tracks, all or none: one flush to the disk for all of them. [`TrackPart::part`] tells
    /// pieces of the same five minutes apart; the same part again replaces the first, so that a repeat after a lost
    /// answer is safe.
    ///
    /// # Errors
    /// [`StoreError`] when a unit is unknown or the database fails.
    pub async fn append_tracks(&self, parts: Vec<(UnitId, TrackPart)>) -> Result<(), StoreError> {
        if parts.is_empty() {
            return Ok(());
        }
        self.maintain(move |c| {
            Box::pin(async move {
                match c {
                    Conn::Postgres(c) => upsert_tracks!(&parts).build().execute(&mut **c).await.map(drop)?,
                    Conn::Sqlite(c) => upsert_tracks!(&parts).build().execute(&mut **c).await.map(drop)?,
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
        // Around the end of five minutes a unit has two: a statement over both would take either.
        let mut newest: BTreeMap<UnitId, (Place, UnixMs)> = BTreeMap::new();
        for (unit, place, at) in places {
            let known = newest.entry(unit).or_insert((place, at));
            if at > known.1 {
                *known = (place, at);
            }
        }
        let mut by_area: BTreeMap<AreaCode, Vec<_>> = BTreeMap::new();
        for (unit, (place, at)) in newest {
            by_area.entry(unit.area).or_default().push((unit, place, at));
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
                match tx.conn() {
                    Conn::Postgres(c) => update_places!(&places).build().execute(&mut *c).await.map(drop)?,
                    Conn::Sqlite(c) => update_places!(&places).build().execute(&mut *c).await.map(drop)?,
                }
                Ok(())
            })
        })
        .await
    }
}

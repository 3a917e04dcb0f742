//! Where a unit was, read back.

use super::{Engine, Error};
use crate::domain::{
    access::Scope,
    ids::UnitId,
    refusal::Refusal,
    time::UnixMs,
    track::{self, TrackPoint},
};

/// How much of a track is read at a time at most, milliseconds: a shift. At 1 Hz that is 43,200 points.
const SPAN_MAX_MS: i64 = 12 * 3_600_000;

impl Engine {
    /// The points of a unit's track from `from` to before `to`, by time. What was not written yet is missing.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for more than twelve hours, [`Refusal::NotFound`] for an unknown unit, [`Error`] when out of
    /// scope or the database fails.
    pub async fn track(&self, scope: &Scope, unit: UnitId, from: UnixMs, to: UnixMs) -> Result<Vec<TrackPoint>, Error> {
        if !(0..=SPAN_MAX_MS).contains(&to.since(from)) {
            return Err(Refusal::invalid("to", "it must be 0 to 12 hours after `from`").into());
        }
        let parts = self.inner.store.track_parts(scope, unit, from, to).await?;
        if self.inner.store.unit(scope, unit).await?.is_none() {
            return Err(Refusal::NotFound("unit").into());
        }
        let mut points = Vec::new();
        for part in parts {
            match track::unpack(&part.points) {
                Ok(unpacked) => points.extend(unpacked.into_iter().filter(|p| p.at >= from && p.at < to)),
                // One damaged piece does not hide the others.
                Err(error) => tracing::error!(%unit, start = %part.start, %error, "a piece of a track is damaged"),
            }
        }
        points.sort_by_key(|p| p.at);
        Ok(points)
    }
}

//! How an area stands with its promise: live counts, and today's share.

use super::{Store, StoreError, sql::sql};
use crate::domain::{
    access::{Act, Scope},
    ids::AreaCode,
    sla::{Standing, percentile},
    time::UnixMs,
};

impl Store {
    /// The counts of one city, incidents of citizens only; `day_start` is the city's own midnight.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn standing(&self, scope: &Scope, area: AreaCode, day_start: UnixMs) -> Result<Standing, StoreError> {
        scope.require(area, Act::See)?;
        self.read(move |c| {
            Box::pin(async move {
                let open = sql!(
                    row(i64, i64, i64, i64),
                    c,
                    "SELECT COUNT(*), COUNT(*) FILTER (WHERE status = 'waiting'),
                        COUNT(*) FILTER (WHERE at_risk_ms IS NOT NULL AND breached_ms IS NULL AND on_scene_ms IS NULL),
                        COUNT(*) FILTER (WHERE breached_ms IS NOT NULL AND on_scene_ms IS NULL)
                     FROM incident WHERE area = $1 AND closed_ms IS NULL AND origin = 'citizen'",
                    area.as_str()
                )?;
                let (open, waiting, at_risk, breached) = open.unwrap_or_default();
                // A tap that was received in time but written a moment after the clock fired has kept the promise.
                let broken_today = sql!(
                    scalar i64,
                    c,
                    "SELECT COUNT(*) FROM incident WHERE area = $1 AND breached_ms >= $2 AND origin = 'citizen'
                     AND (on_scene_ms IS NULL OR on_scene_ms > start_ms + target_ms)",
                    area.as_str(),
                    day_start.0
                )?;
                let arrivals = sql!(
                    all(i64, i64, Option<i64>),
                    c,
                    "SELECT on_scene_ms - start_ms, target_ms, verified FROM incident
                     WHERE area = $1 AND on_scene_ms >= $2 AND origin = 'citizen'",
                    area.as_str(),
                    day_start.0
                )?;
                let kept = arrivals.iter().filter(|(took, target, _)| took <= target);
                let verified = kept.clone().filter(|(.., verified)| *verified == Some(1)).count();
                let kept = kept.count();
                let mut responses: Vec<i64> = arrivals.iter().map(|(took, ..)| *took).collect();
                responses.sort_unstable();
                let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
                let mut standing = Standing {
                    open,
                    waiting,
                    at_risk,
                    breached,
                    decided_today: count(kept) + broken_today.unwrap_or_default(),
                    within_target_today: count(kept),
                    verified_today: count(verified),
                    share_today: None,
                    p50_ms: percentile(&responses, 50),
                    p90_ms: percentile(&responses, 90),
                };
                standing.share_today = standing.share();
                Ok(standing)
            })
        })
        .await
    }

    /// The live part of the counts of every area with open incidents, in code order.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn open_counts(&self) -> Result<Vec<(AreaCode, Standing)>, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let rows = sql!(
                    all(String, i64, i64, i64, i64),
                    c,
                    "SELECT area, COUNT(*), COUNT(*) FILTER (WHERE status = 'waiting'),
                        COUNT(*) FILTER (WHERE at_risk_ms IS NOT NULL AND breached_ms IS NULL AND on_scene_ms IS NULL),
                        COUNT(*) FILTER (WHERE breached_ms IS NOT NULL AND on_scene_ms IS NULL)
                     FROM incident WHERE closed_ms IS NULL AND origin = 'citizen' GROUP BY area ORDER BY area"
                )?;
                let counts = |(area, open, waiting, at_risk, breached): (String, i64, i64, i64, i64)| {
                    Ok((area.parse()?, Standing { open, waiting, at_risk, breached, ..Standing::default() }))
                };
                rows.into_iter().map(counts).collect()
            })
        })
        .await
    }
}

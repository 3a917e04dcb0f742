//! How areas stand with their promise: what is open, counted where it lies, and the sums of the day.

use super::{Store, StoreError, sql::Conn};
use crate::domain::{
    access::{Act, Scope},
    ids::AreaCode,
    sla::{OpenCounts, Today, fact::Dimension, tally::Tally},
    time::{UnixMs, Zone},
};
use sqlx::QueryBuilder;
use std::collections::HashMap;

/// A city and whose days it counts by.
pub type CityDay = (AreaCode, Zone);

/// The statement that counts the open incidents of citizens, of all areas or of these.
macro_rules! count_open {
    ($areas:expr) => {{
        let mut count = QueryBuilder::new(
            "SELECT area, COUNT(*), COUNT(*) FILTER (WHERE status = 'waiting'),
                COUNT(*) FILTER (WHERE at_risk_ms IS NOT NULL AND breached_ms IS NULL AND on_scene_ms IS NULL),
                COUNT(*) FILTER (WHERE breached_ms IS NOT NULL AND on_scene_ms IS NULL)
             FROM incident WHERE closed_ms IS NULL AND origin = 'citizen'",
        );
        if let Some(areas) = $areas {
            let mut list = count.push(" AND area IN (").separated(", ");
            for (area, _) in areas {
                list.push_bind(area.as_str());
            }
            count.push(")");
        }
        count.push(" GROUP BY area ORDER BY area");
        count
    }};
}

/// The statement that reads the sums of these areas' days.
macro_rules! select_days {
    ($cities:expr, $now:expr) => {{
        let mut select = QueryBuilder::new("SELECT area, day, tally FROM sla_sum WHERE dim = ");
        select.push_bind(Dimension::Day.as_str()).push(" AND key = '' AND day IN (");
        let mut list = select.separated(", ");
        for zone in [Zone::Wib, Zone::Wita, Zone::Wit] {
            list.push_bind(zone.day($now));
        }
        let mut list = select.push(") AND area IN (").separated(", ");
        for (area, _) in &$cities {
            list.push_bind(area.as_str());
        }
        select.push(")");
        select
    }};
}

/// The statement that counts today's incidents that are late with nobody there yet.
macro_rules! count_late {
    ($cities:expr, $now:expr) => {{
        let mut count = QueryBuilder::new(
            "SELECT area, COUNT(*) FROM incident
             WHERE closed_ms IS NULL AND origin = 'citizen' AND on_scene_ms IS NULL AND breached_ms IS NOT NULL AND (",
        );
        for (i, (area, zone)) in $cities.iter().enumerate() {
            count.push(if i == 0 { "(area = " } else { " OR (area = " }).push_bind(area.as_str());
            count.push(" AND start_ms >= ").push_bind(zone.day_start($now).0).push(")");
        }
        count.push(") GROUP BY area");
        count
    }};
}

/// Area, day, its sum.
type DayRow = (String, i64, String);
/// Area, open, waiting, at risk, breached.
type OpenRow = (String, i64, i64, i64, i64);

fn open_row((area, open, waiting, at_risk, breached): OpenRow) -> Result<(AreaCode, OpenCounts), StoreError> {
    Ok((area.parse()?, OpenCounts { open, waiting, at_risk, breached, late_today: 0 }))
}

async fn count(c: &mut Conn<'_>, of: Option<&[CityDay]>) -> Result<Vec<OpenRow>, sqlx::Error> {
    match c {
        Conn::Postgres(c) => count_open!(of).build_query_as().fetch_all(&mut **c).await,
        Conn::Sqlite(c) => count_open!(of).build_query_as().fetch_all(&mut **c).await,
    }
}

impl Store {
    /// How each of these cities stands at `now`, in the order given: incidents of citizens, by the city's own day.
    ///
    /// # Errors
    /// [`StoreError`] when one is out of scope or the database fails.
    pub async fn standings(
        &self,
        scope: &Scope,
        cities: Vec<CityDay>,
        now: UnixMs,
    ) -> Result<Vec<(AreaCode, Today)>, StoreError> {
        cities.iter().try_for_each(|(area, _)| scope.require(*area, Act::See))?;
        if cities.is_empty() {
            return Ok(Vec::new());
        }
        self.read(move |c| {
            Box::pin(async move {
                let open = count(c, Some(&cities)).await?;
                let (days, late): (Vec<DayRow>, Vec<(String, i64)>) = match c {
                    Conn::Postgres(c) => (
                        select_days!(cities, now).build_query_as().fetch_all(&mut **c).await?,
                        count_late!(cities, now).build_query_as().fetch_all(&mut **c).await?,
                    ),
                    Conn::Sqlite(c) => (
                        select_days!(cities, now).build_query_as().fetch_all(&mut **c).await?,
                        count_late!(cities, now).build_query_as().fetch_all(&mut **c).await?,
                    ),
                };
                let mut open: HashMap<AreaCode, OpenCounts> =
                    open.into_iter().map(open_row).collect::<Result<_, _>>()?;
                for (area, count) in late {
                    open.entry(area.parse()?).or_default().late_today = count;
                }
                let mut tallies: HashMap<(String, i64), String> =
                    days.into_iter().map(|(area, day, tally)| ((area, day), tally)).collect();
                let today = |(area, zone): &CityDay| {
                    let text = tallies.remove(&(area.to_string(), zone.day(now)));
                    let tally: Tally = text.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
                    Ok((*area, Today { open: open.remove(area).unwrap_or_default(), tally }))
                };
                cities.iter().map(today).collect()
            })
        })
        .await
    }

    /// What is open in every area that has open incidents, in code order.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn open_counts(&self) -> Result<Vec<(AreaCode, OpenCounts)>, StoreError> {
        self.read(|c| Box::pin(async move { count(c, None).await?.into_iter().map(open_row).collect() })).await
    }
}

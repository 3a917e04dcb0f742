//! What a report of compliance reads: sums, and the few rows of facts that it names.
//!
//! Invariant: figures come from the sums, row by row as they arrive; rows of facts are found by an index and limited.

use super::policies::policies;
use crate::{
    domain::{
        access::{Act, Scope},
        ids::{AreaCode, IncidentId},
        incident::Priority,
        refusal::Refusal,
        sla::{
            Clock,
            cases::{CaseLimits, Cases, Excluded, OpenLate},
            compliance::{Days, Row, Summary},
            fact::Fact,
        },
        time::UnixMs,
    },
    store::{CityDay, Store, StoreError, sql::Conn},
};
use futures_util::TryStreamExt;
use sqlx::QueryBuilder;

/// Cities whose sums one statement reads: what it takes is bounded, and other readers get a turn in between.
const CITIES: usize = 32;

/// Adds ` AND area IN (…)` with these areas, and these days.
macro_rules! within {
    ($query:expr, $areas:expr, $days:expr) => {{
        $query.push(" AND day >= ").push_bind($days.from()).push(" AND day <= ").push_bind($days.to());
        let mut list = $query.push(" AND area IN (").separated(", ");
        for area in $areas {
            list.push_bind(area.as_str());
        }
        $query.push(")");
    }};
}

/// The statement that reads the sums of these areas' days.
macro_rules! select_sums {
    ($areas:expr, $days:expr, $dimensions:expr) => {{
        let mut select = QueryBuilder::new("SELECT area, dim, day, key, tally FROM sla_sum WHERE dim IN (");
        let mut list = select.separated(", ");
        for dimension in $dimensions {
            list.push_bind(dimension.as_str());
        }
        select.push(")");
        within!(select, $areas, $days);
        select
    }};
}

/// The statement that reads the facts that are late by most.
macro_rules! select_worst {
    ($areas:expr, $days:expr, $limit:expr) => {{
        let mut select = QueryBuilder::new("SELECT body FROM sla_fact WHERE over_ms IS NOT NULL AND excluded IS NULL");
        within!(select, $areas, $days);
        select.push(" ORDER BY over_ms DESC, area, incident LIMIT ").push_bind($limit);
        select
    }};
}

/// The statement that reads the facts that do not count.
macro_rules! select_excluded {
    ($areas:expr, $days:expr, $limits:expr) => {{
        let mut select = QueryBuilder::new("SELECT body FROM sla_fact WHERE excluded IS NOT NULL");
        within!(select, $areas, $days);
        select.push(" ORDER BY area, day, incident LIMIT ").push_bind($limits.excluded);
        select.push(" OFFSET ").push_bind($limits.excluded_skip);
        select
    }};
}

/// The statement that reads, or counts, citizens' open incidents past their target with nobody there.
macro_rules! select_open_late {
    ($what:literal, $cities:expr, $days:expr) => {{
        let mut select = QueryBuilder::new(concat!(
            "SELECT ",
            $what,
            " FROM incident WHERE closed_ms IS NULL AND origin = 'citizen' AND on_scene_ms IS NULL
                AND breached_ms IS NOT NULL AND ("
        ));
        for (i, (area, zone)) in $cities.iter().enumerate() {
            let (start, end) = $days.span(*zone);
            select.push(if i == 0 { "(area = " } else { " OR (area = " }).push_bind(area.as_str());
            select.push(" AND start_ms >= ").push_bind(start.0).push(" AND start_ms < ").push_bind(end.0).push(")");
        }
        select.push(")");
        select
    }};
}

type SumRow = (String, String, i64, String, String);
type LateRow = (String, i64, String, i64, i64, Option<i64>, Option<i64>, Option<i64>, Option<i64>);

/// Runs `$go` with the statement and the connection of the engine at hand.
macro_rules! on {
    ($c:expr, $statement:expr, |$query:ident, $line:ident| $go:expr) => {
        match $c {
            Conn::Postgres($line) => {
                let mut $query = $statement;
                $go
            }
            Conn::Sqlite($line) => {
                let mut $query = $statement;
                $go
            }
        }
    };
}

async fn add_sums(c: &mut Conn<'_>, areas: &[AreaCode], days: Days, summary: &mut Summary) -> Result<(), StoreError> {
    let dimensions = summary.dimensions();
    on!(c, select_sums!(areas, days, &dimensions), |query, line| {
        let mut rows = query.build_query_as::<SumRow>().fetch(&mut **line);
        while let Some((area, dimension, day, key, tally)) = rows.try_next().await? {
            let tally = serde_json::from_str(&tally)?;
            let row = Row { area: area.parse()?, dimension: dimension.parse()?, day, key: &key, tally: &tally };
            summary.add(&row).map_err(|many| Refusal::invalid("by", many.to_string()))?;
        }
        Ok(())
    })
}

async fn cases(
    c: &mut Conn<'_>,
    cities: &[CityDay],
    days: Days,
    limits: CaseLimits,
    now: UnixMs,
) -> Result<Cases, StoreError> {
    let areas: Vec<AreaCode> = cities.iter().map(|(area, _)| *area).collect();
    let fact = |(body,): (String,)| Ok(serde_json::from_str::<Fact>(&body)?);
    let worst: Vec<(String,)> = on!(c, select_worst!(&areas, days, limits.worst), |query, line| {
        query.build_query_as().fetch_all(&mut **line).await?
    });
    let excluded: Vec<(String,)> = on!(c, select_excluded!(&areas, days, limits), |query, line| {
        query.build_query_as().fetch_all(&mut **line).await?
    });
    let late: Vec<LateRow> = on!(
        c,
        select_open_late!(
            "area, no, priority, start_ms, target_ms, answered_ms, validated_ms, accepted_ms, en_route_ms",
            cities,
            days
        ),
        |query, line| {
            query.push(" ORDER BY start_ms + target_ms, area, no LIMIT ").push_bind(limits.open_late);
            query.build_query_as().fetch_all(&mut **line).await?
        }
    );
    let (open_late_total,): (i64,) = on!(c, select_open_late!("COUNT(*)", cities, days), |query, line| {
        query.build_query_as().fetch_one(&mut **line).await?
    });
    let excluded: Vec<Fact> = excluded.into_iter().map(fact).collect::<Result<_, StoreError>>()?;
    let listed = |fact: &Fact| Some(Excluded { incident: fact.incident, start: fact.start, reason: fact.excluded? });
    let mut all = Vec::with_capacity(areas.len());
    for area in areas {
        all.push((area, policies(c, area).await?));
    }
    Ok(Cases {
        worst: worst.into_iter().map(fact).collect::<Result<_, StoreError>>()?,
        excluded: excluded.iter().filter_map(listed).collect(),
        open_late: late.into_iter().map(|row| open_late(row, now)).collect::<Result<_, _>>()?,
        open_late_total,
        policies: all,
    })
}

fn open_late(row: LateRow, now: UnixMs) -> Result<OpenLate, StoreError> {
    let (area, no, priority, start, target_ms, answered, validated, accepted, en_route) = row;
    let [answered, validated, accepted, en_route] = [answered, validated, accepted, en_route].map(|at| at.map(UnixMs));
    let clock = Clock { start: UnixMs(start), target_ms, answered, validated, accepted, en_route, ..Clock::default() };
    Ok(OpenLate::at(IncidentId { area: area.parse()?, no }, priority.parse::<Priority>()?, &clock, now))
}

impl Store {
    /// Sums up what these cities' days came to. Read piece by piece: each city's sums are those of one moment.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for more groups than a report holds; out of scope; the database's failure.
    pub async fn sum_up(
        &self,
        scope: &Scope,
        cities: &[AreaCode],
        days: Days,
        mut summary: Summary,
    ) -> Result<Summary, StoreError> {
        cities.iter().try_for_each(|area| scope.require(*area, Act::SeeDesk))?;
        for piece in cities.chunks(CITIES) {
            let piece = piece.to_vec();
            summary = self
                .read(move |c| {
                    Box::pin(async move {
                        add_sums(c, &piece, days, &mut summary).await?;
                        Ok(summary)
                    })
                })
                .await?;
        }
        Ok(summary)
    }

    /// The single cases of these cities' days, and the cities' policies.
    ///
    /// # Errors
    /// [`StoreError`] when one is out of scope or the database fails.
    pub async fn sla_cases(
        &self,
        scope: &Scope,
        cities: Vec<CityDay>,
        days: Days,
        limits: CaseLimits,
        now: UnixMs,
    ) -> Result<Cases, StoreError> {
        cities.iter().try_for_each(|(area, _)| scope.require(*area, Act::SeeDesk))?;
        if cities.is_empty() {
            return Ok(Cases::default());
        }
        self.read(move |c| Box::pin(async move { cases(c, &cities, days, limits, now).await })).await
    }
}

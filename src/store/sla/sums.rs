//! Sums of facts in SQL, a row for each area, day, dimension and key.

use crate::{
    domain::{
        ids::AreaCode,
        sla::{
            fact::{Dimension, Fact},
            tally::Tally,
        },
    },
    store::{StoreError, sql::Conn},
};
use sqlx::QueryBuilder;
use std::collections::BTreeMap;

/// The sums of a day of an area.
pub(super) type Sums = BTreeMap<(Dimension, String), Tally>;

/// The statement that inserts these facts, for the engine that it is executed on.
macro_rules! insert_facts {
    ($facts:expr) => {{
        let mut insert = QueryBuilder::new("INSERT INTO sla_fact (area, incident, day, excluded, over_ms, body) ");
        insert.push_values($facts, |mut row, (fact, body): &(&Fact, String)| {
            row.push_bind(fact.incident.area.as_str()).push_bind(fact.incident.no).push_bind(fact.day);
            row.push_bind(fact.excluded.map(|why| why.as_str())).push_bind(fact.over_ms).push_bind(body);
        });
        insert
    }};
}

/// The statement that reads the sums under these keys.
macro_rules! select_sums {
    ($area:expr, $day:expr, $keys:expr) => {{
        let mut select = QueryBuilder::new("SELECT dim, key, tally FROM sla_sum WHERE area = ");
        select.push_bind($area.as_str()).push(" AND day = ").push_bind($day).push(" AND (");
        for (i, (dim, key)) in $keys.iter().enumerate() {
            select.push(if i == 0 { "(dim = " } else { " OR (dim = " });
            select.push_bind(dim.as_str()).push(" AND key = ").push_bind(key).push(")");
        }
        select.push(")");
        select
    }};
}

/// The statement that writes these sums.
macro_rules! upsert_sums {
    ($area:expr, $day:expr, $sums:expr) => {{
        let mut upsert = QueryBuilder::new("INSERT INTO sla_sum (area, dim, day, key, tally) ");
        upsert.push_values($sums, |mut row, (dim, key, tally): &(Dimension, &str, String)| {
            row.push_bind($area.as_str()).push_bind(dim.as_str()).push_bind($day).push_bind(key).push_bind(tally);
        });
        upsert.push(" ON CONFLICT (area, dim, day, key) DO UPDATE SET tally = excluded.tally");
        upsert
    }};
}

/// The statement that drops the sums under these keys.
macro_rules! delete_sums {
    ($area:expr, $day:expr, $keys:expr) => {{
        let mut delete = QueryBuilder::new("DELETE FROM sla_sum WHERE area = ");
        delete.push_bind($area.as_str()).push(" AND day = ").push_bind($day).push(" AND (");
        for (i, (dim, key)) in $keys.iter().enumerate() {
            delete.push(if i == 0 { "(dim = " } else { " OR (dim = " });
            delete.push_bind(dim.as_str()).push(" AND key = ").push_bind(*key).push(")");
        }
        delete.push(")");
        delete
    }};
}

/// Rows that one statement inserts at most: SQLite takes 32,766 parameters.
const ROWS: usize = 2_000;

/// Writes the rows of facts that have none.
pub(super) async fn write_facts(c: &mut Conn<'_>, facts: &[&Fact]) -> Result<(), StoreError> {
    for chunk in facts.chunks(ROWS) {
        let rows: Vec<(&Fact, String)> =
            chunk.iter().map(|fact| Ok((*fact, serde_json::to_string(fact)?))).collect::<Result<_, StoreError>>()?;
        match c {
            Conn::Postgres(c) => insert_facts!(&rows).build().execute(&mut **c).await.map(drop)?,
            Conn::Sqlite(c) => insert_facts!(&rows).build().execute(&mut **c).await.map(drop)?,
        }
    }
    Ok(())
}

/// The sums of a day under the keys of these facts, as far as there are any.
pub(super) async fn read_sums(
    c: &mut Conn<'_>,
    area: AreaCode,
    day: i64,
    facts: impl Iterator<Item = &Fact>,
) -> Result<Sums, StoreError> {
    let mut keys: Vec<(Dimension, String)> = facts.flat_map(Fact::keys).collect();
    keys.sort();
    keys.dedup();
    let rows: Vec<(String, String, String)> = match c {
        Conn::Postgres(c) => select_sums!(area, day, keys).build_query_as().fetch_all(&mut **c).await?,
        Conn::Sqlite(c) => select_sums!(area, day, keys).build_query_as().fetch_all(&mut **c).await?,
    };
    let sum = |(dim, key, tally): (String, String, String)| Ok(((dim.parse()?, key), serde_json::from_str(&tally)?));
    rows.into_iter().map(sum).collect()
}

/// Writes sums of a day; those of nothing go.
pub(super) async fn write_sums(c: &mut Conn<'_>, area: AreaCode, day: i64, sums: &Sums) -> Result<(), StoreError> {
    let (gone, kept): (Vec<_>, Vec<_>) = sums.iter().partition(|(_, tally)| tally.is_empty());
    let gone: Vec<(Dimension, &str)> = gone.into_iter().map(|((dim, key), _)| (*dim, key.as_str())).collect();
    if !gone.is_empty() {
        match c {
            Conn::Postgres(c) => delete_sums!(area, day, gone).build().execute(&mut **c).await.map(drop)?,
            Conn::Sqlite(c) => delete_sums!(area, day, gone).build().execute(&mut **c).await.map(drop)?,
        }
    }
    for chunk in kept.chunks(ROWS) {
        let mut rows: Vec<(Dimension, &str, String)> = Vec::with_capacity(chunk.len());
        for ((dim, key), tally) in chunk {
            rows.push((*dim, key.as_str(), serde_json::to_string(tally)?));
        }
        match c {
            Conn::Postgres(c) => upsert_sums!(area, day, &rows).build().execute(&mut **c).await.map(drop)?,
            Conn::Sqlite(c) => upsert_sums!(area, day, &rows).build().execute(&mut **c).await.map(drop)?,
        }
    }
    Ok(())
}

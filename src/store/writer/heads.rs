//! The first and the last statements of a transaction: it locks its journals' heads before anything else, and leaves
//! behind where they end now.
//!
//! Each is one round trip with several statements, because areas wait for it. Nothing in their text comes from outside:
//! area codes are capitals and digits, the rest is numbers.

use super::{Line, StoreError};
use crate::{
    domain::ids::AreaCode,
    store::sql::{Conn, Pool},
};
use sqlx::{AssertSqlSafe, FromRow, raw_sql};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// Where an area's journal ends, and the last numbers drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: i64,
    pub(super) hash: [u8; 32],
    pub(super) reports: i64,
    pub(super) incidents: i64,
    pub(super) dispatches: i64,
}

type Row = (String, i64, Vec<u8>, i64, i64, i64);

/// Begins a transaction and locks the rows of these areas by writing them, in the order of their codes, then sets the
/// savepoint of the first command. Areas that do not exist are left out.
pub(super) async fn lock(
    pool: &Pool,
    areas: &BTreeSet<AreaCode>,
) -> Result<(Line, BTreeMap<AreaCode, Head>), StoreError> {
    let mut line = pool.writing().await?;
    let mut script = String::from(line.begin());
    for area in areas {
        // Writing into a String cannot fail.
        let _ = write!(
            script,
            "; UPDATE journal_head SET seq = seq WHERE area = '{area}'
             RETURNING area, seq, hash, reports, incidents, dispatches"
        );
    }
    script.push_str("; SAVEPOINT command");
    let rows: Vec<Row> = match line.conn() {
        Conn::Postgres(c) => rows(&raw_sql(AssertSqlSafe(script)).fetch_all(c).await?)?,
        Conn::Sqlite(c) => rows(&raw_sql(AssertSqlSafe(script)).fetch_all(c).await?)?,
    };
    let mut heads = BTreeMap::new();
    for (area, seq, hash, reports, incidents, dispatches) in rows {
        let hash = hash.try_into().map_err(|_| StoreError::Corrupt(format!("journal head of {area}")))?;
        heads.insert(area.parse()?, Head { seq, hash, reports, incidents, dispatches });
    }
    Ok((line, heads))
}

fn rows<'r, R: sqlx::Row>(rows: &'r [R]) -> Result<Vec<Row>, sqlx::Error>
where
    Row: FromRow<'r, R>,
{
    rows.iter().map(Row::from_row).collect()
}

/// Writes the heads that have moved and commits.
pub(super) async fn store_and_commit(mut line: Line, moved: &BTreeMap<AreaCode, Head>) -> Result<(), StoreError> {
    let mut script = String::new();
    for (area, Head { seq, hash, reports, incidents, dispatches }) in moved {
        let hash = line.bytes(hash);
        let _ = write!(
            script,
            "UPDATE journal_head SET seq = {seq}, hash = {hash}, reports = {reports}, incidents = {incidents},
             dispatches = {dispatches} WHERE area = '{area}'; "
        );
    }
    script.push_str("COMMIT");
    line.run(AssertSqlSafe(script)).await?;
    line.give_back();
    Ok(())
}

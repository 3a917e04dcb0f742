//! What the units' work and the reports tell of incidents, several at once.

use crate::{
    domain::{
        dispatch::{Dispatch, DispatchStatus},
        ids::AreaCode,
        sla::{cause::Circumstances, fact::Beside},
        time::UnixMs,
    },
    store::{StoreError, dispatches::DispatchRow, sql::Conn},
};
use sqlx::QueryBuilder;
use std::collections::HashMap;

/// The statement that reads the dispatches of these incidents. Why a unit was picked is long, and asked for only of those
/// that said yes.
macro_rules! select_dispatches {
    ($area:expr, $nos:expr) => {{
        let mut select = QueryBuilder::new(
            "SELECT area, no, incident, unit_area, unit_sign, status, mode, created_ms, offered_ms, delivered_ms,
                accepted_ms, en_route_ms, on_scene_ms, ended_ms, verified, distance_m, reason,
                CASE WHEN accepted_ms IS NOT NULL THEN pick END AS pick FROM dispatch WHERE area = ",
        );
        let mut list = select.push_bind($area.as_str()).push(" AND incident IN (").separated(", ");
        for no in $nos {
            list.push_bind(*no);
        }
        select.push(") ORDER BY incident, no");
        select
    }};
}

/// The statement that reads what the rows of these incidents and of their reports tell.
macro_rules! select_own {
    ($area:expr, $nos:expr) => {{
        let mut select = QueryBuilder::new(
            "SELECT i.no, i.verified, i.no_unit_ms, (SELECT COALESCE(CAST(SUM(r.returned) AS BIGINT), 0) FROM report r
                WHERE r.incident_area = i.area AND r.incident_no = i.no) FROM incident i WHERE i.area = ",
        );
        let mut list = select.push_bind($area.as_str()).push(" AND i.no IN (").separated(", ");
        for no in $nos {
            list.push_bind(*no);
        }
        select.push(")");
        select
    }};
}

/// Number, whether the arrival is confirmed, when no unit was to be found, how often reports came back.
type Own = (i64, Option<i64>, Option<i64>, i64);

/// What is known beside these incidents of an area, by their numbers.
pub(in crate::store) async fn besides(
    c: &mut Conn<'_>,
    area: AreaCode,
    nos: &[i64],
) -> Result<HashMap<i64, Beside>, StoreError> {
    if nos.is_empty() {
        return Ok(HashMap::new());
    }
    let (rows, own): (Vec<DispatchRow>, Vec<Own>) = match c {
        Conn::Postgres(c) => (
            select_dispatches!(area, nos).build_query_as().fetch_all(&mut **c).await?,
            select_own!(area, nos).build_query_as().fetch_all(&mut **c).await?,
        ),
        Conn::Sqlite(c) => (
            select_dispatches!(area, nos).build_query_as().fetch_all(&mut **c).await?,
            select_own!(area, nos).build_query_as().fetch_all(&mut **c).await?,
        ),
    };
    let mut dispatches: HashMap<i64, Vec<Dispatch>> = HashMap::new();
    for row in rows {
        let dispatch = Dispatch::try_from(row)?;
        dispatches.entry(dispatch.incident.no).or_default().push(dispatch);
    }
    let beside = |(no, verified, no_unit, returned): Own| {
        let work = dispatches.remove(&no).unwrap_or_default();
        (no, of_work(&work, verified.map(|v| v == 1), no_unit.map(UnixMs), returned))
    };
    Ok(own.into_iter().map(beside).collect())
}

fn of_work(work: &[Dispatch], verified: Option<bool>, no_unit: Option<UnixMs>, returned: i64) -> Beside {
    let first = work.iter().filter(|d| d.on_scene.is_some()).min_by_key(|d| (d.on_scene, d.id));
    // Whoever said yes first and still is on the way, while nobody is there.
    let coming =
        || work.iter().filter(|d| d.status.is_open() && d.accepted.is_some()).min_by_key(|d| (d.accepted, d.id));
    let count = |status| i64::try_from(work.iter().filter(|d| d.status == status).count()).unwrap_or(i64::MAX);
    Beside {
        unit: first.map(|d| d.unit),
        verified,
        circumstances: Circumstances {
            no_unit,
            declined: count(DispatchStatus::Declined),
            unanswered: count(DispatchStatus::Expired),
            recalled: count(DispatchStatus::Recalled),
            returned,
            distance_m: first
                .or_else(coming)
                .and_then(|d| d.pick.as_ref())
                .and_then(|pick| pick.chosen.as_ref())
                .map(|chosen| chosen.distance_m),
        },
    }
}

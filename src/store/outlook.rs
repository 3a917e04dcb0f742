//! What is known of incidents that nobody has reached: who is under way, how much time each part has, how others went.

use super::{
    Store, StoreError,
    dispatches::DispatchRow,
    incidents::{IncidentRow, find},
    sla::{Versions, besides},
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Scope},
    dispatch::Dispatch,
    ids::*,
    incident::{Incident, Priority},
    sla::{cause::Spent, fact::Dimension, policy::Budgets, tally::Tally},
    time::UnixMs,
};
use sqlx::QueryBuilder;
use std::collections::HashMap;

/// Units on their way to something less urgent that are looked at, at most.
const ELSEWHERE: i64 = 200;

/// An incident that nobody has reached.
#[derive(Clone, Debug)]
pub struct Unreached {
    /// Which.
    pub incident: Incident,
    /// Who was asked, is coming, or is about to.
    pub work: Vec<Dispatch>,
    /// How long each part may take.
    pub budgets: Budgets,
}

/// A unit on its way: its dispatch, for which incident, how urgent that is, and whether it has set out.
pub type OnItsWay = (DispatchId, IncidentId, Priority, UnitId, bool);

/// The statement that reads those of these incidents that nobody has reached.
macro_rules! select_incidents {
    ($area:expr, $nos:expr) => {{
        let mut select =
            QueryBuilder::new("SELECT * FROM incident WHERE on_scene_ms IS NULL AND closed_ms IS NULL AND area = ");
        let mut list = select.push_bind($area.as_str()).push(" AND no IN (").separated(", ");
        for no in $nos {
            list.push_bind(*no);
        }
        select.push(") ORDER BY no");
        select
    }};
}

/// The statement that reads the open work for these incidents.
macro_rules! select_work {
    ($area:expr, $nos:expr) => {{
        let mut select =
            QueryBuilder::new("SELECT * FROM dispatch WHERE status IN ('offered', 'accepted', 'en_route') AND area = ");
        let mut list = select.push_bind($area.as_str()).push(" AND incident IN (").separated(", ");
        for no in $nos {
            list.push_bind(*no);
        }
        select.push(") ORDER BY incident, no");
        select
    }};
}

async fn unreached(c: &mut Conn<'_>, area: AreaCode, nos: &[i64]) -> Result<Vec<Unreached>, StoreError> {
    if nos.is_empty() {
        return Ok(Vec::new());
    }
    let (incidents, rows): (Vec<IncidentRow>, Vec<DispatchRow>) = match c {
        Conn::Postgres(c) => (
            select_incidents!(area, nos).build_query_as().fetch_all(&mut **c).await?,
            select_work!(area, nos).build_query_as().fetch_all(&mut **c).await?,
        ),
        Conn::Sqlite(c) => (
            select_incidents!(area, nos).build_query_as().fetch_all(&mut **c).await?,
            select_work!(area, nos).build_query_as().fetch_all(&mut **c).await?,
        ),
    };
    let mut work: HashMap<i64, Vec<Dispatch>> = HashMap::new();
    for row in rows {
        let dispatch = Dispatch::try_from(row)?;
        work.entry(dispatch.incident.no).or_default().push(dispatch);
    }
    let (mut versions, mut all) = (Versions::default(), Vec::with_capacity(incidents.len()));
    for row in incidents {
        let incident = Incident::try_from(row)?;
        let budgets = versions.band(c, &incident).await?.budgets();
        let work = work.remove(&incident.id.no).unwrap_or_default();
        all.push(Unreached { incident, work, budgets });
    }
    Ok(all)
}

impl Store {
    /// Those of these incidents of an area that are open and that nobody has reached, in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn unreached(&self, area: AreaCode, nos: Vec<i64>) -> Result<Vec<Unreached>, StoreError> {
        self.read(move |c| Box::pin(async move { unreached(c, area, &nos).await })).await
    }

    /// Units on their way to incidents of an area that are less urgent than this. What is open is said in full, so that
    /// SQLite, too, takes the index of it.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn on_their_way(&self, area: AreaCode, than: Priority) -> Result<Vec<OnItsWay>, StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all(i64, i64, String, String, String, String),
                    c,
                    "SELECT d.no, d.incident, i.priority, d.unit_area, d.unit_sign, d.status FROM dispatch d
                     JOIN incident i ON i.area = d.area AND i.no = d.incident
                     WHERE d.area = $1 AND d.status IN ('queued', 'offered', 'accepted', 'en_route', 'on_scene')
                        AND d.status IN ('accepted', 'en_route') AND i.priority > $2
                     ORDER BY d.no DESC LIMIT $3",
                    area.as_str(),
                    than.as_str(),
                    ELSEWHERE
                )?;
                let way = |(no, incident, priority, home, sign, status): (i64, i64, String, String, String, String)| {
                    let unit = UnitId::new(home.parse()?, &sign)?;
                    let (dispatch, incident) = (DispatchId { area, no }, IncidentId { area, no: incident });
                    Ok((dispatch, incident, priority.parse()?, unit, status == "en_route"))
                };
                rows.into_iter().map(way).collect()
            })
        })
        .await
    }

    /// What a city's decided incidents came to from one of its days on: all of them, and those of each priority.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn tallies_since(
        &self,
        area: AreaCode,
        day: i64,
    ) -> Result<(Tally, HashMap<Priority, Tally>), StoreError> {
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all(String, String, String),
                    c,
                    "SELECT dim, key, tally FROM sla_sum WHERE area = $1 AND dim IN ('day', 'priority') AND day >= $2",
                    area.as_str(),
                    day
                )?;
                let (mut all, mut of) = (Tally::default(), HashMap::<Priority, Tally>::new());
                for (dim, key, text) in rows {
                    let tally: Tally = serde_json::from_str(&text)?;
                    match dim.parse()? {
                        Dimension::Priority => of.entry(key.parse()?).or_default().and(&tally),
                        _ => all.and(&tally),
                    }
                }
                Ok((all, of))
            })
        })
        .await
    }

    /// How the time of an incident was spent by `now`; `None` where there is no such incident.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn spent(&self, scope: &Scope, id: IncidentId, now: UnixMs) -> Result<Option<Spent>, StoreError> {
        scope.require(id.area, Act::See)?;
        self.read(move |c| {
            Box::pin(async move {
                let Some(incident) = find(c, id).await? else { return Ok(None) };
                let band = Versions::default().band(c, &incident).await?;
                let facts = besides(c, id.area, &[id.no]).await?.remove(&id.no).unwrap_or_default().circumstances;
                Ok(Some(Spent::of(&incident, &band, facts, now)))
            })
        })
        .await
    }
}

//! What a board shows beside the standing: units by what they do, and the incidents that are late or about to be.

use super::{Store, StoreError, sql::Conn};
use crate::domain::{
    access::{Act, Scope},
    board::{PRESSING_MAX, Pressing, UnitCounts},
    dispatch::DispatchStatus,
    ids::*,
    sla::{
        Clock,
        cause::{Attribution, Circumstances},
        policy::Budgets,
    },
    time::UnixMs,
    unit::Duty,
};
use sqlx::QueryBuilder;
use std::collections::HashMap;

/// What is on in a city.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scene {
    /// Its units; who is stale only the live positions know.
    pub units: UnitCounts,
    /// Those that have a crew.
    pub crewed: Vec<UnitId>,
    /// At risk and not late, the first to be late first.
    pub at_risk: Vec<Pressing>,
    /// Late with nobody there, the most urgent and longest over first.
    pub breached: Vec<Pressing>,
}

/// The statement that reads these areas' units, each with the status of the dispatch that holds it.
macro_rules! select_units {
    ($areas:expr) => {{
        let mut select = QueryBuilder::new(
            "SELECT u.area, u.sign, u.duty, d.status FROM unit u
             LEFT JOIN dispatch d ON d.area = u.dispatch_area AND d.no = u.dispatch_no WHERE u.area IN (",
        );
        let mut list = select.separated(", ");
        for area in $areas {
            list.push_bind(area.as_str());
        }
        select.push(") ORDER BY u.area, u.sign");
        select
    }};
}

/// The statement that reads the most pressing open incidents of each of these areas: of those at risk, and of those that
/// are late, with the budgets that the incident's own policy gives.
macro_rules! select_pressing {
    ($areas:expr) => {{
        let mut select = QueryBuilder::new(
            "SELECT i.area, i.no, i.kind, i.district, i.priority, i.status, i.start_ms, i.target_ms, i.answered_ms, i.validated_ms,
                i.accepted_ms, i.en_route_ms, i.breached_ms,
                b.answer_ms, b.processing_ms, b.queue_ms, b.turnout_ms, b.travel_ms,
                (SELECT d.unit_area || '-' || d.unit_sign FROM dispatch d WHERE d.area = i.area AND d.incident = i.no
                    AND d.status IN ('offered', 'accepted', 'en_route') ORDER BY
                    CASE d.status WHEN 'en_route' THEN 0 WHEN 'accepted' THEN 1 ELSE 2 END, d.no LIMIT 1) AS unit
             FROM (SELECT o.*, ROW_NUMBER() OVER (
                    PARTITION BY o.area, CASE WHEN o.breached_ms IS NULL THEN 0 ELSE 1 END
                    ORDER BY CASE WHEN o.breached_ms IS NULL THEN '' ELSE o.priority END, o.start_ms + o.target_ms, o.no
                ) AS place FROM incident o
                WHERE o.closed_ms IS NULL AND o.origin = 'citizen' AND o.on_scene_ms IS NULL
                AND (o.at_risk_ms IS NOT NULL OR o.breached_ms IS NOT NULL) AND o.area IN (",
        );
        let mut list = select.separated(", ");
        for area in $areas {
            list.push_bind(area.as_str());
        }
        select.push(
            ")) i LEFT JOIN sla_band b ON b.area = i.area AND b.version = i.policy AND b.priority = COALESCE(
                (SELECT MAX(o.priority) FROM sla_band o WHERE o.area = i.area AND o.version = i.policy
                    AND o.priority = i.priority), '*')
                AND b.from_m <= COALESCE(i.station_m, 0) AND (b.to_m IS NULL OR COALESCE(i.station_m, 0) < b.to_m)
             WHERE i.place <= ",
        );
        select.push_bind(i64::try_from(PRESSING_MAX).unwrap_or(i64::MAX));
        select.push(" ORDER BY i.area, i.place");
        select
    }};
}

/// Area, call sign, duty, the status of the dispatch that holds it.
type UnitRow = (String, String, String, Option<String>);

#[derive(sqlx::FromRow)]
struct PressingRow {
    area: String,
    no: i64,
    kind: String,
    district: Option<String>,
    priority: String,
    status: String,
    start_ms: i64,
    target_ms: i64,
    answered_ms: Option<i64>,
    validated_ms: Option<i64>,
    accepted_ms: Option<i64>,
    en_route_ms: Option<i64>,
    breached_ms: Option<i64>,
    answer_ms: Option<i64>,
    processing_ms: Option<i64>,
    queue_ms: Option<i64>,
    turnout_ms: Option<i64>,
    travel_ms: Option<i64>,
    unit: Option<String>,
}

impl PressingRow {
    fn clock(&self) -> Clock {
        Clock {
            start: UnixMs(self.start_ms),
            target_ms: self.target_ms,
            answered: self.answered_ms.map(UnixMs),
            validated: self.validated_ms.map(UnixMs),
            accepted: self.accepted_ms.map(UnixMs),
            en_route: self.en_route_ms.map(UnixMs),
            breached: self.breached_ms.map(UnixMs),
            ..Clock::default()
        }
    }

    fn budgets(&self) -> Budgets {
        let usual = Budgets::usual(self.target_ms);
        Budgets {
            answer_ms: self.answer_ms.unwrap_or(usual.answer_ms),
            processing_ms: self.processing_ms.unwrap_or(usual.processing_ms),
            queue_ms: self.queue_ms.unwrap_or(usual.queue_ms),
            turnout_ms: self.turnout_ms.unwrap_or(usual.turnout_ms),
            travel_ms: self.travel_ms.unwrap_or(usual.travel_ms),
        }
    }

    fn pressing(self, now: UnixMs) -> Result<Pressing, StoreError> {
        let clock = self.clock();
        let why = || Attribution::of(&clock, &self.budgets(), Circumstances::default(), now).segment;
        Ok(Pressing {
            incident: IncidentId { area: self.area.parse()?, no: self.no },
            cause: clock.breached.map(|_| why()),
            due: clock.due(),
            // Of the moment that a board is made at, which is not known here.
            left_ms: 0,
            priority: self.priority.parse()?,
            status: self.status.parse()?,
            unit: self.unit.map(|unit| unit.parse()).transpose()?,
            kind: self.kind,
            district: self.district,
        })
    }
}

impl Scene {
    fn add(&mut self, (area, sign, duty, work): UnitRow) -> Result<(), StoreError> {
        let duty: Duty = duty.parse()?;
        let work: Option<DispatchStatus> = work.map(|work| work.parse()).transpose()?;
        let units = &mut self.units;
        let count = match (duty, work) {
            (Duty::Off, _) => &mut units.off_duty,
            (Duty::OutOfService, _) => &mut units.out_of_service,
            (Duty::On, Some(DispatchStatus::EnRoute)) => &mut units.en_route,
            (Duty::On, Some(DispatchStatus::OnScene)) => &mut units.on_scene,
            (Duty::On, Some(_)) => &mut units.dispatched,
            (Duty::On, None) => &mut units.available,
        };
        *count += 1;
        if duty != Duty::Off {
            self.crewed.push(UnitId::new(area.parse()?, &sign)?);
        }
        Ok(())
    }
}

impl Store {
    /// What is on in each of these cities at `now`, in the order given.
    ///
    /// # Errors
    /// [`StoreError`] when one is out of scope or the database fails.
    pub async fn scenes(
        &self,
        scope: &Scope,
        cities: Vec<AreaCode>,
        now: UnixMs,
    ) -> Result<Vec<(AreaCode, Scene)>, StoreError> {
        cities.iter().try_for_each(|area| scope.require(*area, Act::SeeDesk))?;
        if cities.is_empty() {
            return Ok(Vec::new());
        }
        self.read(move |c| {
            Box::pin(async move {
                let (units, pressing): (Vec<UnitRow>, Vec<PressingRow>) = match c {
                    Conn::Postgres(c) => (
                        select_units!(&cities).build_query_as().fetch_all(&mut **c).await?,
                        select_pressing!(&cities).build_query_as().fetch_all(&mut **c).await?,
                    ),
                    Conn::Sqlite(c) => (
                        select_units!(&cities).build_query_as().fetch_all(&mut **c).await?,
                        select_pressing!(&cities).build_query_as().fetch_all(&mut **c).await?,
                    ),
                };
                let mut scenes: HashMap<String, Scene> = HashMap::new();
                for unit in units {
                    scenes.entry(unit.0.clone()).or_default().add(unit)?;
                }
                for row in pressing {
                    let scene = scenes.entry(row.area.clone()).or_default();
                    let late = row.breached_ms.is_some();
                    let pressing = row.pressing(now)?;
                    if late { scene.breached.push(pressing) } else { scene.at_risk.push(pressing) }
                }
                Ok(cities.iter().map(|area| (*area, scenes.remove(area.as_str()).unwrap_or_default())).collect())
            })
        })
        .await
    }
}

//! At risk before late: who is expected and when, whether that is in time, and what would help.
//!
//! Invariant: a look writes nothing by itself; what it finds is fired by the row of the deadline that called for it, and
//! so once. Nothing is looked at again and again while nobody is under way: fifty thousand that wait cost no write.

use super::{Engine, Error, aid::By};
use crate::{
    domain::{
        access::{Act, Scope},
        dispatch::{Dispatch, DispatchStatus},
        ids::*,
        incident::{Incident, Priority},
        sla::{
            policy::Budgets,
            risk::{self, Advice, Coming, Could, Elsewhere, Look},
        },
        time::{UnixMs, Zone},
    },
    store::{Found, Looked, Unreached},
};
use serde::Serialize;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// How long it is believed what arrivals were like, milliseconds.
const SHARES_MS: i64 = 60_000;

/// How an incident stands with its promise, as far as can be said now.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Risk {
    /// Which.
    pub incident: IncidentId,
    /// At this moment.
    pub at: UnixMs,
    /// Left of the target, milliseconds; negative once it has passed.
    pub left_ms: i64,
    /// Help may be late, or most of the target is gone.
    pub at_risk: bool,
    /// Who is expected, and what would help.
    #[serde(flatten)]
    pub advice: Advice,
}

/// The share of arrivals that were late, by city and priority, as read a while ago.
#[derive(Default)]
pub(super) struct Shares(Mutex<HashMap<AreaCode, Read>>);

/// When they were read, and what they were.
type Read = (UnixMs, HashMap<Priority, f64>);

impl Engine {
    /// Looks at incidents of an area whose warnings are due. Not to `advise`: they are many, and told of without what
    /// would help, which can be asked for.
    pub(super) async fn look_at(&self, area: AreaCode, nos: &[i64], advise: bool) -> Result<Vec<Looked>, Error> {
        let now = self.now();
        let mut found = HashMap::with_capacity(nos.len());
        for unreached in self.inner.store.unreached(area, nos.to_vec()).await? {
            let (no, clock) = (unreached.incident.id.no, &unreached.incident.clock);
            let late_share = self.late_share(area, unreached.incident.priority).await?;
            // Where most of the target is gone, it does not matter who is expected.
            let coming = match advise || now < risk::backstop(clock) {
                true => self.coming(&unreached).await,
                false => None,
            };
            let look = match risk::look(clock, coming.as_ref(), late_share, now) {
                Look::Again(at) => Found::Again(at),
                Look::AtRisk if advise => Found::AtRisk(self.advice(&unreached, coming, late_share).await?),
                Look::AtRisk => Found::AtRisk(Advice { late_share, ..expected(coming) }),
            };
            found.insert(no, look);
        }
        // Who was reached or closed meanwhile is passed over when it is written.
        let looked = |no: &i64| Looked { no: *no, found: found.remove(no).unwrap_or(Found::AtRisk(Advice::default())) };
        Ok(nos.iter().map(looked).collect())
    }

    /// How an incident stands with its promise now. For desks: it tells where everybody is.
    ///
    /// # Errors
    /// [`Error`] when unknown, out of scope, or the database fails.
    pub async fn risk(&self, scope: &Scope, id: IncidentId) -> Result<Risk, Error> {
        scope.require(id.area, Act::SeeDesk)?;
        let incident = self.incident(scope, id).await?;
        let (at, late_share) = (self.now(), self.late_share(id.area, incident.priority).await?);
        let risk = |incident: &Incident, at_risk, advice| Risk {
            incident: id,
            at,
            left_ms: incident.clock.due().since(at),
            at_risk,
            advice,
        };
        let Some(unreached) = self.inner.store.unreached(id.area, vec![id.no]).await?.pop() else {
            return Ok(risk(&incident, false, Advice { late_share, ..Advice::default() }));
        };
        let coming = self.coming(&unreached).await;
        let at_risk = risk::look(&unreached.incident.clock, coming.as_ref(), late_share, at) == Look::AtRisk;
        let advice = self.advice(&unreached, coming, late_share).await?;
        Ok(risk(&unreached.incident, at_risk, advice))
    }

    /// Who is expected: of those under way the soonest; else who is asked, or could be.
    async fn coming(&self, unreached: &Unreached) -> Option<Coming> {
        let Unreached { incident, work, budgets } = unreached;
        let mut soonest: Option<Coming> = None;
        for dispatch in work {
            let Some(coming) = self.coming_by(incident, dispatch, budgets).await else { continue };
            let order = |c: &Coming| (!c.under_way, c.expected_ms());
            if soonest.is_none_or(|best| order(&coming) < order(&best)) {
                soonest = Some(coming);
            }
        }
        // Where somebody is under way and nobody knows where, another's place says nothing.
        if soonest.is_some() || work.iter().any(|d| d.accepted.is_some()) {
            return soonest;
        }
        let best = self.around(incident, &[], By::of(self.offers(incident.id.area))).await.pick.chosen?;
        let kind = self.catalog().unit_kind(best.unit);
        let travel_ms = self.inner.road.travel_ms(best.place, incident.place, kind);
        Some(Coming { under_way: false, turnout_ms: budgets.turnout_ms, travel_ms })
    }

    /// When this unit is expected; `None` where nobody knows where it is.
    async fn coming_by(&self, incident: &Incident, dispatch: &Dispatch, budgets: &Budgets) -> Option<Coming> {
        let now = self.now();
        let turnout_ms = match (dispatch.accepted, dispatch.en_route) {
            (_, Some(_)) => 0,
            (Some(accepted), None) => (budgets.turnout_ms - now.since(accepted)).max(0),
            (None, None) => budgets.turnout_ms,
        };
        let travel_ms = match self.travel_ms(dispatch.unit, incident.place).await {
            Some(ms) => ms,
            // It is silent: it has gone since then as far as it should have.
            None => {
                let from = dispatch.pick.as_ref()?.chosen.filter(|chosen| chosen.unit == dispatch.unit)?.place;
                let kind = self.catalog().unit_kind(dispatch.unit);
                let whole_ms = self.inner.road.travel_ms(from, incident.place, kind);
                (whole_ms - dispatch.en_route.map_or(0, |since| now.since(since))).max(0)
            }
        };
        Some(Coming { under_way: dispatch.accepted.is_some(), turnout_ms, travel_ms })
    }

    /// What is expected, and what would help.
    async fn advice(&self, unreached: &Unreached, coming: Option<Coming>, late_share: f64) -> Result<Advice, Error> {
        let Unreached { incident, budgets, .. } = unreached;
        let (id, road, catalog) = (incident.id, &self.inner.road, self.catalog());
        let expected_ms = expected(coming).expected_ms;
        let before = self.inner.store.dispatches(&Scope::system(), id).await?;
        let said_no = |unit: UnitId| before.iter().any(|d| d.unit == unit && d.status == DispatchStatus::Declined);
        let mut free = Vec::new();
        for could in self.around(incident, &before, By::Hand).await.pick.survey.candidates {
            if !said_no(could.unit) && Some(could.unit) != incident.opened_by_unit {
                let travel_ms = road.travel_ms(could.place, incident.place, catalog.unit_kind(could.unit));
                free.push(Could { unit: could.unit, eta_ms: budgets.turnout_ms + travel_ms });
            }
        }
        let mut elsewhere = Vec::new();
        for (dispatch, of, priority, unit, has_set_out) in
            self.inner.store.on_their_way(id.area, incident.priority).await?
        {
            let Some(travel_ms) = self.travel_ms(unit, incident.place).await else { continue };
            let eta_ms = travel_ms + if has_set_out { 0 } else { budgets.turnout_ms };
            elsewhere.push(Elsewhere { dispatch, incident: of, priority, could: Could { unit, eta_ms } });
        }
        Ok(Advice { expected_ms, late_share, helps: risk::helps(expected_ms, &free, &elsewhere) })
    }

    /// Of a city's arrivals in such cases, the share that was late.
    async fn late_share(&self, area: AreaCode, priority: Priority) -> Result<f64, Error> {
        let now = self.now();
        let known = |shares: &Shares| {
            let known = shares.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (read, of) = known.get(&area)?;
            (now.since(*read) < SHARES_MS).then(|| of.get(&priority).copied().unwrap_or_default())
        };
        if let Some(share) = known(&self.inner.shares) {
            return Ok(share);
        }
        let zone = self.catalog().area(area).map_or(Zone::Wib, |area| area.zone);
        let (all, of) = self.inner.store.tallies_since(area, zone.day(now) - risk::LIKE_DAYS).await?;
        let share =
            |priority: &Priority| (*priority, risk::late_share(&of.get(priority).cloned().unwrap_or_default(), &all));
        let shares: HashMap<Priority, f64> = Priority::ALL.iter().map(share).collect();
        let found = shares.get(&priority).copied().unwrap_or_default();
        self.inner.shares.0.lock().unwrap_or_else(PoisonError::into_inner).insert(area, (now, shares));
        Ok(found)
    }
}

/// When help is expected, where somebody is under way.
fn expected(coming: Option<Coming>) -> Advice {
    let expected_ms = coming.filter(|coming| coming.under_way).map(|coming| coming.expected_ms());
    Advice { expected_ms, ..Advice::default() }
}

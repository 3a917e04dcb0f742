//! Where help would come in time now: which cells of a city a free unit would reach within the promise, and what is lost
//! when one is sent.
//!
//! Invariants: who is free is read from SQL, where everybody is from the live index; a fix counts by the limit of
//! automatic offers. Only the city's own units are looked at: whether a neighbour's may come is a matter of each scene,
//! and its own city needs them.

use super::{Engine, Error};
use crate::{
    domain::{
        access::{Act, Scope},
        area::{Area, Level},
        boundary::Boundary,
        coverage::{Coverage, Goal, Goals, Reach, Tiling},
        ids::*,
        incident::Priority,
        place::Place,
        refusal::Refusal,
        sla::policy::Rules,
        time::UnixMs,
        unit::{Duty, Unit},
    },
    live::Health,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{OnceCell, Semaphore};

/// Cities whose cells are kept, those asked for last; a megabyte each at the most.
const CITIES_KEPT: usize = 64;
/// Coverages that are reckoned at once; more wait, some milliseconds each.
const AT_ONCE: usize = 2;

/// The coverage of a city at one moment.
pub struct CityCoverage {
    /// Which.
    pub area: AreaCode,
    /// When.
    pub at: UnixMs,
    /// Whose promise it is held against.
    pub priority: Priority,
    /// The promise next to a station.
    pub nearby: Goal,
    /// How travel times are found.
    pub travel: &'static str,
    /// The cells.
    pub tiling: Arc<Tiling>,
    /// What was reckoned, for the cells and for the units below.
    pub coverage: Coverage,
    /// The free, fresh units.
    pub free: Vec<Placed>,
    /// The busy ones of which there is a fresh fix.
    pub busy: Vec<Placed>,
    /// What holds the others: those without a fresh fix.
    pub unplaced: Vec<(DispatchId, UnitId)>,
    /// Free units that were left out, each with the age of its fix, milliseconds, where it ever sent one.
    pub left_out: Vec<(UnitId, Option<i64>)>,
}

/// A unit with a fresh fix.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// Which.
    pub unit: UnitId,
    /// Age of its fix, milliseconds.
    pub fix_age_ms: i64,
    /// The dispatch that holds it.
    pub dispatch: Option<DispatchId>,
}

/// The cells of cities, made when they are first asked for and whenever the boundary changed.
pub(super) struct Tilings {
    /// The one asked for last is last.
    kept: Mutex<Vec<Kept>>,
    turns: Arc<Semaphore>,
}

struct Kept {
    city: AreaCode,
    boundary: Boundary,
    cells: Arc<OnceCell<Arc<Tiling>>>,
}

impl Default for Tilings {
    fn default() -> Self {
        Self { kept: Mutex::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Tilings {
    /// Where the cells of this boundary are, or will be.
    fn of(&self, city: AreaCode, boundary: &Boundary) -> Arc<OnceCell<Arc<Tiling>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|k| k.city == city).map(|at| kept.remove(at));
        let cells = known.filter(|k| k.boundary == *boundary).map(|k| k.cells).unwrap_or_default();
        if kept.len() == CITIES_KEPT {
            kept.remove(0);
        }
        // The boundary as it was read last: the next comparison is one of pointers.
        kept.push(Kept { city, boundary: boundary.clone(), cells: Arc::clone(&cells) });
        cells
    }
}

/// The units of a city, by what they can do now.
#[derive(Default)]
struct Sorted {
    free: Vec<Placed>,
    free_reach: Vec<Reach>,
    busy: Vec<Placed>,
    busy_reach: Vec<Reach>,
    unplaced: Vec<(DispatchId, UnitId)>,
    left_out: Vec<(UnitId, Option<i64>)>,
}

impl Engine {
    /// Where help would come in time now. Desk roles only: it tells where units are.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] where the area is no city or has no boundary; out of scope, the wrong role, or the database's
    /// failure.
    pub async fn coverage(&self, scope: &Scope, city: AreaCode, priority: Priority) -> Result<CityCoverage, Error> {
        scope.require(city, Act::SeeDesk)?;
        let (catalog, at) = (self.catalog(), self.now());
        let area = catalog.area(city).ok_or(Refusal::NotFound("area"))?;
        if area.level != Level::City {
            return Err(
                Refusal::invalid("code", format!("{city} is a {}: ask for one of its cities", area.level)).into()
            );
        }
        let boundary =
            catalog.boundary(city).ok_or_else(|| Refusal::invalid("code", "the city has no boundary yet"))?;
        let tiling = self.tiling(city, boundary).await?;
        let sorted = self.sort_units(self.inner.store.units(scope, city).await?, city, at).await;
        let goals = self.goals(scope, area, priority, at).await?;
        let (nearby, road, cells) = (goals.nearby(), self.inner.road.clone(), Arc::clone(&tiling));
        let Sorted { free, free_reach, busy, busy_reach, unplaced, left_out } = sorted;
        let travel = road.method();
        let coverage = self
            .reckon(move || {
                let travel_ms = |unit: &Reach, to: Place| road.travel_ms(unit.place, to, unit.kind);
                Coverage::new(&cells, &free_reach, &busy_reach, &goals, travel_ms)
            })
            .await?;
        Ok(CityCoverage { area: city, at, priority, nearby, travel, tiling, coverage, free, busy, unplaced, left_out })
    }

    /// What a city promises to what begins now.
    async fn goals(&self, scope: &Scope, city: &Area, priority: Priority, now: UnixMs) -> Result<Goals, Error> {
        let policy = self.policy_at(scope, city.code, now).await?;
        let rules = policy.map_or_else(|| Rules::simple(city.targets), |policy| policy.rules);
        let stations = match rules.asks_distance(priority) {
            true => self.inner.store.stations(scope, city.code).await?.iter().map(|station| station.place).collect(),
            false => Vec::new(),
        };
        Ok(Goals::new(rules, priority, stations))
    }

    async fn tiling(&self, city: AreaCode, boundary: &Boundary) -> Result<Arc<Tiling>, Error> {
        let (cells, boundary) = (self.inner.tilings.of(city, boundary), boundary.clone());
        // Whoever asks meanwhile waits for the same.
        let made = cells.get_or_try_init(|| self.reckon(move || Arc::new(Tiling::new(&boundary)))).await?;
        Ok(Arc::clone(made))
    }

    /// Runs what takes milliseconds where nobody else waits for the thread.
    pub(super) async fn reckon<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&self.inner.tilings.turns).acquire_owned().await.map_err(|_| Error::TimedOut)?;
        // The turn goes along: a caller that goes away does not make room for more than may run.
        let task = self.inner.handle.spawn_blocking(move || {
            let out = work();
            drop(turn);
            out
        });
        Ok(task.await?)
    }

    async fn sort_units(&self, units: Vec<Unit>, city: AreaCode, now: UnixMs) -> Sorted {
        let live = self.inner.live.snapshot(city).await.unwrap_or_else(|error| {
            tracing::error!(%error, "live positions are away");
            Default::default()
        });
        let fixes: HashMap<_, _> = live.units.iter().filter_map(|p| Some((p.unit, p.fix?))).collect();
        let is_away = self.inner.live.health() != Health::Well;
        let mut sorted = Sorted::default();
        for unit in units {
            // What was kept in SQL counts where it counts for offers too: while the live index is away.
            let kept = unit.last.filter(|_| is_away).map(|last| (last.at, last.place));
            let heard = fixes.get(&unit.id).map(|fix| (fix.at, fix.place));
            let newest = heard.into_iter().chain(kept).max_by_key(|(at, _)| *at);
            self.sort(&unit, newest.map(|(at, place)| (now.since(at), place)), &mut sorted);
        }
        sorted
    }

    fn sort(&self, unit: &Unit, fix: Option<(i64, Place)>, sorted: &mut Sorted) {
        let fresh = fix.filter(|(age_ms, _)| *age_ms <= self.inner.settings.stale_ms).map(|(fix_age_ms, place)| {
            let fastest_mps = self.inner.road.fastest_mps(unit.kind);
            let placed = Placed { unit: unit.id, fix_age_ms, dispatch: unit.dispatch };
            (placed, Reach { unit: unit.id, place, kind: unit.kind, fastest_mps })
        });
        match (fresh, unit.dispatch) {
            (Some((placed, reach)), Some(_)) => {
                sorted.busy.push(placed);
                sorted.busy_reach.push(reach);
            }
            (None, Some(dispatch)) => sorted.unplaced.push((dispatch, unit.id)),
            (_, None) if unit.duty != Duty::On => {}
            (Some((placed, reach)), None) => {
                sorted.free.push(placed);
                sorted.free_reach.push(reach);
            }
            (None, None) => sorted.left_out.push((unit.id, fix.map(|(age_ms, _)| age_ms))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_kept_while_the_boundary_is_the_same() {
        let square = |west: f64| Boundary::outline(&[(west, 0.0), (west + 0.1, 0.0), (west, 0.1)]).unwrap();
        let (tilings, bpn): (_, AreaCode) = (Tilings::default(), "BPN".parse().unwrap());
        let first = tilings.of(bpn, &square(116.0));
        assert!(Arc::ptr_eq(&first, &tilings.of(bpn, &square(116.0))), "read anew, and the same");
        assert!(!Arc::ptr_eq(&first, &tilings.of(bpn, &square(117.0))), "another shape");
        let second = tilings.of(bpn, &square(117.0));
        for no in 0..CITIES_KEPT {
            let other = format!("C{no}").parse().unwrap();
            tilings.of(other, &square(117.0));
            assert_eq!(no + 1 < CITIES_KEPT, tilings.kept.lock().unwrap().iter().any(|k| k.city == bpn));
        }
        assert_eq!(tilings.kept.lock().unwrap().len(), CITIES_KEPT);
        assert!(!Arc::ptr_eq(&second, &tilings.of(bpn, &square(117.0))), "64 others were asked for since");
    }
}

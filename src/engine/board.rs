//! Boards of areas: what commanders look at, kept in memory and brought up to date as events come.
//!
//! Invariants: an event marks its city before any reader hears of it, and a marked city is read anew within [`PAUSE`]
//! while somebody looks at it; of a city at which nobody looks only the mark is kept. Cities are read by one task at a
//! time, all that are due in one batch, so a burst of events costs no more than four batches a second. Readers pull:
//! nothing is queued for them. What could not be read is said, with the moment that the figures are of.

mod kept;
mod watch;

pub(super) use kept::Boards;
pub use watch::BoardWatch;

use super::{Catalog, Engine, Error};
use crate::{
    domain::{
        access::{Act, Scope},
        area::{Area, Level},
        board::{Board, CityBoard, CityFigures},
        ids::{AreaCode, UnitId},
        refusal::Refusal,
        time::{UnixMs, Zone},
    },
    store::CityDay,
};
use futures_util::future::join_all;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// Least time between two batches of reading.
const PAUSE: Duration = Duration::from_millis(250);
/// How often it is looked whether figures are old, without any event.
const ROUND: Duration = Duration::from_secs(1);
/// Cities that are read in one batch only because their figures are old.
const AGED: usize = 64;
/// How long somebody who asks once waits for figures.
const PATIENCE: Duration = Duration::from_secs(2);

fn city_days(catalog: &Catalog, area: AreaCode) -> Vec<CityDay> {
    let within = catalog.tree().within(area);
    within.into_iter().filter_map(|code| catalog.area(code)).filter_map(city_day).collect()
}

/// A city and its days; `None` for an area above.
fn city_day(area: &Area) -> Option<CityDay> {
    (area.level == Level::City).then_some((area.code, area.zone))
}

impl Engine {
    /// An area's board now, all of its cities with it. While the figures cannot be brought up to date it is the last
    /// known one, and says so.
    ///
    /// # Errors
    /// [`Error`] when out of scope, or when the database fails and nothing is known yet.
    pub async fn board(&self, scope: &Scope, area: AreaCode) -> Result<Board, Error> {
        self.may_watch(scope, area)?;
        let cities = city_days(&self.catalog(), area);
        let read = timeout(PATIENCE, self.read_cities(&cities, usize::MAX)).await.unwrap_or(Err(Error::TimedOut));
        let boards = &self.inner.boards;
        let Some((version, whole)) = boards.whole(area, &cities) else {
            return Err(read.err().unwrap_or(Error::TimedOut));
        };
        let shown = boards.changed(&cities, 0).iter().map(|city| CityBoard::from(&**city)).collect();
        Ok(Board::new(area, version, &whole, shown, self.now(), boards.good(&cities)))
    }

    /// The figures of every city, in code order, for operations.
    ///
    /// # Errors
    /// [`Error`] when they cannot be brought up to date within two seconds.
    pub async fn all_figures(&self) -> Result<Vec<Arc<CityFigures>>, Error> {
        let mut cities: Vec<CityDay> = self.catalog().areas().filter_map(city_day).collect();
        cities.sort_unstable_by_key(|(area, _)| *area);
        timeout(PATIENCE, self.read_cities(&cities, usize::MAX)).await.unwrap_or(Err(Error::TimedOut))?;
        Ok(self.inner.boards.changed(&cities, 0))
    }

    /// How long ago it was last known that the boards' figures hold, milliseconds.
    #[must_use]
    pub fn boards_age_ms(&self) -> i64 {
        let boards = &self.inner.boards;
        let watched: Vec<CityDay> = boards.watched().into_iter().map(|area| (area, Zone::Wib)).collect();
        self.now().since(boards.good(&watched)).max(0)
    }

    /// Looks at an area's board from now on.
    ///
    /// # Errors
    /// [`Refusal`] when out of scope or unknown.
    pub fn watch_board(&self, scope: &Scope, area: AreaCode) -> Result<BoardWatch, Refusal> {
        self.may_watch(scope, area)?;
        Ok(BoardWatch::new(self.clone(), area))
    }

    fn may_watch(&self, scope: &Scope, area: AreaCode) -> Result<(), Refusal> {
        scope.require(area, Act::SeeDesk)?;
        self.catalog().area(area).map(drop).ok_or(Refusal::NotFound("area"))
    }

    /// Keeps the boards that somebody looks at up to date, until the engine is closed.
    pub(super) async fn keep_boards(&self) {
        let boards = &self.inner.boards;
        let mut away = false;
        loop {
            let _ = timeout(ROUND, boards.wake.notified()).await;
            let watched = boards.watched();
            if watched.is_empty() {
                continue;
            }
            let catalog = self.catalog();
            let zone = |area: &AreaCode| catalog.area(*area).and_then(city_day);
            let cities: Vec<CityDay> = watched.iter().filter_map(zone).collect();
            let read = self.read_cities(&cities, AGED).await;
            if let Err(error) = &read
                && !away
            {
                tracing::warn!(%error, "boards cannot be brought up to date; they say so");
            }
            away = read.is_err();
            sleep(PAUSE).await;
        }
    }

    /// Reads what is due of these cities; at most so many only because their figures are old.
    async fn read_cities(&self, cities: &[CityDay], aged_max: usize) -> Result<(), Error> {
        let boards = &self.inner.boards;
        let _one_at_a_time = boards.reading.lock().await;
        let now = self.now();
        let due = boards.due(cities, aged_max, now);
        if due.is_empty() {
            return Ok(());
        }
        let (everywhere, store) = (Scope::system(), &self.inner.store);
        let days: Vec<CityDay> = due.iter().map(|(day, _)| *day).collect();
        let codes: Vec<AreaCode> = days.iter().map(|(area, _)| *area).collect();
        let standings = store.standings(&everywhere, days, now).await?;
        let scenes = store.scenes(&everywhere, codes.clone(), now).await?;
        let fresh = self.fresh_units(&codes, now).await;
        let read = due.iter().zip(standings).zip(scenes).map(|(((_, marks), (area, mut today)), (_, mut scene))| {
            // Most of a sum, and not on a board.
            today.tally.segments.clear();
            let stale = scene.crewed.iter().filter(|unit| !fresh.contains(unit)).count();
            scene.units.stale = i64::try_from(stale).unwrap_or(i64::MAX);
            let (at_risk, breached) = (scene.at_risk, scene.breached);
            (CityFigures { area, today, units: scene.units, at_risk, breached }, *marks)
        });
        boards.put(read.collect(), now);
        Ok(())
    }

    /// The units of these cities that were heard of a short while ago.
    async fn fresh_units(&self, cities: &[AreaCode], now: UnixMs) -> HashSet<UnitId> {
        let since = now.plus(-self.inner.settings.stale_ms);
        let all = join_all(cities.iter().map(|area| self.inner.live.fresh(*area, since))).await;
        let away = |error| tracing::error!(%error, "live positions are away");
        all.into_iter().filter_map(|fresh| fresh.map_err(away).ok()).flatten().collect()
    }
}

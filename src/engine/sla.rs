//! The promise: its policies, how areas stand with it, figures made anew.

use super::{Engine, Error};
use crate::{
    domain::{
        access::{Act, Cause, Scope},
        area::{Area, Level},
        ids::{AreaCode, IncidentId},
        refusal::Refusal,
        sla::{
            OpenCounts, Standing, Today,
            cause::Spent,
            policy::{Policy, Rules},
        },
        time::UnixMs,
    },
    store::{CityDay, Rebuilt},
};

impl Engine {
    /// The cities within an area, in code order: itself, where it is one.
    #[must_use]
    pub fn cities(&self, area: AreaCode) -> Vec<Area> {
        let catalog = self.catalog();
        let within = catalog.tree().within(area);
        let areas = within.into_iter().filter_map(|code| catalog.area(code));
        areas.filter(|area| area.level == Level::City).cloned().collect()
    }

    /// How each city within an area stands now, in code order.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn today(&self, scope: &Scope, area: AreaCode) -> Result<Vec<(AreaCode, Today)>, Error> {
        scope.require(area, Act::See)?;
        let cities: Vec<CityDay> = self.cities(area).into_iter().map(|city| (city.code, city.zone)).collect();
        self.inner.store.standings(scope, cities, self.now()).await
    }

    /// How an area stands with its promise; a region is the sum of its cities, its percentiles are those of all their
    /// arrivals.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn standing(&self, scope: &Scope, area: AreaCode) -> Result<Standing, Error> {
        let mut sum = Today::default();
        self.today(scope, area).await?.iter().for_each(|(_, city)| sum.and(city));
        Ok(sum.standing())
    }

    /// The live counts of every city with open incidents, for operations: nothing of today, nothing of persons.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn open_counts(&self) -> Result<Vec<(AreaCode, OpenCounts)>, Error> {
        self.inner.store.open_counts().await
    }

    /// Sets a city's policy from a moment on, at once where none is said.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with the contradiction, [`Error`] when out of scope or the database fails.
    pub async fn set_policy(
        &self,
        cause: &Cause,
        area: AreaCode,
        rules: Rules,
        from: Option<UnixMs>,
    ) -> Result<Policy, Error> {
        cause.scope.require(area, Act::Manage)?;
        match self.catalog().area(area) {
            None => Err(Refusal::NotFound("area").into()),
            Some(area) if area.level != Level::City => {
                Err(Refusal::invalid("area", format!("a city promises; {} is a {}", area.code, area.level)).into())
            }
            Some(_) => self.inner.store.set_policy(cause, area, rules, from).await,
        }
    }

    /// Every policy that a city has, had, or will have, in the order of their versions.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn policies(&self, scope: &Scope, area: AreaCode) -> Result<Vec<Policy>, Error> {
        self.inner.store.policies(scope, area).await
    }

    /// The policy that is in force at a moment; `None` where an area has none.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn policy_at(&self, scope: &Scope, area: AreaCode, at: UnixMs) -> Result<Option<Policy>, Error> {
        let all = self.policies(scope, area).await?;
        Ok(all.into_iter().filter(|policy| policy.from <= at).max_by_key(|policy| (policy.from, policy.version)))
    }

    /// How the time of an incident was spent, beside what was promised.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when unknown or out of scope, or the database's failure.
    pub async fn spent(&self, scope: &Scope, id: IncidentId) -> Result<Spent, Error> {
        let found = self.inner.store.spent(scope, id, self.now()).await?;
        found.ok_or(Error::Refused(Refusal::NotFound("incident")))
    }

    /// Makes an area's figures anew from its journal.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn rebuild_sla(&self, cause: &Cause, area: AreaCode) -> Result<Rebuilt, Error> {
        self.inner.store.rebuild_sla(cause, area).await
    }

    /// Holds an area's figures against its journal: what differs, in words.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn verify_sla(&self, scope: &Scope, area: AreaCode) -> Result<Vec<String>, Error> {
        self.inner.store.verify_sla(scope, area).await
    }
}

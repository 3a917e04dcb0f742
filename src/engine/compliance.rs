//! How the promise was kept over days: a city's figures, a region's and the nation's as the sums of their cities'.

use super::{Engine, Error};
use crate::{
    domain::{
        access::{Act, Scope},
        area::Area,
        ids::AreaCode,
        refusal::Refusal,
        sla::{
            cases::{CaseLimits, Cases},
            compliance::{By, Days, Summary},
            figures::{Common, in_force},
            policy::Policy,
        },
        time::{UnixMs, Zone},
    },
    store::CityDay,
};
use std::collections::HashMap;

/// A policy in force during a time.
#[derive(Clone, Debug)]
pub struct PolicyTime {
    /// Whose.
    pub area: AreaCode,
    /// Which.
    pub policy: Policy,
    /// From when on another one was in force; `None` where that is not known yet.
    pub until: Option<UnixMs>,
}

/// How the promise was kept.
#[derive(Clone, Debug)]
pub struct Compliance {
    /// Where.
    pub area: Area,
    /// The cities that it is the sum of, in code order.
    pub cities: Vec<Area>,
    /// When, by each city's own days.
    pub days: Days,
    /// As it stood then.
    pub at: UnixMs,
    /// The counts.
    pub summary: Summary,
    /// Single cases.
    pub cases: Cases,
    /// The policies in force, by city and time.
    pub policies: Vec<PolicyTime>,
    /// What they have in common.
    pub common: Common,
    /// What people call the cities and districts that are told apart.
    names: HashMap<String, String>,
}

impl Compliance {
    /// What people call a group, where its key does not say it.
    #[must_use]
    pub fn name(&self, by: By, key: &str) -> Option<&str> {
        matches!(by, By::Area | By::District).then(|| self.names.get(key).map(String::as_str)).flatten()
    }

    /// By whose clocks a city's moments are shown; the area's own for any other.
    #[must_use]
    pub fn zone(&self, city: AreaCode) -> Zone {
        self.cities.iter().find(|area| area.code == city).map_or(self.area.zone, |area| area.zone)
    }
}

impl Engine {
    /// How the promise was kept in an area on these days, told apart by `first` and by each of `others`.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for too many groups; out of scope; the database's failure.
    pub async fn compliance(
        &self,
        scope: &Scope,
        area: AreaCode,
        days: Days,
        (first, others): (By, &[By]),
        limits: CaseLimits,
    ) -> Result<Compliance, Error> {
        scope.require(area, Act::SeeDesk)?;
        let (catalog, at, cities) = (self.catalog(), self.now(), self.cities(area));
        let area = catalog.area(area).cloned().ok_or(Refusal::NotFound("area"))?;
        let codes: Vec<AreaCode> = cities.iter().map(|city| city.code).collect();
        let city_days: Vec<CityDay> = cities.iter().map(|city| (city.code, city.zone)).collect();
        let store = &self.inner.store;
        let summary = store.sum_up(scope, &codes, days, Summary::new(first, others)).await?;
        let mut cases = store.sla_cases(scope, city_days, days, limits, at).await?;
        let zones: HashMap<AreaCode, Zone> = cities.iter().map(|city| (city.code, city.zone)).collect();
        let mut policies = Vec::new();
        for (area, all) in std::mem::take(&mut cases.policies) {
            let span = days.span(zones.get(&area).copied().unwrap_or(Zone::Wib));
            let found = in_force(all, span).into_iter();
            policies.extend(found.map(|(policy, until)| PolicyTime { area, policy, until }));
        }
        let common = Common::of(policies.iter().map(|time| &time.policy.rules));
        let mut names = HashMap::new();
        for city in &cities {
            names.insert(city.code.to_string(), city.name.clone());
            let districts = catalog.districts(city.code).iter();
            names.extend(districts.map(|district| (district.code.clone(), district.name.clone())));
        }
        Ok(Compliance { area, cities, days, at, summary, cases, policies, common, names })
    }
}

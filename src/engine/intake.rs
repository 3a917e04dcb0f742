//! A report comes in: its city is found by boundary, its incident opens, nothing is lost.

use super::{Engine, Error};
use crate::{
    domain::{
        access::*, area::Level, atlas::Located, ids::*, incident::Priority, place::Place, refusal::Refusal,
        report::NewReport,
    },
    store::{Landing, Received},
};

impl Engine {
    /// Receives a report. `desk` is the area whose desk took it; without one it is the city of the place, or the asker's
    /// own area. A valid one must say where; in no city it goes to a region's dispatchers, with the nearest cities named.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when a valid report has no place, or the desk cannot be told; the database's failure.
    pub async fn receive(
        &self,
        cause: &Cause,
        desk: Option<AreaCode>,
        report: NewReport,
        priority: Priority,
        valid: bool,
    ) -> Result<Received, Error> {
        let landing = match (valid, report.place) {
            (true, Some(place)) => self.land(place, priority).await,
            (true, None) => return Err(Refusal::invalid("place", "a valid report needs a place").into()),
            (false, _) => Landing::Unjudged,
        };
        let desk = self.desk_for(&cause.scope, desk, &landing, report.place);
        let desk = desk.ok_or_else(|| Refusal::invalid("area", "name the area whose desk took the report"))?;
        let place = report.place;
        let mut received = self.inner.store.receive_report(cause, desk, report, landing).await?;
        received.report.place = place;
        Ok(received)
    }

    async fn land(&self, place: Place, priority: Priority) -> Landing {
        let catalog = self.catalog();
        match catalog.locate(place) {
            Located::In(city) => Landing::City {
                city,
                district: catalog.district(city, place),
                priority,
                place,
                first: self.first_offer(city, place).await.map(Box::new),
            },
            Located::Outside { nearest } => {
                Landing::Outside { near: nearest.into_iter().map(|(city, _)| city).collect() }
            }
        }
    }

    /// The desk that has the report: the one that was named; else the city of the place, or the asker's own where that
    /// city is not theirs. What lies in no city goes up to the nearest city's region, or, where the asker's desk is of
    /// another region, to that one: never nowhere.
    fn desk_for(
        &self,
        scope: &Scope,
        named: Option<AreaCode>,
        landing: &Landing,
        place: Option<Place>,
    ) -> Option<AreaCode> {
        let own = || scope.areas(Act::TakeReport).next();
        let city = match landing {
            Landing::Outside { near } => {
                let nearest = self.region_of(near);
                let passed = nearest.filter(|&region| scope.require_pass(region).is_ok());
                return passed.or_else(|| self.region_of(&[named.or_else(own)?])).or(nearest);
            }
            Landing::City { city, .. } => Some(*city),
            Landing::Unjudged => place.and_then(|p| match self.catalog().locate(p) {
                Located::In(city) => Some(city),
                Located::Outside { .. } => None,
            }),
        };
        named.or_else(|| city.filter(|&city| scope.may(city, Act::TakeReport))).or_else(own).or(city)
    }

    /// The region whose dispatchers get a place outside all cities: that of the first city, or the area itself where it is
    /// none.
    fn region_of(&self, near: &[AreaCode]) -> Option<AreaCode> {
        let (nearest, catalog) = (*near.first()?, self.catalog());
        let city = catalog.area(nearest).is_some_and(|a| a.level == Level::City);
        Some(catalog.tree().parent(nearest).filter(|_| city).unwrap_or(nearest))
    }
}

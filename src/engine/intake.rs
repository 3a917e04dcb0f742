//! A report comes in: its city is found by boundary, its incident opens, nothing is lost.

use super::{Engine, Error};
use crate::{
    domain::{
        access::*,
        area::Level,
        atlas::Located,
        desk::{Ring, Stage},
        ids::*,
        incident::Priority,
        place::Place,
        refusal::Refusal,
        report::{NewReport, Report},
    },
    store::{Landing, Received, Reception},
};

impl Engine {
    /// Receives a report. `desk` is the area whose desk took it; without one it is the city of the place, or the asker's
    /// own area. A valid one must say where; in no city it goes to a region's dispatchers, with the nearest cities named.
    /// One that is not judged yet rings at the desks of its area's flow, or stays with whoever answered it and sits at a
    /// desk.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when a valid report has no place, or the desk cannot be told; the database's failure.
    pub async fn receive(
        &self,
        cause: &Cause,
        desk: Option<AreaCode>,
        mut report: NewReport,
        valid: bool,
    ) -> Result<Received, Error> {
        let said = report.place;
        // Who finds a report valid says where; what a phone sent fills in for one that is not judged yet.
        let waiting = if valid { None } else { self.place_waiting(&mut report).await };
        let landing = match (valid, report.place) {
            (true, Some(place)) => self.land(place, report.priority).await,
            (true, None) => return Err(Refusal::invalid("place", "a valid report needs a place").into()),
            (false, _) => Landing::Unjudged,
        };
        let named = desk;
        let desk = self.desk_for(&cause.scope, named, &landing, report.place);
        let desk = desk.ok_or_else(|| Refusal::invalid("area", "name the area whose desk took the report"))?;
        let place = report.place;
        let home = self.desk_for(&cause.scope, named, &landing, said).unwrap_or(desk);
        let at = Reception { home, ..self.reception(&cause.scope, desk, &report, &landing).await? };
        let number = report.caller_number.clone();
        let mut received = self.inner.store.receive_report(cause, at, report, landing).await?;
        received.report.place = place;
        self.received_with(&received.report, number.as_ref(), waiting).await;
        Ok(received)
    }

    /// A call rings: at the first desk of the flow of the city that it comes from, whose area numbers it.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when the area cannot be told, out of scope, or the database's failure.
    pub async fn take_call(&self, cause: &Cause, area: Option<AreaCode>, mut call: NewReport) -> Result<Report, Error> {
        let said = call.place;
        let waiting = self.place_waiting(&mut call).await;
        let flow = self.desk_for(&cause.scope, area, &Landing::Unjudged, call.place);
        let flow = flow.ok_or_else(|| Refusal::invalid("area", "name the area that the call comes from"))?;
        let home = self.desk_for(&cause.scope, area, &Landing::Unjudged, said).unwrap_or(flow);
        let district = self.district_in(flow, call.place);
        let ring = self.first_ring_of(flow, district.as_deref(), call.caller_number.as_ref()).await?;
        let at = Reception { area: ring.map_or(flow, |ring| ring.desk.area), home, flow, district, ring, holder: None };
        let (place, number) = (call.place, call.caller_number.clone());
        let mut received = self.inner.store.receive_report(cause, at, call, Landing::Unjudged).await?;
        received.report.place = place;
        self.received_with(&received.report, number.as_ref(), waiting).await;
        Ok(received.report)
    }

    /// Which desk gets a report, and whether it rings there.
    pub(super) async fn reception(
        &self,
        scope: &Scope,
        area: AreaCode,
        report: &NewReport,
        landing: &Landing,
    ) -> Result<Reception, Error> {
        let at = Reception::at(area);
        match landing {
            Landing::City { city, district, .. } => {
                let ring = self.first_ring(*city, Stage::FollowUp, district.as_deref()).await?;
                Ok(Reception { flow: *city, district: district.clone(), ring, ..at })
            }
            Landing::Outside { .. } => {
                let ring = self.first_ring(area, Stage::Answering, None).await?;
                Ok(Reception { ring: ring.map(|ring| Ring { stage: Stage::FollowUp, ..ring }), ..at })
            }
            Landing::Unjudged => {
                let district = self.district_in(area, report.place);
                // Whoever answered it already has it, where they sit at a desk.
                let holder = match (report.answered, scope.account()) {
                    (Some(_), Some(me)) if self.inner.store.is_present(me, self.now()).await? => Some(me),
                    _ => None,
                };
                let ring = match holder {
                    Some(_) => None,
                    None => self.first_ring_of(area, district.as_deref(), report.caller_number.as_ref()).await?,
                };
                Ok(Reception { district, ring, holder, ..at })
            }
        }
    }

    fn district_in(&self, area: AreaCode, place: Option<Place>) -> Option<String> {
        place.and_then(|place| self.catalog().district(area, place))
    }

    /// The city of a place, and whom an incident there asks first.
    pub(super) async fn land(&self, place: Place, priority: Priority) -> Landing {
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
    pub(super) fn region_of(&self, near: &[AreaCode]) -> Option<AreaCode> {
        let (nearest, catalog) = (*near.first()?, self.catalog());
        let city = catalog.area(nearest).is_some_and(|a| a.level == Level::City);
        Some(catalog.tree().parent(nearest).filter(|_| city).unwrap_or(nearest))
    }
}

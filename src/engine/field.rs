//! What officers do: sign on, take steps, open incidents, press panic.

use super::{Engine, Error};
use crate::{
    domain::{
        access::*,
        dispatch::*,
        fix::Fix,
        ids::*,
        incident::*,
        place::Place,
        refusal::Refusal,
        unit::{CrewMember, Duty, Unit},
    },
    live::{Availability, Position},
    store::Step,
};
use std::collections::HashMap;

/// A step as a crew or a dispatcher asks for it.
#[derive(Clone, Debug)]
pub struct Tap {
    /// Where to.
    pub to: DispatchStatus,
    /// Why, when declining or recalling.
    pub reason: Option<String>,
    /// How it ended, when clearing as the last unit.
    pub disposition: Option<Disposition>,
}

impl Engine {
    /// An officer signs on to a unit with a phone.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn sign_on(&self, cause: &Cause, unit: UnitId, device: DeviceId, source: bool) -> Result<Unit, Error> {
        self.inner.store.sign_on(cause, unit, device, source).await
    }

    /// An officer signs off.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn sign_off(&self, cause: &Cause, unit: UnitId, device: DeviceId) -> Result<Unit, Error> {
        self.inner.store.sign_off(cause, unit, device).await
    }

    /// A unit goes out of service, or comes back.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn set_duty(&self, cause: &Cause, unit: UnitId, duty: Duty, why: Option<String>) -> Result<Unit, Error> {
        self.inner.store.set_duty(cause, unit, duty, why).await
    }

    /// The unit that a phone rides with, and whether it is the source of the unit's position.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn riding(&self, device: DeviceId) -> Result<Option<(UnitId, bool)>, Error> {
        self.inner.store.riding(device).await
    }

    /// A unit's crew.
    ///
    /// # Errors
    /// [`Error`] when out of scope or the database fails.
    pub async fn crew(&self, scope: &Scope, unit: UnitId) -> Result<Vec<CrewMember>, Error> {
        self.inner.store.crew(scope, unit).await
    }

    /// A phone of the crew has an offer.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn deliver(&self, cause: &Cause, dispatch: DispatchId, device: DeviceId) -> Result<(), Error> {
        self.inner.store.deliver(cause, dispatch, device).await
    }

    /// Takes a step of a dispatch. An arrival is held against the unit's own fix; a clearing may close the incident.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn step(&self, cause: &Cause, id: DispatchId, tap: Tap) -> Result<Dispatch, Error> {
        let before = self.dispatch(&cause.scope, id).await?;
        if tap.to == DispatchStatus::Declined && tap.reason.as_deref().is_none_or(|r| r.trim().is_empty()) {
            return Err(Refusal::invalid("reason", "declining needs a reason").into());
        }
        if matches!(tap.to, DispatchStatus::Offered | DispatchStatus::Queued | DispatchStatus::Expired) {
            return Err(Refusal::invalid("to", "only the program takes this step").into());
        }
        let scene = self.inner.store.find_incident(&Scope::system(), before.incident).await?;
        let scene = scene.ok_or(Refusal::NotFound("dispatch"))?;
        let (arrival, travel_ms) = match tap.to {
            DispatchStatus::OnScene => (Some(self.arrival(before.unit, scene.place).await), None),
            DispatchStatus::Accepted | DispatchStatus::EnRoute => {
                (None, self.travel_ms(before.unit, scene.place).await)
            }
            _ => (None, None),
        };
        let step = Step { reason: tap.reason, arrival, travel_ms, disposition: tap.disposition, ..Step::to(tap.to) };
        self.inner.store.step(cause, id, step).await
    }

    async fn arrival(&self, unit: UnitId, scene: Place) -> Arrival {
        Arrival::judge(self.fresh_fix(unit).await.map(|fix| fix.place.distance_m(scene)))
    }

    /// What is known of a unit live; nothing while live positions are away.
    pub(super) async fn position(&self, unit: UnitId) -> Option<Position> {
        self.inner.live.get(unit).await.unwrap_or_else(|error| {
            tracing::error!(%unit, %error, "live positions are away");
            None
        })
    }

    /// A unit's live fix, unless it is stale.
    pub(super) async fn fresh_fix(&self, unit: UnitId) -> Option<Fix> {
        let fix = self.position(unit).await?.fix?;
        (self.now().since(fix.at) <= self.inner.settings.stale_ms).then_some(fix)
    }

    /// An officer on the spot opens an incident. Their unit, when free, is on it and on scene at once; otherwise the
    /// nearest is asked.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn open_by_officer(&self, cause: &Cause, mut new: NewIncident) -> Result<Incident, Error> {
        if let Some(unit) = new.by_unit {
            self.require_rides(cause, unit).await?;
        }
        let catalog = self.catalog();
        let mine = |city: AreaCode| cause.scope.may(city, Act::Ride) || cause.scope.may(city, Act::Dispatch);
        let city = match (catalog.locate(new.place), new.by_unit) {
            (crate::domain::atlas::Located::In(city), unit) if unit.is_none() || mine(city) => city,
            // At sea, in a gap between borders, or beyond one: the unit's own city has it. An officer in danger is
            // helped on whatever side of a border.
            (_, Some(unit)) => unit.area,
            (_, None) => return Err(Refusal::invalid("place", "it lies in no city").into()),
        };
        new.district = catalog.district(city, new.place);
        let incident = self.inner.store.open_incident(cause, city, new).await?;
        if incident.origin == Origin::Officer {
            let mine = match incident.opened_by_unit {
                Some(unit) => self.take_own(&incident, unit).await,
                None => Err(Refusal::NotFound("unit").into()),
            };
            if let Err(error) = mine {
                tracing::debug!(incident = %incident.id, %error, "the finder's unit does not take it");
                let (engine, id) = (self.clone(), incident.id);
                self.follow_up(async move { engine.serve(id).await });
            }
        }
        Ok(incident)
    }

    /// Whoever speaks for a unit rides with it, or dispatches it.
    async fn require_rides(&self, cause: &Cause, unit: UnitId) -> Result<(), Error> {
        if cause.scope.may(unit.area, Act::Dispatch) {
            return Ok(());
        }
        let account = cause.scope.account().ok_or(Refusal::NotCrew(unit))?;
        let rides = self.crew(&cause.scope, unit).await?.iter().any(|c| c.account == account);
        if rides { Ok(()) } else { Err(Refusal::NotCrew(unit).into()) }
    }

    async fn take_own(&self, incident: &Incident, unit: UnitId) -> Result<(), Error> {
        let new = crate::store::NewDispatch {
            incident: incident.id,
            unit,
            mode: Mode::Assign,
            at_most: Some(1),
            limits: self.inner.settings.offer,
            travel_ms: None,
            pick: None,
        };
        let dispatch = self.inner.store.dispatch(&self.system(), new).await?;
        let arrival = Some(self.arrival(unit, incident.place).await);
        let step = Step { arrival, ..Step::to(DispatchStatus::OnScene) };
        self.inner.store.step(&self.system(), dispatch.id, step).await?;
        Ok(())
    }

    /// An officer is in danger: a P1 incident where their unit is, that the two nearest units are asked for.
    ///
    /// # Errors
    /// [`Refusal::NotCrew`], [`Refusal::Invalid`] when nobody knows where the unit is, or the database's failure.
    pub async fn panic(&self, cause: &Cause, unit: UnitId, at: Option<Place>) -> Result<Incident, Error> {
        let account = cause.scope.account().ok_or(Refusal::NotCrew(unit))?;
        if !self.inner.store.crew(&cause.scope, unit).await?.iter().any(|c| c.account == account) {
            return Err(Refusal::NotCrew(unit).into());
        }
        let place = match at {
            Some(place) => place,
            // Even an old place is better than none when somebody needs help.
            None => {
                self.last_place(unit).await?.ok_or_else(|| Refusal::invalid("place", "the unit's place is unknown"))?
            }
        };
        let new = NewIncident {
            kind: "officer_in_danger".to_owned(),
            priority: Priority::P1,
            origin: Origin::Panic,
            place,
            district: None,
            by_unit: Some(unit),
            note: None,
        };
        self.open_by_officer(cause, new).await
    }

    async fn last_place(&self, unit: UnitId) -> Result<Option<Place>, Error> {
        if let Some(fix) = self.position(unit).await.and_then(|u| u.fix) {
            return Ok(Some(fix.place));
        }
        let stored = self.inner.store.unit(&Scope::system(), unit).await?;
        Ok(stored.and_then(|u| u.last).map(|l| l.place))
    }

    /// Puts the units on duty into the live index, as the database knows them. `heads` are the numbers that the journals
    /// had reached before: what is told now is at least as new, and gives way to any later event.
    pub(super) async fn recall_units(&self, heads: &HashMap<AreaCode, i64>) -> Result<(), Error> {
        for unit in self.inner.store.on_duty_units().await? {
            if let Some(last) = unit.last {
                self.inner.live.put(unit.id, &Fix::at(last.place, last.at));
            }
            let seq = heads.get(&unit.id.area).copied().unwrap_or(0);
            self.tell_availability(unit.id, availability(&unit), seq).await;
        }
        Ok(())
    }

    /// Tells the live index of every unit of these areas, those that are off duty too: what it has may be old.
    pub(super) async fn recall_areas(&self, areas: &[AreaCode]) -> Result<(), Error> {
        let everywhere = Scope::system();
        for &area in areas {
            // Before the units, so that what the journal says afterwards is the newer word.
            let Some(head) = self.inner.store.journal_head(&everywhere, area).await? else { continue };
            for unit in self.inner.store.units(&everywhere, area).await? {
                self.tell_availability(unit.id, availability(&unit), head.seq).await;
            }
        }
        Ok(())
    }
}

/// Whether a unit can be sent, as its row says.
const fn availability(unit: &Unit) -> Availability {
    match (unit.duty, unit.dispatch) {
        (Duty::On, None) => Availability::Free,
        (Duty::On, Some(_)) => Availability::Busy,
        (Duty::Off | Duty::OutOfService, _) => Availability::Off,
    }
}

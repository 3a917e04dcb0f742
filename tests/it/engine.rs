//! The engine at work, without sockets: reports become offers, silence and refusals lead to the next unit, time passes.

mod aid;
mod coverage;
mod risk;

use crate::{
    dispatches::{call, scene},
    harness::*,
    on_both,
};
use sigap::{
    domain::{access::*, area::OfferMode, dispatch::*, fix::RawFix, ids::*, incident::*, place::Place, unit::Duty},
    engine::{Availability, Engine, Lane, Order, Settings, TICK_MS, Tap, Ticked, feed::View},
    live::Live,
    live::bus::{Bus, Ear},
    road::Road,
    store::Store,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::runtime::Handle;

/// An engine whose clock the test turns.
struct World {
    store: Store,
    engine: Engine,
    clock: Arc<AtomicI64>,
}

impl World {
    async fn start(db: &Db) -> Self {
        Self::over(db, Live::memory()).await
    }

    async fn over(db: &Db, live: Live) -> Self {
        let store = db.open().await;
        if store.areas(&Scope::system(), T0).await.unwrap().is_empty() {
            areas(&store).await;
        }
        let clock = Arc::new(AtomicI64::new(T0.0));
        let hand = Arc::clone(&clock);
        let now = Arc::new(move || sigap::domain::time::UnixMs(hand.load(Ordering::SeqCst)));
        let (engine, conductor) = Engine::start(
            store.clone(),
            live,
            (Bus::Local, Ear::deaf()),
            Road::default(),
            Settings::default(),
            now,
            Handle::current(),
        )
        .await
        .unwrap();
        tokio::spawn(conductor.run());
        Self { store, engine, clock }
    }

    fn pass(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    /// A crewed unit whose phone has just sent a fix `metres` east of the scene.
    async fn unit_at(&self, name: &str, metres: f64) -> (UnitId, Scope, DeviceId) {
        self.unit_at_place(name, scene().moved(90.0, metres)).await
    }

    async fn unit_at_place(&self, name: &str, place: Place) -> (UnitId, Scope, DeviceId) {
        let (unit, officer, phone) = crewed(&self.store, name, self.engine.now()).await;
        self.fix(unit, phone, place).await;
        // The live index hears of the crew from the journal, a moment after the commit.
        for _ in 0..400 {
            let (_, live) = self.engine.unit(&Scope::system(), unit).await.unwrap();
            if live.is_some_and(|l| l.availability == Availability::Free) {
                return (unit, officer, phone);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{unit} did not become free");
    }

    async fn fix(&self, unit: UnitId, phone: DeviceId, place: Place) {
        let raw = RawFix {
            lat: place.lat(),
            lng: place.lng(),
            device_ms: self.engine.now().0,
            accuracy_m: Some(8.0),
            speed_mps: None,
            heading_deg: None,
            battery_pct: None,
            mock: false,
            backlog: false,
        };
        let taken = self.engine.stream(unit, phone).await.take(None, &[raw], self.engine.now());
        assert_eq!(taken.kept, 1, "{taken:?}");
    }

    async fn report(&self) -> IncidentId {
        self.report_at(scene()).await
    }

    async fn report_at(&self, place: Place) -> IncidentId {
        let cause = Cause::system(self.engine.now());
        let call = sigap::domain::report::NewReport { place: Some(place), ..call("0811") };
        let received = self.engine.receive(&cause, None, call, true).await.unwrap();
        received.incident.unwrap().id
    }

    /// Waits until the open dispatches of an incident are as wanted.
    async fn until(&self, id: IncidentId, what: &str, wanted: impl Fn(&[Dispatch]) -> bool) -> Vec<Dispatch> {
        for _ in 0..400 {
            let all = self.engine.dispatches(&Scope::system(), id).await.unwrap();
            if wanted(&all) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let all = self.engine.dispatches(&Scope::system(), id).await.unwrap();
        panic!("waited in vain for {what}; there is {all:#?}");
    }

    async fn offered_to(&self, id: IncidentId, unit: UnitId) -> Dispatch {
        let open = |d: &Dispatch| d.unit == unit && d.status == DispatchStatus::Offered;
        let all = self.until(id, &format!("an offer to {unit}"), |all| all.iter().any(open)).await;
        all.into_iter().find(open).unwrap()
    }

    async fn alarmed(&self, id: IncidentId) {
        for _ in 0..400 {
            let incident = self.engine.incident(&Scope::system(), id).await.unwrap();
            if incident.unassigned_since.is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the dispatchers were not alarmed");
    }

    async fn tap(&self, officer: &Scope, id: DispatchId, to: DispatchStatus) -> Dispatch {
        let reason = (to == DispatchStatus::Declined).then(|| "flat tyre".to_owned());
        let cause = Cause { now: self.engine.now(), ..by(officer, Source::Phone, 0) };
        self.engine.step(&cause, id, Tap { to, reason, disposition: None }).await.unwrap()
    }
}

on_both! {
    async fn the_nearest_is_asked_then_the_next_then_the_dispatchers(db: Db) {
        let world = World::start(&db).await;
        let (near, officer, _) = world.unit_at("BPN-M1", 400.0).await;
        let (far, ..) = world.unit_at("BPN-M2", 900.0).await;
        let id = world.report().await;
        let first = world.offered_to(id, near).await;
        let pick = first.pick.clone().unwrap();
        assert_eq!(pick.survey.candidates.iter().map(|c| c.unit).collect::<Vec<_>>(), [near, far]);
        world.tap(&officer, first.id, DispatchStatus::Declined).await;
        let second = world.offered_to(id, far).await;
        assert_eq!(second.pick.unwrap().survey.skipped[0].unit, near, "and why the nearest was not asked");
        world.pass(5_000);
        world.engine.tick().await.unwrap();
        world.alarmed(id).await;
        let all = world.engine.dispatches(&Scope::system(), id).await.unwrap();
        assert_eq!(all[1].reason.as_deref(), Some("undelivered"));
    }

    async fn what_falls_due_within_a_tick_is_looked_for_at_its_moment(db: Db) {
        let world = World::start(&db).await;
        let (near, ..) = world.unit_at("BPN-M1", 400.0).await;
        let id = world.report().await;
        world.offered_to(id, near).await;
        let delivery = T0.plus(5_000);
        world.pass(4_899);
        let far = world.engine.tick_lane(Lane::Offers).await.unwrap();
        assert_eq!((far, far.again_ms(world.engine.now())), (Ticked { fired: 0, next: None }, TICK_MS));
        world.pass(31);
        let soon = world.engine.tick_lane(Lane::Offers).await.unwrap();
        assert_eq!((soon.fired, soon.next, soon.again_ms(world.engine.now())), (0, Some(delivery), 70));
        world.pass(70);
        assert_eq!(world.engine.tick_lane(Lane::Offers).await.unwrap().fired, 1);
    }

    async fn who_waits_gets_the_unit_that_becomes_free(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, phone) = world.unit_at("BPN-M1", 400.0).await;
        let first = world.report().await;
        let work = world.offered_to(first, unit).await;
        world.tap(&officer, work.id, DispatchStatus::Accepted).await;
        let second = world.report().await;
        world.alarmed(second).await;
        world.tap(&officer, work.id, DispatchStatus::OnScene).await;
        world.tap(&officer, work.id, DispatchStatus::Cleared).await;
        world.pass(20_000);
        world.fix(unit, phone, scene()).await;
        world.offered_to(second, unit).await;
        assert_eq!(world.engine.incident(&Scope::system(), second).await.unwrap().unassigned_since, None);
    }

    async fn a_stale_fix_is_no_candidate_but_a_dispatcher_may_send_the_unit(db: Db) {
        let world = World::start(&db).await;
        let (unit, ..) = world.unit_at("BPN-M1", 400.0).await;
        world.pass(61_000);
        let id = world.report().await;
        world.alarmed(id).await;
        let dispatcher = person(&world.store, "dispatch", "BPN", Role::Dispatcher).await;
        let cause = Cause { now: world.engine.now(), ..by(&dispatcher, Source::Radio, 0) };
        let order = Order { unit, mode: Mode::Assign };
        let work = world.engine.order(&cause, id, order).await.unwrap();
        assert_eq!(work.status, DispatchStatus::Accepted);
        let tap = Tap { to: DispatchStatus::OnScene, reason: None, disposition: None };
        let there = world.engine.step(&cause, work.id, tap).await.unwrap();
        assert_eq!(there.arrival, Some(Arrival { verified: false, distance_m: None }), "nobody saw it there");
    }

    async fn an_arrival_is_held_against_the_units_own_fix(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, phone) = world.unit_at("BPN-M1", 5_000.0).await;
        let id = world.report().await;
        let work = world.offered_to(id, unit).await;
        world.tap(&officer, work.id, DispatchStatus::Accepted).await;
        world.pass(120_000);
        world.fix(unit, phone, scene().moved(90.0, 1_000.0)).await;
        let there = world.tap(&officer, work.id, DispatchStatus::OnScene).await.arrival.unwrap();
        assert!(!there.verified && (there.distance_m.unwrap() - 1_000.0).abs() < 1.0, "{there:?}");
    }

    async fn a_manual_city_proposes_once(db: Db) {
        let world = World::start(&db).await;
        world.store.set_offers(&system(0), code("BPN"), OfferMode::Manual).await.unwrap();
        for _ in 0..400 {
            if world.engine.catalog().area(code("BPN")).unwrap().offers == OfferMode::Manual {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        world.unit_at("BPN-M1", 400.0).await;
        let id = world.report().await;
        world.alarmed(id).await;
        world.engine.sweep().await;
        let events = world.engine.journal(&Scope::system(), code("BPN"), 0, 1_000).await.unwrap();
        assert_eq!(events.iter().filter(|e| e.what.kind() == "incident.proposed").count(), 1);
        assert!(world.engine.dispatches(&Scope::system(), id).await.unwrap().is_empty());
    }

    async fn a_panic_asks_the_two_nearest_and_not_the_one_in_danger(db: Db) {
        let world = World::start(&db).await;
        let (danger, officer, _) = world.unit_at("BPN-M1", 0.0).await;
        let (one, ..) = world.unit_at("BPN-M2", 500.0).await;
        let (two, ..) = world.unit_at("BPN-M3", 800.0).await;
        world.unit_at("BPN-M4", 2_000.0).await;
        let cause = Cause { now: world.engine.now(), ..by(&officer, Source::Phone, 0) };
        let incident = world.engine.panic(&cause, danger, None).await.unwrap();
        assert_eq!((incident.priority, incident.origin), (Priority::P1, Origin::Panic));
        let all = world.until(incident.id, "two offers", |all| all.len() >= 2).await;
        assert_eq!(all.iter().map(|d| d.unit).collect::<Vec<_>>(), [one, two]);
    }

    async fn an_officers_find_is_their_own_at_once(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, _) = world.unit_at("BPN-M1", 10.0).await;
        let cause = Cause { now: world.engine.now(), ..by(&officer, Source::Phone, 0) };
        let new = NewIncident {
            kind: "accident".to_owned(),
            priority: Priority::P3,
            origin: Origin::Officer,
            place: scene(),
            district: None,
            by_unit: Some(unit),
            note: None,
        };
        let incident = world.engine.open_by_officer(&cause, new).await.unwrap();
        let there = |all: &[Dispatch]| all.len() == 1 && all[0].status == DispatchStatus::OnScene;
        let all = world.until(incident.id, "the finder on scene", there).await;
        assert!(all[0].unit == unit && all[0].arrival.unwrap().verified);
        let standing = world.engine.standing(&Scope::system(), code("BPN")).await.unwrap();
        assert_eq!((standing.open, standing.decided_today), (0, 0), "counted apart from the promise to citizens");
    }

    async fn a_place_in_no_city_goes_to_the_region(db: Db) {
        let world = World::start(&db).await;
        let report = sigap::domain::report::NewReport { place: Place::new(-1.5, 116.9).ok(), ..call("0811") };
        let cause = Cause::system(T0);
        let received = world.engine.receive(&cause, None, report, true).await.unwrap();
        assert!(received.report.outside_area && received.incident.is_none());
        assert_eq!(received.report.id.area, code("KALTIM"));
    }

    async fn a_restart_goes_on_where_it_stopped(db: Db) {
        let world = World::start(&db).await;
        let (unit, ..) = world.unit_at("BPN-M1", 400.0).await;
        let busy = world.report().await;
        world.offered_to(busy, unit).await;
        let waiting = world.report().await;
        world.alarmed(waiting).await;
        world.engine.close().await;
        let world = World::start(&db).await;
        world.clock.store(T0.0 + 30_000, Ordering::SeqCst);
        world.engine.tick().await.unwrap();
        world.offered_to(waiting, unit).await;
        let lost = world.engine.dispatches(&Scope::system(), busy).await.unwrap();
        assert_eq!(lost[0].status, DispatchStatus::Expired, "the offer that nobody answered");
    }

    async fn out_of_service_is_not_asked(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, _) = world.unit_at("BPN-M1", 400.0).await;
        let cause = Cause { now: world.engine.now(), ..by(&officer, Source::Phone, 0) };
        world.engine.set_duty(&cause, unit, Duty::OutOfService, Some("meal".to_owned())).await.unwrap();
        let id = world.report().await;
        world.alarmed(id).await;
        world.engine.set_duty(&cause, unit, Duty::On, None).await.unwrap();
        world.offered_to(id, unit).await;
    }

    async fn queued_work_is_offered_when_the_unit_is_free(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, _) = world.unit_at("BPN-M1", 400.0).await;
        let first = world.report().await;
        let work = world.offered_to(first, unit).await;
        world.tap(&officer, work.id, DispatchStatus::Accepted).await;
        let second = world.report().await;
        let dispatcher = person(&world.store, "dispatch", "BPN", Role::Dispatcher).await;
        let cause = Cause { now: world.engine.now(), ..by(&dispatcher, Source::Console, 0) };
        world.engine.order(&cause, second, Order { unit, mode: Mode::Queue }).await.unwrap();
        world.tap(&officer, work.id, DispatchStatus::OnScene).await;
        world.tap(&officer, work.id, DispatchStatus::Cleared).await;
        world.offered_to(second, unit).await;
    }

    async fn queued_work_is_offered_when_the_node_that_freed_the_unit_died(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, _) = world.unit_at("BPN-M1", 400.0).await;
        let first = world.report().await;
        let work = world.offered_to(first, unit).await;
        world.tap(&officer, work.id, DispatchStatus::Accepted).await;
        let second = world.report().await;
        let dispatcher = person(&world.store, "dispatch", "BPN", Role::Dispatcher).await;
        let cause = Cause { now: world.engine.now(), ..by(&dispatcher, Source::Console, 0) };
        world.engine.order(&cause, second, Order { unit, mode: Mode::Queue }).await.unwrap();
        // Another node frees the unit, and goes away before it does what follows.
        let other = db.open().await;
        let cause = Cause { now: world.engine.now(), ..by(&officer, Source::Phone, 0) };
        other.step(&cause, work.id, sigap::store::Step::to(DispatchStatus::OnScene)).await.unwrap();
        other.step(&cause, work.id, sigap::store::Step::to(DispatchStatus::Cleared)).await.unwrap();
        other.close().await;
        let queued = world.store.queued_for(&Scope::system(), unit).await.unwrap().unwrap();
        world.engine.sweep().await;
        assert_eq!(world.offered_to(second, unit).await.id, queued.id);
    }

    async fn a_crew_hears_its_own_and_a_quiet_one_is_never_too_far_behind(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, _) = world.unit_at("BPN-M1", 400.0).await;
        let id = world.report().await;
        world.offered_to(id, unit).await;
        let mut desk = world.engine.subscribe(&Scope::system(), code("BPN"), View::Desk, Some(0)).unwrap();
        let mut crew = world.engine.subscribe(&officer, code("BPN"), View::Unit(unit), Some(0)).unwrap();
        let (mut all, mut own) = (Vec::new(), Vec::new());
        while all.iter().all(|k| *k != "dispatch.offered") {
            all.extend(desk.next().await.unwrap().iter().map(|n| n.event.what.kind()));
        }
        while own.iter().all(|k| *k != "dispatch.offered") {
            own.extend(crew.next().await.unwrap().iter().map(|n| n.event.what.kind()));
        }
        assert!(all.contains(&"incident.opened") && !own.contains(&"incident.opened"));
        // Meanwhile much happens that is not this crew's: on an incident that nobody works on.
        let other = world.report().await;
        let mut noise = tokio::task::JoinSet::new();
        for _ in 0..2_100 {
            let engine = world.engine.clone();
            noise.spawn(async move { engine.add_note(&Cause::system(T0), other, "noise".to_owned()).await });
            if noise.len() >= 64 {
                noise.join_next().await.unwrap().unwrap().unwrap();
            }
        }
        while let Some(note) = noise.join_next().await {
            note.unwrap().unwrap();
        }
        let mut late = world.engine.subscribe(&officer, code("BPN"), View::Unit(unit), Some(3)).unwrap();
        assert!(late.can_resume().await.unwrap(), "it missed little");
        let missed = late.take().await.unwrap();
        assert!(missed.iter().any(|n| n.event.what.kind() == "dispatch.offered"));
        let desk = world.engine.subscribe(&Scope::system(), code("BPN"), View::Desk, Some(3)).unwrap();
        assert!(!desk.can_resume().await.unwrap(), "the desk missed all of it");
    }
}

//! Two cities side by side: who may help across the border, and who hears of it.

use super::*;
use sigap::{
    domain::{area::Level, boundary::Boundary, event::Happened, import::NewArea, nearest::Why, refusal::Refusal},
    store::{StoreError, Verdict},
};

/// The border between BPN in the west and SMD in the east, degrees east.
const BORDER: f64 = 116.90;

/// A place so many metres east of the border; west of it where negative.
fn from_border(metres: f64) -> Place {
    Place::new(-1.25, BORDER).unwrap().moved(90.0, metres)
}

/// The small world, with a boundary for SMD.
async fn side_by_side(db: &Db) -> World {
    let store = db.open().await;
    areas(&store).await;
    let east = [(BORDER, -1.34), (117.04, -1.34), (117.04, -1.20), (BORDER, -1.20)];
    let boundary = Some(Boundary::outline(&east).unwrap());
    store.put_area(&system(0), NewArea { area: area("SMD", Some("KALTIM"), Level::City), boundary }).await.unwrap();
    World::start(db).await
}

/// Waits until the engine has heard of a change of the areas.
async fn heard(world: &World, what: impl Fn(&Engine) -> bool) {
    for _ in 0..400 {
        if what(&world.engine) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the engine did not hear of the change");
}

async fn set_aid(world: &World, city: &str, aid_m: i64) {
    world.store.set_aid(&system(0), code(city), aid_m).await.unwrap();
    heard(world, |engine| engine.catalog().area(code(city)).unwrap().aid_m == aid_m).await;
}

async fn set_manual(world: &World, city: &str) {
    world.store.set_offers(&system(0), code(city), OfferMode::Manual).await.unwrap();
    heard(world, |engine| engine.catalog().area(code(city)).unwrap().offers == OfferMode::Manual).await;
}

async fn kinds(world: &World, city: &str) -> Vec<&'static str> {
    let events = world.engine.journal(&Scope::system(), code(city), 0, 1_000).await.unwrap();
    events.iter().map(|e| e.what.kind()).collect()
}

on_both! {
    async fn the_nearest_is_asked_from_beyond_the_border(db: Db) {
        let world = side_by_side(&db).await;
        let (own, own_officer, _) = world.unit_at_place("BPN-M1", from_border(-2_300.0)).await;
        let (near, officer, phone) = world.unit_at_place("SMD-C1", from_border(100.0)).await;
        let id = world.report_at(from_border(-300.0)).await;
        let offer = world.offered_to(id, near).await;
        assert_eq!((offer.id.area, offer.unit.area), (code("BPN"), code("SMD")));
        let pick = offer.pick.unwrap();
        assert_eq!(pick.neighbours, [code("SMD")]);
        let seen: Vec<_> = pick.survey.candidates.iter().map(|c| (c.unit, c.neighbour)).collect();
        assert_eq!((seen, pick.chosen.unwrap().neighbour), (vec![(near, true), (own, false)], true));

        // Its crew knows what it needs, and nobody else does.
        let brief = world.engine.brief(&officer, offer.id).await.unwrap();
        assert_eq!((brief.incident.id, brief.notes.len()), (id, 1));
        assert!(brief.notes[0].text.is_some() && brief.travel_ms.is_some());
        assert_eq!(world.engine.work_of(&officer, near).await.unwrap(), [brief]);
        assert!(world.engine.incident(&officer, id).await.is_err(), "the rest of the other city is not its business");
        let phones = Cause { now: world.engine.now(), ..by(&officer, Source::Phone, 0) };
        world.engine.deliver(&phones, offer.id, phone).await.unwrap();
        let stranger = Cause { now: world.engine.now(), ..by(&own_officer, Source::Phone, 0) };
        let tap = Tap { to: DispatchStatus::Accepted, reason: None, disposition: None };
        assert!(world.engine.step(&stranger, offer.id, tap).await.is_err());
        world.tap(&officer, offer.id, DispatchStatus::Accepted).await;
        // Both desks have it in their picture.
        for city in ["BPN", "SMD"] {
            let picture = world.engine.deskful(&Scope::system(), code(city)).await.unwrap();
            assert_eq!(picture.dispatches.iter().map(|d| d.id).collect::<Vec<_>>(), [offer.id], "{city}");
        }
        world.pass(60_000);
        world.fix(near, phone, from_border(-280.0)).await;
        let there = world.tap(&officer, offer.id, DispatchStatus::OnScene).await;
        assert!(there.arrival.unwrap().verified);
        let clear = Tap { to: DispatchStatus::Cleared, reason: None, disposition: Some(Disposition::Handled) };
        world.engine.step(&Cause { now: world.engine.now(), ..phones }, offer.id, clear).await.unwrap();
        let closed = world.engine.incident(&Scope::system(), id).await.unwrap();
        assert_eq!((closed.status, closed.clock.kept()), (IncidentStatus::Closed, Some(true)));
        for city in ["BPN", "SMD"] {
            let told = kinds(&world, city).await;
            for step in ["offered", "delivered", "accepted", "on_scene", "cleared"] {
                let kind = format!("dispatch.{step}");
                assert_eq!(told.iter().filter(|k| **k == kind).count(), 1, "{city} {kind}: {told:?}");
            }
            assert!(matches!(world.store.verify(&Scope::system(), code(city)).await.unwrap(), Verdict::Whole(_)));
        }
    }

    async fn who_declines_across_the_border_gives_way_to_the_next(db: Db) {
        let world = side_by_side(&db).await;
        let (own, ..) = world.unit_at_place("BPN-M1", from_border(-2_300.0)).await;
        let (near, officer, _) = world.unit_at_place("SMD-C1", from_border(100.0)).await;
        let id = world.report_at(from_border(-300.0)).await;
        let offer = world.offered_to(id, near).await;
        world.tap(&officer, offer.id, DispatchStatus::Declined).await;
        let second = world.offered_to(id, own).await.pick.unwrap();
        let passed = &second.survey.skipped[0];
        assert_eq!((passed.unit, passed.why, passed.neighbour), (near, Why::Tried, true));
    }

    async fn nobody_crosses_a_border_that_is_far_or_closed(db: Db) {
        let world = side_by_side(&db).await;
        let (own, officer, phone) = world.unit_at_place("BPN-M1", from_border(-2_300.0)).await;
        let (near, _, other) = world.unit_at_place("SMD-C1", from_border(100.0)).await;
        for (bpn, smd) in [(299, 2_000), (0, 2_000), (2_000, 0)] {
            set_aid(&world, "BPN", bpn).await;
            set_aid(&world, "SMD", smd).await;
            let id = world.report_at(from_border(-300.0)).await;
            let offer = world.offered_to(id, own).await;
            let pick = offer.pick.clone().unwrap();
            assert!(pick.neighbours.is_empty() && pick.survey.candidates.iter().all(|c| c.unit == own), "{pick:?}");
            world.tap(&officer, offer.id, DispatchStatus::Accepted).await;
            world.tap(&officer, offer.id, DispatchStatus::OnScene).await;
            world.tap(&officer, offer.id, DispatchStatus::Cleared).await;
            world.pass(1_000);
            world.fix(own, phone, from_border(-2_300.0)).await;
        }
        // A metre more, and it is near.
        set_aid(&world, "BPN", 301).await;
        set_aid(&world, "SMD", 1).await;
        world.fix(near, other, from_border(100.0)).await;
        let id = world.report_at(from_border(-300.0)).await;
        world.offered_to(id, near).await;
        let told = world.engine.journal(&Scope::system(), code("BPN"), 0, 1_000).await.unwrap();
        let changes = told.iter().filter(|e| e.what == Happened::AreaChanged { what: "aid".to_owned() }).count();
        assert_eq!(changes, 4, "2000 → 299 → 0 → 2000 → 301");
    }

    async fn a_neighbours_unit_that_becomes_free_serves_who_waits(db: Db) {
        let world = side_by_side(&db).await;
        let (unit, officer, _) = world.unit_at_place("SMD-C1", from_border(100.0)).await;
        let first = world.report_at(from_border(200.0)).await;
        assert_eq!(first.area, code("SMD"));
        let work = world.offered_to(first, unit).await;
        world.tap(&officer, work.id, DispatchStatus::Accepted).await;
        let (near, far) = (world.report_at(from_border(-300.0)).await, world.report_at(from_border(-5_000.0)).await);
        world.alarmed(near).await;
        world.alarmed(far).await;
        world.tap(&officer, work.id, DispatchStatus::OnScene).await;
        world.tap(&officer, work.id, DispatchStatus::Cleared).await;
        world.offered_to(near, unit).await;
        assert!(world.engine.dispatches(&Scope::system(), far).await.unwrap().is_empty(), "too far from the border");
    }

    async fn a_manual_neighbours_units_are_proposed_and_never_asked(db: Db) {
        let world = side_by_side(&db).await;
        set_manual(&world, "SMD").await;
        let (near, ..) = world.unit_at_place("SMD-C1", from_border(100.0)).await;
        let scene = from_border(-300.0);
        let id = world.report_at(scene).await;
        world.alarmed(id).await;
        world.engine.sweep().await;
        assert!(world.engine.dispatches(&Scope::system(), id).await.unwrap().is_empty());
        let events = world.engine.journal(&Scope::system(), code("BPN"), 0, 1_000).await.unwrap();
        let proposed = Happened::IncidentProposed { incident: id, unit: near };
        assert_eq!(events.iter().filter(|e| e.what == proposed).count(), 1);
        // A dispatcher of this city alone sees it, and may send it, here.
        let dispatcher = person(&world.store, "dispatch", "BPN", Role::Dispatcher).await;
        let seen = world.engine.candidates(&dispatcher, id).await.unwrap().pick;
        assert_eq!(seen.chosen.map(|c| (c.unit, c.neighbour)), Some((near, true)));
        let cause = Cause { now: world.engine.now(), ..by(&dispatcher, Source::Console, 0) };
        let inland = world.report_at(from_border(-6_000.0)).await;
        let order = Order { unit: near, mode: Mode::Offer };
        let far = world.engine.order(&cause, inland, order).await;
        assert!(matches!(far, Err(StoreError::Refused(Refusal::NotFound("unit")))), "{far:?}");
        world.engine.close_incident(&cause, inland, Disposition::Duplicate).await.unwrap();
        world.engine.order(&cause, id, order).await.unwrap();
        // With a unit of its own, the city asks that one, and keeps why the nearer one was not asked.
        let (own, ..) = world.unit_at_place("BPN-M1", from_border(-4_000.0)).await;
        world.unit_at_place("SMD-C2", from_border(50.0)).await;
        let second = world.report_at(scene).await;
        let pick = world.offered_to(second, own).await.pick.unwrap();
        let by_hand: Vec<_> = pick.survey.skipped.iter().filter(|s| s.why == Why::ByHand).map(|s| s.unit).collect();
        assert_eq!((by_hand, pick.neighbours), (vec![unit("SMD-C2")], vec![code("SMD")]));
    }
}

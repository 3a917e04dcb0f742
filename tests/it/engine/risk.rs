//! At risk before late: by the unit on its way, by what is left of the target, once; and what would help.

use super::*;
use sigap::domain::{
    deadline::DeadlineKind,
    event::Happened,
    sla::{
        policy::Segment,
        risk::{Advice, Help, LOOK_MS},
    },
};

const MINUTE: i64 = 60_000;
/// Ten minutes less three.
const SEVENTY_PERCENT: i64 = 7 * MINUTE;

impl World {
    /// When incidents were told to be at risk, after the test's beginning, and with what.
    async fn at_risk(&self, id: IncidentId) -> Vec<(i64, i64, Advice)> {
        let events = self.store.events(&Scope::system(), code("BPN"), 0, 10_000, None).await.unwrap();
        let told = |event: sigap::domain::event::Event| match event.what {
            Happened::IncidentAtRisk { incident, left_ms, advice } if incident == id => {
                Some((event.at.since(T0), left_ms, advice))
            }
            _ => None,
        };
        events.into_iter().filter_map(told).collect()
    }

    /// Ticks once a second until `ms` after the test's beginning; each second the phones say where they are.
    async fn ride(&self, until: i64, phones: &[(UnitId, DeviceId)], at: impl Fn(usize, i64) -> Place) {
        while self.engine.now().since(T0) < until {
            self.pass(1_000);
            let now = self.engine.now().since(T0);
            if now % 15_000 == 0 {
                for (n, (unit, phone)) in phones.iter().enumerate() {
                    self.fix(*unit, *phone, at(n, now)).await;
                }
            }
            self.engine.tick().await.unwrap();
        }
    }

    /// Reported, offered to this unit, and it sets out.
    async fn sets_out(&self, unit: UnitId, officer: &Scope) -> (IncidentId, DispatchId) {
        let id = self.report().await;
        let work = self.offered_to(id, unit).await.id;
        self.tap(officer, work, DispatchStatus::Accepted).await;
        self.tap(officer, work, DispatchStatus::EnRoute).await;
        (id, work)
    }

    async fn less_urgent(&self, unit: UnitId, officer: &Scope) -> (IncidentId, DispatchId) {
        let id = self.report_at(scene().moved(0.0, 4_000.0)).await;
        self.store.set_priority(&Cause::system(self.engine.now()), id, Priority::P4).await.unwrap();
        let work = self.offered_to(id, unit).await.id;
        self.tap(officer, work, DispatchStatus::Accepted).await;
        self.tap(officer, work, DispatchStatus::EnRoute).await;
        (id, work)
    }
}

fn east(metres: f64) -> Place {
    scene().moved(90.0, metres)
}

on_both! {
    async fn who_is_too_far_is_told_of_at_once(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, phone) = world.unit_at("BPN-M1", 7_000.0).await;
        let (id, _) = world.sets_out(unit, &officer).await;
        world.ride(2_000, &[(unit, phone)], |_, _| east(7_000.0)).await;
        let told = world.at_risk(id).await;
        let [(at, left_ms, advice)] = &told[..] else { panic!("{told:?}") };
        assert!(*at <= 2_000 && *left_ms >= 598_000, "at {at} with {left_ms}");
        assert!((698_000..702_000).contains(&advice.expected_ms.unwrap()), "{advice:?}");
        assert_eq!(advice.late_share, 0.0, "nothing is known of like cases");
        // Once, whatever comes later.
        world.ride(SEVENTY_PERCENT + MINUTE, &[(unit, phone)], |_, _| east(7_000.0)).await;
        assert_eq!(world.at_risk(id).await.len(), 1);
    }

    async fn who_makes_it_is_not_told_of(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, phone) = world.unit_at("BPN-M1", 3_900.0).await;
        let (id, work) = world.sets_out(unit, &officer).await;
        // Ten metres a second.
        world.ride(390_000, &[(unit, phone)], |_, ms| east(3_900.0 - ms as f64 / 100.0)).await;
        world.tap(&officer, work, DispatchStatus::OnScene).await;
        world.ride(11 * MINUTE, &[], |_, _| scene()).await;
        assert_eq!(world.at_risk(id).await, []);
    }

    async fn at_seventy_percent_it_is_told_whatever_is_expected(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, phone) = world.unit_at("BPN-M1", 200.0).await;
        let (id, _) = world.sets_out(unit, &officer).await;
        world.ride(SEVENTY_PERCENT - 1_000, &[(unit, phone)], |_, _| east(200.0)).await;
        assert_eq!(world.at_risk(id).await, [], "around the corner");
        world.ride(SEVENTY_PERCENT, &[(unit, phone)], |_, _| east(200.0)).await;
        let told = world.at_risk(id).await;
        assert!(matches!(told[..], [(SEVENTY_PERCENT, 180_000, Advice { expected_ms: Some(19_000..21_000), .. })]), "{told:?}");
    }

    async fn who_stands_still_is_told_of_when_it_is_too_late_to_ride(db: Db) {
        let world = World::start(&db).await;
        let (unit, officer, phone) = world.unit_at("BPN-M1", 3_000.0).await;
        let (near, its_officer, its_phone) = world.unit_at("BPN-M2", 9_000.0).await;
        let (far, far_officer, far_phone) = world.unit_at("BPN-M3", 9_500.0).await;
        let (id, _) = world.sets_out(unit, &officer).await;
        let (_, work) = world.less_urgent(near, &its_officer).await;
        let (waits, diverted) = world.less_urgent(far, &far_officer).await;
        // The second one is done beside the scene, the third one passes by on its way; the first one stands.
        let phones = [(unit, phone), (near, its_phone), (far, far_phone)];
        let at = |n: usize, ms: i64| {
            let gone_m = ms as f64 / 20.0;
            east([3_000.0, (9_000.0 - gone_m).max(500.0), (9_500.0 - gone_m).max(100.0)][n])
        };
        world.ride(290_000, &phones, at).await;
        assert_eq!(world.at_risk(id).await, [], "it could still make it");
        let asked = world.engine.risk(&Scope::system(), id).await.unwrap();
        assert!(!asked.at_risk && asked.left_ms == 310_000, "{asked:?}");
        assert!(matches!(asked.advice.helps[..], [Help::Divert { .. }]), "only one that would have to leave another: {asked:?}");
        world.tap(&its_officer, work, DispatchStatus::OnScene).await;
        world.tap(&its_officer, work, DispatchStatus::Cleared).await;
        let free = || async {
            let (_, live) = world.engine.unit(&Scope::system(), near).await.unwrap();
            live.is_some_and(|live| live.availability == Availability::Free)
        };
        while !free().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.ride(300_000 + LOOK_MS + 1_000, &phones, at).await;
        let told = world.at_risk(id).await;
        let [(at, _, advice)] = &told[..] else { panic!("{told:?}") };
        assert!((300_000..=300_000 + LOOK_MS + 1_000).contains(at), "at {at}");
        let [Help::Nearer { unit, eta_ms, saves_ms: Some(saves_ms) }, Help::Divert { dispatch, unit: other, incident, priority, eta_ms: sooner }] = advice.helps[..] else { panic!("{advice:?}") };
        assert_eq!((unit, dispatch, other, incident, priority), (near, diverted, far, waits, Priority::P4));
        // A minute to turn out and fifty seconds to ride, instead of five minutes; who rides already needs ten seconds.
        assert!((109_000..111_000).contains(&eta_ms) && (189_000..191_000).contains(&saves_ms), "{eta_ms} {saves_ms}");
        assert!((9_000..11_000).contains(&sooner), "{sooner}");
        let asked = world.engine.risk(&Scope::system(), id).await.unwrap();
        assert!(asked.at_risk && asked.advice.helps.len() == 2, "{asked:?}");
    }

    async fn who_waits_for_anybody_is_not_looked_at_again_and_again(db: Db) {
        let world = World::start(&db).await;
        let opened = crate::dispatches::open_many(&world.store, 300).await;
        // Each is told of once that nobody is to be found.
        while db.count("SELECT COUNT(*) FROM incident WHERE unassigned_ms IS NULL").await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let writes = || db.count("SELECT seq FROM journal_head WHERE area = 'BPN'");
        let looks = || db.count("SELECT CAST(SUM(due_ms) AS BIGINT) FROM deadline");
        let before = (writes().await, looks().await);
        for _ in 0..SEVENTY_PERCENT / LOOK_MS - 1 {
            world.pass(LOOK_MS);
            let due = world.store.due(DeadlineKind::Warn, world.engine.now(), 1_000).await.unwrap();
            assert!(due.is_empty(), "{due:?}");
            assert_eq!(world.engine.tick().await.unwrap(), 0);
        }
        assert_eq!((writes().await, looks().await), before);
        world.clock.store(T0.0 + SEVENTY_PERCENT, Ordering::SeqCst);
        assert_eq!(world.engine.tick().await.unwrap(), opened.len());
        let (_, left_ms, advice) = world.at_risk(opened[9].id).await.remove(0);
        assert_eq!((left_ms, advice), (3 * MINUTE, Advice::default()), "many at once: nobody looks for help first");
    }

    async fn in_a_city_by_hand_the_proposed_unit_decides_when(db: Db) {
        let world = World::start(&db).await;
        world.store.set_offers(&system(0), code("BPN"), OfferMode::Manual).await.unwrap();
        while world.engine.catalog().area(code("BPN")).unwrap().offers != OfferMode::Manual {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (unit, _, phone) = world.unit_at("BPN-M1", 4_000.0).await;
        let id = world.report().await;
        world.alarmed(id).await;
        // Of six hundred seconds a minute to turn out and four hundred to ride.
        world.ride(130_000, &[(unit, phone)], |_, _| east(4_000.0)).await;
        assert_eq!(world.at_risk(id).await, []);
        world.ride(150_000, &[(unit, phone)], |_, _| east(4_000.0)).await;
        let told = world.at_risk(id).await;
        let [(139_000..=142_000, _, advice)] = &told[..] else { panic!("{told:?}") };
        assert_eq!(advice.expected_ms, None);
        assert!(matches!(advice.helps[..], [Help::Nearer { unit: who, saves_ms: None, .. }] if who == unit), "{advice:?}");
    }

    async fn a_breach_is_told_with_its_cause(db: Db) {
        let world = World::start(&db).await;
        let (near, its_officer, _) = world.unit_at("BPN-M1", 400.0).await;
        let (unit, officer, phone) = world.unit_at("BPN-M2", 7_200.0).await;
        let id = world.report().await;
        let first = world.offered_to(id, near).await.id;
        world.tap(&its_officer, first, DispatchStatus::Declined).await;
        let work = world.offered_to(id, unit).await.id;
        world.tap(&officer, work, DispatchStatus::Accepted).await;
        world.tap(&officer, work, DispatchStatus::EnRoute).await;
        world.ride(10 * MINUTE + 1_000, &[(unit, phone)], |_, _| east(7_200.0)).await;
        let events = world.store.events(&Scope::system(), code("BPN"), 0, 10_000, None).await.unwrap();
        let causes: Vec<_> = events
            .into_iter()
            .filter_map(|event| match event.what {
                Happened::IncidentBreached { incident, cause } if incident == id => Some(cause.unwrap()),
                _ => None,
            })
            .collect();
        let [cause] = &causes[..] else { panic!("{causes:?}") };
        assert_eq!((cause.segment, cause.facts.declined), (Segment::Travel, 1));
        assert!(cause.over_ms > 100_000 && (7_199.0..7_201.0).contains(&cause.facts.distance_m.unwrap()), "{cause:?}");
        let spent = world.engine.spent(&Scope::system(), id).await.unwrap();
        assert_eq!(spent.cause.unwrap().segment, Segment::Travel);
        let travel = spent.parts.iter().find(|part| part.segment == Segment::Travel).unwrap();
        assert_eq!(travel.over_ms, Some(travel.spent_ms.unwrap() - travel.budget_ms));
        let answer = spent.parts.iter().find(|part| part.segment == Segment::Answer).unwrap();
        assert_eq!((answer.spent_ms, answer.over_ms), (Some(0), None));
    }
}

//! Crews on both engines.

use crate::{harness::*, on_both};
use sigap::{
    domain::{
        access::*,
        event::{Audience, Happened},
        ids::*,
        refusal::Refusal,
        unit::Duty,
    },
    store::Store,
};

async fn happened(store: &Store, unit: UnitId) -> Vec<Happened> {
    let events = store.events(&Scope::system(), unit.area, 0, 1_000, Some(unit)).await.unwrap();
    assert!(events.iter().all(|e| e.audience == Audience::Unit(unit)));
    events.into_iter().map(|e| e.what).collect()
}

async fn sources(store: &Store, unit: UnitId) -> Vec<DeviceId> {
    let crew = store.crew(&Scope::system(), unit).await.unwrap();
    crew.into_iter().filter(|m| m.position_source).map(|m| m.device).collect()
}

on_both! {
    async fn two_officers_ride_together(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let id = units(&store, &["BPN-M1"]).await[0];
        let (first, second) = (person(&store, "o1", "BPN", Role::Officer).await, person(&store, "o2", "BPN", Role::Officer).await);
        let (p1, p2) = (device(), device());
        let unit = store.sign_on(&by(&first, Source::Phone, 1), id, p1, false).await.unwrap();
        assert_eq!((unit.duty, unit.since), (Duty::On, T0.plus(1)));
        let unit = store.sign_on(&by(&second, Source::Phone, 2), id, p2, false).await.unwrap();
        assert_eq!((unit.duty, unit.since), (Duty::On, T0.plus(1)));
        let crew = store.crew(&first, id).await.unwrap();
        assert_eq!(crew.iter().map(|m| (m.device, m.position_source)).collect::<Vec<_>>(), [(p1, true), (p2, false)]);
        assert_eq!((crew[1].account, crew[1].from), (second.account().unwrap(), T0.plus(2)));
        assert_eq!(store.riding(p1).await.unwrap(), Some((id, true)));
        assert_eq!(store.riding(p2).await.unwrap(), Some((id, false)));
        // The first leaves: the other phone is the position, the unit stays on duty.
        let unit = store.sign_off(&by(&first, Source::Phone, 3), id, p1).await.unwrap();
        assert_eq!(unit.duty, Duty::On);
        assert_eq!(store.riding(p2).await.unwrap(), Some((id, true)));
        let unit = store.sign_off(&by(&second, Source::Phone, 4), id, p2).await.unwrap();
        assert_eq!((unit.duty, unit.since), (Duty::Off, T0.plus(4)));
        assert_eq!(happened(&store, id).await, [
            Happened::CrewSignedOn { unit: id, device: p1, position_source: true },
            Happened::UnitDuty { unit: id, duty: Duty::On, reason: None },
            Happened::CrewSignedOn { unit: id, device: p2, position_source: false },
            Happened::CrewSignedOff { unit: id, device: p1 },
            Happened::CrewSource { unit: id, device: p2 },
            Happened::CrewSignedOff { unit: id, device: p2 },
            Happened::UnitDuty { unit: id, duty: Duty::Off, reason: None },
        ]);
    }

    async fn signing_on_again_changes_nothing_and_can_take_the_source(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (id, _, p1) = crewed(&store, "BPN-M1", T0).await;
        let second = by(&person(&store, "o2", "BPN", Role::Officer).await, Source::Phone, 1);
        let p2 = device();
        for _ in 0..2 {
            store.sign_on(&second, id, p2, false).await.unwrap();
        }
        assert_eq!(sources(&store, id).await, [p1]);
        for _ in 0..2 {
            store.sign_on(&second, id, p2, true).await.unwrap();
        }
        assert_eq!(sources(&store, id).await, [p2]);
        assert_eq!(store.crew(&Scope::system(), id).await.unwrap().len(), 2);
        assert_eq!(happened(&store, id).await[2..], [
            Happened::CrewSignedOn { unit: id, device: p2, position_source: false },
            Happened::CrewSource { unit: id, device: p2 },
        ]);
        // A new phone takes it in one step, too.
        let p3 = device();
        store.sign_on(&second, id, p3, true).await.unwrap();
        assert_eq!(sources(&store, id).await, [p3]);
    }

    async fn a_phone_rides_with_one_unit(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (m1, officer, phone) = crewed(&store, "BPN-M1", T0).await;
        let m2 = units(&store, &["BPN-M2"]).await[0];
        let cause = by(&officer, Source::Phone, 1);
        assert_eq!(store.sign_on(&cause, m2, phone, true).await.unwrap_err().refusal(), Some(&Refusal::RidesWith(m1)));
        assert!(store.crew(&Scope::system(), m2).await.unwrap().is_empty());
        assert_eq!(store.unit(&officer, m2).await.unwrap().unwrap().duty, Duty::Off);
        store.sign_off(&cause, m1, phone).await.unwrap();
        store.sign_on(&cause, m2, phone, true).await.unwrap();
        assert_eq!(store.riding(phone).await.unwrap(), Some((m2, true)));
        // Off and on within one millisecond is no clash.
        store.sign_off(&cause, m2, phone).await.unwrap();
        store.sign_on(&cause, m2, phone, true).await.unwrap();
        store.sign_off(&cause, m2, phone).await.unwrap();
        store.sign_on(&cause, m2, phone, true).await.unwrap();
        assert_eq!(store.riding(phone).await.unwrap(), Some((m2, true)));
    }

    async fn one_phone_wanted_by_many_units_rides_with_one(db: Db) {
        // Two nodes and two areas, so that neither a writer task nor one journal's lock decides it.
        let nodes = [db.open().await, db.open().await];
        areas(&nodes[0]).await;
        let officer = person(&nodes[0], "officer", "KALTIM", Role::Officer).await;
        let names: Vec<String> = (1..=8).flat_map(|n| [format!("BPN-M{n}"), format!("SMD-M{n}")]).collect();
        let ids = units(&nodes[0], &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let phone = device();
        let tries: Vec<_> = ids
            .iter()
            .enumerate()
            .map(|(n, &id)| {
                let (store, cause) = (nodes[n / 2 % 2].clone(), by(&officer, Source::Phone, 0));
                tokio::spawn(async move { (id, store.sign_on(&cause, id, phone, true).await) })
            })
            .collect();
        let (mut won, mut lost) = (Vec::new(), Vec::new());
        for one in tries {
            match one.await.unwrap() {
                (id, Ok(_)) => won.push(id),
                (_, Err(e)) => lost.push(e.refusal().cloned().unwrap_or_else(|| panic!("{e}"))),
            }
        }
        assert_eq!(won.len(), 1);
        assert!(lost.iter().all(|r| *r == Refusal::RidesWith(won[0])), "{lost:?}");
        assert_eq!(nodes[1].riding(phone).await.unwrap(), Some((won[0], true)));
        let on_duty = nodes[1].on_duty_units().await.unwrap();
        assert_eq!(on_duty.iter().map(|u| u.id).collect::<Vec<_>>(), won);
    }

    async fn a_crew_that_signs_on_at_once_has_one_source(db: Db) {
        let nodes = [db.open().await, db.open().await];
        areas(&nodes[0]).await;
        let id = units(&nodes[0], &["BPN-C1"]).await[0];
        let officer = person(&nodes[0], "officer", "BPN", Role::Officer).await;
        let tries: Vec<_> = (0..16)
            .map(|n| {
                let (store, cause) = (nodes[n % 2].clone(), by(&officer, Source::Phone, 0));
                tokio::spawn(async move { store.sign_on(&cause, id, device(), n % 3 == 0).await.unwrap() })
            })
            .collect();
        for one in tries {
            one.await.unwrap();
        }
        assert_eq!(nodes[0].crew(&officer, id).await.unwrap().len(), 16);
        assert_eq!(sources(&nodes[0], id).await.len(), 1);
        let on = happened(&nodes[0], id).await;
        assert_eq!(on.iter().filter(|w| matches!(w, Happened::UnitDuty { .. })).count(), 1, "on duty once");
    }

    async fn who_may_sign_off(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (id, _, phone) = crewed(&store, "BPN-M1", T0).await;
        let colleague = by(&person(&store, "o2", "BPN", Role::Officer).await, Source::Phone, 1);
        assert_eq!(store.sign_off(&colleague, id, phone).await.unwrap_err().refusal(), Some(&Refusal::NotCrew(id)));
        let foreign = by(&person(&store, "d2", "SMD", Role::Dispatcher).await, Source::Console, 1);
        assert_eq!(store.sign_off(&foreign, id, phone).await.unwrap_err().refusal(), Some(&Refusal::NotFound("area")));
        let dispatcher = by(&person(&store, "d1", "BPN", Role::Dispatcher).await, Source::Console, 1);
        assert_eq!(store.sign_off(&dispatcher, id, device()).await.unwrap_err().refusal(), Some(&Refusal::NotCrew(id)));
        assert_eq!(store.sign_off(&dispatcher, id, phone).await.unwrap().duty, Duty::Off);
        let events = store.events(&Scope::system(), id.area, 0, 100, Some(id)).await.unwrap();
        assert_eq!(events.last().unwrap().on_behalf_of, Some(id));
        assert_eq!(store.sign_off(&dispatcher, id, phone).await.unwrap_err().refusal(), Some(&Refusal::NotCrew(id)));
    }

    async fn who_may_sign_on(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let id = units(&store, &["BPN-M1"]).await[0];
        let outcome = store.sign_on(&system(0), id, device(), true).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::Forbidden { needs: Role::Officer }));
        let admin = by(&person(&store, "a1", "BPN", Role::Admin).await, Source::Console, 0);
        let outcome = store.sign_on(&admin, id, device(), true).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::Forbidden { needs: Role::Officer }));
        let foreign = by(&person(&store, "o1", "SMD", Role::Officer).await, Source::Phone, 0);
        let outcome = store.sign_on(&foreign, id, device(), true).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::NotFound("area")));
        let officer = by(&person(&store, "o2", "BPN", Role::Officer).await, Source::Phone, 0);
        let outcome = store.sign_on(&officer, unit("BPN-M9"), device(), true).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::NotFound("unit")));
    }
}

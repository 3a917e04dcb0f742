//! Units and their duty on both engines.

use crate::{harness::*, on_both};
use sigap::domain::{
    access::*,
    event::{Audience, Happened},
    refusal::Refusal,
    unit::{Duty, UnitKind},
};

on_both! {
    async fn a_unit_reads_back(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        units(&store, &["BPN-M2", "BPN-M1", "SMD-M1"]).await;
        let car = store.add_unit(&system(7), unit("BPN-C1"), UnitKind::Car).await.unwrap();
        assert_eq!((car.id, car.kind, car.duty, car.since), (unit("BPN-C1"), UnitKind::Car, Duty::Off, T0.plus(7)));
        assert_eq!((car.dispatch, car.last), (None, None));
        let everywhere = Scope::system();
        let all = store.units(&everywhere, code("BPN")).await.unwrap();
        assert_eq!(all.iter().map(|u| u.id.sign().to_owned()).collect::<Vec<_>>(), ["C1", "M1", "M2"]);
        assert_eq!(store.unit(&everywhere, car.id).await.unwrap().as_ref(), Some(&all[0]));
        assert_eq!(store.unit(&everywhere, unit("BPN-C9")).await.unwrap(), None);
        let kinds = store.unit_kinds().await.unwrap();
        assert_eq!(kinds.len(), 4);
        assert_eq!(kinds[0], (car.id, UnitKind::Car));
        assert!(store.on_duty_units().await.unwrap().is_empty());
        let twice = store.add_unit(&system(0), car.id, UnitKind::Boat).await.unwrap_err();
        assert_eq!(twice.refusal(), Some(&Refusal::Exists("BPN-C1".to_owned())));
        let nowhere = store.add_unit(&system(0), unit("XX-C1"), UnitKind::Car).await.unwrap_err();
        assert_eq!(nowhere.refusal(), Some(&Refusal::NotFound("area")));
    }

    async fn units_outside_the_scope_do_not_exist(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        units(&store, &["SMD-M1"]).await;
        let scope = person(&store, "bpn", "BPN", Role::Admin).await;
        let not_found = Some(Refusal::NotFound("area"));
        assert_eq!(store.units(&scope, code("SMD")).await.unwrap_err().refusal().cloned(), not_found);
        assert_eq!(store.unit(&scope, unit("SMD-M1")).await.unwrap_err().refusal().cloned(), not_found);
        let cause = by(&scope, Source::Console, 0);
        assert_eq!(store.add_unit(&cause, unit("SMD-M2"), UnitKind::Car).await.unwrap_err().refusal().cloned(), not_found);
        let officer = by(&person(&store, "officer", "BPN", Role::Officer).await, Source::Phone, 0);
        let outcome = store.add_unit(&officer, unit("BPN-M2"), UnitKind::Car).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::Forbidden { needs: Role::Admin }));
        assert_eq!(store.set_duty(&cause, unit("SMD-M1"), Duty::On, None).await.unwrap_err().refusal().cloned(), not_found);
    }

    async fn duty_is_changed_by_the_crew_or_a_dispatcher(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (id, officer, _) = crewed(&store, "BPN-M1", T0).await;
        let meal = Some("meal".to_owned());
        let out = store.set_duty(&by(&officer, Source::Phone, 10), id, Duty::OutOfService, meal.clone()).await.unwrap();
        assert_eq!((out.duty, out.since), (Duty::OutOfService, T0.plus(10)));
        assert_eq!(store.on_duty_units().await.unwrap(), [out], "crewed, if not to be sent");
        let stranger = person(&store, "stranger", "BPN", Role::Officer).await;
        let outcome = store.set_duty(&by(&stranger, Source::Phone, 11), id, Duty::On, None).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::NotCrew(id)));
        let dispatcher = person(&store, "desk", "KALTIM", Role::Dispatcher).await;
        let on = store.set_duty(&by(&dispatcher, Source::Radio, 12), id, Duty::On, None).await.unwrap();
        assert_eq!(on.duty, Duty::On);
        let again = store.set_duty(&by(&dispatcher, Source::Radio, 13), id, Duty::On, None).await.unwrap_err();
        assert!(matches!(again.refusal(), Some(Refusal::Duty(w)) if w.from == Duty::On));
        let events = store.events(&Scope::system(), id.area, 0, 100, Some(id)).await.unwrap();
        let (by_crew, by_desk) = (&events[events.len() - 2], &events[events.len() - 1]);
        assert_eq!(by_crew.what, Happened::UnitDuty { unit: id, duty: Duty::OutOfService, reason: meal });
        assert_eq!((by_crew.on_behalf_of, by_crew.audience), (None, Audience::Unit(id)));
        assert_eq!(by_desk.what, Happened::UnitDuty { unit: id, duty: Duty::On, reason: None });
        assert_eq!((by_desk.on_behalf_of, by_desk.source), (Some(id), Source::Radio));
    }

    async fn off_duty_signs_the_crew_off(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (id, _, phone) = crewed(&store, "BPN-M1", T0).await;
        let dispatcher = by(&person(&store, "desk", "BPN", Role::Dispatcher).await, Source::Radio, 5);
        assert_eq!(store.set_duty(&dispatcher, id, Duty::Off, None).await.unwrap().duty, Duty::Off);
        assert!(store.crew(&Scope::system(), id).await.unwrap().is_empty());
        assert_eq!(store.riding(phone).await.unwrap(), None);
        // A unit that only speaks over the radio.
        assert_eq!(store.set_duty(&dispatcher, id, Duty::On, None).await.unwrap().duty, Duty::On);
    }

    async fn a_unit_with_work_stays_on_duty(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (id, officer, phone) = crewed(&store, "BPN-M1", T0).await;
        let dispatch = assigned(&store, id).await;
        let cause = by(&officer, Source::Phone, 5);
        let busy = Some(Refusal::UnitBusy { unit: id, dispatch });
        for duty in [Duty::OutOfService, Duty::Off] {
            assert_eq!(store.set_duty(&cause, id, duty, None).await.unwrap_err().refusal().cloned(), busy);
        }
        assert_eq!(store.sign_off(&cause, id, phone).await.unwrap_err().refusal().cloned(), busy);
        assert_eq!(store.riding(phone).await.unwrap(), Some((id, true)), "a refusal changes nothing");
        let stored = store.unit(&Scope::system(), id).await.unwrap().unwrap();
        assert_eq!((stored.duty, stored.dispatch), (Duty::On, Some(dispatch)));
    }
}
